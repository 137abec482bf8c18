//! Arrays in clients' queries: `array(SELECT ...)`, and the functions that give a row for each element.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, Distinct, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArgumentClause, FunctionArguments, GroupByExpr, Ident, OrderByExpr, OrderByKind, Query,
    SelectItem, SetExpr, Statement, Subscript, TableAlias, TableFactor, Value, ValueWithSpan,
};

use super::super::array_columns::VECTORS;
use super::{expression_of, own_name};
use crate::functions::scalar::{EXPANDED_ARRAY, OR_EMPTY, SUBSCRIPTS};
use crate::parse::walk::visit_expressions;
use crate::parse::{parse_expression, parse_plain};
use crate::planning::{call, column_name, outside_queries};

const GENERATE_SUBSCRIPTS: &str = "generate_subscripts";
const GENERATE_SERIES: &str = "generate_series";
const EXPAND: &str = "_pg_expandarray";
const PARTITION_ANCESTORS: &str = "pg_partition_ancestors";

/// Functions that give rows get their own names as columns, which they lose here.
pub(super) fn name_items(items: &mut [SelectItem]) {
    for item in items {
        let SelectItem::UnnamedExpr(expression) = item else { continue };
        let gives_rows =
            called(expression).is_some_and(|(name, _)| [GENERATE_SUBSCRIPTS, EXPAND].contains(&name));
        if gives_rows || field_of(expression).is_some() {
            let alias = match field_of(expression) {
                Some((field, _)) => field.to_string(),
                None => column_name(expression),
            };
            *item =
                SelectItem::ExprWithAlias { expr: expression.clone(), alias: Ident::with_quote('"', alias) };
        }
    }
}

/// An expression over arrays, children first.
pub(super) fn rewritten(expression: &Expr) -> Option<Expr> {
    if let Some((field, array)) = field_of(expression) {
        return Some(call(
            "unnest",
            vec![if field == "n" { subscripts(array, "1", &number("1")) } else { array.clone() }],
        ));
    }
    if let Some(letter) = letter_of(expression) {
        return Some(letter);
    }
    if let Some(array) = of_query(expression) {
        return Some(array);
    }
    let (name, arguments) = called(expression)?;
    match (name, arguments.as_slice()) {
        (GENERATE_SUBSCRIPTS, [array, dimension]) => {
            Some(call("unnest", vec![subscripts(array, first(array), dimension)]))
        }
        // There are no partitions.
        (PARTITION_ANCESTORS, [_]) => {
            Some(call("unnest", vec![parse_expression("CAST('{}' AS integer[])").ok()?]))
        }
        (EXPAND, [array]) => Some(call("unnest", vec![call(EXPANDED_ARRAY, vec![(*array).clone()])])),
        _ => None,
    }
}

/// `FROM generate_subscripts(array, 1)`, and `generate_series` of what is no number as it stands: DataFusion's own takes
/// numbers alone.
pub(super) fn in_from(relation: &mut TableFactor) {
    let with_ordinality = matches!(
        relation,
        TableFactor::Table { with_ordinality: true, .. }
            | TableFactor::Function { with_ordinality: true, .. }
    );
    let (name, arguments, alias) = match relation {
        TableFactor::Table { name, args: Some(arguments), alias, .. } => (name, &arguments.args, alias),
        TableFactor::Function { name, args, alias, .. } => (name, &*args, alias),
        _ => return,
    };
    let Some(name) = own_name(name) else { return };
    let arguments = arguments.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        _ => None,
    });
    let Some(arguments) = arguments.collect::<Option<Vec<_>>>() else { return };
    if let ("pg_options_to_table", [options]) = (name.to_ascii_lowercase().as_str(), arguments.as_slice()) {
        if let Some(subquery) = options_of(options) {
            let alias = alias.clone();
            *relation = TableFactor::Derived { lateral: false, subquery, alias, sample: None };
        }
        return;
    }
    if let (PARTITION_ANCESTORS, [_]) = (name.to_ascii_lowercase().as_str(), arguments.as_slice()) {
        if let Some(subquery) = no_ancestors(with_ordinality) {
            let alias = alias.clone();
            *relation = TableFactor::Derived { lateral: false, subquery, alias, sample: None };
        }
        return;
    }
    let array = match (name.to_ascii_lowercase().as_str(), arguments.as_slice()) {
        (GENERATE_SUBSCRIPTS, [array, dimension]) => subscripts(array, first(array), dimension),
        ("unnest", [array]) => (*array).clone(),
        _ => return,
    };
    // Without an alias PostgreSQL calls it as the function is called.
    let alias = alias.clone().unwrap_or_else(|| TableAlias {
        explicit: true,
        name: Ident::new(name.to_string()),
        columns: Vec::new(),
        at: None,
    });
    *relation = TableFactor::UNNEST {
        alias: Some(alias),
        array_exprs: vec![array],
        with_offset: false,
        with_offset_alias: None,
        with_ordinality: false,
    };
}

