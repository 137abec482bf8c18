//! `LISTEN`, `UNLISTEN`, `NOTIFY`, `pg_notify`: what they ask for is done when the transaction has committed.
//!
//! Outside of a block that is when the statement has ended, with its last row.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;

use super::{Live, Session};
use crate::Result;
use crate::channel::{Notification, Pending, Wish};
use crate::outcome::{CommandTag, Outcome};
use crate::statement::name;
use crate::statement::refused::refusal;

impl Live {
    /// Sends a text to a channel, once the transaction has committed that it belongs to.
    ///
    /// # Errors
    /// 22023 for a name that no channel can have, and for a text that is too long.
    pub(crate) fn notify(&self, block: Option<u64>, channel: &str, payload: &str) -> Result<()> {
        self.pending(block, |pending| pending.notify(channel, payload))
    }

    /// The channels that the session listens to.
    pub(crate) fn listening(&self) -> Vec<String> {
        self.channels.of(&self.listener)
    }

    fn pending<T>(&self, number: Option<u64>, work: impl FnOnce(&mut Pending) -> T) -> T {
        self.block.with(|block| match block.as_mut().filter(|block| Some(block.number()) == number) {
            Some(block) => work(&mut block.pending),
            None => work(&mut self.pending.lock()),
        })
    }

    /// A statement outside of a block has ended: what it sent is delivered.
    ///
    /// # Errors
    /// 54000 where a session has not taken for long what it was sent.
    pub(super) fn flush(&self) -> Result<()> {
        self.check_room().inspect_err(|_| self.discard())?;
        self.send();
        Ok(())
    }

    /// Whether what a statement outside of a block sends can be delivered.
    ///
    /// # Errors
    /// 54000 where a session has not taken for long what it was sent.
    pub(super) fn check_room(&self) -> Result<()> {
        self.channels.check(&self.pending.lock())
    }

    /// Delivers what a statement outside of a block sends: it has committed.
    pub(super) fn send(&self) {
        let pending = std::mem::take(&mut *self.pending.lock());
        if !pending.is_empty() {
            self.deliver(pending);
        }
    }

    /// A statement outside of a block has failed: what it sent is not.
    pub(super) fn discard(&self) {
        *self.pending.lock() = Pending::default();
    }

    /// A transaction has committed.
    pub(super) fn deliver(&self, pending: Pending) {
        self.channels.deliver(self.lock().own.backend().process, &self.listener, pending);
    }
}

impl Session {
    /// Takes what other sessions, or this one, have sent to the channels that this one listens to.
    pub fn take_notifications(&self) -> Vec<Notification> {
        self.live.listener.take()
    }

    /// Waits until there is something to take.
    pub async fn notified(&self) {
        self.live.listener.arrival().await;
    }

    /// Runs LISTEN, UNLISTEN or NOTIFY.
    pub(super) fn run_channel(&self, block: Option<u64>, statement: &ast::Statement) -> Result<Outcome> {
        let tag = match statement {
            ast::Statement::LISTEN { channel } => {
                let channel = Arc::from(name::ident(channel));
                self.live.pending(block, |pending| pending.wish(Wish::Listen(channel)))?;
                "LISTEN"
            }
            ast::Statement::UNLISTEN { channel } => {
                let wish = match channel.quote_style.is_none() && channel.value == "*" {
                    true => Wish::UnlistenAll,
                    false => Wish::Unlisten(Arc::from(name::ident(channel))),
                };
                self.live.pending(block, |pending| pending.wish(wish))?;
                "UNLISTEN"
            }
            ast::Statement::NOTIFY { channel, payload } => {
                let payload = payload.as_deref().unwrap_or_default();
                self.live.notify(block, &name::ident(channel), payload)?;
                "NOTIFY"
            }
            other => return Err(refusal(other)),
        };
        Ok(Outcome::done(CommandTag::plain(tag)))
    }
}
