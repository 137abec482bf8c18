//! Which threads may wait for an embedder, and how their waiting ends.
//!
//! What evaluates an expression does not know who asked for it: the thread does. Invariant: outside of
//! [`running`], and inside of [`planning`], nothing waits: a call fails, which leaves a plan's constants as they are.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::FixedSizeListArray;
use muster_engine::{Embedder, Purpose};

use crate::{Error, Result};

thread_local! {
    /// Set where the thread may wait: whether it should stop.
    static CANCELLED: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// Does work of a running statement on a thread that may wait, until `cancelled` is set.
pub(crate) fn running<T>(cancelled: &Arc<AtomicBool>, work: impl FnOnce() -> T) -> T {
    with(Some(cancelled.clone()), work)
}

/// Does work that must not wait, as planning must not.
pub(crate) fn planning<T>(work: impl FnOnce() -> T) -> T {
    with(None, work)
}

fn with<T>(cancelled: Option<Arc<AtomicBool>>, work: impl FnOnce() -> T) -> T {
    struct Restore(Option<Arc<AtomicBool>>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CANCELLED.set(self.0.take());
        }
    }
    let _restore = Restore(CANCELLED.replace(cancelled));
    work()
}

/// Embeds texts, waiting where the embedder does.
///
/// # Errors
/// What the embedder gives; 57014 once the statement is cancelled; 0A000 where the thread may not wait.
pub(crate) fn embed(
    embedder: &dyn Embedder,
    purpose: Purpose,
    texts: &[Option<&str>],
) -> Result<FixedSizeListArray> {
    if !embedder.waits() {
        return Ok(embedder.embed_for(purpose, texts, &|| true)?);
    }
    let Some(cancelled) = CANCELLED.with_borrow(Clone::clone) else {
        return Err(Error::unsupported(format!("waiting for embedder \"{}\" here", embedder.model())));
    };
    Ok(embedder.embed_for(purpose, texts, &|| !cancelled.load(Ordering::Acquire))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> bool {
        CANCELLED.with_borrow(Option::is_some)
    }

    #[test]
    fn a_thread_may_wait_while_it_runs_a_statement_and_not_while_it_plans() {
        let cancelled = Arc::new(AtomicBool::new(false));
        assert!(!allowed());
        running(&cancelled, || {
            assert!(allowed());
            planning(|| assert!(!allowed()));
            assert!(allowed());
            let panicked = std::panic::catch_unwind(|| planning(|| panic!("while planning")));
            assert!(panicked.is_err() && allowed(), "it is as before, however the work ends");
        });
        assert!(!allowed());
    }
}
