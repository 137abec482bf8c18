//! What ends a statement before it is done: a cancel request, its time (`statement_timeout`), a client that went away, a
//! server that stops.
//!
//! Cancelling is dropping: the future or stream of a statement is dropped, and what it held goes
//! with it. Invariant: a commit that has begun is waited for ([`CommitPoint`]), so whoever is told "cancelled" finds
//! nothing of the statement there.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use muster::CommitPoint;
use pgwire::api::{ConnectionGuard, ConnectionHandle, ConnectionManager};
use pgwire::messages::startup::SecretKey;
use tokio::sync::watch;

use super::clock::Deadline;
use super::error::{Error, Result};

/// How far the server is with stopping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// It is not.
    Running,
    /// Connections end once their statement is done.
    Draining,
    /// Statements end now.
    Now,
}

/// Watches over the statements of one connection.
#[derive(Debug)]
pub(super) struct Interrupt {
    handle: Arc<ConnectionHandle>,
    /// Takes the connection out of the registry when dropped.
    _registered: ConnectionGuard,
    gone: watch::Receiver<bool>,
    stop: watch::Receiver<Stop>,
    deadline: Deadline,
}

impl Interrupt {
    /// Registers a connection, so that a cancel request with its id and key reaches it.
    pub(super) fn new(
        registry: &Arc<ConnectionManager>,
        id: i32,
        key: SecretKey,
        gone: watch::Receiver<bool>,
        stop: watch::Receiver<Stop>,
        deadline: Deadline,
    ) -> Self {
        let (handle, registered) = registry.register(id, key);
        Self { handle, _registered: registered, gone, stop, deadline }
    }

    /// Does the work, whose commits pass this point, unless something ends it first.
    pub(super) async fn guard<T>(
        &mut self,
        point: CommitPoint,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let canceled = self.handle.start_query().await;
        let Self { gone, stop, deadline, .. } = self;
        let interrupted = async {
            let why = tokio::select! {
                biased;
                Ok(_) = gone.wait_for(|gone| *gone) => Error::ClientGone,
                // A server that is gone altogether has stopped, too.
                _ = stop.wait_for(|stop| *stop == Stop::Now) => Error::ShuttingDown,
                Ok(()) = canceled => Error::Canceled,
                () = deadline.passed() => Error::StatementTimeout,
            };
            // A client that is told of a cancelled statement relies on it; to the others nothing is told of one.
            match why {
                Error::Canceled | Error::StatementTimeout => point.cancel().await,
                _ => point.interrupt().await,
            }
            why
        };
        tokio::select! {
            biased;
            result = work => result,
            why = interrupted => Err(why),
        }
    }

    /// Waits until the server stops: with `idle`, from the moment it begins to.
    pub(super) async fn stopping(&mut self, idle: bool) {
        // An error means that the server is gone, which is stopping, too.
        let _ = self.stop.wait_for(|stop| *stop == Stop::Now || idle && *stop == Stop::Draining).await;
    }
}

/// A cancel request's key, as the registry keeps it.
pub(super) fn secret(key: Bytes) -> SecretKey {
    SecretKey::Bytes(key)
}
