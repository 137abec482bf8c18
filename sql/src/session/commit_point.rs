//! The point from which on a statement cannot be cancelled: its commit has begun.
//!
//! Cancelling is dropping a statement's future, which is no way to stop a commit that waits for the disk. Invariant: work
//! that was interrupted commits nothing afterwards, and a statement that has begun to commit is not cancelled any more. So who
//! is told that a statement was cancelled can rely on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use tokio::sync::Notify;

use crate::sqlstate::SqlState;
use crate::{Error, Result};

const RUNNING: u8 = 0;
const COMMITTING: u8 = 1;
const COMMITTED: u8 = 2;
const INTERRUPTED: u8 = 3;

/// See the module. Clones are the same point.
#[derive(Clone, Debug, Default)]
pub struct CommitPoint(Arc<State>);

#[derive(Debug, Default)]
struct State {
    state: AtomicU8,
    /// Whether somebody waits to interrupt.
    wanted: AtomicBool,
    changed: Notify,
}

impl CommitPoint {
    /// Waits until no statement has committed that has not answered yet, and allows no commit from then on: the work can
    /// be dropped, and its client be told that it was cancelled.
    pub async fn cancel(&self) {
        self.end(false).await;
    }

    /// Waits until no commit is under way, and allows none from then on: the work can be dropped.
    pub async fn interrupt(&self) {
        self.end(true).await;
    }

    async fn end(&self, unanswered: bool) {
        self.0.wanted.store(true, Ordering::Release);
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            // From here on no notification is missed.
            changed.as_mut().enable();
            match self.swap(RUNNING, INTERRUPTED) {
                RUNNING | INTERRUPTED => return,
                COMMITTED if unanswered && self.swap(COMMITTED, INTERRUPTED) == COMMITTED => return,
                _ => changed.await,
            }
        }
    }

    /// The next statement begins: the one before has answered.
    pub(crate) fn resume(&self) {
        if self.swap(COMMITTED, RUNNING) == COMMITTED {
            self.0.changed.notify_waiters();
        }
    }

    /// Whether the work is to end as soon as it can.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.wanted.load(Ordering::Acquire)
    }

    /// Begins a commit, which is over when what comes back is dropped.
    ///
    /// # Errors
    /// 57014 when the work was interrupted.
    pub(crate) fn pass(&self) -> Result<Committing> {
        match (self.swap(RUNNING, COMMITTING), self.swap(COMMITTED, COMMITTING)) {
            (RUNNING, _) | (_, COMMITTED) => Ok(Committing(self.clone())),
            _ => Err(Error::new(SqlState::QueryCanceled, "the statement was cancelled")),
        }
    }

    /// The state before.
    fn swap(&self, from: u8, to: u8) -> u8 {
        let swapped = self.0.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
        swapped.unwrap_or_else(|state| state)
    }
}

/// A commit that is under way.
#[derive(Debug)]
pub(crate) struct Committing(CommitPoint);

impl Drop for Committing {
    fn drop(&mut self) {
        self.0.swap(COMMITTING, COMMITTED);
        self.0.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_interrupted_commits_nothing() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let point = CommitPoint::default();
        drop(point.pass().unwrap());
        drop(point.pass().unwrap());
        runtime.block_on(point.interrupt());
        assert_eq!(point.pass().unwrap_err().sqlstate(), "57014");
        let point = CommitPoint::default();
        runtime.block_on(point.cancel());
        assert_eq!(point.pass().unwrap_err().sqlstate(), "57014");
    }

    #[test]
    fn a_commit_is_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let point = CommitPoint::default();
            let committing = point.pass().unwrap();
            assert!(!point.is_wanted());
            let mut cancel = std::pin::pin!(point.cancel());
            let wait = Duration::from_millis(20);
            assert!(tokio::time::timeout(wait, cancel.as_mut()).await.is_err() && point.is_wanted());
            drop(committing);
            // It has committed and is about to say so.
            assert!(tokio::time::timeout(wait, cancel.as_mut()).await.is_err());
            point.resume();
            cancel.await;
            assert!(point.pass().is_err());
        });
    }
}
