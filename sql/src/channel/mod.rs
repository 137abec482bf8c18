//! LISTEN and NOTIFY: texts that sessions send to each other, by the names of channels.
//!
//! What a transaction sends is delivered once it has committed, and not at all when it has not. It is delivered to the
//! sessions that listen then, of this process, and kept by none of them longer than until they take it. Invariant: a session
//! gets what another sends in the order of its commits.
//!
//! - [`Pending`]: what a transaction will have sent.
//! - [`Listener`]: what a session has got.

mod listener;
mod pending;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

pub(crate) use listener::Listener;
pub(crate) use pending::{Mark, Pending, Sent, Wish};

use crate::Result;

/// A text that a session has sent to all that listen to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The process id of the session that sent it, as `pg_backend_pid()` has it there.
    pub process: i32,
    /// The channel.
    pub channel: Arc<str>,
    /// The text; empty where none was given.
    pub payload: Arc<str>,
}

/// Who listens to what.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    listening: Mutex<BTreeMap<Arc<str>, Vec<Arc<Listener>>>>,
}

impl Channels {
    /// The channels that one listens to, in order.
    pub(crate) fn of(&self, listener: &Arc<Listener>) -> Vec<String> {
        let listening = self.listening.lock();
        let own = listening.iter().filter(|(_, all)| all.iter().any(|other| Arc::ptr_eq(other, listener)));
        own.map(|(channel, _)| channel.to_string()).collect()
    }

    /// Ends all listening of one.
    pub(crate) fn leave(&self, listener: &Arc<Listener>) {
        self.listening.lock().retain(|_, all| {
            all.retain(|other| !Arc::ptr_eq(other, listener));
            !all.is_empty()
        });
    }

    /// Whether there is room for what a transaction sends.
    ///
    /// # Errors
    /// 54000 where a session has not taken for long what it was sent.
    pub(crate) fn check(&self, pending: &Pending) -> Result<()> {
        if pending.sent().is_empty() {
            return Ok(());
        }
        let listening = self.listening.lock();
        for Sent { channel, .. } in pending.sent() {
            for listener in listening.get(channel).into_iter().flatten() {
                listener.check(pending.bytes())?;
            }
        }
        Ok(())
    }

    /// Does what a transaction that has committed had to do: begins and ends listening, and sends.
    pub(crate) fn deliver(&self, process: i32, listener: &Arc<Listener>, pending: Pending) {
        if pending.is_empty() {
            return;
        }
        let mut listening = self.listening.lock();
        let (wishes, sent) = pending.into_parts();
        for wish in wishes {
            wish.apply(&mut listening, listener);
        }
        for Sent { channel, payload } in sent {
            for listener in listening.get(&channel).into_iter().flatten() {
                let (channel, payload) = (channel.clone(), payload.clone());
                listener.put(Notification { process, channel, payload });
            }
        }
    }
}
