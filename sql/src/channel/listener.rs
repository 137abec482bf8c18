//! What a session was sent and has not taken.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Notification;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Bytes that may wait for one session. PostgreSQL keeps 8 GB, on disk and for all of them.
pub(super) const MOST: usize = 16 << 20;
/// Bytes that one takes beside its text.
pub(super) const EACH: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    waiting: Mutex<Waiting>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    all: VecDeque<Notification>,
    bytes: usize,
}

impl Listener {
    /// Whether there is room for so many bytes more.
    ///
    /// # Errors
    /// 54000 when there is not.
    pub(super) fn check(&self, more: usize) -> Result<()> {
        if self.waiting.lock().bytes + more <= MOST {
            return Ok(());
        }
        let words = "too many notifications wait for a session that does not take them";
        Err(Error::new(SqlState::ProgramLimitExceeded, words))
    }

    pub(super) fn put(&self, notification: Notification) {
        {
            let mut waiting = self.waiting.lock();
            waiting.bytes += notification.channel.len() + notification.payload.len() + EACH;
            waiting.all.push_back(notification);
        }
        self.arrived.notify_waiters();
    }

    /// Takes all that wait.
    pub(crate) fn take(&self) -> Vec<Notification> {
        let mut waiting = self.waiting.lock();
        waiting.bytes = 0;
        std::mem::take(&mut waiting.all).into()
    }

    /// Waits until something does.
    pub(crate) async fn arrival(&self) {
        loop {
            let arrived = self.arrived.notified();
            tokio::pin!(arrived);
            // From here on no arrival is missed.
            arrived.as_mut().enable();
            if !self.waiting.lock().all.is_empty() {
                return;
            }
            arrived.await;
        }
    }
}
