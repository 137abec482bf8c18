//! The `filter` argument: from its text to a predicate over the corpus's columns.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::datatypes::DataType;
use muster_storage::TableDefinition;

use crate::planning::expression::{self, Compiled};
use crate::search::Predicate;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The predicate, and whether it is good for other statements, too.
///
/// # Errors
/// 42601 where it does not parse, 42703 where it names no column, 42804 where it is no condition.
pub(super) fn compile(
    sql: &str,
    definition: &Arc<TableDefinition>,
    statement: &StatementContext,
) -> Result<(Predicate, bool)> {
    let planner = &statement.database.planner;
    let (predicate, columns) =
        expression::logical(planner, &statement.snapshot, sql, &definition.name, &definition.schema)
            .map_err(in_filter)?;
    let data_type = expression::data_type(&predicate, &columns)?;
    if !matches!(data_type, DataType::Boolean | DataType::Null) {
        return Err(Error::new(
            SqlState::DatatypeMismatch,
            format!("argument of filter must be type boolean, not type {}", {
                let field = arrow::datatypes::Field::new("", data_type, true);
                crate::types::type_name(&field)
            }),
        ));
    }
    let immutable = expression::is_immutable(&predicate)?;
    if !immutable {
        statement.varies.store(true, Ordering::Release);
    }
    let compiled = expression::compile_joined(planner, predicate, &columns, statement.now)?;
    let Compiled { physical, projection, schema, logical, varies } = compiled;
    Ok((Predicate::new(physical, projection, schema, logical, definition)?, immutable && !varies))
}

/// A syntax error's place is one in the filter's text, not in the statement's.
fn in_filter(error: Error) -> Error {
    match error {
        Error::Statement(report) => {
            let place =
                report.position.map_or_else(String::new, |position| format!(" at character {position}"));
            let message = format!("filter: {}{place}", report.message);
            Error::Statement(Box::new(crate::error::Report { message, position: None, ..*report }))
        }
        other => other,
    }
}
