//! What other sessions ask of one: that its statement end, or that it end itself.
//!
//! They only tell; who drives the session hears it and acts, as the server does. Invariant: the end of a session is asked for once and
//! stays asked for, that of a statement is heard by whoever waits at that moment and by nobody later.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// See the module. Clones are of the same session.
#[derive(Clone, Debug, Default)]
pub struct Signals(Arc<Asked>);

#[derive(Debug, Default)]
struct Asked {
    cancel: Notify,
    terminated: AtomicBool,
    terminate: Notify,
}

impl Signals {
    /// Waits until somebody asks that the statement at hand end (`pg_cancel_backend`).
    pub async fn canceled(&self) {
        self.0.cancel.notified().await;
    }

    /// Waits until somebody has asked that the session end (`pg_terminate_backend`).
    pub async fn terminated(&self) {
        let asked = self.0.terminate.notified();
        tokio::pin!(asked);
        // From here on no notification is missed.
        asked.as_mut().enable();
        if !self.is_terminated() {
            asked.await;
        }
    }

    /// Whether the session is to end.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.0.terminated.load(Ordering::Acquire)
    }

    pub(crate) fn cancel(&self) {
        self.0.cancel.notify_waiters();
    }

    pub(crate) fn terminate(&self) {
        self.0.terminated.store(true, Ordering::Release);
        self.0.terminate.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_end_is_heard_whenever_it_is_waited_for_and_a_cancel_only_then() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let signals = Signals::default();
            let wait = Duration::from_millis(20);
            signals.cancel();
            assert!(tokio::time::timeout(wait, signals.canceled()).await.is_err());
            assert!(tokio::time::timeout(wait, signals.terminated()).await.is_err());
            signals.terminate();
            signals.terminated().await;
            assert!(signals.is_terminated());
        });
    }
}
