//! Waits for commits, on no thread where there is little to prepare.

use std::sync::Arc;

use muster_storage::{Changes, Snapshot, Store, Transaction};

use super::{Committing, blocking};
use crate::Result;

/// Makes changes, which were worked out over `base`, durable. Dropped meanwhile, they may become so all the same.
pub(super) async fn commit(
    store: &Arc<Store>,
    base: Arc<Snapshot>,
    changes: Changes,
    _committing: Committing,
) -> Result<()> {
    let submitted = if store.is_quick(&changes) {
        store.submit(changes.over(base))?
    } else {
        let store = store.clone();
        blocking(move || Ok(store.submit(changes.over(base))?)).await?
    };
    submitted.await?;
    Ok(())
}

/// The same for a transaction.
pub(super) async fn commit_transaction(transaction: Transaction, _committing: Committing) -> Result<()> {
    let submitted = if transaction.is_quick() {
        transaction.submit()?
    } else {
        blocking(move || Ok(transaction.submit()?)).await?
    };
    submitted.await?;
    Ok(())
}