/// What `pg_partition_ancestors` gives in FROM: no table inherits from another. A constant without rows
/// would be folded away with the subquery that it stands in, and DataFusion has no plan for that.
fn no_ancestors(with_ordinality: bool) -> Option<Box<Query>> {
    let ordinality = if with_ordinality { ", CAST(inhseqno AS bigint) AS ordinality" } else { "" };
    let sql = format!("SELECT inhparent AS {PARTITION_ANCESTORS}{ordinality} FROM pg_catalog.pg_inherits");
    match parse_plain(&sql).ok()?.pop()? {
        Statement::Query(query) => Some(query),
        _ => None,
    }
}

/// `name=value` texts as rows.
fn options_of(options: &Expr) -> Option<Box<Query>> {
    let sql = format!(
        "SELECT split_part(o, '=', 1) AS option_name, substr(o, strpos(o, '=') + 1) AS option_value \
         FROM unnest({options}) AS options(o)"
    );
    match parse_plain(&sql).ok()?.pop()? {
        Statement::Query(query) => Some(query),
        _ => None,
    }
}

fn subscripts(array: &Expr, first: &str, dimension: &Expr) -> Expr {
    call(SUBSCRIPTS, vec![array.clone(), number(first), dimension.clone()])
}

fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_string(), false))
}

/// What an array's subscripts begin with.
fn first(array: &Expr) -> &'static str {
    let column = match array {
        Expr::Identifier(ident) => Some(ident),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    };
    let is_vector = |ident: &Ident| VECTORS.contains(&ident.value.to_ascii_lowercase().as_str());
    if column.is_some_and(is_vector) { "0" } else { "1" }
}

/// `(_pg_expandarray(array)).n` or `.x`.
fn field_of(expression: &Expr) -> Option<(&'static str, &Expr)> {
    let Expr::CompoundFieldAccess { root, access_chain } = expression else { return None };
    let [AccessExpr::Dot(Expr::Identifier(field))] = access_chain.as_slice() else { return None };
    let mut root = root.as_ref();
    while let Expr::Nested(inner) = root {
        root = inner;
    }
    // A child has been rewritten already.
    let array = match called(root)? {
        (EXPAND, arguments) => arguments.first().copied()?,
        ("unnest", arguments) => match called(arguments.first()?)? {
            (EXPANDED_ARRAY, arguments) => arguments.first().copied()?,
            _ => return None,
        },
        _ => return None,
    };
    let field = ["n", "x"].into_iter().find(|known| field.value.eq_ignore_ascii_case(known))?;
    Some((field, array))
}

