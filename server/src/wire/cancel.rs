//! What ends a statement before it is done: a cancel request, another session, its time (`statement_timeout`), a client that
//! went away, a server that stops.
//!
//! Cancelling is dropping: the future or stream of a statement is dropped, and what it held goes
//! with it. Invariant: a commit that has begun is waited for ([`CommitPoint`]), so whoever is told "cancelled" finds
//! nothing of the statement there.

use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;
use muster::{CommitPoint, Signals};
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
    signals: Signals,
    deadline: Deadline,
}

impl Interrupt {
    /// Registers a connection, so that a cancel request with its id and key reaches it.
    pub(super) fn new(
        registry: &Arc<ConnectionManager>,
        (id, key): (i32, SecretKey),
        gone: watch::Receiver<bool>,
        stop: watch::Receiver<Stop>,
        signals: Signals,
        deadline: Deadline,
    ) -> Self {
        let (handle, registered) = registry.register(id, key);
        Self { handle, _registered: registered, gone, stop, signals, deadline }
    }

    /// Does the work, whose commits pass this point, unless something ends it first.
    pub(super) async fn guard<T>(
        &mut self,
        point: CommitPoint,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let canceled = self.handle.start_query().await;
        let Self { gone, stop, signals, deadline, .. } = self;
        let interrupted = async {
            let why = tokio::select! {
                biased;
                Ok(_) = gone.wait_for(|gone| *gone) => Error::ClientGone,
                // A server that is gone altogether has stopped, too.
                _ = stop.wait_for(|stop| *stop == Stop::Now) => Error::ShuttingDown,
                () = signals.terminated() => Error::Terminated,
                Ok(()) = canceled => Error::Canceled,
                () = signals.canceled() => Error::Canceled,
                () = deadline.passed() => Error::StatementTimeout,
            };
            // A client that is told of a cancelled statement relies on it; to the others nothing is told of one.
            match why {
                Error::Canceled | Error::StatementTimeout => point.cancel().await,
                _ => point.interrupt().await,
            }
            why
        };
        // Work that is always ready uses up all that a task may do at a time; what ends it has to be heard all the same.
        let interrupted = tokio::task::unconstrained(interrupted);
        tokio::select! {
            biased;
            result = work => result,
            why = interrupted => Err(why),
        }
    }

    /// Whether another session has ended this one.
    pub(super) fn is_terminated(&self) -> bool {
        self.signals.is_terminated()
    }

    /// Waits until the connection is to end, and says why: the server stops (with `idle`, from the moment it begins to), or
    /// another session has ended this one.
    pub(super) async fn ending(&mut self, idle: bool) -> Error {
        let Self { stop, signals, .. } = self;
        let stops = |stop: &Stop| *stop == Stop::Now || idle && *stop == Stop::Draining;
        tokio::select! {
            biased;
            () = signals.terminated() => Error::Terminated,
            // A server that is gone altogether has stopped, too.
            _ = stop.wait_for(stops) => Error::ShuttingDown,
        }
    }
}

/// A cancel request's key, as the registry keeps it.
pub(super) fn secret(key: Bytes) -> SecretKey {
    SecretKey::Bytes(key)
}
