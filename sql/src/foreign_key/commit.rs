//! What has to hold when changes are committed beside those of others, who have seen none of them.
//!
//! Rows that were put need their keys then, too, and keys that are gone must not have got rows meanwhile. The store
//! checks it in the order of commits; what fails there is a conflict, and a statement of its own runs again.

use std::sync::Arc;

use muster_storage::{Changes, KeySet, Transaction};

use super::check::{changed, check, gone};
use super::{Reference, all, has_any, is_referenced, referring};
use crate::Result;

/// The conditions of a transaction.
///
/// # Errors
/// What storage gives.
pub(super) fn conditions(work: &Transaction) -> Result<Changes> {
    let snapshot = work.snapshot();
    let mut conditions = Changes::new();
    for (before, now) in changed(work) {
        let definition = now.definition();
        let since = before.as_ref().map_or(0, |before| before.end());
        if has_any(&definition.properties) && now.end() > since {
            for key in all(&definition.properties)? {
                let reference = Reference::of(snapshot, definition, key)?;
                for rows in now.rows_since(since, &reference.columns)? {
                    let keys = Arc::new(KeySet::new(reference.ordered(rows.columns()))?);
                    if !keys.is_empty() {
                        conditions = conditions.present(&reference.key.parent, &reference.constraint, keys);
                    }
                }
            }
        }
        let deleted: Vec<u64> = work.deleted(&definition.name).iter().collect();
        let Some(before) = before.filter(|_| is_referenced(&definition.properties) && !deleted.is_empty())
        else {
            continue;
        };
        for (child, key) in referring(snapshot, &definition.name)? {
            let reference = Reference::of(snapshot, &child, key)?;
            let keys = gone(work, &reference, &before, &now, &deleted)?;
            if !keys.is_empty() {
                conditions = conditions.absent(&child.name, reference.columns, Arc::new(keys));
            }
        }
    }
    Ok(conditions)
}

/// Whether a transaction has changed tables that foreign keys are about.
pub(crate) fn touches(transaction: &Transaction) -> bool {
    !changed(transaction).is_empty()
}

/// Checks what a transaction has put off, and gives it the conditions of its commit.
///
/// # Errors
/// 23503.
pub(crate) fn before_commit(transaction: &mut Transaction) -> Result<()> {
    check(transaction, &|_, key| key.deferrable)?;
    let conditions = conditions(transaction)?;
    transaction.require(conditions);
    Ok(())
}
