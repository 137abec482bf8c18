//! CHECK constraints as a table keeps them: a property `check.NAME` whose value is the condition as SQL.
//!
//! It is the encoding, not the checking ([`crate::write::RowMaker`] does that). The conditions name columns without
//! their table, so that a table can be renamed.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use arrow::datatypes::Schema;
use datafusion::sql::sqlparser::ast::Expr;

use crate::parse::parse_expression;
use crate::parse::walk::visit_expressions;
use crate::statement::name;

/// What the properties that are constraints begin with.
const PREFIX: &str = "check.";

/// A constraint as it is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    pub(crate) name: String,
    /// The condition.
    pub(crate) sql: String,
}

/// The constraints of a table by name: names and conditions. PostgreSQL checks them in this order, too.
pub(crate) fn all(properties: &BTreeMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    properties.iter().filter_map(|(key, sql)| Some((key.strip_prefix(PREFIX)?, sql.as_str())))
}

/// The property that keeps the constraint of that name.
pub(crate) fn property(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The places of the columns that a condition is about, each once, in the table's order.
pub(crate) fn columns(sql: &str, schema: &Schema) -> Vec<usize> {
    // What is kept was parsed before; a condition that no longer parses is about no column.
    let Ok(condition) = parse_expression(sql) else { return Vec::new() };
    columns_of(&condition, schema)
}

/// As [`columns`], of a condition that is parsed.
pub(crate) fn columns_of(condition: &Expr, schema: &Schema) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let _: ControlFlow<()> = visit_expressions(condition, &mut |part| {
        if let Expr::Identifier(ident) = part
            && let Ok(position) = schema.index_of(&name::ident(ident))
        {
            found.push(position);
        }
        ControlFlow::Continue(())
    });
    found.sort_unstable();
    found.dedup();
    found
}
