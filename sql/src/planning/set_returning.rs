//! Functions that give rows, in a SELECT list: said as `unnest` of a function that gives an array, for DataFusion has no other
//! there that gives rows. `pg_listening_channels()` is said so in FROM, too.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::LazyLock;

use datafusion::functions_aggregate::all_default_aggregate_functions;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Statement,
    TableAlias, TableAliasColumnDef, TableFactor, Value,
};

use super::call;
use super::spellings::narrow;
use crate::catalog::system::LISTENING;
use crate::functions::scalar::{json, typed};
use crate::parse::parse_plain;
use crate::parse::walk::visit_expressions_mut;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result, functions};

const NAME: &str = "pg_listening_channels";
const SERIES: &str = "generate_series";
/// DataFusion's series of integers in FROM, a row at a time.
pub(super) const NUMBERS: &str = "muster_numbers";

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

/// Functions that give rows, and those that give the same as an array.
const ARRAYS: &[(&str, &str)] = &[
    (NAME, LISTENING),
    (SERIES, typed::SERIES),
    ("regexp_matches", typed::ALL_MATCHES),
    ("regexp_split_to_table", typed::SPLIT),
    ("string_to_table", typed::STRING_PARTS),
    ("generate_subscripts", typed::SERIES_OF_SUBSCRIPTS),
];

fn array_of(name: &ObjectName) -> Option<&'static str> {
    ARRAYS.iter().find(|(rows, _)| is(name, rows)).map(|(_, array)| *array)
}

/// A call in an expression.
pub(super) fn in_expression(expression: &Expr) -> Option<Expr> {
    let Expr::Function(function) = expression else { return None };
    if let Some(rows) = of_json(function) {
        return Some(rows);
    }
    let array = array_of(&function.name)?;
    let FunctionArguments::List(list) = &function.args else { return None };
    let mut arguments = plain_arguments(&list.args)?;
    arguments.iter_mut().for_each(narrow);
    Some(call("unnest", vec![call(array, arguments)]))
}

/// A function of JSON that gives rows, as `unnest` of the one that gives an array of them.
fn of_json(function: &Function) -> Option<Expr> {
    let called = name::ident(function.name.0.last()?.as_ident()?);
    let array = json::array_name(&called)?;
    let FunctionArguments::List(list) = &function.args else { return None };
    let rows = call("unnest", vec![call(array, plain_arguments(&list.args)?)]);
    Some(match called.as_str() {
        "json_array_elements" => call(json::AS_JSON, vec![rows]),
        "jsonb_array_elements" => call(json::AS_JSONB, vec![rows]),
        _ => rows,
    })
}

/// The arguments, where they are expressions without names.
fn plain_arguments(arguments: &[FunctionArg]) -> Option<Vec<Expr>> {
    let arguments = arguments.iter().map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expression)) => Some(expression.clone()),
        _ => None,
    });
    arguments.collect()
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

/// Functions that give rows in FROM, beside those of ours.
const GIVE_ROWS: &[&str] = &["range", "unnest", "pg_get_keywords", NUMBERS];

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
    if functions::table::is_known(name)
        || GIVE_ROWS.iter().any(|known| is(name, known))
        || array_of(name).is_some()
    {
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
///
/// # Errors
/// 22023 for a series without a step.
pub(super) fn in_from(relation: &mut TableFactor) -> Result<()> {
    let (name, arguments, alias, with_ordinality) = match &*relation {
        TableFactor::Table { name, args: Some(args), alias, with_ordinality, .. } => {
            (name, &args.args, alias, *with_ordinality)
        }
        TableFactor::Function { name, args, alias, with_ordinality, .. } => {
            (name, args, alias, *with_ordinality)
        }
        _ => return Ok(()),
    };
    let (Some(array), Some(mut arguments)) = (array_of(name), plain_arguments(arguments)) else {
        return Ok(());
    };
    let function = name.0.last().and_then(|part| part.as_ident()).map(|part| part.value.to_lowercase());
    let mut alias = alias.clone().unwrap_or_else(|| TableAlias {
        explicit: true,
        name: Ident::new(function.unwrap_or_default()),
        columns: Vec::new(),
        at: None,
    });
    if is(name, SERIES)
        && !with_ordinality
        && let Some(rows) = written_out(&arguments, &alias)?
    {
        *relation = rows;
        return Ok(());
    }
    arguments.iter_mut().for_each(narrow);
    if alias.columns.is_empty() && !with_ordinality {
        let name = alias.name.clone();
        alias.columns.push(TableAliasColumnDef { name, data_type: None });
    }
    *relation = TableFactor::UNNEST {
        alias: Some(alias),
        array_exprs: vec![call(array, arguments)],
        with_offset: false,
        with_offset_alias: None,
        with_ordinality,
    };
    Ok(())
}

/// A series of integers that are written out, which is not in memory all at once.
fn written_out(arguments: &[Expr], alias: &TableAlias) -> Result<Option<TableFactor>> {
    let numbers = arguments.iter().map(|argument| argument.to_string().parse::<i64>().ok());
    let Some(numbers) = numbers.collect::<Option<Vec<i64>>>() else { return Ok(None) };
    if !(2..=3).contains(&numbers.len()) {
        return Ok(None);
    }
    if numbers.get(2) == Some(&0) {
        return Err(Error::new(SqlState::InvalidParameterValue, "step size cannot equal zero"));
    }
    let narrow = numbers.iter().all(|number| i32::try_from(*number).is_ok());
    let written: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let column = alias.columns.first().map_or(&alias.name, |column| &column.name);
    let data_type = if narrow { "int" } else { "bigint" };
    let query = format!("SELECT value::{data_type} AS {column} FROM {NUMBERS}({})", written.join(", "));
    let mut statements = parse_plain(&query)?;
    let Some(Statement::Query(subquery)) = statements.pop() else { return Ok(None) };
    let alias = TableAlias { columns: Vec::new(), ..alias.clone() };
    Ok(Some(TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None }))
}
