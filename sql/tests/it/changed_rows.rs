//! DELETE and UPDATE change exactly the rows that SELECT returns for the same WHERE, whatever table and predicate.

use std::cell::Cell;
use std::collections::BTreeMap;

use muster::Session;
use muster::arrow::util::display::{ArrayFormatter, FormatOptions};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// The columns beside the key: a type each, and literals of it.
const COLUMNS: [(&str, &str, &[&str]); 5] = [
    ("i", "int", &["0", "1", "2", "-7", "2147483647"]),
    ("f", "float8", &["0", "-0.0", "1.5", "'NaN'", "'1e300'"]),
    ("n", "numeric(8,2)", &["0", "1.50", "2", "-3.25", "999999.99"]),
    ("s", "text", &["''", "'a'", "'ab'", "'b%'", "'%'"]),
    ("b", "bool", &["true", "false"]),
];

/// A row: for each column the place of its literal, beyond them NULL.
type Row = [usize; COLUMNS.len()];

fn literal(column: usize, place: usize) -> &'static str {
    COLUMNS[column].2.get(place).copied().unwrap_or("NULL")
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let of = |column: usize| 0..COLUMNS[column].2.len() + 1;
    vec((of(0), of(1), of(2), of(3), of(4)).prop_map(|(i, f, n, s, b)| [i, f, n, s, b]), 0..12)
}

/// A predicate over `t` and `other`, which has the same columns.
fn predicate() -> impl Strategy<Value = String> {
    let comparison = || {
        let operator = prop::sample::select(&["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"][..]);
        (0..4_usize, 0..6_usize, operator)
            .prop_map(|(column, place, operator)| (COLUMNS[column].0, operator, literal(column, place)))
    };
    let leaf = prop_oneof![
        6 => comparison().prop_map(|(column, operator, value)| format!("t.{column} {operator} {value}")),
        2 => comparison().prop_map(|(column, operator, value)| format!("{column} {operator} {value}")),
        1 => prop::sample::select(&["true", "false", "NULL", "t.b", "1 = 0", "NULL = NULL", "t.id = t.id"][..])
            .prop_map(str::to_string),
        2 => (0..14_i32).prop_map(|id| format!("t.id = {id}")),
        2 => vec(0..14_i32, 1..6).prop_map(|ids| {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            format!("t.id IN ({})", ids.join(", "))
        }),
        1 => (0..14_i32).prop_map(|id| format!("t.id NOT IN (1, {id}, NULL)")),
        1 => prop::sample::select(&["a%", "%b%", "_", "%\\%", ""][..]).prop_map(|p| format!("t.s LIKE '{p}'")),
        1 => (0..5_usize).prop_map(|column| format!("t.{} IS NULL", COLUMNS[column].0)),
        1 => (0..3_i32, 0..3_i32).prop_map(|(low, high)| format!("t.i BETWEEN {low} AND {high}")),
        1 => comparison().prop_map(|(column, operator, value)| {
            format!("CASE WHEN t.{column} {operator} {value} THEN t.b WHEN t.i = 1 THEN true END")
        }),
        2 => comparison().prop_map(|(column, operator, value)| {
            format!("t.i IN (SELECT o.i FROM other o WHERE o.{column} {operator} {value})")
        }),
        1 => comparison().prop_map(|(column, operator, value)| {
            format!("t.i NOT IN (SELECT o.i FROM other o WHERE o.i IS NOT NULL AND o.{column} {operator} {value})")
        }),
        1 => Just("t.s IN (SELECT s FROM t)".to_string()),
        2 => comparison().prop_map(|(column, operator, value)| {
            format!("EXISTS (SELECT 1 FROM other o WHERE o.i = t.i AND o.{column} {operator} {value})")
        }),
        1 => comparison().prop_map(|(column, operator, value)| {
            format!("NOT EXISTS (SELECT 1 FROM other o WHERE o.i = t.i AND o.{column} {operator} {value})")
        }),
        1 => Just("EXISTS (SELECT 1 FROM other)".to_string()),
        1 => Just("t.i = (SELECT max(o.i) FROM other o WHERE o.s = t.s)".to_string()),
        1 => Just("t.id > (SELECT count(*) FROM other)".to_string()),
        1 => Just("(SELECT o.id FROM other o WHERE o.id = t.id) IS NULL".to_string()),
        1 => Just("(SELECT id FROM other WHERE false) IS NULL".to_string()),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} AND {right})")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("({left} OR {right})")),
            inner.prop_map(|inner| format!("NOT ({inner})")),
        ]
    })
}

async fn fill(session: &Session, table: &str, rows: &[Row]) {
    let columns: Vec<String> = COLUMNS.iter().map(|(name, kind, _)| format!("{name} {kind}")).collect();
    let sql = format!("CREATE TABLE {table} (id int PRIMARY KEY, {})", columns.join(", "));
    session.execute(&sql, &[]).await.unwrap();
    for (id, row) in rows.iter().enumerate() {
        let values: Vec<&str> =
            row.iter().enumerate().map(|(column, place)| literal(column, *place)).collect();
        let sql = format!("INSERT INTO {table} VALUES ({id}, {})", values.join(", "));
        session.execute(&sql, &[]).await.unwrap();
    }
}

