//! The CHECK constraints of a table, compiled: rows for which one is false are refused. NULL passes.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Schema};
use muster_storage::{Snapshot, TableDefinition};

use super::failing_row::failing_row;
use crate::catalog::relation::plain;
use crate::functions::scalar::validates;
use crate::planning::Planner;
use crate::planning::expression::{self, Compiled};
use crate::sqlstate::SqlState;
use crate::{Error, Result, check_constraint as check, embedding};

/// See the module.
pub(crate) struct Checks {
    /// By name, in the order that they are checked in.
    checks: Vec<(String, Compiled)>,
}

impl Checks {
    /// All constraints of a table.
    pub(crate) fn of(planner: &Planner, snapshot: &Snapshot, definition: &TableDefinition) -> Result<Self> {
        let checks = check::all(&definition.properties);
        let checks = checks.map(|(name, sql)| {
            let compiled = compile(planner, snapshot, &definition.name, &definition.schema, sql)?;
            Ok((name.to_string(), compiled))
        });
        Ok(Self { checks: checks.collect::<Result<_>>()? })
    }

    /// One constraint, for rows that are there already.
    pub(crate) fn one(name: &str, compiled: Compiled) -> Self {
        Self { checks: vec![(name.to_string(), compiled)] }
    }

    /// Whether they are good for one statement alone.
    pub(super) fn vary(&self) -> bool {
        self.checks.iter().any(|(_, compiled)| compiled.varies)
    }

    /// The first row for which a constraint is false: the constraint's name, the row's place.
    ///
    /// # Errors
    /// What a condition gives, a division by zero for one.
    pub(crate) fn violated(&self, columns: &[ArrayRef], rows: usize) -> Result<Option<(&str, usize)>> {
        let mut first: Option<(&str, usize)> = None;
        for (name, compiled) in &self.checks {
            let inputs = compiled.projection.iter().map(|input| {
                columns.get(*input).cloned().ok_or_else(|| {
                    Error::new(SqlState::InternalError, "a constraint depends on a missing column")
                })
            });
            let inputs = inputs.collect::<Result<Vec<_>>>()?;
            let options = RecordBatchOptions::new().with_row_count(Some(rows));
            let inputs =
                RecordBatch::try_new_with_options(super::rows::nullable(&compiled.schema), inputs, &options)?;
            let truth = compiled.physical.evaluate(&inputs)?.into_array(rows)?;
            let truth = arrow::compute::cast(&truth, &DataType::Boolean)?;
            let truth = truth.as_boolean();
            let false_at = (0..rows).find(|row| truth.is_valid(*row) && !truth.value(*row));
            if let Some(row) = false_at
                && first.is_none_or(|(_, before)| row < before)
            {
                first = Some((name, row));
            }
        }
        Ok(first)
    }

    /// # Errors
    /// 23514 for a row that is to be written and for which a constraint is false.
    pub(super) fn check(
        &self,
        table: &str,
        schema: &Schema,
        columns: &[ArrayRef],
        rows: usize,
    ) -> Result<()> {
        let Some((name, row)) = self.violated(columns, rows)? else { return Ok(()) };
        Err(Error::new(
            SqlState::CheckViolation,
            format!("new row for relation \"{}\" violates check constraint \"{name}\"", plain(table)),
        )
        .with_values(failing_row(table, schema, columns, row))
        .with_constraint(table, name))
    }
}

/// The condition of a constraint over a table's columns.
///
/// # Errors
/// 42804 for what is no condition, 0A000 for a subquery and the like.
pub(crate) fn compile(
    planner: &Planner,
    snapshot: &Snapshot,
    table: &str,
    schema: &Schema,
    sql: &str,
) -> Result<Compiled> {
    let (condition, columns) = expression::logical(planner, snapshot, sql, table, schema)?;
    let field = expression::field(&condition, &columns)?;
    if !matches!(field.data_type(), DataType::Boolean | DataType::Null) {
        return Err(Error::new(
            SqlState::DatatypeMismatch,
            format!("argument of CHECK must be type boolean, not type {}", crate::types::type_name(&field)),
        ));
    }
    // It would be checked where nothing may wait, and again by every row that is written.
    if embedding::expression_waits(&condition) {
        return Err(Error::unsupported("embed() with a configured embedder in a CHECK constraint"));
    }
    // A constraint is about its row, and outlives the statement whose workers this would ask.
    if let Some(function) = validates(&condition) {
        return Err(Error::unsupported(format!("{function}() in a CHECK constraint")));
    }
    expression::compile(planner, condition, table, schema, &columns)
}
