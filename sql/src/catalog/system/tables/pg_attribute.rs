//! `pg_attribute`: the columns of everything in `pg_class`.

use arrow::datatypes::Field;
use datafusion::error::Result;

use super::super::column_type::ColumnType;
use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::number;
use crate::catalog::View;
use crate::column::{self, Identity};

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for (position, field) in table.schema.fields().iter().enumerate() {
            push(rows, oid::table(table.id), position, field, true)?;
        }
        for (place, key) in table.keys.iter().enumerate() {
            let fields = key.columns.iter().filter_map(|column| table.schema.fields().get(*column));
            for (position, field) in fields.enumerate() {
                push(rows, oid::key(table.id, place), position, field, false)?;
            }
        }
        for index in &table.indexes {
            let fields = index.columns().filter_map(|column| table.schema.fields().get(column));
            for (position, field) in fields.enumerate() {
                push(rows, oid::index(index.id), position, field, false)?;
            }
        }
    }
    for (_, view) in View::all(scope.snapshot)? {
        for (position, field) in view.columns.fields().iter().enumerate() {
            push(rows, oid::object(view.id), position, field, true)?;
        }
    }
    for relation in scope.system {
        for (position, field) in relation.schema.fields().iter().enumerate() {
            push(rows, relation.oid, position, field, true)?;
        }
    }
    Ok(())
}

/// `of_table`: an index's columns have neither defaults nor constraints.
fn push(rows: &mut Rows, relation: i32, position: usize, field: &Field, of_table: bool) -> Result<()> {
    let column_type = ColumnType::of(field);
    let generated = of_table && column::generated(field).is_some();
    rows.push([
        ("attrelid", relation.into()),
        ("attname", field.name().as_str().into()),
        ("atttypid", column_type.oid.into()),
        ("attstattarget", (-1).into()),
        ("attlen", column_type.length.into()),
        ("attnum", number(position).into()),
        ("attndims", i32::from(column_type.array).into()),
        ("attcacheoff", (-1).into()),
        ("atttypmod", column_type.modifier.into()),
        ("attbyval", column_type.by_value.into()),
        ("attalign", column_type.align.into()),
        ("attstorage", column_type.storage.into()),
        ("attcompression", "".into()),
        ("attnotnull", (of_table && !field.is_nullable()).into()),
        ("atthasdef", (generated || of_table && has_default(field)).into()),
        ("attgenerated", if generated { "s" } else { "" }.into()),
        (
            "attidentity",
            match column::identity(field).filter(|_| of_table) {
                Some(Identity::Always) => "a",
                Some(Identity::ByDefault) => "d",
                None => "",
            }
            .into(),
        ),
        ("attislocal", true.into()),
        ("attcollation", column_type.collation.into()),
    ])
}

/// The value of an identity column is no default's.
fn has_default(field: &Field) -> bool {
    column::default(field).is_some() && column::identity(field).is_none()
}
