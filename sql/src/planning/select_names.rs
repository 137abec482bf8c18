//! Names for the columns of each SELECT list, as PostgreSQL has them: `count` for `count(*)`, so that ORDER BY, an outer query
//! and a view can use it.
//!
//! DataFusion names a column after its whole expression, takes no name twice, and to its names a cast is what is cast and a
//! subquery what it selects. A name that there is already goes on behind [`HIDDEN`], which no result shows.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, OrderBy, OrderByKind, Query, Select, SelectItem, SetExpr,
};

use super::output_names::{HIDDEN, column_name};
use crate::parse::walk::visit_expressions;
use crate::statement::name;

/// Names the columns of the SELECT lists of a query, without those of the queries in it.
pub(super) fn name_columns(query: &mut Query) {
    let by_expressions = query.order_by.as_ref().is_some_and(sorts_by_expressions);
    let is_distinct = matches!(query.body.as_ref(), SetExpr::Select(select) if select.distinct.is_some());
    let before = match query.body.as_ref() {
        SetExpr::Select(select) if is_distinct && by_expressions => select.projection.clone(),
        _ => Vec::new(),
    };
    each_select(&mut query.body, &mut |select| name_items(&mut select.projection, by_expressions));
    if let (SetExpr::Select(select), Some(order)) = (query.body.as_ref(), &mut query.order_by) {
        sort_by_names(order, &before, &select.projection);
    }
}

fn each_select(body: &mut SetExpr, change: &mut impl FnMut(&mut Select)) {
    match body {
        SetExpr::Select(select) => change(select),
        SetExpr::SetOperation { left, right, .. } => {
            each_select(left, change);
            each_select(right, change);
        }
        _ => {}
    }
}

/// After DISTINCT a sort is by what the list has: by its name, where that was not yet there.
fn sort_by_names(order: &mut OrderBy, before: &[SelectItem], items: &[SelectItem]) {
    let OrderByKind::Expressions(keys) = &mut order.kind else { return };
    for key in keys {
        let unnamed = |item: &SelectItem| matches!(item, SelectItem::UnnamedExpr(expression) if *expression == key.expr);
        let found = before.iter().position(unnamed).and_then(|at| items.get(at));
        if let Some(SelectItem::ExprWithAlias { alias, .. }) = found {
            key.expr = Expr::Identifier(alias.clone());
        }
    }
}

/// Whether there is more than names and positions.
fn sorts_by_expressions(order: &OrderBy) -> bool {
    let OrderByKind::Expressions(items) = &order.kind else { return false };
    items.iter().any(|item| !matches!(item.expr, Expr::Identifier(_) | Expr::Value(_)))
}

fn name_items(items: &mut [SelectItem], sorts_by_expressions: bool) {
    let is_wildcard =
        |item: &SelectItem| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_, _));
    let any_wildcard = items.iter().any(is_wildcard);
    let mut taken: HashMap<String, usize> = HashMap::new();
    let aliases = items.iter().filter_map(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => Some(name::ident(alias)),
        _ => None,
    });
    for alias in aliases {
        *taken.entry(alias).or_default() += 1;
    }
    hide_ambiguous(items, &taken);
    for item in items {
        let SelectItem::UnnamedExpr(expression) = item else { continue };
        let shown = column_name(expression);
        let times = taken.entry(shown.clone()).or_default();
        *times += 1;
        let is_column = matches!(expression, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        if is_column && *times == 1 {
            continue;
        }
        // ORDER BY may mean the column in an expression, which is not what the list makes of it.
        let hides_column = sorts_by_expressions && names_column(expression, &shown);
        let hidden = *times > 1 || any_wildcard || hides_column;
        let alias = if hidden { format!("{shown}{HIDDEN}{times}") } else { shown };
        *item = SelectItem::ExprWithAlias { expr: expression.clone(), alias: Ident::with_quote('"', alias) };
    }
}

/// Aliases that are given twice name nothing: whoever means one of them is told that there is no such column.
fn hide_ambiguous(items: &mut [SelectItem], times: &HashMap<String, usize>) {
    for (place, item) in items.iter_mut().enumerate() {
        let SelectItem::ExprWithAlias { alias, .. } = item else { continue };
        let shown = name::ident(alias);
        if times.get(&shown).is_some_and(|times| *times > 1) {
            *alias = Ident::with_quote('"', format!("{shown}{HIDDEN}as{place}"));
        }
    }
}

/// Whether an expression has a column of this name in it.
fn names_column(expression: &Expr, wanted: &str) -> bool {
    let found = visit_expressions(expression, &mut |part| match part {
        Expr::Identifier(ident) if name::ident(ident) == wanted => ControlFlow::Break(()),
        Expr::CompoundIdentifier(parts) if parts.last().is_some_and(|last| name::ident(last) == wanted) => {
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}
