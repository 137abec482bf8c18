//! `muster_segments`: what tables consist of: sealed segments, and chunks of rows that are in the journal alone.
//!
//! Segments have no levels: neighbours merge by their sizes. Bytes are those of files, which chunks have none of.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::relation::{plain, schema_of};
use crate::index::vector_indexes;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "muster_segments", schema, fill };

fn schema() -> Schema {
    use DataType::{Boolean, Int64, Utf8};
    let columns = [
        ("schemaname", Utf8),
        ("tablename", Utf8),
        ("segment", Int64),
        ("state", Utf8),
        ("first_row_id", Int64),
        ("rows", Int64),
        ("deleted_rows", Int64),
        ("bytes", Int64),
        ("index_bytes", Int64),
        ("has_graph", Boolean),
    ];
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec())
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let number = |count: u64| ScalarValue::Int64(Some(i64::try_from(count).unwrap_or(i64::MAX)));
    let indexes = &scope.statement.database.indexes;
    for table in scope.snapshot.tables() {
        let definition = table.definition();
        for part in table.parts() {
            let id = part.segment_id();
            let of_file = |bytes: u64| id.map_or(ScalarValue::Int64(None), |_| number(bytes));
            // Of all its graphs; where there is to be none, there is no telling.
            let mut wanted = vector_indexes(definition).peekable();
            let graphs = wanted
                .peek()
                .is_some()
                .then(|| wanted.all(|index| id.is_some() && indexes.graph(table, part, index).is_some()));
            rows.push([
                ("schemaname", schema_of(&definition.name).into()),
                ("tablename", plain(&definition.name).into()),
                ("segment", id.map_or(ScalarValue::Int64(None), |id| number(id.0))),
                ("state", if id.is_some() { "sealed" } else { "unsealed" }.into()),
                ("first_row_id", number(part.first_row_id())),
                ("rows", number(part.rows() as u64)),
                ("deleted_rows", number(part.deleted().len())),
                ("bytes", of_file(part.file_bytes())),
                ("index_bytes", of_file(part.index_bytes())),
                ("has_graph", ScalarValue::Boolean(graphs)),
            ])?;
        }
    }
    Ok(())
}
