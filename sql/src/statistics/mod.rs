//! What ANALYZE found out about a table: rows, and for each column nulls, width, distinct values, least and greatest.
//!
//! It is kept as an object of the database, under the table's number, so it is durable and part of transactions. It is as
//! of the last ANALYZE: nothing that must be right may rest on it, and no transaction fails for it.

mod column;
mod distinct;
mod planned;

pub(crate) use planned::planned;

use arrow::array::{Array, UInt32Array};
use muster_storage::{Changes, Snapshot, Table, TableId};
use serde::{Deserialize, Serialize};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The kind of the objects.
const KIND: &str = "statistics";

/// Rows that are looked at a time.
const STEP: usize = 1 << 16;

/// The statistics of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TableStatistics {
    pub(crate) rows: u64,
    pub(crate) columns: Vec<ColumnStatistics>,
}

/// The statistics of a column, as PostgreSQL's `pg_stats` has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ColumnStatistics {
    pub(crate) name: String,
    /// The share of rows that are NULL.
    pub(crate) null_share: f32,
    /// Average bytes of a value.
    pub(crate) width: i32,
    /// Distinct values; when it is negative, for each row; 0 when it is not known.
    pub(crate) distinct: f32,
    /// The least and the greatest value as texts, where values have an order.
    pub(crate) bounds: Option<(String, String)>,
}

/// What is known of a table; `None` before the first ANALYZE.
pub(crate) fn of(snapshot: &Snapshot, table: TableId) -> Option<TableStatistics> {
    serde_json::from_slice(snapshot.object(KIND, &table.to_string())?).ok()
}

/// Counts columns, by their positions, and adds the changes that keep what was found. Columns that are not counted keep
/// what is known of them. `continues` is asked now and then; false cancels.
pub(crate) fn analyze(
    snapshot: &Snapshot,
    table: &Table,
    columns: &[usize],
    mut changes: Changes,
    continues: &(dyn Fn() -> bool + Sync),
) -> Result<Changes> {
    let definition = table.definition();
    let mut statistics = of(snapshot, definition.id).unwrap_or_default();
    statistics.rows = table.live_rows();
    for position in columns {
        let Some(field) = definition.schema.fields().get(*position) else { continue };
        let mut counted = column::Counted::new(field);
        for part in table.parts().filter(|part| part.live_rows() > 0) {
            let column = part.columns(&[*position])?;
            let Some(column) = column.columns().first() else { continue };
            for start in (0..part.rows()).step_by(STEP) {
                if !continues() {
                    return Err(Error::new(
                        SqlState::QueryCanceled,
                        "canceling statement due to user request",
                    ));
                }
                let step = column.slice(start, STEP.min(part.rows() - start));
                let live = (start..start + step.len()).filter_map(|row| u32::try_from(row).ok());
                let live = live.filter(|row| !part.deleted().contains(*row));
                let live: UInt32Array = live.map(|row| row - start as u32).collect();
                let step = match live.len() == step.len() {
                    true => step,
                    false => arrow::compute::take(&step, &live, None)?,
                };
                counted.add(&step)?;
            }
        }
        let counted = counted.finish(field.name())?;
        statistics.columns.retain(|known| &known.name != field.name());
        statistics.columns.push(counted);
    }
    let current = |known: &ColumnStatistics| definition.schema.index_of(&known.name).is_ok();
    statistics.columns.retain(current);
    let json = serde_json::to_vec(&statistics)
        .map_err(|error| Error::new(SqlState::InternalError, format!("statistics: {error}")))?;
    changes = changes.overwrite_object(KIND, definition.id.to_string(), Some(json));
    // What tables that are gone have left.
    let gone = snapshot.objects(KIND).map(|(name, _)| name);
    let is_there = |name: &str| snapshot.tables().any(|table| table.definition().id.to_string() == name);
    for name in gone.filter(|name| !is_there(name)) {
        changes = changes.overwrite_object(KIND, name, None);
    }
    Ok(changes)
}
