//! `TRUNCATE`: all rows of one or several tables go, as one change.

use datafusion::sql::sqlparser::ast::{Truncate, TruncateIdentityOption};
use muster_storage::Changes;
use roaring::RoaringTreemap;

use super::define::Defined;
use super::sequence;
use crate::catalog::{Namespace, RelationKind};
use crate::{Error, Result};

/// # Errors
/// 42P01 for a table that is not there, 42809 for what is no table, 0A000 for partitions.
pub(super) fn define(namespace: Namespace<'_>, truncate: &Truncate) -> Result<Defined> {
    if truncate.partitions.is_some() || truncate.on_cluster.is_some() {
        return Err(Error::unsupported("TRUNCATE of a partition or on a cluster"));
    }
    let restart = matches!(truncate.identity, Some(TruncateIdentityOption::Restart));
    let mut changes = Changes::new();
    let mut done = Vec::new();
    for target in &truncate.table_names {
        // No table refers to another, so CASCADE reaches no further, and no table has children for ONLY to leave out.
        let found = match namespace.find(&target.name)? {
            Some((found, RelationKind::Table)) => found.stored(),
            Some(_) => namespace
                .find_kind(&target.name, RelationKind::Table, false)?
                .map(|found| found.stored())
                .unwrap_or_default(),
            None if truncate.if_exists => continue,
            None => return Err(namespace.missing(&target.name, None)?),
        };
        if done.contains(&found) {
            continue;
        }
        let Some(table) = namespace.snapshot.table(&found) else {
            return Err(Error::undefined_table(&found));
        };
        let mut rows = RoaringTreemap::new();
        for part in table.parts() {
            rows.extend(super::alter_table::positions(part).map(|position| part.row_id(position)));
        }
        if !rows.is_empty() {
            changes = changes.delete(&found, rows);
        }
        if restart {
            changes = sequence::restart_owned(changes, namespace.snapshot, &found)?;
        }
        done.push(found);
    }
    Ok(Defined::new(changes, "TRUNCATE TABLE"))
}
