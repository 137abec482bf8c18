//! Rows found by an index are those that a scan finds, whatever became of the table.

use muster::blocking::{Database, Session};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::lookup::{KEYS, ids, plan};

#[derive(Clone, Debug)]
enum Action {
    /// Rows with these values of `k`, by their places among the literals, and of `l`.
    Insert(Vec<(usize, i32)>),
    /// Rows with one value of `k` get another.
    Update(usize, usize),
    /// Rows with one value of `l` get another, by their ids.
    Move(i32, i32),
    Delete(usize, i32),
    Begin,
    Rollback,
    Commit,
    Checkpoint,
    Vacuum,
    /// The index goes and comes again.
    Reindex,
    /// Positions of the columns change.
    Alter,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        5 => vec((0..10_usize, 0..3_i32), 1..6).prop_map(Action::Insert),
        3 => (0..10_usize, 0..10_usize).prop_map(|(from, to)| Action::Update(from, to)),
        2 => (0..3_i32, 0..3_i32).prop_map(|(from, to)| Action::Move(from, to)),
        3 => (0..10_usize, 0..3_i32).prop_map(|(k, l)| Action::Delete(k, l)),
        1 => Just(Action::Begin),
        1 => Just(Action::Rollback),
        1 => Just(Action::Commit),
        2 => Just(Action::Checkpoint),
        1 => Just(Action::Vacuum),
        1 => Just(Action::Reindex),
        1 => Just(Action::Alter),
    ]
}

/// Makes the indexes of the table that has them.
const INDEXES: [&str; 3] = [
    "CREATE INDEX by_k ON indexed (k)",
    "CREATE INDEX by_both ON indexed (l DESC, k NULLS FIRST)",
    "CREATE INDEX by_hash ON indexed USING hash (l)",
];

struct Pair {
    database: Database,
    session: Session,
    in_block: bool,
    next: usize,
    altered: usize,
}

impl Pair {
    fn new(kind: &str) -> Self {
        let database = Database::in_memory().unwrap();
        let session = database.session();
        let columns = format!("gone0 int, id int, k {kind}, l int");
        session.execute(&format!("CREATE TABLE indexed ({columns})"), &[]).unwrap();
        session.execute(&format!("CREATE TABLE plain ({columns})"), &[]).unwrap();
        session.execute(&format!("CREATE TABLE probe (k {kind})"), &[]).unwrap();
        for index in INDEXES {
            session.execute(index, &[]).unwrap();
        }
        Self { database, session, in_block: false, next: 0, altered: 0 }
    }

    /// Runs a statement about each table; both must say the same.
    fn both(&self, sql: impl Fn(&str) -> String) {
        let outcome = |table: &str| {
            self.apart(|| self.session.execute(&sql(table), &[]).map_err(|error| error.sqlstate()))
        };
        assert_eq!(outcome("indexed"), outcome("plain"), "{}", sql("indexed"));
    }

