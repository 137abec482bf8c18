//! Turns a constraint's columns into keys that can be hashed and compared as bytes.
//!
//! It is Arrow's row format with the numbers that SQL holds equal made equal first. Invariant: two keys are equal
//! exactly when their bytes are.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float32Type, Float64Type, Schema};
use arrow::row::{RowConverter, Rows, SortField};

use crate::checksum::checksum;
use crate::{Error, KeyConstraint, Result};

/// Encodes the keys of one constraint.
#[derive(Debug)]
pub(crate) struct KeyEncoder {
    constraint: KeyConstraint,
    converter: RowConverter,
}

/// The hash of a key and the row it stands in.
pub(crate) type Hashed = (u64, u32);

impl KeyEncoder {
    pub(crate) fn new(table: &str, schema: &Schema, constraint: &KeyConstraint) -> Result<Self> {
        let mut fields = Vec::new();
        for column in &constraint.columns {
            let Some(field) = schema.fields().get(*column) else {
                let name = &constraint.name;
                return Err(Error::schema(table, format!("constraint \"{name}\" has no column {column}")));
            };
            fields.push(SortField::new(field.data_type().clone()));
        }
        let converter = RowConverter::new(fields)
            .map_err(|error| Error::schema(table, format!("constraint \"{}\": {error}", constraint.name)))?;
        Ok(Self { constraint: constraint.clone(), converter })
    }

    pub(crate) fn constraint(&self) -> &KeyConstraint {
        &self.constraint
    }

    /// The keys of all rows; `columns` are those of the constraint, in its order.
    pub(crate) fn encode(&self, columns: &[ArrayRef]) -> Result<Rows> {
        let canonical: Vec<_> = columns.iter().map(canonical).collect();
        self.converter.convert_columns(&canonical).map_err(|error| Error::arrow(Path::new("key"), error))
    }

    /// The hashes of the keys that must be unique: a key with a null is not among them where nulls are distinct.
    pub(crate) fn hash(&self, columns: &[ArrayRef], keys: &Rows, first_row: u32) -> Vec<Hashed> {
        let mut nulls = None;
        if self.constraint.nulls_distinct {
            for column in columns {
                nulls = NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref());
            }
        }
        let mut hashed = Vec::with_capacity(keys.num_rows());
        for (row, key) in keys.iter().enumerate() {
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                hashed.push((checksum(key.data()), first_row + row as u32));
            }
        }
        hashed
    }
}

/// Minus zero is zero, and all NaN are one, as in PostgreSQL.
pub(super) fn canonical(column: &ArrayRef) -> ArrayRef {
    match column.data_type() {
        DataType::Float32 => {
            floats::<Float32Type>(column, |value| if value.is_nan() { f32::NAN } else { value + 0.0 })
        }
        DataType::Float64 => {
            floats::<Float64Type>(column, |value| if value.is_nan() { f64::NAN } else { value + 0.0 })
        }
        _ => column.clone(),
    }
}

fn floats<T: ArrowPrimitiveType>(column: &ArrayRef, canonical: impl Fn(T::Native) -> T::Native) -> ArrayRef {
    let values: PrimitiveArray<T> = column.as_primitive::<T>().unary(canonical);
    Arc::new(values)
}
