//! Large objects as what belongs to a role.

use muster_storage::{Changes, Snapshot};

use super::Objects;
use super::objects::{Entry, unknown};
use crate::Result;

/// Those of a role.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(crate) fn owned_by(snapshot: &Snapshot, role: u64) -> Result<Vec<u32>> {
    Ok(of(snapshot, &[role])?.into_iter().map(|entry| entry.oid).collect())
}

/// Adds that those of some roles belong to another.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(crate) fn reassigned(
    mut changes: Changes,
    snapshot: &Snapshot,
    from: &[u64],
    to: u64,
) -> Result<Changes> {
    let objects = Objects::of(snapshot)?;
    for entry in of(snapshot, from)? {
        changes = changes.and(objects.give(&entry, to)?);
    }
    Ok(changes)
}

/// Whose an object is, and the changes that give it to another role.
///
/// # Errors
/// 42704 where there is none of the id.
pub(crate) fn given(snapshot: &Snapshot, oid: u64, to: u64) -> Result<(u64, Changes)> {
    let objects = Objects::of(snapshot)?;
    let entry = objects.entry(u32::try_from(oid).map_err(|_| unknown(oid))?)?;
    Ok((entry.owner, objects.give(&entry, to)?))
}

/// Adds that those of some roles are gone.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(crate) fn dropped(mut changes: Changes, snapshot: &Snapshot, roles: &[u64]) -> Result<Changes> {
    let objects = Objects::of(snapshot)?;
    for entry in of(snapshot, roles)? {
        changes = changes.and(objects.unlink(&entry)?);
    }
    Ok(changes)
}

fn of(snapshot: &Snapshot, roles: &[u64]) -> Result<Vec<Entry>> {
    let mut all = Objects::of(snapshot)?.all()?;
    all.retain(|entry| roles.contains(&entry.owner));
    Ok(all)
}
