//! What stands in FROM: functions of ours after another item become LATERAL, as every function in PostgreSQL's FROM is; `unnest`'s
//! column is named; VALUES are typed.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType as SqlType, Expr, FunctionArg, FunctionArgExpr, Ident, Select,
    TableAlias, TableAliasColumnDef, TableFactor, Value,
};

use super::integers::type_values;
use super::{call, open_values, set_returning};
use crate::Result;
use crate::functions;
use crate::parse::walk::visit_expressions;

/// Rewrites the items of a SELECT's FROM.
///
/// # Errors
/// What the rewriting of functions in FROM gives.
pub(super) fn rewrite(select: &mut Select) -> Result<()> {
    values_in_from(select)?;
    for (place, item) in select.from.iter_mut().enumerate() {
        rewrite_item(&mut item.relation, place > 0)?;
        for join in &mut item.joins {
            rewrite_item(&mut join.relation, true)?;
        }
    }
    Ok(())
}

/// One item; `after` others it may refer to them.
fn rewrite_item(relation: &mut TableFactor, after: bool) -> Result<()> {
    type_derived(relation)?;
    set_returning::in_from(relation)?;
    name_unnested(relation);
    if after {
        make_lateral(relation);
    }
    Ok(())
}

fn type_derived(relation: &mut TableFactor) -> Result<()> {
    if let TableFactor::Derived { subquery, .. } = relation {
        type_values(subquery);
        open_values::select(subquery)?;
    }
    Ok(())
}

/// The one column of `FROM unnest(array) AS x` is called as the table is; WITH ORDINALITY unnests the places beside it.
fn name_unnested(relation: &mut TableFactor) {
    let TableFactor::UNNEST { alias, array_exprs, with_ordinality, .. } = relation else { return };
    let [array] = array_exprs.as_slice() else { return };
    let places = std::mem::take(with_ordinality).then(|| {
        let one = || Expr::value(Value::Number("1".to_string(), false));
        let behind = Expr::BinaryOp {
            left: Box::new(Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(call("cardinality", vec![array.clone()])),
                data_type: SqlType::BigInt(None),
                array: false,
                format: None,
            }),
            op: BinaryOperator::Plus,
            right: Box::new(one()),
        };
        call("range", vec![one(), behind])
    });
    let alias = alias.get_or_insert_with(|| TableAlias {
        explicit: true,
        name: Ident::new("unnest"),
        columns: Vec::new(),
        at: None,
    });
    let column = |name: Ident| TableAliasColumnDef { name, data_type: None };
    if alias.columns.is_empty() {
        alias.columns.push(column(alias.name.clone()));
    }
    if let Some(places) = places {
        array_exprs.push(places);
        if alias.columns.len() == 1 {
            alias.columns.push(column(Ident::new("ordinality")));
        }
    }
}

fn make_lateral(relation: &mut TableFactor) {
    if let TableFactor::Table { name, args: Some(args), alias, with_ordinality, .. } = relation
        && functions::table::is_known(name)
        && args.args.iter().any(names_a_column)
    {
        *relation = TableFactor::Function {
            lateral: true,
            name: name.clone(),
            args: args.args.clone(),
            with_ordinality: *with_ordinality,
            alias: alias.clone(),
        };
    }
}

/// Functions of one value in FROM.
fn values_in_from(select: &mut Select) -> Result<()> {
    for item in &mut select.from {
        let joined = item.joins.iter_mut().map(|join| &mut join.relation);
        for relation in std::iter::once(&mut item.relation).chain(joined) {
            let lateral = match relation {
                TableFactor::Table { args: Some(args), .. } => args.args.iter().any(names_a_column),
                _ => false,
            };
            set_returning::value_in_from(relation, lateral)?;
        }
    }
    Ok(())
}

/// Whether an argument refers to a column: only then does the function need the rows before it.
fn names_a_column(argument: &FunctionArg) -> bool {
    let (FunctionArg::Unnamed(value)
    | FunctionArg::Named { arg: value, .. }
    | FunctionArg::ExprNamed { arg: value, .. }) = argument;
    let FunctionArgExpr::Expr(expression) = value else { return false };
    let named = visit_expressions(expression, &mut |part| match part {
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    named.is_break()
}
