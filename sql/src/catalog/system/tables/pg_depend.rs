//! `pg_depend`: which sequences and defaults belong to which columns.

use datafusion::error::Result;

use super::super::definition;
use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::number;
use crate::catalog::Sequence;
use crate::column;

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let catalog = |name| oid::system_table(name).unwrap_or_default();
    let mut push = |(class, object): (i32, i32), table: i32, column: i16, kind: &str| {
        rows.push([
            ("classid", class.into()),
            ("objid", object.into()),
            ("refclassid", catalog("pg_class").into()),
            ("refobjid", table.into()),
            ("refobjsubid", i32::from(column).into()),
            ("deptype", kind.into()),
        ])
    };
    for table in scope.snapshot.tables() {
        let table = table.definition();
        let id = oid::table(table.id);
        for (position, field) in table.schema.fields().iter().enumerate() {
            let column = number(position);
            for (_, sequence) in Sequence::owned(scope.snapshot, &table.name, Some(field.name()))? {
                // That of an identity column is part of the column.
                let kind = if column::identity(field).is_some() { "i" } else { "a" };
                push((catalog("pg_class"), oid::object(sequence.id)), id, column, kind)?;
            }
            if column::generated(field).is_some() || definition::default(field)?.is_some() {
                push((catalog("pg_attrdef"), oid::default(table.id, column)), id, column, "a")?;
            }
        }
    }
    Ok(())
}
