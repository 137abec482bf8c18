//! `pg_tables`: the tables by name.

use arrow::datatypes::Field;
use datafusion::error::Result;

use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::catalog::relation::{plain, schema_of};

/// What `pg_get_userbyid` calls the owner of everything.
pub(in super::super) const OWNER: &str = "postgres";

/// The library calls a column otherwise than PostgreSQL.
pub(super) fn adapted(fields: Vec<Field>) -> Vec<Field> {
    let change = |field: Field| {
        if field.name() == "hasindex" { field.with_name("hasindexes") } else { field }
    };
    fields.into_iter().map(change).collect()
}

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        push(
            rows,
            schema_of(&table.name),
            plain(&table.name),
            !(table.keys.is_empty() && table.indexes.is_empty()),
        )?;
    }
    for relation in scope.system.iter().filter(|relation| !relation.view) {
        push(rows, "pg_catalog", &relation.name, false)?;
    }
    Ok(())
}

fn push(rows: &mut Rows, schema: &str, name: &str, indexed: bool) -> Result<()> {
    rows.push([
        ("schemaname", schema.into()),
        ("tablename", name.into()),
        ("tableowner", OWNER.into()),
        ("hasindexes", indexed.into()),
    ])
}
