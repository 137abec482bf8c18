//! A subquery that gives several columns of one row, `(a, b) = (SELECT ...)`, as one that gives a struct.

use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast::{
    self, Ident, Query, SelectItem, SetExpr, TableAlias, TableAliasColumnDef, TableFactor, TableWithJoins,
    Value,
};

use super::select;
use crate::planning::call;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The name of the subquery, where it has to have one. No client can write it.
const ROW: &str = "\0row";

/// The subquery with one column, a struct of `width` fields.
///
/// # Errors
/// 42601 where it gives another number of columns.
pub(super) fn as_struct(query: &Query, width: usize) -> Result<Query> {
    if let Some(values) = values_of(query) {
        if values.len() != width {
            return Err(wrong_count());
        }
        let structure = SelectItem::UnnamedExpr(structure(values.into_iter().cloned().collect()));
        let mut query = query.clone();
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.projection = vec![structure];
        }
        return Ok(query);
    }
    let relation = Ident::with_quote('"', ROW);
    let columns = (0..width).map(|place| Ident::with_quote('"', name_of(place)));
    let values = columns.clone().map(|column| ast::Expr::CompoundIdentifier(vec![relation.clone(), column]));
    let alias = TableAlias {
        explicit: true,
        name: relation.clone(),
        columns: columns.map(|name| TableAliasColumnDef { name, data_type: None }).collect(),
        at: None,
    };
    let derived = TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query.clone()),
        alias: Some(alias),
        sample: None,
    };
    let from = TableWithJoins { relation: derived, joins: Vec::new() };
    select(vec![SelectItem::UnnamedExpr(structure(values.collect()))], vec![from])
}

/// One field of the struct.
pub(crate) fn field(structure: Expr, place: usize) -> Expr {
    get_field(structure, name_of(place))
}

pub(super) fn wrong_count() -> Error {
    Error::new(SqlState::SyntaxError, "number of columns does not match number of values")
}

fn name_of(place: usize) -> String {
    format!("c{place}")
}

fn structure(values: Vec<ast::Expr>) -> ast::Expr {
    let arguments = values
        .into_iter()
        .enumerate()
        .flat_map(|(place, value)| [ast::Expr::value(Value::SingleQuotedString(name_of(place))), value]);
    call("named_struct", arguments.collect())
}

/// The SELECT list of a query whose rows are not told apart or sorted by it, and that names no `*`.
fn values_of(query: &Query) -> Option<Vec<&ast::Expr>> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    if query.order_by.is_some() || select.distinct.is_some() {
        return None;
    }
    let value = |item| match item {
        &SelectItem::UnnamedExpr(ref value) | &SelectItem::ExprWithAlias { expr: ref value, .. } => {
            Some(value)
        }
        _ => None,
    };
    select.projection.iter().map(value).collect()
}
