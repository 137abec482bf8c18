//! Functions that give rows, in a SELECT list: said as `unnest` of a function that gives an array, for DataFusion has no other
//! there that gives rows. `pg_listening_channels()` is said so in FROM, too.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use datafusion::functions_aggregate::all_default_aggregate_functions;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, SelectItem,
    Statement, TableAlias, TableAliasColumnDef, TableFactor, Value,
};

use super::call;
use crate::catalog::system::LISTENING;
use crate::functions::scalar::json;
use crate::parse::parse_plain;
use crate::parse::walk::{visit_expressions, visit_expressions_mut};
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result, functions};

const NAME: &str = "pg_listening_channels";
const SERIES: &str = "generate_series";

fn is(name: &ObjectName, wanted: &str) -> bool {
    let parts: Vec<&str> =
        name.0.iter().filter_map(|part| part.as_ident()).map(|part| part.value.as_str()).collect();
    match parts.as_slice() {
        [function] => function.eq_ignore_ascii_case(wanted),
        [schema, function] => {
            schema.eq_ignore_ascii_case("pg_catalog") && function.eq_ignore_ascii_case(wanted)
        }
        _ => false,
    }
}

/// A call in an expression.
pub(super) fn in_expression(expression: &Expr) -> Option<Expr> {
    let Expr::Function(function) = expression else { return None };
    if let Some(rows) = of_json(function) {
        return Some(rows);
    }
    let bare = matches!(&function.args, FunctionArguments::List(list) if list.args.is_empty());
    (bare && is(&function.name, NAME)).then(|| call("unnest", vec![call(LISTENING, Vec::new())]))
}

/// A function of JSON that gives rows, as `unnest` of the one that gives an array of them.
fn of_json(function: &Function) -> Option<Expr> {
    let called = name::ident(function.name.0.last()?.as_ident()?);
    let array = json::array_name(&called)?;
    let FunctionArguments::List(list) = &function.args else { return None };
    let arguments = list.args.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(argument)) => Some(argument.clone()),
        _ => None,
    });
    let rows = call("unnest", vec![call(array, arguments.collect::<Option<Vec<Expr>>>()?)]);
    Some(match called.as_str() {
        "json_array_elements" => call(json::AS_JSON, vec![rows]),
        "jsonb_array_elements" => call(json::AS_JSONB, vec![rows]),
        _ => rows,
    })
}

/// The most rows of a series in a SELECT list, all of which are in memory at once; in FROM they are not.
const MOST: f64 = 10_000_000.0;

/// `SELECT generate_series(1, 3)`: to DataFusion the function is one that gives an array.
///
/// # Errors
/// 0A000 within another expression, where the array would stay one, and for a series of more than [`MOST`] rows.
pub(super) fn in_list(item: &mut SelectItem) -> Result<()> {
    let (SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. }) = item
    else {
        return Ok(());
    };
    let mut bare = &*expression;
    while let Expr::Nested(inner) = bare {
        bare = inner;
    }
    if is_series(bare) {
        if rows_of(bare).is_some_and(|rows| rows > MOST) {
            return Err(Error::unsupported("a series of so many rows in a SELECT list")
                .with_hint("Write generate_series in FROM."));
        }
        *expression = call("unnest", vec![bare.clone()]);
        return Ok(());
    }
    let within = visit_expressions(&outside_queries(expression), &mut |part| match is_series(part) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    if within.is_break() {
        return Err(Error::unsupported("generate_series within an expression")
            .with_hint("Write generate_series in FROM."));
    }
    Ok(())
}

/// An expression without the subqueries in it, which have lists of their own.
pub(crate) fn outside_queries(expression: &Expr) -> Expr {
    let mut outside = expression.clone();
    let _: ControlFlow<()> = visit_expressions_mut(&mut outside, &mut |part| {
        let has_query = match &*part {
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => true,
            Expr::Function(function) => matches!(function.args, FunctionArguments::Subquery(_)),
            _ => false,
        };
        if has_query {
            *part = Expr::value(Value::Null);
        }
        ControlFlow::Continue(())
    });
    outside
}

