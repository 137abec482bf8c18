//! A file's columns as the table's: matched by name, assigned as INSERT assigns.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use muster_storage::{Snapshot, TableDefinition};

use super::source::{Place, Source};
use super::{Request, bad_file};
use crate::database::Shared;
use crate::planning::{assign, expression};
use crate::sqlstate::SqlState;
use crate::statement::insert::default_of;
use crate::{Error, Result, column};

/// See the module.
pub(super) struct Mapping {
    /// By column of the table, its value; `None` for generated ones.
    values: Vec<Option<Arc<dyn PhysicalExpr>>>,
    names: Vec<String>,
    schema: SchemaRef,
    path: PathBuf,
    place: Place,
    rows: u64,
}

impl Mapping {
    /// # Errors
    /// 42703 for a column of the file that the table has not, 428C9 for one that is generated, 42804 for one of
    /// a type that cannot be assigned.
    pub(super) fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        request: &Request,
        definition: &TableDefinition,
        source: &mut Source,
    ) -> Result<Self> {
        let table = &definition.name;
        let fields: Vec<Field> = source
            .schema
            .fields()
            .iter()
            .map(|field| {
                let data_type = if source.texts { DataType::Utf8 } else { field.data_type().clone() };
                Field::new(field.name(), data_type, true).with_metadata(match source.texts {
                    true => Default::default(),
                    false => field.metadata().clone(),
                })
            })
            .collect();
        let schema = Arc::new(Schema::new(fields));
        // With a list of columns the file's others are left alone.
        let listed =
            |field: &Field| request.columns.as_ref().is_none_or(|columns| columns.contains(field.name()));
        for field in schema.fields().iter().filter(|field| listed(field)) {
            let target = definition.schema.index_of(field.name()).map_err(|_| {
                Error::undefined_column(field.name(), table)
                    .with_detail(format!("{} has that column.", request.path.display()))
            })?;
            if column::generated(definition.schema.field(target)).is_some() {
                return Err(Error::new(
                    SqlState::GeneratedAlways,
                    format!("column \"{}\" is a generated column", field.name()),
                )
                .with_detail("Generated columns cannot be loaded.")
                .with_column(table, field.name()));
            }
        }
        let columns = DFSchema::try_from(schema.as_ref().clone())?;
        let values = definition
            .schema
            .fields()
            .iter()
            .map(|field| {
                if column::generated(field).is_some() {
                    return Ok(None);
                }
                let wanted = request.columns.as_ref().is_none_or(|columns| columns.contains(field.name()));
                let value = match schema.field_with_name(field.name()) {
                    Ok(found) if wanted => {
                        assign(Expr::Column(Column::new_unqualified(field.name())), found, field, table)?
                    }
                    _ => default_of(shared, snapshot, definition, field)?,
                };
                let value = expression::simplify(shared.planner.state(), value, &columns)?;
                Ok(Some(create_physical_expr(
                    &value,
                    &columns,
                    &ExecutionProps::new(),
                    &PhysicalPlanningContext::default(),
                )?))
            })
            .collect::<Result<Vec<_>>>()?;
        let names = definition.schema.fields().iter().map(|field| field.name().clone()).collect();
        Ok(Self {
            values,
            names,
            schema,
            path: request.path.clone(),
            place: std::mem::replace(&mut source.place, Place::Row),
            rows: 0,
        })
    }

    /// The table's columns of one batch of the file.
    ///
    /// # Errors
    /// 22P04 and the value's own SQLSTATE, naming line (or row) and column.
    pub(super) fn map(&mut self, batch: &RecordBatch) -> Result<Vec<Option<ArrayRef>>> {
        let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let batch =
            RecordBatch::try_new_with_options(self.schema.clone(), batch.columns().to_vec(), &options)
                .map_err(|error| bad_file(&self.path, error))?;
        let columns = self
            .values
            .iter()
            .enumerate()
            .map(|(position, value)| {
                value
                    .as_ref()
                    .map(|value| {
                        evaluate(value, &batch).map_err(|error| self.name_the_row(error, position, &batch))
                    })
                    .transpose()
            })
            .collect::<Result<Vec<_>>>()?;
        self.rows += batch.num_rows() as u64;
        Ok(columns)
    }

    /// The line of a row, counted over all batches so far.
    pub(super) fn place(&self, row: u64) -> String {
        self.place.of(row)
    }

    /// Finds the row that a batch failed at, to say where it is.
    fn name_the_row(&self, error: Error, position: usize, batch: &RecordBatch) -> Error {
        let name = self.names.get(position).map_or("", String::as_str);
        let Some(value) = self.values.get(position).and_then(Option::as_ref) else { return error };
        for row in 0..batch.num_rows() {
            if let Err(error) = evaluate(value, &batch.slice(row, 1)) {
                let place = self.place(self.rows + row as u64);
                return error.in_file(&self.path, &place, name);
            }
        }
        error
    }
}

fn evaluate(value: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef> {
    Ok(value.evaluate(batch)?.into_array(batch.num_rows())?)
}
