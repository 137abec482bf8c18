//! Group commit: one thread commits for all who wait.
//!
//! It decides the order of commits; what they mean is `apply`'s. Whoever submits a commit may wait for it on its thread
//! or as a future. Invariant: a commit that fails its checks leaves no trace, and those that pass in one group share
//! one fsync and its fate. The store is let go before anybody is told of an outcome: who then closes it closes it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use parking_lot::{Condvar, Mutex};

use super::Inner;
use super::prepared::Prepared;
use crate::{Error, Result, Snapshot};

/// The commits that wait for the thread, and its bell.
#[derive(Debug, Default)]
pub(super) struct Committer {
    queue: Mutex<Queue>,
    bell: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<Arc<Request>>,
    closed: bool,
}

/// A commit that waits, or waited, for its turn.
#[derive(Debug)]
pub(super) struct Request {
    /// Until its turn.
    prepared: Mutex<Prepared>,
    state: Mutex<State>,
    settled: Condvar,
}

#[derive(Debug, Default)]
struct State {
    outcome: Option<Result<Arc<Snapshot>>>,
    waker: Option<Waker>,
}

/// A commit under way. Dropped, it goes on all the same.
#[derive(Debug)]
#[must_use = "whether the commit succeeds is told by waiting for it"]
pub struct Commit {
    request: Arc<Request>,
    /// So that the store stays open until the commit is done.
    _store: Arc<Inner>,
}

impl Committer {
    /// Starts the thread of a store. It ends when the store does.
    pub(super) fn start(&self, store: &Arc<Inner>) -> std::io::Result<()> {
        let (committer, weak) = (store.committer.clone(), Arc::downgrade(store));
        let thread = std::thread::Builder::new().name("muster-commit".into());
        thread.spawn(move || committer.run(&weak)).map(drop)
    }

    pub(super) fn submit(&self, store: &Arc<Inner>, prepared: Prepared) -> Commit {
        let request = Arc::new(Request {
            prepared: Mutex::new(prepared),
            state: Mutex::default(),
            settled: Condvar::new(),
        });
        let idle = {
            let mut queue = self.queue.lock();
            queue.waiting.push(request.clone());
            queue.waiting.len() == 1
        };
        if idle {
            self.bell.notify_one();
        }
        Commit { request, _store: store.clone() }
    }

    /// Ends the thread once it is through with what waits.
    pub(super) fn close(&self) {
        self.queue.lock().closed = true;
        self.bell.notify_one();
    }

    fn run(&self, store: &Weak<Inner>) {
        loop {
            let group = {
                let mut queue = self.queue.lock();
                while queue.waiting.is_empty() && !queue.closed {
                    self.bell.wait(&mut queue);
                }
                std::mem::take(&mut queue.waiting)
            };
            if group.is_empty() {
                return;
            }
            let outcomes = match store.upgrade() {
                Some(store) => outcomes(&store, &group),
                None => Vec::new(),
            };
            let lost = || Err(Error::ReadOnly { reason: "the database was closed before the commit".into() });
            let outcomes = outcomes.into_iter().chain(std::iter::repeat_with(lost));
            for (request, outcome) in group.iter().zip(outcomes) {
                request.settle(outcome);
            }
        }
    }
}

/// What becomes of a group; nothing of what it was made of is left then. A panic is no reason for anybody to wait for ever.
fn outcomes(store: &Inner, group: &[Arc<Request>]) -> Vec<Result<Arc<Snapshot>>> {
    let prepared: Vec<Prepared> =
        group.iter().map(|request| std::mem::take(&mut *request.prepared.lock())).collect();
    let done = catch_unwind(AssertUnwindSafe(|| store.commit_group(&mut store.lock_writer(), &prepared)));
    done.unwrap_or_else(|_| {
        let error = Error::ReadOnly { reason: "a commit failed by a bug; see the log".into() };
        // What is durable has to be found out before the next one.
        store.lock_writer().failure.get_or_insert(error.clone());
        group.iter().map(|_| Err(error.clone())).collect()
    })
}

impl Request {
    fn settle(&self, outcome: Result<Arc<Snapshot>>) {
        let waker = {
            let mut state = self.state.lock();
            state.outcome = Some(outcome);
            state.waker.take()
        };
        match waker {
            Some(waker) => waker.wake(),
            None => drop(self.settled.notify_one()),
        }
    }
}

impl Commit {
    /// Waits on this thread until the commit is durable, or has failed.
    pub fn wait(self) -> Result<Arc<Snapshot>> {
        let mut state = self.request.state.lock();
        loop {
            match state.outcome.take() {
                Some(outcome) => return outcome,
                None => self.request.settled.wait(&mut state),
            }
        }
    }
}

impl Future for Commit {
    type Output = Result<Arc<Snapshot>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.request.state.lock();
        match &state.outcome {
            Some(outcome) => Poll::Ready(outcome.clone()),
            None => {
                state.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.committer.close();
    }
}
