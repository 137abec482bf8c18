//! How often each statement ran, how long that took and how many rows it was about: `pg_stat_statements`.
//!
//! A parsed statement finds its counts once and keeps them ([`StatementUse`]); after that a run costs a few additions. There
//! are [`MOST`] of them; those that ran least make room. Invariant: what is counted was run to its end, or was left by
//! whoever read its rows; what failed is not counted, as in PostgreSQL.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use parking_lot::{Mutex, RwLock};

use super::Text;

/// Statements that are counted: PostgreSQL's `pg_stat_statements.max`.
const MOST: usize = 5000;

/// Of them so many make room at once, one in twenty.
const ROOM: usize = MOST / 20;

/// A user's statement: the number of the role, and the statement's.
type Key = (u64, i64);

/// The statements of a database.
#[derive(Debug)]
pub(crate) struct Statements {
    counted: RwLock<HashMap<Key, Arc<StatementCounts>>>,
    /// How often room was made.
    evictions: AtomicU64,
    reset: Mutex<DateTime<Utc>>,
}

impl Default for Statements {
    fn default() -> Self {
        Self { counted: RwLock::default(), evictions: AtomicU64::new(0), reset: Mutex::new(Utc::now()) }
    }
}

/// Of one statement of one user.
#[derive(Debug)]
pub(crate) struct StatementCounts {
    key: Key,
    text: Arc<str>,
    /// Whether it is among those of [`Statements`].
    listed: AtomicBool,
    calls: AtomicU64,
    rows: AtomicU64,
    /// Nanoseconds.
    total: AtomicU64,
    least: AtomicU64,
    most: AtomicU64,
}

/// Counts as they are.
#[derive(Clone, Debug)]
pub(crate) struct StatementRow {
    pub(crate) user: u64,
    pub(crate) id: i64,
    pub(crate) text: Arc<str>,
    pub(crate) calls: u64,
    pub(crate) rows: u64,
    pub(crate) total: Duration,
    pub(crate) least: Duration,
    pub(crate) most: Duration,
}

/// Where a parsed statement keeps its counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatementUse(Arc<OnceLock<Arc<StatementCounts>>>);

/// A run that is measured, until this is dropped.
#[derive(Debug)]
pub(crate) struct Measure {
    counts: Arc<StatementCounts>,
    began: Instant,
    rows: u64,
    counted: bool,
}

impl Statements {
    /// A statement of a user begins. `text` is asked for when it comes for the first time.
    pub(crate) fn begin(&self, used: &StatementUse, user: u64, text: impl FnOnce() -> Text) -> Measure {
        let mut counts = used
            .0
            .get_or_init(|| {
                let text = text();
                self.of((user, text.id), || text.shown.into())
            })
            .clone();
        if counts.key.0 != user {
            let (id, shown) = (counts.key.1, counts.text.clone());
            counts = self.of((user, id), || shown);
        } else if !counts.listed.load(Ordering::Relaxed) {
            // Another may have taken its place.
            let shown = counts.clone();
            counts = self.known(shown.key).unwrap_or_else(|| self.list(&shown));
        }
        Measure { counts, began: Instant::now(), rows: 0, counted: false }
    }

    fn of(&self, key: Key, text: impl FnOnce() -> Arc<str>) -> Arc<StatementCounts> {
        if let Some(known) = self.known(key) {
            return known;
        }
        let counts = Arc::new(StatementCounts::new(key, text()));
        self.list(&counts)
    }

    fn known(&self, key: Key) -> Option<Arc<StatementCounts>> {
        self.counted.read().get(&key).cloned()
    }

    /// Takes a statement in, unless it is there by then.
    fn list(&self, counts: &Arc<StatementCounts>) -> Arc<StatementCounts> {
        let mut counted = self.counted.write();
        if let Some(known) = counted.get(&counts.key) {
            return known.clone();
        }
        if counted.len() >= MOST {
            self.make_room(&mut counted);
        }
        counts.listed.store(true, Ordering::Relaxed);
        counted.insert(counts.key, counts.clone());
        counts.clone()
    }

    fn make_room(&self, counted: &mut HashMap<Key, Arc<StatementCounts>>) {
        let mut by_calls: Vec<(u64, Key)> =
            counted.iter().map(|(key, counts)| (counts.calls.load(Ordering::Relaxed), *key)).collect();
        by_calls.sort_unstable();
        for (_, key) in by_calls.into_iter().take(ROOM) {
            if let Some(gone) = counted.remove(&key) {
                gone.clear();
            }
        }
        self.evictions.fetch_add(1, Ordering::Relaxed);
    }

    /// Forgets the counts of a user, of a statement, or of all.
    pub(crate) fn reset(&self, user: Option<u64>, id: Option<i64>) {
        let mut counted = self.counted.write();
        counted.retain(|key, counts| {
            let stays = user.is_some_and(|user| user != key.0) || id.is_some_and(|id| id != key.1);
            if !stays {
                counts.clear();
            }
            stays
        });
        if user.is_none() && id.is_none() {
            self.evictions.store(0, Ordering::Relaxed);
            *self.reset.lock() = Utc::now();
        }
    }

