//! Functions that give rows, in a SELECT list: said as `unnest` of a function that gives an array, for DataFusion has no other
//! there that gives rows. `pg_listening_channels()` is said so in FROM, too.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArguments, Ident, ObjectName, SelectItem, TableAlias, TableAliasColumnDef, TableFactor,
};

use super::call;
use crate::catalog::system::LISTENING;

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
    let bare = matches!(&function.args, FunctionArguments::List(list) if list.args.is_empty());
    (bare && is(&function.name, NAME)).then(|| call("unnest", vec![call(LISTENING, Vec::new())]))
}

/// `SELECT generate_series(1, 3)`: to DataFusion the function is one that gives an array.
pub(super) fn in_list(item: &mut SelectItem) {
    let (SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. }) = item
    else {
        return;
    };
    let is_series = matches!(expression, Expr::Function(function) if is(&function.name, SERIES));
    if is_series {
        *expression = call("unnest", vec![expression.clone()]);
    }
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
