//! Ctrl-C and SIGTERM while a load runs: the first ends it early, the second ends what comes after it.
//!
//! Invariant: from the beginning to the end they are heard here, so that neither ends the process beside its server.

use tokio::sync::watch;

use crate::cli::error::{Error, Result};
use crate::cli::interrupt::Interrupts;

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Interruption(watch::Receiver<u32>);

impl Interruption {
    /// Begins to listen. Must run inside a local set.
    pub(super) fn listen() -> Result<Self> {
        let mut interrupts = Interrupts::listen()?;
        let (told, heard) = watch::channel(0);
        tokio::task::spawn_local(async move {
            loop {
                interrupts.next().await;
                told.send_modify(|count| *count += 1);
            }
        });
        Ok(Self(heard))
    }

    /// Resolves when so many signals have come.
    pub(super) async fn heard(&self, count: u32) {
        if self.0.clone().wait_for(|heard| *heard >= count).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Does work that the first signal ends.
    pub(super) async fn before_first<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.before(1, work).await
    }

    /// Does work that the second signal ends.
    pub(super) async fn before_second<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        self.before(2, work).await
    }

    async fn before<T>(&self, count: u32, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            () = self.heard(count) => Err(Error::Interrupted),
        }
    }
}
