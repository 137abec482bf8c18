//! `pg_attribute`: the columns of everything in `pg_class`.

use arrow::datatypes::Field;
use datafusion::error::Result;

use super::super::column_type::ColumnType;
use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::number;
use crate::column;

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
            if let Some(field) = table.schema.fields().get(index.column) {
                push(rows, oid::index(index.id), 0, field, false)?;
            }
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
        ("atthasdef", (generated || of_table && column::default(field).is_some()).into()),
        ("attgenerated", if generated { "s" } else { "" }.into()),
        ("attislocal", true.into()),
        ("attcollation", column_type.collation.into()),
    ])
}
