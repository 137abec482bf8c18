//! Operator classes of `btree` and `hash`, as CREATE INDEX names them.

use arrow::datatypes::Field;

use super::column_type::ColumnType;
use super::{library, oid};
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::{Error, Result};

/// Whether the class of that name is the one that a column has anyway.
///
/// # Errors
/// 42704 for a class that is not there, 42804 for one of another type.
pub(crate) fn is_default(method: &str, name: &str, field: &Field) -> Result<bool> {
    let class = library::class(oid::method(method), name)?.ok_or_else(|| {
        Error::new(
            SqlState::UndefinedObject,
            format!("operator class \"{name}\" does not exist for access method \"{method}\""),
        )
    })?;
    if class.type_oid != library::compared_as(ColumnType::of(field).oid) {
        let data_type = type_name(field);
        return Err(Error::new(
            SqlState::DatatypeMismatch,
            format!("operator class \"{name}\" does not accept data type {data_type}"),
        ));
    }
    Ok(class.is_default)
}
