//! What a session does now, for `pg_stat_activity`.
//!
//! It decides nothing. Invariant: to look at it nobody waits for a statement: what is told of the block is noted when it
//! changes, and not asked of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use super::TransactionStatus;

/// How much of a statement is shown, in bytes: PostgreSQL's `track_activity_query_size`, with its end.
const SHOWN: usize = 1023;

/// See the module.
#[derive(Debug)]
pub(crate) struct Activity {
    pub(crate) began: DateTime<Utc>,
    /// Statements that run, those that run within others among them.
    running: AtomicUsize,
    /// Whether somebody says when the client's turn comes, and heeds what others ask of the session.
    served: AtomicBool,
    doing: Mutex<Doing>,
}

#[derive(Clone, Debug)]
struct Doing {
    active: bool,
    query: Arc<str>,
    started: Option<DateTime<Utc>>,
    changed: DateTime<Utc>,
}

/// What a session is seen to do.
#[derive(Debug)]
pub(crate) struct Seen {
    /// As PostgreSQL names it.
    pub(crate) state: &'static str,
    pub(crate) query: String,
    /// When its transaction began, if it is in one.
    pub(crate) transaction: Option<DateTime<Utc>>,
    /// When its last statement began.
    pub(crate) started: Option<DateTime<Utc>>,
    /// When the state became what it is.
    pub(crate) changed: DateTime<Utc>,
}

/// A statement that runs, until this is dropped.
#[derive(Debug)]
pub(super) struct Run(Arc<Activity>);

impl Activity {
    pub(super) fn new() -> Self {
        let began = Utc::now();
        let doing = Doing { active: false, query: Arc::from(""), started: None, changed: began };
        Self { began, running: AtomicUsize::new(0), served: AtomicBool::new(false), doing: Mutex::new(doing) }
    }

    /// A statement begins. One within another is not told apart.
    pub(super) fn run(self: &Arc<Self>, query: &Arc<str>) -> Run {
        let others = self.running.fetch_add(1, Ordering::Relaxed);
        let mut doing = self.doing.lock();
        // Rows of an earlier statement may still wait for a client that has gone on.
        if others == 0 || !doing.active {
            let now = Utc::now();
            let changed = if doing.active { doing.changed } else { now };
            *doing = Doing { active: true, query: query.clone(), started: Some(now), changed };
        }
        Run(self.clone())
    }

    /// Nothing runs any more.
    pub(super) fn rest(&self) {
        let mut doing = self.doing.lock();
        if doing.active {
            doing.active = false;
            doing.changed = Utc::now();
        }
    }

    /// Somebody serves the session from here on.
    pub(super) fn serve(&self) {
        self.served.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_served(&self) -> bool {
        self.served.load(Ordering::Relaxed)
    }

    /// What it does, beside what is known of its block.
    pub(super) fn see(&self, block: Option<(DateTime<Utc>, TransactionStatus)>) -> Seen {
        let doing = self.doing.lock().clone();
        let state = match block {
            _ if doing.active => "active",
            None | Some((_, TransactionStatus::Idle)) => "idle",
            Some((_, TransactionStatus::Open)) => "idle in transaction",
            Some((_, TransactionStatus::Failed)) => "idle in transaction (aborted)",
        };
        let alone = doing.started.filter(|_| doing.active);
        let mut end = doing.query.len().min(SHOWN);
        while !doing.query.is_char_boundary(end) {
            end -= 1;
        }
        Seen {
            state,
            query: doing.query.get(..end).unwrap_or_default().to_string(),
            transaction: block.map(|(began, _)| began).or(alone),
            started: doing.started,
            changed: doing.changed,
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let last = self.0.running.fetch_sub(1, Ordering::Relaxed) == 1;
        // The rows of a client's statement are still to be sent: whoever serves it says when they are.
        if last && !self.0.is_served() {
            self.0.rest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_is_shown_while_it_runs_and_after() {
        let activity = Arc::new(Activity::new());
        assert_eq!((activity.see(None).state, activity.see(None).started), ("idle", None));
        let long: Arc<str> = Arc::from("é".repeat(1000));
        let run = activity.run(&long);
        drop(activity.run(&Arc::from("within")));
        let seen = activity.see(None);
        assert_eq!((seen.state, seen.query.len()), ("active", 1022));
        assert!(seen.transaction.is_some());
        drop(run);
        let began = Utc::now();
        let seen = activity.see(Some((began, TransactionStatus::Failed)));
        assert_eq!((seen.state, seen.transaction), ("idle in transaction (aborted)", Some(began)));
        activity.serve();
        drop(activity.run(&Arc::from("served")));
        assert_eq!(activity.see(None).state, "active");
        activity.rest();
        assert_eq!(activity.see(None).state, "idle");
    }
}
