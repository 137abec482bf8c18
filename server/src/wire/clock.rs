//! How long the statement at hand may still take, by `statement_timeout`.
//!
//! It ends nothing: [`Interrupt`](super::cancel::Interrupt) does. Invariant: each statement of a message has the whole time, as in
//! PostgreSQL.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// What those who run statements start and stop.
#[derive(Debug)]
pub(super) struct Clock(watch::Sender<Option<Instant>>);

/// What ends them.
#[derive(Debug)]
pub(super) struct Deadline(watch::Receiver<Option<Instant>>);

/// A clock that stands, and its deadline.
pub(super) fn clock() -> (Clock, Deadline) {
    let (sender, receiver) = watch::channel(None);
    (Clock(sender), Deadline(receiver))
}

impl Clock {
    /// A statement begins, which may take so long; any time unless given.
    pub(super) fn start(&self, timeout: Option<Duration>) {
        // A time beyond what can be told is never reached.
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.0.send_if_modified(|current| std::mem::replace(current, until) != until);
    }
}

impl Deadline {
    /// Waits until a statement has taken too long.
    pub(super) async fn passed(&mut self) {
        loop {
            let until = *self.0.borrow_and_update();
            let moved = match until {
                None => self.0.changed().await,
                Some(until) => tokio::select! {
                    biased;
                    moved = self.0.changed() => moved,
                    () = tokio::time::sleep_until(until) => return,
                },
            };
            if moved.is_err() {
                // Nobody starts it any more.
                std::future::pending::<()>().await;
            }
        }
    }
}
