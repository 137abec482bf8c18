//! Whole rows: `t` in `row_to_json(t)` and `json_agg(t)` of `FROM t`, `t.*` there, and `ROW(1, 2)`.
//!
//! DataFusion has none. Before it plans, `t` among a JSON function's arguments is written as an operator, which
//! [`super::json_operators`] makes the row of, for it is shown the columns. A column of that name comes first. What a function with one column
//! gives is that column: `e` of `FROM jsonb_array_elements(d) AS e` is `e.value`.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::Expr as Planned;
use datafusion::logical_expr::planner::RawBinaryExpr;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, JoinOperator, OrderByKind,
    Query, Select, SelectItem, SetExpr, TableFactor, Value,
};

use super::json_operators::column_named;
use super::output_names::column_name;
use crate::Error;
use crate::functions::scalar::json::whole_row;
use crate::functions::table::value_column;
use crate::parse::walk::visit_expressions_mut;
use crate::statement::name;

/// The operator that a whole row is written as: the table's name, and whether there may be no row.
const ROW: &str = "muster_row";
/// The same of `t.*`, which is no column whatever their names.
const ALL: &str = "muster_row_all";

/// Functions that take rows as arguments.
const OF_ROWS: &[&str] = &[
    "row_to_json",
    "to_json",
    "to_jsonb",
    "json_agg",
    "jsonb_agg",
    "json_build_object",
    "jsonb_build_object",
    "json_build_array",
    "jsonb_build_array",
    "json_object_agg",
    "jsonb_object_agg",
];

pub(super) fn is_one(operator: &BinaryOperator) -> bool {
    matches!(operator, BinaryOperator::Custom(name) if name == ROW || name == ALL)
}

/// The row that an operator stands for.
pub(super) fn planned(expr: &RawBinaryExpr, schema: &DFSchema) -> Result<Planned> {
    let (Planned::Literal(ScalarValue::Utf8(Some(table)), _), Planned::Literal(outer, _)) =
        (&expr.left, &expr.right)
    else {
        return Err(Error::internal("a whole row is of no table").into());
    };
    let any = matches!(&expr.op, BinaryOperator::Custom(name) if name == ROW);
    if let Some(column) = column_named(table, schema).filter(|_| any) {
        return Ok(column);
    }
    let own = schema.iter().filter(|(qualifier, _)| qualifier.is_some_and(|it| it.table() == table.as_str()));
    let columns: Vec<(String, Planned)> = own
        .map(|(qualifier, field)| {
            let column = datafusion::common::Column::new(qualifier.cloned(), field.name());
            (field.name().clone(), Planned::Column(column))
        })
        .collect();
    if columns.is_empty() {
        let message = format!("a whole-row reference to \"{table}\" from within a subquery");
        return Err(Error::unsupported(message).into());
    }
    Ok(whole_row(columns, outer == &ScalarValue::Boolean(Some(true))))
}

/// Writes the whole rows of a SELECT as operators.
pub(super) fn in_select(select: &mut Select) {
    let (tables, values, outer) = names(select);
    if tables.is_empty() {
        return;
    }
    let mut used = HashSet::new();
    let mut each = |expression: &mut Expr| {
        of_function(expression, &tables, outer, &mut used);
        as_value(expression, &values);
        ControlFlow::Continue(())
    };
    for item in &mut select.projection {
        let _: ControlFlow<()> = match item {
            SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. } => {
                visit_expressions_mut(expression, &mut each)
            }
            _ => ControlFlow::Continue(()),
        };
    }
    let conditions = [&mut select.selection, &mut select.having];
    for condition in conditions.into_iter().flatten() {
        let _: ControlFlow<()> = visit_expressions_mut(condition, &mut each);
    }
    let _: ControlFlow<()> = visit_expressions_mut(&mut select.group_by, &mut each);
    // Those of functions that come after.
    let _: ControlFlow<()> = visit_expressions_mut(&mut select.from, &mut each);
    for item in &mut select.from {
        let joined = item.joins.iter_mut().map(|join| &mut join.relation);
        for relation in std::iter::once(&mut item.relation).chain(joined) {
            if let TableFactor::Derived { subquery, alias: Some(alias), .. } = relation
                && used.contains(&name::ident(&alias.name))
            {
                name_columns(subquery);
            }
        }
    }
}

/// Names the columns of a subquery whose rows are taken as a whole, for DataFusion calls them after their expressions.
fn name_columns(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_mut() else { return };
    let mut seen = HashSet::new();
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expression) = item else { continue };
        let called = column_name(expression);
        if matches!(expression, Expr::Identifier(_)) || !seen.insert(called.clone()) {
            continue;
        }
        let alias = Ident::with_quote('"', called);
        *item = SelectItem::ExprWithAlias { expr: expression.clone(), alias };
    }
}

