//! The engine without a wire: a [`muster::Session`] in this process, values printed from Arrow.

use arrow::array::{Array, ArrayRef, FixedSizeListArray, Float32Array, ListArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use async_trait::async_trait;
use futures::TryStreamExt;
use muster::{Session, Value};
use serde_json::Value as Json;
use sqllogictest::{AsyncDB, DBOutput};
use std::sync::Arc;

use super::{REOPEN, SharedHost, cell, tag_count};
use crate::column::ColumnType;
use crate::error::{Error, Result};
use crate::{params, text};

/// One session of the database.
pub struct Embedded {
    host: SharedHost,
    session: Option<Session>,
}

impl Embedded {
    /// Begins a session.
    pub async fn connect(host: SharedHost) -> Result<Embedded> {
        let session = host.lock().await.database()?.session();
        Ok(Embedded { host, session: Some(session) })
    }

    async fn reopen(&mut self) -> Result<DBOutput<ColumnType>> {
        self.session = None;
        let mut host = self.host.lock().await;
        host.reopen().await?;
        self.session = Some(host.database()?.session());
        Ok(DBOutput::StatementComplete(0))
    }
}

#[async_trait]
impl AsyncDB for Embedded {
    type Error = Error;
    type ColumnType = ColumnType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<ColumnType>> {
        if sql.trim() == REOPEN {
            return self.reopen().await;
        }
        let session = self.session.as_ref().ok_or_else(|| Error::runner("the session has ended"))?;
        let (sql, given) = params::split(sql)?;
        let statements = session.parse(sql)?;
        let [statement] = statements.as_slice() else {
            return Err(Error::record(format!("a record is one statement, this is {}", statements.len())));
        };
        let prepared = session.prepare(statement, &[]).await?;
        let values = typed(&given, &prepared)?;
        let outcome = session.run(&prepared, &values).await?;
        if let Some(copy) = outcome.copy {
            return Err(Error::record(copy.refusal("in a case").to_string()));
        }
        let Some(rows) = outcome.rows else {
            return Ok(DBOutput::StatementComplete(tag_count(&outcome.tag.complete(0))));
        };
        let types = rows.schema.fields().iter().map(|field| ColumnType::from_arrow(field)).collect();
        let mut lines = Vec::new();
        let batches: Vec<_> = rows.batches.try_collect().await?;
        for batch in &batches {
            for row in 0..batch.num_rows() {
                let columns = rows.schema.fields().iter().zip(batch.columns());
                let line = columns.map(|(field, array)| Ok(cell(text::arrow::value(field, array, row)?)));
                lines.push(line.collect::<Result<Vec<_>>>()?);
            }
        }
        Ok(DBOutput::Rows { types, rows: lines })
    }

    async fn shutdown(&mut self) {
        self.session = None;
    }

    fn engine_name(&self) -> &str {
        "embedded"
    }

    fn error_sql_state(error: &Error) -> Option<String> {
        error.sqlstate().map(str::to_owned)
    }
}

/// The parameters as an embedding program gives them: numbers, texts and lists as they are, and what
/// has no literal in the program (vectors, uuids) as the Arrow value that the statement reports.
fn typed(given: &[Json], prepared: &muster::Prepared) -> Result<Vec<Value>> {
    let value = |(index, value): (usize, &Json)| match prepared.parameters().get(index) {
        Some(field) => typed_value(value, field),
        // One too many: the database says so itself.
        None => Ok(Value::Utf8(params::to_text(value))),
    };
    given.iter().enumerate().map(value).collect()
}

fn typed_value(value: &Json, field: &Field) -> Result<Value> {
    let data_type = field.data_type();
    let failed = |reason: String| Error::value(data_type.to_string(), reason);
    match (value, ColumnType::from_arrow(field), data_type) {
        (Json::Null, _, _) => Value::try_new_null(data_type).map_err(|error| failed(error.to_string())),
        (Json::String(text), ColumnType::Vector, _) => {
            let numbers =
                serde_json::from_str::<Vec<f64>>(text).map_err(|error| failed(error.to_string()))?;
            vector(&numbers, data_type).map_err(|error| failed(error.to_string()))
        }
        (Json::String(text), ColumnType::Uuid, _) => {
            let number = u128::from_str_radix(&text.replace('-', ""), 16);
            let number = number.map_err(|error| failed(error.to_string()))?;
            Ok(Value::FixedSizeBinary(16, Some(number.to_be_bytes().to_vec())))
        }
        (Json::Array(items), _, DataType::List(item)) => {
            let items = items.iter().map(|value| item_value(value, item.data_type()));
            Ok(Value::List(Value::new_list_nullable(&items.collect::<Result<Vec<_>>>()?, item.data_type())))
        }
        (Json::Bool(truth), _, _) => Ok(Value::Boolean(Some(*truth))),
        (Json::Number(number), _, _) => Ok(match number.as_i64() {
            Some(integer) => Value::Int64(Some(integer)),
            None => Value::Float64(number.as_f64()),
        }),
        _ => Ok(Value::Utf8(params::to_text(value))),
    }
}

/// Arrow lists hold values of one type, so an element is made of it here.
fn item_value(value: &Json, data_type: &DataType) -> Result<Value> {
    let failed = |error: &dyn std::fmt::Display| Error::value(data_type.to_string(), error.to_string());
    match params::to_text(value) {
        None => Value::try_new_null(data_type).map_err(|error| failed(&error)),
        Some(text) => Value::try_from_string(text, data_type).map_err(|error| failed(&error)),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the elements of a vector are f32")]
fn vector(numbers: &[f64], data_type: &DataType) -> std::result::Result<Value, arrow::error::ArrowError> {
    let values: ArrayRef =
        Arc::new(Float32Array::from_iter_values(numbers.iter().map(|number| *number as f32)));
    match data_type {
        DataType::FixedSizeList(item, _) => {
            let size = i32::try_from(values.len()).unwrap_or(i32::MAX);
            let list = FixedSizeListArray::try_new(Arc::clone(item), size, values, None)?;
            Ok(Value::FixedSizeList(Arc::new(list)))
        }
        _ => {
            let item = Arc::new(Field::new_list_field(DataType::Float32, true));
            let offsets = OffsetBuffer::from_lengths([values.len()]);
            Ok(Value::List(Arc::new(ListArray::try_new(item, offsets, values, None)?)))
        }
    }
}
