//! Makes whole rows out of the columns that a statement or a file gives.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use muster_engine::{Metric, Vectors, check_rows};

use super::RowRules;
use super::failing_row::failing_row;
use super::rules::Generated;
use crate::catalog::relation::plain;
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

/// Makes rows of one table.
pub(crate) struct RowMaker {
    rules: Arc<RowRules>,
    /// Rows made so far, to name a row in an error.
    rows: u64,
}

impl RowMaker {
    pub(crate) fn new(rules: Arc<RowRules>) -> Self {
        Self { rules, rows: 0 }
    }

    /// Whole rows of `given`: by column, its values, or `None` for a generated column that is to be computed.
    ///
    /// # Errors
    /// 23502 for a NULL that may not be and 23514 for a row that a constraint refuses, both with the row; 22000 for a
    /// vector that may not be, naming the row.
    pub(crate) fn make(&mut self, given: Vec<Option<ArrayRef>>, rows: usize) -> Result<RecordBatch> {
        let schema = self.rules.definition.schema.clone();
        let mut columns: Vec<Option<ArrayRef>> = given;
        for (position, compiled) in self.rules.generated.iter().enumerate() {
            let compiled = match compiled {
                // Its values are given where nothing that they depend on has changed.
                Some(_) if columns.get(position).is_some_and(Option::is_some) => continue,
                Some(Generated::By(compiled)) => compiled,
                Some(Generated::Refused(refused)) => {
                    return Err(Error::Statement(Box::new(refused.clone())));
                }
                None => continue,
            };
            let inputs = compiled
                .projection
                .iter()
                .map(|input| {
                    columns.get(*input).cloned().flatten().ok_or_else(|| {
                        Error::new(SqlState::InternalError, "a generated column depends on a missing one")
                    })
                })
                .collect::<Result<Vec<_>>>()?;
            let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(rows));
            // NOT NULL is checked below, on whole rows, where the message can name the row.
            let nullable = nullable(&compiled.schema);
            let inputs = RecordBatch::try_new_with_options(nullable, inputs, &options)?;
            let values = compiled.physical.evaluate(&inputs)?.into_array(rows)?;
            if let Some(slot) = columns.get_mut(position) {
                *slot = Some(values);
            }
        }
        let columns = columns
            .into_iter()
            .enumerate()
            .map(|(position, values)| {
                values.ok_or_else(|| {
                    Error::new(SqlState::InternalError, format!("column {position} has no values"))
                })
            })
            .collect::<Result<Vec<_>>>()?;
        for ((field, values), metric) in schema.fields().iter().zip(&columns).zip(&self.rules.metrics) {
            if !field.is_nullable()
                && let Some(row) = (0..values.len()).find(|row| values.is_null(*row))
            {
                return Err(Error::new(
                    SqlState::NotNullViolation,
                    format!(
                        "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
                        field.name(),
                        plain(&self.rules.definition.name)
                    ),
                )
                .with_values(failing_row(&self.rules.definition.name, &schema, &columns, row))
                .with_column(&self.rules.definition.name, field.name()));
            }
            if column::dimensions(field).is_some() {
                self.check_vectors(values, *metric, field.name())?;
            }
        }
        self.rules.checks.check(&self.rules.definition.name, &schema, &columns, rows)?;
        self.rows += rows as u64;
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    fn check_vectors(&self, values: &ArrayRef, metric: Option<Metric>, name: &str) -> Result<()> {
        if !matches!(values.data_type(), DataType::FixedSizeList(_, _)) {
            return Err(Error::new(SqlState::InternalError, "a vector column holds no vectors"));
        }
        let vectors = Vectors::from_array(values.as_fixed_size_list())?;
        check_rows(&vectors, metric, self.rows + 1).map_err(|error| {
            Error::new(SqlState::DataException, format!("column \"{name}\": {error}"))
                .with_column(&self.rules.definition.name, name)
        })
    }
}

/// The same columns, each of which may be NULL.
pub(crate) fn nullable(schema: &arrow::datatypes::Schema) -> arrow::datatypes::SchemaRef {
    let fields: Vec<_> =
        schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    Arc::new(arrow::datatypes::Schema::new(fields))
}
