//! Defaults, generation expressions and CHECK constraints of a table: each is planned once, so that a wrong one is
//! refused when it is made and not when the first row comes.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, Volatility};
use muster_storage::Snapshot;

use crate::check_constraint::Check;
use crate::database::Shared;
use crate::planning::{assign, expression};
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::write::compile_check;
use crate::{Error, Result, column, embedding, functions};

/// Plans each CHECK.
///
/// # Errors
/// 42703 for a column that is not there, 42804 for what is no condition, 0A000 for a subquery and the like.
pub(in super::super) fn check_checks(
    shared: &Shared,
    snapshot: &Snapshot,
    table: &str,
    schema: &SchemaRef,
    checks: &[Check],
) -> Result<()> {
    for check in checks {
        compile_check(&shared.planner, snapshot, table, schema, &check.sql)?;
    }
    Ok(())
}

/// Plans a default.
///
/// # Errors
/// 0A000 for one that refers to a column, 42804 for one of another type.
pub(in super::super) fn check_default(
    shared: &Shared,
    snapshot: &Snapshot,
    table: &str,
    field: &Field,
    sql: &str,
) -> Result<()> {
    let (expression, columns) = expression::logical(&shared.planner, snapshot, sql, table, &Schema::empty())
        .map_err(|error| no_columns_in_default(error, field.name()))?;
    let source = expression::field(&expression, &columns)?;
    let assigned = assign(expression, &source, field, table)?;
    expression::compile(&shared.planner, assigned, table, &Schema::empty(), &columns)?;
    Ok(())
}

/// Plans each default and generation expression once, and notes the models that generated columns are embedded with.
///
/// # Errors
/// As [`check_default`]; 42P17 for a generation expression that is not immutable, or that embeds with several models;
/// 22000 for a vector of other dimensions.
pub(in super::super) fn check_columns(
    shared: &Shared,
    snapshot: &Snapshot,
    table: &str,
    schema: &SchemaRef,
) -> Result<SchemaRef> {
    let given: Vec<Field> = schema
        .fields()
        .iter()
        .filter(|field| column::generated(field).is_none())
        .map(|field| field.as_ref().clone())
        .collect();
    let given = Schema::new(given);
    let mut fields = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let mut field = field.as_ref().clone();
        if let Some(sql) = column::default(&field) {
            check_default(shared, snapshot, table, &field, sql)?;
        }
        if let Some(sql) = column::generated(&field) {
            let (expression, columns) = expression::logical(&shared.planner, snapshot, sql, table, &given)?;
            if !immutable(&expression)? {
                return Err(Error::new(
                    SqlState::InvalidObjectDefinition,
                    "generation expression is not immutable",
                ));
            }
            let source = expression::field(&expression, &columns)?;
            if let (Some(found), Some(expected)) = (column::dimensions(&source), column::dimensions(&field))
                && found != expected
            {
                return Err(Error::new(
                    SqlState::DataException,
                    format!(
                        "column \"{}\" is of type {} but its generation expression is of type {}",
                        field.name(),
                        type_name(&field),
                        type_name(&source)
                    ),
                ));
            }
            let models = functions::scalar::models_of(&expression);
            if let [one, other, ..] = models.as_slice() {
                return Err(Error::new(
                    SqlState::InvalidObjectDefinition,
                    format!("column \"{}\" would hold embeddings of both {one} and {other}", field.name()),
                )
                .with_detail("Vectors of different models cannot be compared."));
            }
            let assigned = assign(expression, &source, &field, table)?;
            expression::compile(&shared.planner, assigned, table, &given, &columns)?;
            if let Some(model) = models.first() {
                field = embedding::pin(&shared.embedders, field, model)?;
            }
        }
        fields.push(field);
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn no_columns_in_default(error: Error, column: &str) -> Error {
    if error.sqlstate() == SqlState::UndefinedColumn.code() {
        return Error::unsupported(format!("a column reference in the default of \"{column}\""));
    }
    error
}

fn immutable(expression: &Expr) -> Result<bool> {
    let mut immutable = true;
    expression.apply(|part| {
        if let Expr::ScalarFunction(call) = part
            && call.func.signature().volatility != Volatility::Immutable
        {
            immutable = false;
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(immutable)
}
