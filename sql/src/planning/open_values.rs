//! `VALUES` in FROM whose values are known only while a statement runs: parameters, columns of a query around it, subqueries.
//! DataFusion evaluates VALUES while it plans, so they become `SELECT ... UNION ALL SELECT ...`.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SetExpr, SetOperator, SetQuantifier, Statement, Value, Values,
};

use crate::Result;
use crate::parse::parse_plain;
use crate::parse::walk::visit_expressions;

/// Changes the query if it is such VALUES.
///
/// # Errors
/// None but internal ones.
pub(super) fn select(query: &mut Query) -> Result<()> {
    let SetExpr::Values(values) = query.body.as_ref() else { return Ok(()) };
    let mut cells = values.rows.iter().flat_map(|row| row.content.iter());
    if !cells.any(is_open) || values.rows.iter().any(|row| row.content.is_empty()) {
        return Ok(());
    }
    let Some(template) = template()? else { return Ok(()) };
    let selects = selects(values, &template);
    if let Some(body) = union(&selects) {
        *query.body = body;
    }
    Ok(())
}

/// Whether a value is not known before the statement runs.
fn is_open(cell: &Expr) -> bool {
    let found = visit_expressions(cell, &mut |part| match part {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::Subquery(_)
        | Expr::Exists { .. }
        | Expr::InSubquery { .. } => ControlFlow::Break(()),
        Expr::Value(value) if matches!(value.value, Value::Placeholder(_)) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// A SELECT without anything.
fn template() -> Result<Option<Box<Select>>> {
    let Some(Statement::Query(query)) = parse_plain("SELECT NULL")?.pop() else { return Ok(None) };
    Ok(match *query.body {
        SetExpr::Select(select) => Some(select),
        _ => None,
    })
}

fn selects(values: &Values, template: &Select) -> Vec<SetExpr> {
    let row = |cells: &[Expr]| {
        let mut select = template.clone();
        let columns = cells.iter().enumerate().map(|(place, cell)| SelectItem::ExprWithAlias {
            expr: cell.clone(),
            alias: Ident::new(format!("column{}", place + 1)),
        });
        select.projection = columns.collect();
        SetExpr::Select(Box::new(select))
    };
    values.rows.iter().map(|values| row(&values.content)).collect()
}

/// All of them, with no more levels than there must be.
fn union(selects: &[SetExpr]) -> Option<SetExpr> {
    match selects {
        [] => return None,
        [select] => return Some(select.clone()),
        _ => {}
    }
    let (left, right) = selects.split_at(selects.len() / 2);
    Some(SetExpr::SetOperation {
        op: SetOperator::Union,
        set_quantifier: SetQuantifier::All,
        left: Box::new(union(left)?),
        right: Box::new(union(right)?),
    })
}