/// The same in a query's ORDER BY, which follows a SELECT's names.
pub(super) fn in_order(query: &mut Query) {
    let SetExpr::Select(select) = query.body.as_ref() else { return };
    let (_, mut values, _) = names(select);
    for item in &select.projection {
        if let SelectItem::ExprWithAlias { alias, .. } = item {
            values.remove(&name::ident(alias));
        }
    }
    if values.is_empty() {
        return;
    }
    let Some(order) = &mut query.order_by else { return };
    let OrderByKind::Expressions(expressions) = &mut order.kind else { return };
    let _: ControlFlow<()> = visit_expressions_mut(expressions, &mut |expression| {
        as_value(expression, &values);
        ControlFlow::Continue(())
    });
}

/// The names of FROM's items; the columns of those that give one value; whether there may be no row of one.
fn names(select: &Select) -> (Vec<String>, HashMap<String, String>, bool) {
    let (mut tables, mut values, mut outer) = (Vec::new(), HashMap::new(), false);
    for item in &select.from {
        let joined = item.joins.iter().map(|join| &join.relation);
        outer |= item.joins.iter().any(|join| {
            !matches!(
                join.join_operator,
                JoinOperator::Join(_) | JoinOperator::Inner(_) | JoinOperator::CrossJoin(_)
            )
        });
        for relation in std::iter::once(&item.relation).chain(joined) {
            let (function, alias) = match relation {
                TableFactor::Table { name, args, alias, .. } => {
                    let last = name.0.last().and_then(|part| part.as_ident());
                    (args.as_ref().and(last), alias.as_ref().map(|alias| &alias.name).or(last))
                }
                TableFactor::Function { name, alias, .. } => {
                    let last = name.0.last().and_then(|part| part.as_ident());
                    (last, alias.as_ref().map(|alias| &alias.name).or(last))
                }
                TableFactor::Derived { alias, .. } => (None, alias.as_ref().map(|alias| &alias.name)),
                _ => (None, None),
            };
            let Some(alias) = alias.map(name::ident) else { continue };
            let named = match relation {
                TableFactor::Table { alias, .. } | TableFactor::Function { alias, .. } => alias
                    .as_ref()
                    .and_then(|alias| alias.columns.first())
                    .map(|column| name::ident(&column.name)),
                _ => None,
            };
            if let Some(column) = function.and_then(|function| value_column(&name::ident(function))) {
                values.insert(alias.clone(), named.unwrap_or_else(|| column.to_string()));
            }
            tables.push(alias);
        }
    }
    (tables, values, outer)
}

/// The name of a function's item as its one column.
fn as_value(expression: &mut Expr, values: &HashMap<String, String>) {
    let Expr::Identifier(ident) = expression else { return };
    let table = name::ident(ident);
    let Some(column) = values.get(&table).filter(|column| **column != table) else { return };
    let quoted = |text: &str| Ident::with_quote('"', text);
    *expression = Expr::CompoundIdentifier(vec![quoted(&table), quoted(column)]);
}

/// The arguments of a function that takes rows.
fn of_function(expression: &mut Expr, tables: &[String], outer: bool, used: &mut HashSet<String>) {
    let Expr::Function(function) = expression else { return };
    let Some(called) = function.name.0.last().and_then(|part| part.as_ident()).map(name::ident) else {
        return;
    };
    if !OF_ROWS.contains(&called.as_str()) {
        return;
    }
    let FunctionArguments::List(list) = &mut function.args else { return };
    for argument in &mut list.args {
        let FunctionArg::Unnamed(value) = argument else { continue };
        let (table, operator) = match &*value {
            FunctionArgExpr::Expr(Expr::Identifier(ident)) => (name::ident(ident), ROW),
            FunctionArgExpr::QualifiedWildcard(table) => match table.0.as_slice() {
                [one] => match one.as_ident() {
                    Some(ident) => (name::ident(ident), ALL),
                    None => continue,
                },
                _ => continue,
            },
            _ => continue,
        };
        if tables.contains(&table) {
            used.insert(table.clone());
            *value = FunctionArgExpr::Expr(Expr::Nested(Box::new(Expr::BinaryOp {
                left: Box::new(Expr::value(Value::SingleQuotedString(table))),
                op: BinaryOperator::Custom(operator.to_string()),
                right: Box::new(Expr::value(Value::Boolean(outer))),
            })));
        }
    }
}
