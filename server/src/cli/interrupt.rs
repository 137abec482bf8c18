//! Ctrl-C and SIGTERM, and the runtime that work runs on so that they are heard.
//!
//! Invariant: work runs on the runtime's threads, never on the thread that listens, so even a
//! statement that computes for seconds without yielding is left at once.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};

use super::error::{Error, Result};

/// What the engine wants left of a stack before it works on a statement (decision 0003), and some to get there: with
/// less, each statement would map a stack of its own. Of it only what is touched takes memory.
pub(crate) const STACK_BYTES: usize = 160 << 20;

/// The runtime of a subcommand.
pub(crate) fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK_BYTES)
        .build()
        .map_err(|source| Error::System { action: "start the runtime", source })
}

/// Resolves at the first Ctrl-C from its first poll on.
///
/// Where the system lets nobody listen it never resolves, and the signal's default action stays in
/// force.
pub(crate) async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Hears Ctrl-C and, where there is such a thing, SIGTERM, from the moment it is made.
pub(crate) struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Interrupts {
    /// Begins to listen. Must run inside a runtime.
    pub(crate) fn listen() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let hear =
                |kind| signal(kind).map_err(|source| Error::System { action: "listen for signals", source });
            Ok(Self { interrupt: hear(SignalKind::interrupt())?, terminate: hear(SignalKind::terminate())? })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Resolves at the first signal since [`Interrupts::listen`].
    pub(crate) async fn heard(mut self) {
        self.next().await;
    }

    /// Resolves at the next signal; one that came since the last call counts.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        ctrl_c().await;
    }
}

/// Resolves at the first Ctrl-C or SIGTERM from its first poll on.
///
/// Where the system lets nobody listen it never resolves, and the signals' default action stays in force.
pub(crate) async fn interrupted() {
    match Interrupts::listen() {
        Ok(interrupts) => interrupts.heard().await,
        Err(_) => std::future::pending().await,
    }
}

/// Runs `work` on the runtime until it ends or the user interrupts, which drops it.
pub(crate) fn interruptible<F>(runtime: &Runtime, work: F) -> Result<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let mut task = runtime.spawn(work);
    runtime.block_on(async {
        tokio::select! {
            ended = &mut task => ended.map_err(|error| Error::Task { reason: error.to_string() }),
            () = interrupted() => {
                task.abort();
                Err(Error::Interrupted)
            }
        }
    })
}
