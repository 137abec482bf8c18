//! Group commit: whoever gets the writer's lock commits for all who wait.
//!
//! It decides the order of commits; what they mean is `apply`'s. Invariant: a commit that fails its checks leaves no
//! trace, and those that pass in one group share one fsync and its fate.

use std::sync::Arc;

use parking_lot::Mutex;

use super::apply::Draft;
use super::prepared::Prepared;
use super::{Inner, Writer};
use crate::{Error, Result, Snapshot};

/// A commit that waits, or waited, for its turn.
#[derive(Debug)]
pub(super) struct Request {
    prepared: Prepared,
    outcome: Mutex<Option<Result<Arc<Snapshot>>>>,
}

impl Inner {
    pub(super) fn commit(&self, prepared: Prepared) -> Result<Arc<Snapshot>> {
        let request = Arc::new(Request { prepared, outcome: Mutex::new(None) });
        self.queue.lock().push(request.clone());
        let mut writer = self.writer.lock();
        if let Some(outcome) = request.outcome.lock().take() {
            return outcome;
        }
        let group = std::mem::take(&mut *self.queue.lock());
        self.commit_group(&mut writer, &group);
        let outcome = request.outcome.lock().take();
        outcome.unwrap_or_else(|| Err(Error::ReadOnly { reason: "the commit was lost in its group".into() }))
    }

    fn commit_group(&self, writer: &mut Writer, group: &[Arc<Request>]) {
        let settle = |request: &Request, outcome| *request.outcome.lock() = Some(outcome);
        if let Err(error) = self.make_writable(writer) {
            group.iter().for_each(|request| settle(request, Err(error.clone())));
            return;
        }
        let mut latest = self.snapshot.load_full();
        let mut edits = Vec::new();
        let mut dropped = Vec::new();
        let mut passed = Vec::new();
        for request in group {
            let draft = Draft::of(&latest, &request.prepared)
                .map_err(|error| if request.prepared.transaction { late(error) } else { error });
            match draft {
                Ok(draft) if !draft.changed => settle(request, Ok(latest.clone())),
                Ok(draft) => {
                    latest = Arc::new(draft.snapshot);
                    edits.extend(draft.edits);
                    dropped.extend(draft.dropped);
                    passed.push((request, latest.clone()));
                }
                Err(error) => settle(request, Err(error)),
            }
        }
        let published = match edits.is_empty() {
            // Temporary tables are in memory alone.
            true if !passed.is_empty() => {
                self.snapshot.store(latest.clone());
                Ok(latest)
            }
            true => Ok(latest),
            false => self.publish(writer, Snapshot::clone(&latest), &edits),
        };
        match published {
            Ok(_) => {
                dropped.iter().for_each(|dropped| dropped.doom());
                passed.into_iter().for_each(|(request, snapshot)| settle(request, Ok(snapshot)));
            }
            Err(error) => passed.into_iter().for_each(|(request, _)| settle(request, Err(error.clone()))),
        }
    }
}

/// What a transaction fails with at its commit: its statements had succeeded, so somebody else came first.
fn late(error: Error) -> Error {
    let (table, detail) = match error {
        Error::DuplicateKey { table, constraint, key, .. } => {
            (table, format!("a concurrent transaction has put the same key of \"{constraint}\", {key}"))
        }
        Error::TableExists { table } => (table, "a concurrent transaction has made it".into()),
        Error::IndexExists { index } => (index, "a concurrent transaction has made it".into()),
        Error::NoSuchTable { table } => (table, "a concurrent transaction has dropped it".into()),
        other => return other,
    };
    Error::Conflict { table, detail }
}
