//! What a transaction will have sent, and whom its session will listen to, once it has committed.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::Listener;
use super::listener::{EACH, MOST};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// PostgreSQL's limits, in bytes: names are shorter than this, and so are texts.
const LONGEST_CHANNEL: usize = 64;
const LONGEST_PAYLOAD: usize = 8000;

/// A text for a channel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sent {
    pub(super) channel: Arc<str>,
    pub(super) payload: Arc<str>,
}

impl Sent {
    fn bytes(&self) -> usize {
        self.channel.len() + self.payload.len() + EACH
    }
}

/// LISTEN and UNLISTEN.
#[derive(Clone, Debug)]
pub(crate) enum Wish {
    Listen(Arc<str>),
    Unlisten(Arc<str>),
    UnlistenAll,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    wishes: Vec<Wish>,
    sent: Vec<Sent>,
    /// The same, for the same text is sent once.
    known: HashSet<Sent>,
    /// What they take.
    bytes: usize,
}

fn invalid(words: &str) -> Error {
    Error::new(SqlState::InvalidParameterValue, words)
}

fn check_name(channel: &str) -> Result<()> {
    match channel.len() {
        0 => Err(invalid("channel name cannot be empty")),
        LONGEST_CHANNEL.. => Err(invalid("channel name too long")),
        _ => Ok(()),
    }
}

/// How much there was at a savepoint.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    wishes: usize,
    sent: usize,
}

impl Pending {
    /// Sends a text to a channel.
    ///
    /// # Errors
    /// 22023 for a name that no channel can have, and for a text that is too long; 54000 for too many in one transaction.
    pub(crate) fn notify(&mut self, channel: &str, payload: &str) -> Result<()> {
        check_name(channel)?;
        if payload.len() >= LONGEST_PAYLOAD {
            return Err(invalid("payload string too long"));
        }
        let sent = Sent { channel: Arc::from(channel), payload: Arc::from(payload) };
        if !self.known.contains(&sent) {
            self.take(sent.bytes())?;
            self.known.insert(sent.clone());
            self.sent.push(sent);
        }
        Ok(())
    }

    /// Begins or ends listening.
    ///
    /// # Errors
    /// 22023 for a name that no channel can have; 54000 for too many in one transaction.
    pub(crate) fn wish(&mut self, wish: Wish) -> Result<()> {
        if let Wish::Listen(channel) | Wish::Unlisten(channel) = &wish {
            check_name(channel)?;
        }
        self.take(wish.bytes())?;
        self.wishes.push(wish);
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Result<()> {
        let bytes = self.bytes + bytes;
        if bytes > MOST {
            let words = "too many notifications in one transaction";
            return Err(Error::new(SqlState::ProgramLimitExceeded, words));
        }
        self.bytes = bytes;
        Ok(())
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.wishes.is_empty() && self.sent.is_empty()
    }

    pub(super) fn sent(&self) -> &[Sent] {
        &self.sent
    }

    pub(super) fn into_parts(self) -> (Vec<Wish>, Vec<Sent>) {
        (self.wishes, self.sent)
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { wishes: self.wishes.len(), sent: self.sent.len() }
    }

    /// Forgets what came after a mark.
    pub(crate) fn go_back(&mut self, mark: Mark) {
        for wish in self.wishes.drain(mark.wishes.min(self.wishes.len())..) {
            self.bytes = self.bytes.saturating_sub(wish.bytes());
        }
        for sent in self.sent.drain(mark.sent.min(self.sent.len())..) {
            self.known.remove(&sent);
            self.bytes = self.bytes.saturating_sub(sent.bytes());
        }
    }
}

impl Wish {
    fn bytes(&self) -> usize {
        match self {
            Self::Listen(channel) | Self::Unlisten(channel) => channel.len() + EACH,
            Self::UnlistenAll => EACH,
        }
    }