fn is_series(expression: &Expr) -> bool {
    matches!(expression, Expr::Function(function) if is(&function.name, SERIES))
}

/// How many rows a series of numbers gives that are written out.
fn rows_of(series: &Expr) -> Option<f64> {
    let Expr::Function(function) = series else { return None };
    let FunctionArguments::List(list) = &function.args else { return None };
    let numbers = list.args.iter().map(|argument| argument.to_string().parse::<f64>().ok());
    let numbers = numbers.collect::<Option<Vec<f64>>>()?;
    let step = numbers.get(2).copied().unwrap_or(1.0);
    Some((numbers.get(1)? - numbers.first()?) / step)
}

/// Functions that give rows in FROM, beside those of ours.
const GIVE_ROWS: &[&str] = &[SERIES, "range", "unnest", "pg_get_keywords", NAME];

/// The names of aggregates.
static AGGREGATES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let all = all_default_aggregate_functions().into_iter();
    all.flat_map(|it| std::iter::once(it.name().to_string()).chain(it.aliases().to_vec())).collect()
});

/// A function of one value in FROM, which is one row: `FROM lower('X')` is `FROM (SELECT lower('X') AS lower) AS lower`.
///
/// # Errors
/// 42601 where the call cannot be written as an expression, 42803 for an aggregate.
pub(super) fn value_in_from(relation: &mut TableFactor, lateral: bool) -> Result<()> {
    let TableFactor::Table { name, args: Some(args), alias, with_ordinality: false, .. } = &*relation else {
        return Ok(());
    };
    if functions::table::is_known(name) || GIVE_ROWS.iter().any(|known| is(name, known)) {
        return Ok(());
    }
    let Some(function) = name.0.last().and_then(|part| part.as_ident()).cloned() else { return Ok(()) };
    if AGGREGATES.contains(&function.value.to_lowercase()) {
        return Err(Error::new(
            SqlState::GroupingError,
            "aggregate functions are not allowed in functions in FROM",
        ));
    }
    let arguments: Vec<String> = args.args.iter().map(ToString::to_string).collect();
    let alias = alias.clone().unwrap_or_else(|| TableAlias {
        explicit: true,
        name: function,
        columns: Vec::new(),
        at: None,
    });
    // The column is named as the table is, where the alias does not name it.
    let column = alias.columns.first().map_or_else(|| alias.name.clone(), |column| column.name.clone());
    let query = format!("SELECT {name}({}) AS {column}", arguments.join(", "));
    let mut statements = parse_plain(&query)?;
    if let Some(Statement::Query(subquery)) = statements.pop() {
        let alias = Some(alias);
        *relation = TableFactor::Derived { lateral, subquery, alias, sample: None };
    }
    Ok(())
}

/// A call in FROM, whose column has the function's name.
pub(super) fn in_from(relation: &mut TableFactor) {
    let (TableFactor::Table { name, args: Some(_), alias, with_ordinality: false, .. }
    | TableFactor::Function { name, alias, with_ordinality: false, .. }) = &*relation
    else {
        return;
    };
    let bare = match &*relation {
        TableFactor::Table { args: Some(args), .. } => args.args.is_empty(),
        TableFactor::Function { args, .. } => args.is_empty(),
        _ => false,
    };
    if !bare || !is(name, NAME) {
        return;
    }
    let mut alias = alias.clone().unwrap_or_else(|| TableAlias {
        explicit: true,
        name: Ident::new(NAME),
        columns: Vec::new(),
        at: None,
    });
    if alias.columns.is_empty() {
        let name = alias.name.clone();
        alias.columns.push(TableAliasColumnDef { name, data_type: None });
    }
    *relation = TableFactor::UNNEST {
        alias: Some(alias),
        array_exprs: vec![call(LISTENING, Vec::new())],
        with_offset: false,
        with_offset_alias: None,
        with_ordinality: false,
    };
}