    /// Does what may fail without ending the block.
    fn apart<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let control = |sql: &str| {
            if self.in_block {
                self.session.execute(sql, &[]).unwrap();
            }
        };
        control("SAVEPOINT before");
        let done = work();
        control(if done.is_err() { "ROLLBACK TO before" } else { "RELEASE before" });
        done
    }

    fn act(&mut self, action: &Action, literal: &impl Fn(usize) -> &'static str) {
        match action {
            Action::Insert(rows) => {
                for (k, l) in rows {
                    let id = self.next;
                    self.next += 1;
                    let values = format!("({id}, {}, {l})", literal(*k));
                    self.both(|table| format!("INSERT INTO {table} (id, k, l) VALUES {values}"));
                }
            }
            Action::Update(from, to) => {
                let (from, to) = (literal(*from), literal(*to));
                // What is no value of the column is refused before rows are looked for, or with the first of them.
                let probe = format!("INSERT INTO probe VALUES ({to})");
                if self.apart(|| self.session.execute(&probe, &[])).is_err() {
                    return;
                }
                self.both(|table| format!("UPDATE {table} SET k = {to} WHERE k = {from}"));
            }
            Action::Move(from, to) => {
                self.both(|table| format!("UPDATE {table} SET l = {to} WHERE l = {from} AND id % 2 = 0"));
            }
            Action::Delete(k, l) => {
                let k = literal(*k);
                self.both(|table| format!("DELETE FROM {table} WHERE k = {k} AND l = {l}"));
            }
            Action::Begin if !self.in_block => {
                self.session.execute("BEGIN", &[]).unwrap();
                self.in_block = true;
            }
            Action::Rollback | Action::Commit if self.in_block => {
                let end = if matches!(action, Action::Commit) { "COMMIT" } else { "ROLLBACK" };
                self.session.execute(end, &[]).unwrap();
                self.in_block = false;
            }
            Action::Checkpoint => self.database.checkpoint().unwrap(),
            Action::Vacuum if !self.in_block => self.both(|table| format!("VACUUM FULL {table}")),
            Action::Reindex if !self.in_block => {
                self.session.execute("DROP INDEX by_k", &[]).unwrap();
                self.session.execute(INDEXES[0], &[]).unwrap();
            }
            Action::Alter if !self.in_block => {
                let (old, new) = (self.altered, self.altered + 1);
                self.both(|table| format!("ALTER TABLE {table} ADD COLUMN gone{new} int DEFAULT 5"));
                self.both(|table| format!("ALTER TABLE {table} DROP COLUMN gone{old}"));
                self.altered = new;
            }
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_index_finds_what_a_scan_finds(
        kind in 0..KEYS.len(),
        actions in vec(action(), 1..14),
        looked in vec(0..10_usize, 1..6),
        second in 0..3_i32,
    ) {
        let (kind, literals) = KEYS[kind];
        let literal = |place: usize| literals[place % literals.len()];
        let mut pair = Pair::new(kind);
        let one = literal(looked[0]);
        let list: Vec<&str> = looked.iter().map(|place| literal(*place)).collect();
        let list = list.join(", ");
        for action in &actions {
            pair.act(action, &literal);
            for predicate in [
                format!("k = {one}"),
                format!("k IN ({list})"),
                format!("k = {one} AND l = {second}"),
                format!("k IN ({list}) AND l IN (0, {second})"),
                format!("l = {second}"),
                format!("l = {second} AND id > 2"),
                format!("l = {second} OR k = {one}"),
            ] {
                let sql = |table: &str| format!("SELECT id FROM {table} WHERE {predicate}");
                let of = |table: &str| pair.apart(|| ids(&pair.session, &sql(table)));
                prop_assert_eq!(of("indexed"), of("plain"), "{} {} after {:?}", kind, predicate, action);
            }
        }
    }
}

#[test]
fn many_rows_of_one_value_are_found_as_well() {
    let database = Database::in_memory().unwrap();
    let session = database.session();
    session.execute("CREATE TABLE t (id int, k int, note text)", &[]).unwrap();
    session.execute("CREATE INDEX ON t (k)", &[]).unwrap();
    let insert = |from: i32| {
        let rows = format!("generate_series({from}, {from} + 19999) AS g(g)");
        session.execute(&format!("INSERT INTO t SELECT g, g % 3, 'note ' || g FROM {rows}"), &[]).unwrap();
    };
    insert(0);
    database.checkpoint().unwrap();
    insert(20_000);
    let count = |sql: &str| ids(&session, sql).unwrap().len();
    assert_eq!(count("SELECT id FROM t WHERE k = 1"), 13_333);
    session.execute("UPDATE t SET k = 7 WHERE k = 1 AND id < 30000", &[]).unwrap();
    assert_eq!(count("SELECT id FROM t WHERE k = 7"), 10_000);
    assert_eq!(count("SELECT id FROM t WHERE k = 1"), 3_333);
    session.execute("DELETE FROM t WHERE k = 7", &[]).unwrap();
    assert_eq!(count("SELECT id FROM t WHERE k IN (7, 1)"), 3_333);
}

#[test]
fn the_first_columns_of_an_index_look_rows_up() {
    let session = Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (a int, b text, c int, d float8)", &[]).unwrap();
    session.execute("CREATE INDEX t_abc ON t (a, b DESC, c)", &[]).unwrap();
    session.execute("CREATE INDEX t_b ON t USING hash (b)", &[]).unwrap();
    for (predicate, index) in [
        ("a = 1", Some("index=t_abc")),
        ("a IN (1, 2, 3)", Some("index=t_abc")),
        ("a = 1 AND b = 'x'", Some("index=t_abc")),
        ("c = 5 AND b = 'x' AND a IN (1, 2)", Some("index=t_abc")),
        ("b = 'x' AND c = 5", Some("index=t_b")),
        ("b = 'x' AND d > 1", Some("index=t_b")),
        ("c = 5", None),
        ("a > 1", None),
        ("a = 1 OR b = 'x'", None),
        ("a IS NULL", None),
        ("b LIKE 'x%'", None),
    ] {
        let plan = plan(&session, &format!("SELECT d FROM t WHERE {predicate}"));
        match index {
            Some(index) => assert!(plan.contains(index), "{predicate}: {plan}"),
            None => assert!(!plan.contains("index="), "{predicate}: {plan}"),
        }
    }
}