    pub(super) fn apply(
        self,
        listening: &mut BTreeMap<Arc<str>, Vec<Arc<Listener>>>,
        listener: &Arc<Listener>,
    ) {
        let is_other = |other: &Arc<Listener>| !Arc::ptr_eq(other, listener);
        match self {
            Self::Listen(channel) => {
                let all = listening.entry(channel).or_default();
                if all.iter().all(is_other) {
                    all.push(listener.clone());
                }
            }
            Self::Unlisten(channel) => {
                if let Some(all) = listening.get_mut(&channel) {
                    all.retain(is_other);
                    if all.is_empty() {
                        listening.remove(&channel);
                    }
                }
            }
            Self::UnlistenAll => listening.retain(|_, all| {
                all.retain(is_other);
                !all.is_empty()
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::Channels;

    #[test]
    fn the_same_text_is_sent_once_and_not_after_it_was_taken_back() {
        let mut pending = Pending::default();
        pending.notify("c", "1").unwrap();
        pending.notify("c", "1").unwrap();
        let mark = pending.mark();
        pending.notify("c", "2").unwrap();
        pending.go_back(mark);
        pending.notify("c", "2").unwrap();
        pending.notify("d", "1").unwrap();
        assert_eq!(pending.sent.len(), 3);
    }

    #[test]
    fn names_and_texts_have_limits() {
        let mut pending = Pending::default();
        pending.notify(&"c".repeat(63), &"p".repeat(7999)).unwrap();
        for (channel, payload) in [("", 0), (&"c".repeat(64), 0), ("c", 8000)] {
            let error = pending.notify(channel, &"p".repeat(payload)).unwrap_err();
            assert_eq!(error.sqlstate(), "22023");
        }
        let error = pending.wish(Wish::Listen(Arc::from("c".repeat(64)))).unwrap_err();
        assert_eq!(error.sqlstate(), "22023");
    }

    #[test]
    fn who_listens_gets_what_is_sent() {
        let (channels, one, other) = (Channels::default(), Arc::default(), Arc::default());
        let send = |wish: Option<Wish>, listener: &Arc<Listener>| {
            let mut pending = Pending::default();
            wish.into_iter().for_each(|wish| pending.wish(wish).unwrap());
            pending.notify("c", "text").unwrap();
            channels.check(&pending).unwrap();
            channels.deliver(7, listener, pending);
        };
        send(Some(Wish::Listen(Arc::from("c"))), &one);
        send(Some(Wish::Listen(Arc::from("c"))), &other);
        assert_eq!((one.take().len(), other.take().len()), (2, 1));
        assert_eq!(channels.of(&one), ["c"]);
        send(Some(Wish::Unlisten(Arc::from("c"))), &one);
        assert_eq!((one.take().len(), other.take().len()), (0, 1));
        channels.leave(&other);
        send(None, &other);
        assert!(other.take().is_empty() && channels.of(&other).is_empty());
    }

    #[test]
    fn a_transaction_sends_no_more_than_may_wait() {
        let mut pending = Pending::default();
        let mut number = 0;
        let error = loop {
            number += 1;
            if let Err(error) = pending.notify("c", &format!("{number:07999}")) {
                break error;
            }
            assert!(number < 10_000);
        };
        assert_eq!(error.sqlstate(), "54000");
        pending.go_back(Mark { wishes: 0, sent: 0 });
        pending.notify("c", "again").unwrap();
    }

    #[test]
    fn what_nobody_takes_has_a_limit() {
        let (channels, listener) = (Channels::default(), Arc::default());
        let mut pending = Pending::default();
        pending.wish(Wish::Listen(Arc::from("c"))).unwrap();
        channels.deliver(1, &listener, pending);
        let mut sent = 0;
        loop {
            let mut pending = Pending::default();
            pending.notify("c", &"p".repeat(7999)).unwrap();
            if let Err(error) = channels.check(&pending) {
                assert_eq!(error.sqlstate(), "54000");
                break;
            }
            channels.deliver(1, &listener, pending);
            sent += 1;
        }
        assert_eq!(listener.take().len(), sent);
    }
}
