//! `pg_largeobject` and `pg_largeobject_metadata`: the large objects, and their pages, which superusers see.

use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{Rows, list_of};
use super::super::system_table::Scope;
use crate::large_object::Objects;

/// Pages are bytes, whatever the library has.
pub(super) fn adapted(fields: Vec<Field>) -> Vec<Field> {
    let change = |field: Field| match field.name().as_str() {
        "data" => field.with_data_type(DataType::Binary).with_nullable(true),
        _ => field,
    };
    fields.into_iter().map(change).collect()
}

/// Nobody is granted anything.
pub(super) fn adapted_metadata(fields: Vec<Field>) -> Vec<Field> {
    let change = |field: Field| match field.name().as_str() {
        "lomacl" => field.with_data_type(list_of(DataType::Utf8)).with_nullable(true),
        _ => field,
    };
    fields.into_iter().map(change).collect()
}

/// # Errors
/// 42501 for whoever is no superuser.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    scope.statement.need_superuser("permission denied for table pg_largeobject")?;
    let objects = Objects::of(scope.snapshot)?;
    for entry in objects.all()? {
        let loid = i32::try_from(entry.oid).unwrap_or(i32::MAX);
        objects.each_page(&entry, |number, data| {
            let data = ScalarValue::Binary(Some(data.to_vec()));
            Ok(rows.push([("loid", loid.into()), ("pageno", number.into()), ("data", data)])?)
        })?;
    }
    Ok(())
}

pub(super) fn fill_metadata(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for entry in Objects::of(scope.snapshot)?.all()? {
        let id = i32::try_from(entry.oid).unwrap_or(i32::MAX);
        rows.push([("oid", id.into()), ("lomowner", oid::role(entry.owner).into())])?;
    }
    Ok(())
}
