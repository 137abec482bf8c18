//! What must be in the database, as far as all rounds so far have shown.
//!
//! After each kill it settles what was in flight: from then on that is as certain as what was acknowledged, and a later
//! round must not change it. Invariant: faults are counted, never forgiven.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ::tokio_postgres::Client;

use super::log::{Added, Claim, Fate, Log, Statement};
use super::writer::{COUNTERS, MARKS};

/// A row of the ledger: key, round, note, ticket.
type Row = (String, i32, String, i64);

/// A statement whose rows are there.
#[derive(Clone, Copy, Debug)]
struct Kept {
    rows: usize,
    mirrored: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    kept: BTreeMap<Statement, Kept>,
    counters: BTreeMap<usize, i64>,
    marks: BTreeMap<usize, i64>,
    /// By ticket, what it was drawn for.
    tickets: HashMap<i64, String>,
    pub(super) counts: Counts,
}

/// What was found, over all rounds.
#[derive(Debug, Default)]
pub(super) struct Counts {
    tried: usize,
    pub(super) acknowledged: usize,
    /// In flight at the kill: put and there, put and not there.
    came_through: usize,
    did_not: usize,
    /// Blocks that were rolled back, by themselves or by the kill.
    undone: usize,
    lost: usize,
    doubled: usize,
    half: usize,
    /// There, though they were rolled back, deleted, or never tried.
    undead: usize,
}

impl Counts {
    fn faults(&self) -> usize {
        self.lost + self.doubled + self.half + self.undead
    }
}

pub(super) const TABLES: &str = "
    CREATE SEQUENCE tickets;
    CREATE TABLE ledger (id text PRIMARY KEY, round int, note text, ticket bigint DEFAULT nextval('tickets'));
    CREATE TABLE mirror (id text PRIMARY KEY, round int);
    CREATE TABLE counters (id int PRIMARY KEY, n bigint NOT NULL);
    CREATE TABLE marks (id int PRIMARY KEY, writer int, n bigint NOT NULL);
";

impl Ledger {
    /// Statements without a mirror that are there, and how many rows each has: they may be deleted.
    pub(super) fn deletable(&self) -> Vec<(Statement, usize)> {
        let single = self.kept.iter().filter(|(_, kept)| !kept.mirrored);
        single.map(|(statement, kept)| (*statement, kept.rows)).collect()
    }

    /// Compares what the round left behind with what its clients know.
    pub(super) async fn settle(&mut self, client: &Client, log: Log, round: usize) {
        self.counts.tried += log.tried;
        self.counts.acknowledged += log.acknowledged;
        for (ticket, what) in log.seen {
            self.take(ticket, what);
        }
        let found = self.statements(&ledger(client, &format!("WHERE round = {round}")).await, |statement| {
            log.claims.get(statement).map(|claim| claim.rows)
        });
        let mirrored = statements_of(&mirror(client, &format!("WHERE round = {round}")).await);
        let mut counted: BTreeMap<usize, i64> = BTreeMap::new();
        for (statement, claim) in &log.claims {
            let is_there = found.contains(statement);
            self.settle_claim(*statement, claim, log.deleted.get(statement).copied(), is_there);
            let in_mirror = mirrored.get(statement).map_or(0, BTreeSet::len);
            if in_mirror != if is_there && claim.mirrored { claim.rows } else { 0 } {
                println!("{statement} {claim:?}: {is_there}, and {in_mirror} rows in the mirror");
                self.counts.half += 1;
            }
            if is_there {
                self.kept.insert(*statement, Kept { rows: claim.rows, mirrored: claim.mirrored });
                *counted.entry(claim.counter.unwrap_or(COUNTERS)).or_default() += 1;
            }
        }
        let strange = mirrored.keys().filter(|statement| !log.claims.contains_key(statement)).count();
        self.counts.undead += strange;

        self.settle_deleted(client, &log.deleted, round).await;
        let counters = numbers(client, "SELECT id, n FROM counters").await;
        for (counter, values) in &counters {
            let certain = counted.get(counter).copied().unwrap_or(0);
            let added = log.counters.get(counter).copied().unwrap_or_default();
            self.settle_sum(&format!("counter {counter}"), values, *counter, certain, added);
        }
        let marks = numbers(client, "SELECT writer, n FROM marks").await;
        for (writer, values) in &marks {
            assert_eq!(values.len(), MARKS);
            let added = log.marks.get(writer).copied().unwrap_or_default();
            self.settle_marks(*writer, values, added);
        }
        assert_eq!(self.counts.faults(), 0, "round {round}: {:?}", self.counts);
    }

    fn settle_claim(&mut self, statement: Statement, claim: &Claim, deleted: Option<Fate>, is_there: bool) {
        let counts = &mut self.counts;
        match (claim.fate, deleted, is_there) {
            (Fate::Acknowledged, None, false) => {
                println!("{statement} {claim:?} was acknowledged and is not there");
                counts.lost += 1;
            }
            (Fate::Undone, _, true) | (_, Some(Fate::Acknowledged), true) => {
                println!("{statement} {claim:?} was undone, {deleted:?}, and is there");
                counts.undead += 1;
            }
            (Fate::InFlight, None, true) => counts.came_through += 1,
            (Fate::InFlight, None, false) => counts.did_not += 1,
            (Fate::Undone, ..) => counts.undone += 1,
            (Fate::Acknowledged | Fate::InFlight, ..) => {}
        }
    }

