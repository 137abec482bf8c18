//! A file's columns as the table's: matched by name, assigned as INSERT assigns.

use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};
use muster_storage::TableDefinition;

use super::source::{Places, Rows, record_place, shown};
use crate::planning::{assign, bind_expression, expression};
use crate::session::{Caller, StatementContext};
use crate::sqlstate::SqlState;
use crate::statement::insert::default_of;
use crate::types::type_name;
use crate::{Error, Result, column};

/// How an error says where it happened.
#[derive(Clone, Debug)]
pub(crate) enum Naming {
    /// In its message: the file, the line or row, the column.
    File(PathBuf),
    /// In its context, as PostgreSQL does for COPY of this table.
    Copy(String),
}

/// What a batch cannot be mapped for: the row in it, and the error.
pub(super) type Fault = (usize, Error);

/// See the module.
pub(crate) struct Mapping {
    /// By column of the table, its value; `None` for generated ones.
    values: Vec<Option<Arc<dyn PhysicalExpr>>>,
    definition: Arc<TableDefinition>,
    schema: SchemaRef,
    naming: Naming,
}

impl Mapping {
    /// Maps columns of `schema`, or of them only those in `wanted`; `texts` says that all are texts, whatever their
    /// types in `schema`.
    ///
    /// # Errors
    /// 42703 for a column that the table has not, 428C9 for one that is generated, 42804 for one of
    /// a type that cannot be assigned.
    pub(crate) fn of(
        context: &StatementContext,
        definition: Arc<TableDefinition>,
        (schema, texts): (&Schema, bool),
        wanted: Option<&[String]>,
        naming: Naming,
    ) -> Result<Self> {
        let table = &definition.name;
        let typed = |field: &Arc<Field>| match texts {
            true => Field::new(field.name(), DataType::Utf8, true),
            false => Field::new(field.name(), field.data_type().clone(), true)
                .with_metadata(field.metadata().clone()),
        };
        let schema = Arc::new(Schema::new(schema.fields().iter().map(typed).collect::<Vec<_>>()));
        // With a list of columns the file's others are left alone.
        let listed = |field: &Field| wanted.is_none_or(|columns| columns.contains(field.name()));
        for field in schema.fields().iter().filter(|field| listed(field)) {
            let target = definition.schema.index_of(field.name()).map_err(|_| {
                let error = Error::undefined_column(field.name(), table);
                match &naming {
                    Naming::File(path) => error.with_detail(format!("{} has that column.", path.display())),
                    Naming::Copy(_) => error,
                }
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
        let state = context.database.planner.state();
        let caller = Caller::of(context);
        let values = definition
            .schema
            .fields()
            .iter()
            .map(|field| {
                if column::generated(field).is_some() {
                    return Ok(None);
                }
                let wanted = wanted.is_none_or(|columns| columns.contains(field.name()));
                let value = match schema.field_with_name(field.name()) {
                    Ok(found) if wanted => {
                        assign(Expr::Column(Column::new_unqualified(field.name())), found, field, table)?
                    }
                    // A default may draw from a sequence that only this transaction sees.
                    _ => bind_expression(
                        default_of(&context.database, &context.snapshot, &definition, field)?,
                        &caller,
                    )?,
                };
                let value = expression::simplify(state, value, &columns, context.now)?;
                Ok(Some(create_physical_expr(
                    &value,
                    &columns,
                    &ExecutionProps::new(),
                    &PhysicalPlanningContext::default(),
                )?))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(Self { values, definition, schema, naming })
    }

    /// The table's columns of one batch.
    ///
    /// # Errors
    /// The first row that has a value which its column cannot take, and the value's own SQLSTATE, naming line (or
    /// row) and column.
    pub(super) fn map(&self, rows: &Rows) -> std::result::Result<Vec<Option<ArrayRef>>, Fault> {
        let options =
            arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(rows.batch.num_rows()));
        let batch =
            RecordBatch::try_new_with_options(self.schema.clone(), rows.batch.columns().to_vec(), &options)
                .map_err(|error| (0, self.name_row(Error::from(error), rows, 0)))?;
        let mapped = self
            .values
            .iter()
            .map(|value| value.as_ref().map(|value| evaluate(value, &batch)).transpose())
            .collect::<Result<Vec<_>>>();
        mapped.map_err(|error| self.first_fault(rows, &batch).unwrap_or((0, error)))
    }

    /// Finds the row that a batch failed at, and the column, to say where it is.
    fn first_fault(&self, rows: &Rows, batch: &RecordBatch) -> Option<Fault> {
        for row in 0..batch.num_rows() {
            let single = batch.slice(row, 1);
            for (value, field) in self.values.iter().zip(self.definition.schema.fields()) {
                let Some(value) = value else { continue };
                if let Err(error) = evaluate(value, &single) {
                    return Some((row, self.name_value(error, rows, row, field)));
                }
            }
        }
        None
    }

    fn name_value(&self, error: Error, rows: &Rows, row: usize, field: &Field) -> Error {
        let place = rows.place(row);
        match &self.naming {
            Naming::File(path) => error.in_file(path, &place, field.name()),
            // What is in binary is not shown.
            Naming::Copy(table) if matches!(rows.places, Places::Tuples(_)) => {
                error.with_context(format!("COPY {table}, {place}, column {}", field.name()))
            }
            Naming::Copy(table) => {
                let text = rows.batch.column_by_name(field.name()).and_then(|values| {
                    let texts = values.as_string_opt::<i32>()?;
                    (texts.len() > row && texts.is_valid(row)).then(|| texts.value(row))
                });
                let value = match text {
                    Some(text) => format!("\"{}\"", shown(text)),
                    None => "null input".to_string(),
                };
                let error = match text {
                    Some(text) => error.reading(&type_name(field), text),
                    None => error,
                };
                error.with_context(format!("COPY {table}, {place}, column {}: {value}", field.name()))
            }
        }
    }

    /// The error of a whole row, with its place.
    pub(super) fn name_row(&self, error: Error, rows: &Rows, row: usize) -> Error {
        let place = rows.place(row);
        match (&self.naming, &rows.places) {
            (Naming::File(path), _) => error.in_row(path, &place),
            (Naming::Copy(table), Places::Records { lines, .. }) => {
                let line = lines.get(row).copied().unwrap_or_default();
                error.with_context(record_place(table, line, rows.record(row).unwrap_or_default()))
            }
            (Naming::Copy(table), _) => error.with_context(format!("COPY {table}, {place}")),
        }
    }
}

fn evaluate(value: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<ArrayRef> {
    Ok(value.evaluate(batch)?.into_array(batch.num_rows())?)
}
