//! Threads whose work can wait: statements come first where there are fewer cores than threads.
//!
//! It knows nothing of what the threads do. Where the system has no priority of single threads, they have that of all.

use rayon::ThreadPool;

/// How far below statements background work is, in the units of `nice`: it still gets a quarter of a core that
/// statements keep busy, so that segments do not pile up.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// Lowers the priority of the calling thread.
pub(crate) fn lower() {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the call takes three numbers and touches no memory of ours. On Linux 0 is the calling thread.
        let failed = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) } != 0;
        if failed {
            tracing::debug!(error = %std::io::Error::last_os_error(), "background work keeps its priority");
        }
    }
}

/// As many threads of low priority as there are cores; `None` where the system gives none.
pub(crate) fn pool() -> Option<ThreadPool> {
    let pool = rayon::ThreadPoolBuilder::new()
        .thread_name(|number| format!("muster-build-{number}"))
        .start_handler(|_| lower())
        .build();
    match pool {
        Ok(pool) => Some(pool),
        Err(error) => {
            tracing::warn!(%error, "background work shares the threads of statements");
            None
        }
    }
}
