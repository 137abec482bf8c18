//! The SET list of UPDATE, ON CONFLICT and MERGE: which columns get which values.
//!
//! It is not evaluation: it says what is assigned to what. Generated columns are not in it, for they are
//! computed with the row.

use std::sync::Arc;

use arrow::datatypes::{Field, FieldRef};
use datafusion::common::DFSchema;
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast::{
    self, Assignment, AssignmentTarget, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectName,
};
use muster_storage::{Snapshot, TableDefinition};

use super::row;
use crate::database::Shared;
use crate::planning::{assign, expression, settle_expression};
use crate::sqlstate::SqlState;
use crate::statement::insert::default_of;
use crate::statement::name;
use crate::{Error, Result, column};

/// One column's new value.
#[derive(Clone, Debug)]
pub(crate) struct Assigned {
    /// The column's position in the table.
    pub(crate) column: usize,
    pub(crate) value: NewValue,
}

/// See [`Assigned`].
#[derive(Clone, Debug)]
pub(crate) enum NewValue {
    Default,
    Expression(Box<ast::Expr>),
    /// A column of one of the list's [`SetList::rows`].
    Of {
        row: usize,
        place: usize,
    },
}

/// What a SET list assigns.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetList {
    pub(crate) assigned: Vec<Assigned>,
    /// The subqueries that give several columns, `(a, b) = (SELECT ...)`: each gives a struct, whose fields
    /// [`row::field`](super::row::field) names.
    pub(crate) rows: Vec<ast::Expr>,
}

impl SetList {
    /// The list of a clause that knows no subqueries for several columns.
    ///
    /// # Errors
    /// 0A000.
    pub(crate) fn without_rows(self, clause: &str) -> Result<Vec<Assigned>> {
        if self.rows.is_empty() {
            return Ok(self.assigned);
        }
        Err(Error::unsupported(format!("a subquery for several columns in {clause}")))
    }
}

/// Reads a SET list.
///
/// # Errors
/// 42703 for no such column, 42601 for a column assigned twice or a wrong number of values, 428C9 for a generated
/// column.
pub(crate) fn assignments(definition: &TableDefinition, list: &[Assignment]) -> Result<SetList> {
    let mut set = SetList::default();
    let mut seen = Vec::with_capacity(list.len());
    for assignment in list {
        for (name, value) in pairs(assignment, &mut set.rows)? {
            let column = position(definition, name)?;
            let field = definition.schema.field(column);
            if seen.contains(&column) {
                return Err(Error::new(
                    SqlState::SyntaxError,
                    format!("multiple assignments to same column \"{}\"", field.name()),
                ));
            }
            seen.push(column);
            match (column::generated(field), &value) {
                (None, NewValue::Default) => set.assigned.push(Assigned { column, value }),
                (None, _) if !column::is_always_generated(field) => {
                    set.assigned.push(Assigned { column, value });
                }
                (Some(_), NewValue::Default) => {}
                _ => {
                    return Err(Error::new(
                        SqlState::GeneratedAlways,
                        format!("column \"{}\" can only be updated to DEFAULT", field.name()),
                    )
                    .with_detail(format!("Column \"{}\" is a generated column.", field.name()))
                    .with_column(&definition.name, field.name()));
                }
            }
        }
    }
    Ok(set)
}

/// The columns of one assignment with their values.
fn pairs<'a>(
    assignment: &'a Assignment,
    rows: &mut Vec<ast::Expr>,
) -> Result<Vec<(&'a ObjectName, NewValue)>> {
    let one = |value: &ast::Expr| match is_default(value) {
        true => NewValue::Default,
        false => NewValue::Expression(Box::new(value.clone())),
    };
    match &assignment.target {
        AssignmentTarget::ColumnName(name) => Ok(vec![(name, one(&assignment.value))]),
        AssignmentTarget::Tuple(names) => {
            if let ast::Expr::Subquery(query) = &assignment.value {
                let row = rows.len();
                rows.push(ast::Expr::Subquery(Box::new(row::as_struct(query, names.len())?)));
                let places = names.iter().enumerate();
                return Ok(places.map(|(place, name)| (name, NewValue::Of { row, place })).collect());
            }
            let values = values_of_row(&assignment.value)?;
            if values.len() != names.len() {
                return Err(row::wrong_count());
            }
            Ok(names.iter().zip(values.into_iter().map(one)).collect())
        }
    }
}

/// The values on the right side of `(a, b) = ...`.
fn values_of_row(value: &ast::Expr) -> Result<Vec<&ast::Expr>> {
    match value {
        ast::Expr::Tuple(values) => Ok(values.iter().collect()),
        ast::Expr::Nested(value) => Ok(vec![value]),
        ast::Expr::Function(function) if function.name.to_string().eq_ignore_ascii_case("row") => {
            let FunctionArguments::List(list) = &function.args else { return Ok(Vec::new()) };
            let mut values = Vec::with_capacity(list.args.len());
            for argument in &list.args {
                match argument {
                    FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => values.push(value),
                    other => return Err(Error::unsupported(format!("ROW with {other}"))),
                }
            }
            Ok(values)
        }
        _ => Err(Error::unsupported("a source for a multiple-column UPDATE item other than a row of values")),
    }
}

/// Whether a value is the word DEFAULT.
pub(crate) fn is_default(value: &ast::Expr) -> bool {
    matches!(value, ast::Expr::Identifier(ident)
        if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"))
}

/// The position of a column that a statement writes.
///
/// # Errors
/// 42703.
pub(crate) fn position(definition: &TableDefinition, written: &ObjectName) -> Result<usize> {
    let undefined = |column: &str| Error::undefined_column(column, &definition.name);
    let Some(first) = written.0.first().and_then(|part| part.as_ident()).map(name::ident) else {
        return Err(Error::unsupported(format!("column {written} as a target")));
    };
    let position = definition.schema.index_of(&first).map_err(|_| undefined(&first))?;
    if written.0.len() > 1 {
        // PostgreSQL reads it as a field of a column of a composite type.
        return Err(Error::unsupported(format!("assigning to a part of column \"{first}\"")));
    }
    Ok(position)
}

/// `expression`, planned over `columns`, as a value for a column of `table`.
pub(crate) fn assigned(
    expression: Expr,
    columns: &DFSchema,
    field: &Field,
    declared: &[Option<FieldRef>],
    table: &str,
) -> Result<Expr> {
    let place = Arc::new(column::type_only(field, ""));
    let expression = settle_expression(expression, declared, &place)?;
    let from = expression::field(&expression, columns)?;
    assign(expression, &from, field, table)
}

/// The new value of one column, planned over `columns` from its expression there.
pub(crate) fn value(
    shared: &Shared,
    snapshot: &Snapshot,
    definition: &TableDefinition,
    assignment: &Assigned,
    columns: &DFSchema,
    declared: &[Option<FieldRef>],
) -> Result<Expr> {
    let field = definition.schema.field(assignment.column);
    match &assignment.value {
        NewValue::Default => default_of(shared, snapshot, definition, field),
        NewValue::Expression(parsed) => {
            let expression = expression::planned(&shared.planner, snapshot, parsed, columns)?;
            assigned(expression, columns, field, declared, &definition.name)
        }
        NewValue::Of { .. } => Err(Error::unsupported("a subquery for several columns here")),
    }
}