/// The rows of a query, each by its first column.
async fn read(session: &Session, sql: &str) -> Result<BTreeMap<String, Vec<String>>, muster::Error> {
    let result = session.query(sql, &[]).await?;
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = BTreeMap::new();
    for batch in result.batches() {
        for row in 0..batch.num_rows() {
            let cell = |array| ArrayFormatter::try_new(array, &options).unwrap().value(row).to_string();
            let cells: Vec<String> = batch.columns().iter().map(|array| cell(array.as_ref())).collect();
            assert!(rows.insert(cells[0].clone(), cells).is_none(), "a row twice: {sql}");
        }
    }
    Ok(rows)
}

/// Whether SELECT took the predicate.
async fn check(table: &[Row], other: &[Row], predicate: &str, checkpoint: bool) -> bool {
    let database = muster::Database::in_memory().unwrap();
    let session = database.session();
    fill(&session, "t", table).await;
    fill(&session, "other", other).await;
    if checkpoint {
        database.checkpoint().unwrap();
    }
    let before = read(&session, "SELECT * FROM t").await.unwrap();
    let selected = read(&session, &format!("SELECT t.* FROM t WHERE {predicate}")).await;

    let update = format!("UPDATE t SET s = 'changed', i = i + 0 WHERE {predicate} RETURNING t.id");
    let updated = read(&session, &update).await;
    let selected = match selected {
        Ok(selected) => selected,
        // What SELECT cannot do, UPDATE and DELETE cannot do, for the same reason; and they change nothing.
        // A part of the condition has no value for some row. Whether that part is evaluated is each plan's choice.
        Err(error) if error.sqlstate().starts_with("22") => {
            let deleted = session.execute(&format!("DELETE FROM t WHERE {predicate}"), &[]).await;
            let failed = [updated.map(drop), deleted.map(drop)].into_iter().filter_map(Result::err);
            let failed: Vec<muster::Error> = failed.collect();
            assert!(failed.iter().all(|error| error.sqlstate().starts_with("22")), "{predicate}");
            if failed.len() == 2 {
                assert_eq!(read(&session, "SELECT * FROM t").await.unwrap(), before, "{predicate}");
            }
            return false;
        }
        Err(error) => {
            assert_eq!(updated.unwrap_err().sqlstate(), error.sqlstate(), "{predicate}");
            let deleted = session.execute(&format!("DELETE FROM t WHERE {predicate}"), &[]).await;
            assert_eq!(deleted.unwrap_err().sqlstate(), error.sqlstate(), "{predicate}");
            assert_eq!(read(&session, "SELECT * FROM t").await.unwrap(), before, "{predicate}");
            return false;
        }
    };
    let ids = |rows: &BTreeMap<String, Vec<String>>| rows.keys().cloned().collect::<Vec<_>>();
    assert_eq!(ids(&updated.unwrap()), ids(&selected), "UPDATE WHERE {predicate}");
    let expected = before.iter().map(|(id, row)| {
        let mut row = row.clone();
        if selected.contains_key(id) {
            row[4] = "changed".to_string();
        }
        (id.clone(), row)
    });
    let expected: BTreeMap<_, _> = expected.collect();
    assert_eq!(read(&session, "SELECT * FROM t").await.unwrap(), expected, "after UPDATE WHERE {predicate}");

    // The update may have changed what the predicate is true for.
    let Ok(selected) = read(&session, &format!("SELECT t.* FROM t WHERE {predicate}")).await else {
        // Or what it can be evaluated for at all.
        return true;
    };
    let deleted = match session.execute(&format!("DELETE FROM t WHERE {predicate}"), &[]).await {
        Ok(deleted) => deleted,
        // Which parts of a condition are evaluated for a row is the plan's choice, and one of them may have no value.
        Err(error) if error.sqlstate().starts_with("22") => {
            assert_eq!(
                read(&session, "SELECT * FROM t").await.unwrap(),
                expected,
                "failed DELETE WHERE {predicate}"
            );
            return true;
        }
        Err(error) => panic!("DELETE WHERE {predicate}: {error}"),
    };
    assert_eq!(deleted, selected.len() as u64, "DELETE WHERE {predicate}");
    let left = read(&session, "SELECT * FROM t").await.unwrap();
    let kept: BTreeMap<_, _> = expected.into_iter().filter(|(id, _)| !selected.contains_key(id)).collect();
    assert_eq!(left, kept, "after DELETE WHERE {predicate}");
    true
}

#[test]
fn delete_and_update_change_what_select_returns() {
    const CASES: u32 = 96;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let compared = Cell::new(0);
    let strategy = (rows(), rows(), predicate(), any::<bool>());
    let result = TestRunner::new(config).run(&strategy, |(table, other, predicate, checkpoint)| {
        if runtime.block_on(check(&table, &other, &predicate, checkpoint)) {
            compared.set(compared.get() + 1);
        }
        Ok(())
    });
    result.unwrap();
    // Predicates that SELECT refuses would show nothing.
    assert!(compared.get() > CASES / 2, "only {} of {CASES} predicates ran", compared.get());
}
