//! `pg_indexes`: indexes by name, with the statements that make them.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;
use muster_storage::TableDefinition;

use super::super::definition::Indexed;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::catalog::relation::{plain, schema_of};

/// Its columns.
pub(super) fn schema() -> Schema {
    let columns = ["schemaname", "tablename", "indexname", "tablespace", "indexdef"];
    Schema::new(columns.map(|name| Field::new(name, DataType::Utf8, true)).to_vec())
}

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for key in &table.keys {
            push(rows, table, &key.name, &Indexed::Key(table, key).statement()?)?;
        }
        for index in &table.indexes {
            push(rows, table, plain(&index.name), &Indexed::Index(table, index).statement()?)?;
        }
    }
    Ok(())
}

fn push(rows: &mut Rows, table: &TableDefinition, name: &str, statement: &str) -> Result<()> {
    rows.push([
        ("schemaname", schema_of(&table.name).into()),
        ("tablename", plain(&table.name).into()),
        ("indexname", name.into()),
        ("indexdef", statement.into()),
    ])
}
