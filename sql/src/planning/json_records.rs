//! `jsonb_to_record(document) AS x(a int, b text)` and `jsonb_to_recordset(array) AS x(...)` in FROM, and their forms for json: said as a
//! subquery that reads each column with `->>` and casts it, or with `->` where it is JSON.
//!
//! SQLSTATEs: 42601 where the columns have no types; 0A000 for a column that is an array.

use datafusion::sql::sqlparser::ast::{
    DataType as SqlType, FunctionArg, Ident, Select, Statement, TableFactor,
};

use super::json_arguments::refuse;
use crate::parse::parse_plain;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

/// Puts subqueries in the place of these functions.
///
/// # Errors
/// See the module; 0A000 for functions of JSON that there are none of.
pub(super) fn in_from(select: &mut Select) -> Result<()> {
    for item in &mut select.from {
        let joined = item.joins.iter_mut().map(|join| &mut join.relation);
        for relation in std::iter::once(&mut item.relation).chain(joined) {
            one(relation)?;
        }
    }
    Ok(())
}

fn one(relation: &mut TableFactor) -> Result<()> {
    let (function, arguments, alias) = match &*relation {
        TableFactor::Table { name, args: Some(args), alias, .. } => (name, &args.args, alias),
        TableFactor::Function { name, args, alias, .. } => (name, args, alias),
        _ => return Ok(()),
    };
    let Some(function) = function.0.last().and_then(|part| part.as_ident()).map(name::ident) else {
        return Ok(());
    };
    refuse(&function)?;
    let (elements, set) = match function.as_str() {
        "json_to_record" => ("json", false),
        "jsonb_to_record" => ("jsonb", false),
        "json_to_recordset" => ("json", true),
        "jsonb_to_recordset" => ("jsonb", true),
        _ => return Ok(()),
    };
    let undescribed = || {
        Error::new(
            SqlState::SyntaxError,
            "a column definition list is required for functions returning \"record\"",
        )
    };
    let alias = alias.clone().ok_or_else(undescribed)?;
    let [FunctionArg::Unnamed(document)] = arguments.as_slice() else {
        let message = format!("function {function} takes one argument");
        return Err(Error::new(SqlState::UndefinedFunction, message));
    };
    if alias.columns.is_empty() {
        return Err(undescribed());
    }
    let source = if set {
        "muster_element.value".to_string()
    } else {
        // A literal is a document.
        format!("({document})::{elements}")
    };
    let mut columns = Vec::with_capacity(alias.columns.len());
    for column in &alias.columns {
        let data_type = column.data_type.as_ref().ok_or_else(undescribed)?;
        let key = name::ident(&column.name).replace('\'', "''");
        let shown = Ident::with_quote('"', name::ident(&column.name));
        columns.push(match data_type {
            SqlType::JSON | SqlType::JSONB => format!("({source} -> '{key}')::{data_type} AS {shown}"),
            SqlType::Array(_) => {
                return Err(Error::unsupported(format!("a column of type {data_type} of {function}")));
            }
            _ => format!("({source} ->> '{key}')::{data_type} AS {shown}"),
        });
    }
    let mut query = format!("SELECT {}", columns.join(", "));
    if set {
        query.push_str(&format!(" FROM {elements}_array_elements({document}) AS muster_element"));
    }
    let mut statements = parse_plain(&query)?;
    let Some(Statement::Query(subquery)) = statements.pop() else {
        return Err(Error::internal("a subquery is no query"));
    };
    let mut alias = alias;
    alias.columns.clear();
    *relation = TableFactor::Derived { lateral: true, subquery, alias: Some(alias), sample: None };
    Ok(())
}