/// `typname[0]`: a value of type `name` is an array of its letters.
fn letter_of(expression: &Expr) -> Option<Expr> {
    let Expr::CompoundFieldAccess { root, access_chain } = expression else { return None };
    let (column, place) = match (root.as_ref(), access_chain.as_slice()) {
        (Expr::Identifier(column), [AccessExpr::Subscript(Subscript::Index { index })]) => (column, index),
        (
            Expr::Identifier(_),
            [AccessExpr::Dot(Expr::Identifier(column)), AccessExpr::Subscript(Subscript::Index { index })],
        ) => (column, index),
        _ => return None,
    };
    if column.value != "typname" {
        return None;
    }
    let operand = match access_chain.as_slice() {
        [AccessExpr::Dot(_), _] => {
            let Expr::Identifier(table) = root.as_ref() else { return None };
            Expr::CompoundIdentifier(vec![table.clone(), column.clone()])
        }
        _ => root.as_ref().clone(),
    };
    let place = Expr::BinaryOp {
        left: Box::new(place.clone()),
        op: BinaryOperator::Plus,
        right: Box::new(number("1")),
    };
    Some(call("substr", vec![operand, place, number("1")]))
}

/// The name and the arguments of a plain call of one of PostgreSQL's own functions.
fn called(expression: &Expr) -> Option<(&str, Vec<&Expr>)> {
    let Expr::Function(Function { name, args: FunctionArguments::List(list), .. }) = expression else {
        return None;
    };
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument),
        _ => None,
    });
    Some((own_name(name)?, arguments.collect::<Option<Vec<_>>>()?))
}

/// `array(SELECT x ... ORDER BY y)` as `(SELECT array_agg(x ORDER BY y) ...)`; without rows it is an empty array.
fn of_query(expression: &Expr) -> Option<Expr> {
    let Expr::Function(Function { name, args: FunctionArguments::Subquery(query), .. }) = expression else {
        return None;
    };
    if !own_name(name)?.eq_ignore_ascii_case("array") || query.limit_clause.is_some() || query.fetch.is_some()
    {
        return None;
    }
    let mut query = query.clone();
    let order = match query.order_by.take() {
        None => Vec::new(),
        Some(order) => match order.kind {
            OrderByKind::Expressions(order) => order,
            OrderByKind::All(_) => return None,
        },
    };
    let SetExpr::Select(select) = query.body.as_mut() else { return None };
    let grouped = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(keys, _) => !keys.is_empty(),
    };
    let [item] = select.projection.as_mut_slice() else { return None };
    // A query that makes groups, or rows of one, is not one over its rows.
    if grouped || select.having.is_some() || calls_more_than_values(item) {
        return None;
    }
    let distinct = match select.distinct.take() {
        None | Some(Distinct::All) => false,
        Some(Distinct::Distinct) => true,
        Some(Distinct::On(_)) => return None,
    };
    let value = expression_of(item)?.clone();
    let order: Vec<OrderByExpr> = order.into_iter().map(|key| of_position(key, &value)).collect();
    let mut aggregate = call("array_agg", vec![value]);
    if let Expr::Function(Function { args: FunctionArguments::List(list), .. }) = &mut aggregate {
        list.duplicate_treatment = distinct.then_some(DuplicateTreatment::Distinct);
        if !order.is_empty() {
            list.clauses.push(FunctionArgumentClause::OrderBy(order));
        }
    }
    *item = SelectItem::UnnamedExpr(aggregate);
    Some(call(OR_EMPTY, vec![Expr::Subquery(query)]))
}

/// Whether an item calls an aggregate or a function that gives rows, other than in a subquery.
fn calls_more_than_values(item: &mut SelectItem) -> bool {
    const SUCH: [&str; 14] = [
        "count",
        "sum",
        "min",
        "max",
        "avg",
        "array_agg",
        "string_agg",
        "bool_and",
        "bool_or",
        "every",
        "json_agg",
        "jsonb_agg",
        GENERATE_SERIES,
        "unnest",
    ];
    let Some(expression) = expression_of(item) else { return false };
    let found = visit_expressions(&outside_queries(expression), &mut |part| match called(part) {
        Some((name, _)) if SUCH.iter().any(|it| it.eq_ignore_ascii_case(name)) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// `ORDER BY 1` of a query of one column.
fn of_position(key: OrderByExpr, value: &Expr) -> OrderByExpr {
    let is_position = matches!(&key.expr, Expr::Value(ValueWithSpan { value: Value::Number(..), .. }));
    if is_position { OrderByExpr { expr: value.clone(), ..key } } else { key }
}
