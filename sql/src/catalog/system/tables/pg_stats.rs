//! `pg_stats`: what ANALYZE found out about columns. Most common values are not counted; the histogram has one bucket, from
//! the least value to the greatest.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::rows::{Rows, list_of, texts};
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::{RelationKind, SCHEMA};
use crate::privileges::{Object, Privilege};
use crate::statistics;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_stats", schema, fill };

fn schema() -> Schema {
    let texts = list_of(DataType::Utf8);
    let reals = list_of(DataType::Float32);
    let columns = [
        ("schemaname", DataType::Utf8),
        ("tablename", DataType::Utf8),
        ("attname", DataType::Utf8),
        ("inherited", DataType::Boolean),
        ("null_frac", DataType::Float32),
        ("avg_width", DataType::Int32),
        ("n_distinct", DataType::Float32),
        ("most_common_vals", texts.clone()),
        ("most_common_freqs", reals.clone()),
        ("histogram_bounds", texts.clone()),
        ("correlation", DataType::Float32),
        ("most_common_elems", texts),
        ("most_common_elem_freqs", reals.clone()),
        ("elem_count_histogram", reals),
    ];
    let fields = columns.into_iter().map(|(name, data_type)| Field::new(name, data_type, true));
    Schema::new(fields.collect::<Vec<_>>())
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let rights = scope.statement.rights()?;
    for table in scope.snapshot.tables() {
        let definition = table.definition();
        // They tell values of rows.
        if let Some(rights) = &rights {
            let object = Object::Relation(RelationKind::Table, definition.name.clone());
            if !rights.allowed(&object)?.has(Privilege::Select) {
                continue;
            }
        }
        let Some(known) = statistics::of(scope.snapshot, definition.id) else { continue };
        for field in definition.schema.fields() {
            let Some(column) = known.columns.iter().find(|column| &column.name == field.name()) else {
                continue;
            };
            let bounds = match &column.bounds {
                Some((least, greatest)) => texts(&[least.clone(), greatest.clone()]),
                None => ScalarValue::try_from(&list_of(DataType::Utf8))?,
            };
            rows.push([
                ("schemaname", SCHEMA.into()),
                ("tablename", definition.name.as_str().into()),
                ("attname", column.name.as_str().into()),
                ("inherited", false.into()),
                ("null_frac", column.null_share.into()),
                ("avg_width", column.width.into()),
                ("n_distinct", column.distinct.into()),
                ("histogram_bounds", bounds),
            ])?;
        }
    }
    Ok(())
}