    /// Looks after statements of rounds before that were to be deleted.
    async fn settle_deleted(&mut self, client: &Client, deleted: &BTreeMap<Statement, Fate>, round: usize) {
        let old: Vec<_> = deleted.iter().filter(|(statement, _)| statement.round < round).collect();
        if old.is_empty() {
            return;
        }
        let keys = old.iter().flat_map(|(statement, _)| {
            (0..self.kept[statement].rows).map(|row| format!("'{}'", statement.key(row)))
        });
        let keys = keys.collect::<Vec<_>>().join(", ");
        let rows = ledger(client, &format!("WHERE id IN ({keys})")).await;
        let kept = self.kept.clone();
        let found = self.statements(&rows, |statement| kept.get(statement).map(|kept| kept.rows));
        for (statement, fate) in old {
            match (found.contains(statement), fate) {
                (true, Fate::Acknowledged) => {
                    println!("{statement} was deleted and is there");
                    self.counts.undead += 1;
                }
                (true, _) => {}
                (false, _) => drop(self.kept.remove(statement)),
            }
        }
    }

    /// A sum must have all that was acknowledged, and may have what was in flight.
    fn settle_sum(&mut self, what: &str, values: &[i64], counter: usize, certain: i64, added: Added) {
        let [value] = values[..] else { panic!("{what} is there {} times", values.len()) };
        let before = self.counters.insert(counter, value).unwrap_or(0);
        let least = before + certain + added.acknowledged;
        self.check_between(what, value, least, least + added.in_flight);
    }

    fn settle_marks(&mut self, writer: usize, values: &[i64], added: Added) {
        let value = values[0];
        if values.iter().any(|other| *other != value) {
            println!("the marks of writer {writer} are {values:?}");
            self.counts.half += 1;
        }
        let least = self.marks.insert(writer, value).unwrap_or(0) + added.acknowledged;
        self.check_between(&format!("the mark of writer {writer}"), value, least, least + added.in_flight);
    }

    fn check_between(&mut self, what: &str, value: i64, least: i64, most: i64) {
        if value < least || value > most {
            println!("{what} is {value}, not from {least} to {most}");
            *if value < least { &mut self.counts.lost } else { &mut self.counts.doubled } += 1;
        }
    }

    /// The statements whose rows these are; each must have all its rows, once, and whole.
    fn statements(
        &mut self,
        rows: &[Row],
        size: impl Fn(&Statement) -> Option<usize>,
    ) -> BTreeSet<Statement> {
        let mut found: BTreeMap<Statement, Vec<usize>> = BTreeMap::new();
        for (key, round, note, ticket) in rows {
            let (statement, row) = Statement::of_key(key);
            if (statement.round as i64, statement.to_string()) != (i64::from(*round), note.clone()) {
                println!("the row {key} is torn: {round}, {note}");
                self.counts.half += 1;
            }
            self.take(*ticket, key.clone());
            found.entry(statement).or_default().push(row);
        }
        for (statement, rows) in &mut found {
            rows.sort_unstable();
            match size(statement) {
                None => {
                    println!("{statement} was never tried and is there");
                    self.counts.undead += 1;
                }
                Some(size) if *rows == (0..size).collect::<Vec<_>>() => {}
                Some(size) => {
                    println!("{statement} has the rows {rows:?} of {size}");
                    let distinct = rows.iter().collect::<BTreeSet<_>>().len();
                    *if distinct < rows.len() { &mut self.counts.doubled } else { &mut self.counts.half } +=
                        1;
                }
            }
        }
        found.into_keys().collect()
    }

    /// A ticket is for one thing alone.
    fn take(&mut self, ticket: i64, what: String) {
        let taken = self.tickets.entry(ticket).or_insert_with(|| what.clone());
        if *taken != what {
            println!("ticket {ticket} is for {taken} and for {what}");
            self.counts.doubled += 1;
        }
    }

    /// Compares all rows of all rounds with what is certain.
    pub(super) async fn check(&mut self, client: &Client, round: usize) {
        let kept = self.kept.clone();
        let rows = ledger(client, "").await;
        let found = self.statements(&rows, |statement| kept.get(statement).map(|kept| kept.rows));
        let lost: Vec<_> = kept.keys().filter(|statement| !found.contains(statement)).collect();
        let mirrored = statements_of(&mirror(client, "").await);
        let of_kept = kept.iter().filter(|(_, kept)| kept.mirrored);
        let of_kept: BTreeMap<_, _> =
            of_kept.map(|(statement, kept)| (*statement, (0..kept.rows).collect::<BTreeSet<_>>())).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?} were there and are no more");
        assert!(mirrored == of_kept, "round {round}: the mirror is another");
        assert_eq!(self.counts.faults(), 0, "round {round}: {:?}", self.counts);
        println!("{} rounds: {} rows, {:?}", round, rows.len(), self.counts);
    }
}

async fn ledger(client: &Client, filter: &str) -> Vec<Row> {
    let sql = format!("SELECT id, round, note, ticket FROM ledger {filter}");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3))).collect()
}

async fn mirror(client: &Client, filter: &str) -> Vec<String> {
    let rows = client.query(&format!("SELECT id FROM mirror {filter}"), &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn statements_of(keys: &[String]) -> BTreeMap<Statement, BTreeSet<usize>> {
    let mut found: BTreeMap<Statement, BTreeSet<usize>> = BTreeMap::new();
    for key in keys {
        let (statement, row) = Statement::of_key(key);
        assert!(found.entry(statement).or_default().insert(row), "{key} is in the mirror twice");
    }
    found
}

/// The numbers under each id.
async fn numbers(client: &Client, sql: &str) -> BTreeMap<usize, Vec<i64>> {
    let mut numbers: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for row in client.query(sql, &[]).await.unwrap() {
        let id: i32 = row.get(0);
        numbers.entry(usize::try_from(id).unwrap()).or_default().push(row.get(1));
    }
    numbers
}
