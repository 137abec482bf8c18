//! `SELECT json_agg(t) FROM (SELECT ... ORDER BY id) t`: aggregates that keep the order of their rows have it from the subquery, as in
//! PostgreSQL. To DataFusion a subquery's order means nothing, so it is written into the aggregate: `json_agg(t ORDER BY t.id)`.
//!
//! It is left where the subquery is ordered by what is none of its columns.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, FunctionArgumentClause, FunctionArguments, Ident, OrderByExpr, OrderByKind,
    Query, Select, SelectItem, SetExpr, TableFactor, Value,
};

use crate::parse::walk::visit_expressions_mut;
use crate::statement::name;

/// The aggregates that keep the order of their rows.
const KEEP_ORDER: &[&str] =
    &["json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "array_agg", "string_agg"];

/// Writes the order of the one subquery in FROM into aggregates that have none.
pub(super) fn in_select(select: &mut Select) {
    let [item] = select.from.as_slice() else { return };
    let TableFactor::Derived { subquery, alias: Some(alias), .. } = &item.relation else { return };
    if !item.joins.is_empty() || !alias.columns.is_empty() {
        return;
    }
    let Some(order) = order_of(subquery, &alias.name) else { return };
    for item in &mut select.projection {
        let (SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. }) = item
        else {
            continue;
        };
        let _: ControlFlow<()> = visit_expressions_mut(expression, &mut |part| {
            by(part, &order);
            ControlFlow::Continue(())
        });
    }
}

fn by(expression: &mut Expr, order: &[OrderByExpr]) {
    let Expr::Function(function) = expression else { return };
    let Some(called) = function.name.0.last().and_then(|part| part.as_ident()).map(name::ident) else {
        return;
    };
    if !KEEP_ORDER.contains(&called.as_str()) || function.over.is_some() {
        return;
    }
    let FunctionArguments::List(list) = &mut function.args else { return };
    let ordered = list.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::OrderBy(_)));
    if !ordered && list.duplicate_treatment != Some(DuplicateTreatment::Distinct) {
        list.clauses.push(FunctionArgumentClause::OrderBy(order.to_vec()));
    }
}

/// The order of a subquery by its columns, as those of `table`; `None` where it has none, or one that its columns do not tell.
fn order_of(query: &Query, table: &Ident) -> Option<Vec<OrderByExpr>> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let OrderByKind::Expressions(expressions) = &query.order_by.as_ref()?.kind else { return None };
    let ordered = expressions.iter().map(|written| {
        let column = column_of(&written.expr, &select.projection)?;
        Some(OrderByExpr { expr: Expr::CompoundIdentifier(vec![table.clone(), column]), ..written.clone() })
    });
    ordered.collect()
}

/// The column that a subquery is ordered by.
fn column_of(written: &Expr, items: &[SelectItem]) -> Option<Ident> {
    if let Expr::Value(value) = written
        && let Value::Number(digits, _) = &value.value
    {
        let place = digits.parse::<usize>().ok()?.checked_sub(1)?;
        return named(items.get(place)?);
    }
    if let Expr::Identifier(ident) = written {
        let wanted = name::ident(ident);
        let is_it = |item: &SelectItem| named(item).is_some_and(|it| name::ident(&it) == wanted);
        if let Some(item) = items.iter().find(|item| is_it(item)) {
            return named(item);
        }
    }
    let same = items.iter().find(|item| match item {
        SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. } => {
            expression == written || last(expression).zip(last(written)).is_some_and(|(a, b)| a == b)
        }
        _ => false,
    });
    if let Some(item) = same {
        return named(item);
    }
    let all =
        |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_, _));
    last(written).filter(|_| items.iter().any(all)).map(|column| Ident::with_quote('"', column))
}

/// The name of a column that an expression is.
fn last(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(ident) => Some(name::ident(ident)),
        Expr::CompoundIdentifier(parts) => parts.last().map(name::ident),
        _ => None,
    }
}

/// The name of an item that has one.
fn named(item: &SelectItem) -> Option<Ident> {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(alias.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(ident)) => Some(ident.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => parts.last().cloned(),
        _ => None,
    }
}
