//! Work that computes or waits - for the disk, for an embedder - outside of the async threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sqlstate::SqlState;
use crate::{Error, Result, embedding};

/// Does such work.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    cancellable(move |_| work()).await
}

/// As [`blocking`], for work that asks now and then whether it goes on. It does not when the
/// statement's future is dropped.
pub(crate) async fn cancellable<T: Send + 'static>(
    work: impl FnOnce(&(dyn Fn() -> bool + Sync)) -> Result<T> + Send + 'static,
) -> Result<T> {
    struct CancelOnDrop(Arc<AtomicBool>);
    impl Drop for CancelOnDrop {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Release);
        }
    }
    let cancelled = Arc::new(AtomicBool::new(false));
    let _guard = CancelOnDrop(cancelled.clone());
    let work = move || embedding::scope::running(&cancelled, || work(&|| !cancelled.load(Ordering::Acquire)));
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(SqlState::InternalError, format!("the statement's task failed: {error}"))
    })?
}
