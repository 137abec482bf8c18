//! What is known of a table's rows in the words of DataFusion's optimizer.
//!
//! The number of rows is that of the snapshot which is planned over; the rest is as of the last ANALYZE. Invariant: nothing
//! here is called exact, for a plan may outlive the rows, so no answer ever comes out of it.

use arrow::datatypes::{DataType, Field};
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics as PlannedColumn, ScalarValue, Statistics};
use muster_storage::{Snapshot, Table};

use super::column::LONGEST_BOUND;
use super::{ColumnStatistics, of};

/// The statistics of all of a table's columns.
pub(crate) fn planned(snapshot: &Snapshot, table: &Table) -> Statistics {
    let definition = table.definition();
    let rows = usize::try_from(table.live_rows()).unwrap_or(usize::MAX);
    let analyzed = of(snapshot, definition.id).unwrap_or_default();
    let mut statistics = Statistics::new_unknown(&definition.schema).with_num_rows(Precision::Inexact(rows));
    for (field, known) in definition.schema.fields().iter().zip(&mut statistics.column_statistics) {
        if let Some(counted) = analyzed.columns.iter().find(|counted| &counted.name == field.name()) {
            *known = column(field, counted, rows);
        }
    }
    statistics
}

fn column(field: &Field, counted: &ColumnStatistics, rows: usize) -> PlannedColumn {
    let share = |share: f32| Precision::Inexact((f64::from(share) * rows as f64).round() as usize);
    let mut known = PlannedColumn::new_unknown().with_null_count(share(counted.null_share));
    known.distinct_count = match counted.distinct {
        0.0 => Precision::Absent,
        of_each_row if of_each_row < 0.0 => share(-of_each_row),
        all => Precision::Inexact((all as usize).min(rows)),
    };
    let bound = |text: &String| bound(field.data_type(), text).map_or(Precision::Absent, Precision::Inexact);
    if let Some((least, greatest)) = &counted.bounds {
        (known.min_value, known.max_value) = (bound(least), bound(greatest));
    }
    known
}

/// A bound that was kept as text. Texts themselves are cut, so they bound nothing.
fn bound(data_type: &DataType, text: &str) -> Option<ScalarValue> {
    let is_whole = text.chars().count() < LONGEST_BOUND;
    let is_read_back = data_type.is_numeric() || matches!(data_type, DataType::Date32);
    (is_whole && is_read_back)
        .then(|| ScalarValue::try_from_string(text.to_string(), data_type).ok())
        .flatten()
}
