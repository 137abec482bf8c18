//! `pg_tables`: the tables by name.

use arrow::datatypes::Field;
use datafusion::error::Result;

use super::super::owners::Owners;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::catalog::RelationKind;
use crate::catalog::relation::{plain, schema_of};

/// What `pg_get_userbyid` calls the owner of what came with the database.
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
    let owners = Owners::new(scope.snapshot)?;
    for table in scope.snapshot.tables() {
        let table = table.definition();
        let owner = owners.of_relation(RelationKind::Table, &table.name)?.name;
        push(
            rows,
            &owner,
            schema_of(&table.name),
            plain(&table.name),
            !(table.keys.is_empty() && table.indexes.is_empty()),
        )?;
    }
    for relation in scope.system.iter().filter(|relation| !relation.view) {
        push(rows, OWNER, "pg_catalog", &relation.name, false)?;
    }
    Ok(())
}

fn push(rows: &mut Rows, owner: &str, schema: &str, name: &str, indexed: bool) -> Result<()> {
    rows.push([
        ("schemaname", schema.into()),
        ("tablename", name.into()),
        ("tableowner", owner.into()),
        ("hasindexes", indexed.into()),
    ])
}
