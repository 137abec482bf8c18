//! Rows of a catalog table, given by column name; a column that is not named has its type's empty
//! value, or NULL where it may be NULL. It is not for data of any size: a row is built value by value.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, RecordBatch, new_empty_array};
use arrow::datatypes::{DataType, Field, Int16Type, Int32Type, SchemaRef, TimeUnit};
use chrono::{DateTime, Utc};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};

/// See the module.
pub(super) struct Rows {
    schema: SchemaRef,
    columns: Vec<Vec<ScalarValue>>,
    defaults: Vec<ScalarValue>,
}

impl Rows {
    pub(super) fn new(schema: SchemaRef) -> Result<Self> {
        let default = |field: &Arc<Field>| {
            if field.is_nullable() {
                ScalarValue::try_from(field.data_type())
            } else {
                ScalarValue::new_default(field.data_type())
            }
        };
        let defaults = schema.fields().iter().map(default).collect::<Result<Vec<_>>>()?;
        Ok(Self { columns: vec![Vec::new(); defaults.len()], schema, defaults })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// An internal error for a column that the table does not have: a mistake in its definition.
    pub(super) fn push<const N: usize>(&mut self, values: [(&str, ScalarValue); N]) -> Result<()> {
        let mut row = self.defaults.clone();
        for (name, value) in values {
            let position = self.schema.index_of(name)?;
            let place = row
                .get_mut(position)
                .ok_or_else(|| DataFusionError::Internal(format!("no column {name}")))?;
            *place = value;
        }
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(value);
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<RecordBatch> {
        let arrays = self.columns.into_iter().zip(self.schema.fields()).map(|(values, field)| {
            if values.is_empty() {
                return Ok(new_empty_array(field.data_type()));
            }
            ScalarValue::iter_to_array(values)
        });
        let arrays = arrays.collect::<Result<Vec<ArrayRef>>>()?;
        Ok(RecordBatch::try_new(self.schema, arrays)?)
    }
}

/// A text that may be missing.
pub(super) fn text(value: Option<&str>) -> ScalarValue {
    ScalarValue::Utf8(value.map(str::to_string))
}

/// The value of an `int2[]` column.
pub(super) fn int2s(values: impl IntoIterator<Item = i16>) -> ScalarValue {
    let values = Some(values.into_iter().map(Some));
    ScalarValue::List(Arc::new(ListArray::from_iter_primitive::<Int16Type, _, _>([values])))
}

/// The value of an `oid[]` column.
pub(super) fn oids(values: impl IntoIterator<Item = i32>) -> ScalarValue {
    let values = Some(values.into_iter().map(Some));
    ScalarValue::List(Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>([values])))
}

/// The value of a `text[]` column.
pub(super) fn texts(values: &[String]) -> ScalarValue {
    let values: Vec<ScalarValue> = values.iter().map(|value| text(Some(value))).collect();
    ScalarValue::List(ScalarValue::new_list_nullable(&values, &DataType::Utf8))
}

/// The value of a `timestamptz` column.
pub(super) fn moment(moment: DateTime<Utc>) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(moment.timestamp_micros()), Some("UTC".into()))
}

/// The type of such a column.
pub(super) fn moment_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The type of a column of arrays.
pub(super) fn list_of(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}