    /// Statements that were counted since the last reset, in no order.
    pub(crate) fn all(&self) -> Vec<StatementRow> {
        let counted = self.counted.read();
        let ran = counted.values().filter(|counts| counts.calls.load(Ordering::Relaxed) > 0);
        ran.map(|counts| counts.read()).collect()
    }

    /// How often room was made, and when all was last forgotten.
    pub(crate) fn info(&self) -> (u64, DateTime<Utc>) {
        (self.evictions.load(Ordering::Relaxed), *self.reset.lock())
    }
}

impl StatementCounts {
    fn new(key: Key, text: Arc<str>) -> Self {
        let [calls, rows, total, most] = std::array::from_fn(|_| AtomicU64::new(0));
        let least = AtomicU64::new(u64::MAX);
        Self { key, text, listed: AtomicBool::new(false), calls, rows, total, least, most }
    }

    /// Gone from the list: it is taken in again when the statement runs again.
    fn clear(&self) {
        self.listed.store(false, Ordering::Relaxed);
        for counter in [&self.calls, &self.rows, &self.total, &self.most] {
            counter.store(0, Ordering::Relaxed);
        }
        self.least.store(u64::MAX, Ordering::Relaxed);
    }

    fn add(&self, took: Duration, rows: u64) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.total.fetch_add(took, Ordering::Relaxed);
        if rows > 0 {
            self.rows.fetch_add(rows, Ordering::Relaxed);
        }
        // Mostly there is nothing to write.
        if took < self.least.load(Ordering::Relaxed) {
            self.least.fetch_min(took, Ordering::Relaxed);
        }
        if took > self.most.load(Ordering::Relaxed) {
            self.most.fetch_max(took, Ordering::Relaxed);
        }
    }

    fn read(&self) -> StatementRow {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (least, most) = (get(&self.least), get(&self.most));
        StatementRow {
            user: self.key.0,
            id: self.key.1,
            text: self.text.clone(),
            calls: get(&self.calls),
            rows: get(&self.rows),
            total: Duration::from_nanos(get(&self.total)),
            // A run that is being counted may not have said so yet.
            least: Duration::from_nanos(least.min(most)),
            most: Duration::from_nanos(most),
        }
    }
}

impl Measure {
    /// It has run; its rows may still be read.
    pub(crate) fn succeed(&mut self) {
        self.counted = true;
    }

    /// It has failed after all.
    pub(crate) fn fail(&mut self) {
        self.counted = false;
    }

    /// It is about so many rows more.
    pub(crate) fn rows(&mut self, more: u64) {
        self.rows += more;
    }
}

impl Drop for Measure {
    fn drop(&mut self) {
        if self.counted {
            self.counts.add(self.began.elapsed(), self.rows);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(statements: &Statements, used: &StatementUse, user: u64, sql: &str) {
        let mut measure = statements.begin(used, user, || Text::of(sql, 0));
        measure.succeed();
        measure.rows(2);
    }

    #[test]
    fn runs_are_counted_by_user_and_statement() {
        let statements = Statements::default();
        let used = StatementUse::default();
        run(&statements, &used, 0, "SELECT 1");
        run(&statements, &used, 0, "SELECT 1");
        run(&statements, &used, 7, "SELECT 1");
        run(&statements, &StatementUse::default(), 7, "select 2");
        drop(statements.begin(&used, 0, || Text::of("SELECT 1", 0)));
        let mut all = statements.all();
        all.sort_by_key(|row| row.user);
        let counts: Vec<_> = all.iter().map(|row| (row.user, row.calls, row.rows)).collect();
        assert_eq!(counts, [(0, 2, 4), (7, 2, 4)]);
        let first = all.first().unwrap();
        assert!(first.least <= first.most && first.most <= first.total);
        assert_eq!(first.text.as_ref(), "SELECT $1");
    }

    #[test]
    fn after_a_reset_counting_begins_anew() {
        let statements = Statements::default();
        let used = StatementUse::default();
        run(&statements, &used, 0, "SELECT 1");
        run(&statements, &StatementUse::default(), 7, "SELECT 1");
        statements.reset(Some(7), None);
        assert_eq!(statements.all().len(), 1);
        statements.reset(None, None);
        assert!(statements.all().is_empty());
        run(&statements, &used, 0, "SELECT 1");
        assert_eq!(statements.all().first().map(|row| row.calls), Some(1));
    }

    #[test]
    fn those_that_ran_least_make_room() {
        let statements = Statements::default();
        let often = StatementUse::default();
        for _ in 0..3 {
            run(&statements, &often, 0, "SELECT often");
        }
        for number in 0..MOST {
            run(&statements, &StatementUse::default(), 0, &format!("SELECT a{number}"));
        }
        let all = statements.all();
        assert!(all.len() <= MOST && all.len() > MOST - ROOM);
        assert!(all.iter().any(|row| row.text.as_ref() == "SELECT often"));
        assert_eq!(statements.info().0, 1);
    }
}
