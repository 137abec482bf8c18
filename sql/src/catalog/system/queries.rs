//! Clients' queries on the catalog, in a form that DataFusion plans.
//!
//! datafusion-pg-catalog rewrites most of what clients send. Here is what it leaves out or gives up on:
//!
//! - A subquery that refers to the outer row: in a SELECT list the library puts NULL in its place. It
//!   comes back as an aggregate where it joins by equality, which DataFusion can turn into a join.
//! - `EXISTS` in a SELECT list, and `array(SELECT ...)`.
//! - `oid::regclass` and its kin in the SELECT list and as a text: names instead of numbers.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CaseWhen, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr, Statement,
    TableFactor, Value, VisitorMut,
};
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use std::sync::LazyLock;

use super::functions::{NAMESPACE_NAME, RELATION_ID, RELATION_NAME};
use super::tables::PG_CATALOG_ADDITIONS;
use crate::parse::walk::{change, visit_expressions};
use crate::planning::call;

/// The statements of a query string over the catalog. `parsed` are the same statements as they stand.
///
/// # Errors
/// What sqlparser says of the text.
pub(crate) fn parse(sql: &str, parsed: &[Statement]) -> Result<Vec<Statement>, ParserError> {
    static LIBRARY: LazyLock<PostgresCompatibilityParser> = LazyLock::new(PostgresCompatibilityParser::new);
    let mut statements = LIBRARY.parse(sql)?;
    for (number, statement) in statements.iter_mut().enumerate() {
        if let Some(original) = parsed.get(number) {
            restore(statement, original, &LIBRARY);
        }
        let _: ControlFlow<()> = change(statement, &mut FindRelation);
        let _: ControlFlow<()> = change(statement, &mut Fix);
        if let Some(select) = select_of(statement) {
            for item in &mut select.projection {
                name_in_list(item);
                let _: ControlFlow<()> = change(item, &mut CountExisting);
            }
        }
    }
    Ok(statements)
}

fn query_of(statement: &Statement) -> Option<&Query> {
    match statement {
        Statement::Query(query) => Some(query),
        Statement::Explain { statement, .. } => query_of(statement),
        _ => None,
    }
}

fn select_of(statement: &mut Statement) -> Option<&mut Select> {
    match statement {
        Statement::Query(query) => match query.body.as_mut() {
            SetExpr::Select(select) => Some(select),
            _ => None,
        },
        Statement::Explain { statement, .. } => select_of(statement),
        _ => None,
    }
}

fn expression_of(item: &mut SelectItem) -> Option<&mut Expr> {
    match item {
        SelectItem::UnnamedExpr(expression) | SelectItem::ExprWithAlias { expr: expression, .. } => {
            Some(expression)
        }
        _ => None,
    }
}

/// Puts back the subqueries that the library put NULL for, and shows `'name'::regclass` as the name.
fn restore(statement: &mut Statement, original: &Statement, library: &PostgresCompatibilityParser) {
    let Some(original) = query_of(original) else { return };
    let SetExpr::Select(original) = original.body.as_ref() else { return };
    let Some(select) = select_of(statement) else { return };
    if select.projection.len() != original.projection.len() {
        return;
    }
    for (item, original) in select.projection.iter_mut().zip(&original.projection) {
        if let SelectItem::UnnamedExpr(cast) | SelectItem::ExprWithAlias { expr: cast, .. } = original
            && let Expr::Cast { data_type, .. } = cast
            && name_of_id(cast).is_some()
            && let Some(expression) = expression_of(item)
            && !matches!(expression, Expr::Cast { .. })
        {
            // The library has resolved it to an id: the cast says again what it is an id of.
            *expression = Expr::Cast {
                kind: CastKind::DoubleColon,
                expr: Box::new(expression.clone()),
                data_type: data_type.clone(),
                array: false,
                format: None,
            };
            continue;
        }
        let (SelectItem::UnnamedExpr(Expr::Subquery(subquery))
        | SelectItem::ExprWithAlias { expr: Expr::Subquery(subquery), .. }) = original
        else {
            continue;
        };
        let Some(expression) = expression_of(item) else { continue };
        if !matches!(expression, Expr::Value(value) if value.value == Value::Null) {
            continue;
        }
        if let Some(aggregate) = as_aggregate(subquery, library) {
            *expression = aggregate;
        }
    }
}

/// A subquery as it stood in the client's text, as an aggregate.
fn as_aggregate(subquery: &Query, library: &PostgresCompatibilityParser) -> Option<Expr> {
    match library.rewrite(Statement::Query(Box::new(subquery.clone()))) {
        Statement::Query(query) => aggregate(*query),
        _ => None,
    }
}

/// `(SELECT x FROM t WHERE t.a = outer.a AND outer.b)` as
/// `CASE WHEN outer.b THEN (SELECT max(x) FROM t WHERE t.a = outer.a) END`: of one row it is the same, and
/// catalogs' subqueries give no more.
fn aggregate(mut query: Query) -> Option<Expr> {
    query.limit_clause = None;
    let SetExpr::Select(select) = query.body.as_mut() else { return None };
    let tables = aliases(select)?;
    let mut conditions = Vec::new();
    conjuncts(select.selection.take()?, &mut conditions);
    let (outer, inner): (Vec<Expr>, Vec<Expr>) =
        conditions.into_iter().partition(|condition| own(condition, &tables) == Some(false));
    if !inner.iter().all(|condition| joins_by_equality(condition, &tables)) {
        return None;
    }
    select.selection = all_of(inner);
    let [item] = select.projection.as_mut_slice() else { return None };
    let expression = expression_of(item)?;
    if is_aggregate(expression) {
        return None;
    }
    *item = SelectItem::UnnamedExpr(call("max", vec![expression.clone()]));
    let subquery = Expr::Subquery(Box::new(query));
    Some(match all_of(outer) {
        None => subquery,
        Some(condition) => Expr::Case {
            case_token: AttachedToken::empty(),
            end_token: AttachedToken::empty(),
            operand: None,
            conditions: vec![CaseWhen { condition, result: subquery }],
            else_result: None,
        },
    })
}

fn is_aggregate(expression: &Expr) -> bool {
    let Expr::Function(function) = expression else { return false };
    let name = function.name.to_string().to_ascii_lowercase();
    ["max", "min", "count", "sum", "array_agg", "string_agg", "bool_and", "bool_or"].contains(&name.as_str())
}

fn conjuncts(condition: Expr, into: &mut Vec<Expr>) {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::And, right } => {
            conjuncts(*left, into);
            conjuncts(*right, into);
        }
        other => into.push(other),
    }
}

fn all_of(conditions: Vec<Expr>) -> Option<Expr> {
    conditions.into_iter().reduce(|left, right| Expr::BinaryOp {
        left: Box::new(left),
        op: BinaryOperator::And,
        right: Box::new(right),
    })
}

/// Whether a column is of the subquery's own tables; `None` for what is no plain column or value.
fn own(expression: &Expr, tables: &[String]) -> Option<bool> {
    match expression {
        Expr::CompoundIdentifier(parts) => parts.first().map(|part| tables.contains(&part.value)),
        Expr::Value(_) => Some(true),
        _ => None,
    }
}

/// The names that a FROM of plain tables gives them.
fn aliases(select: &Select) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for item in &select.from {
        for relation in std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation)) {
            let TableFactor::Table { name, alias, args: None, .. } = relation else { return None };
            names.push(match alias {
                Some(alias) => alias.name.value.clone(),
                None => name.0.last().and_then(ObjectNamePart::as_ident)?.value.clone(),
            });
        }
    }
    Some(names)
}

/// Whether a condition is an equality of columns, or about own columns alone.
fn joins_by_equality(condition: &Expr, tables: &[String]) -> bool {
    match condition {
        Expr::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            own(left, tables).is_some() && own(right, tables).is_some()
        }
        Expr::BinaryOp { left, right, .. } => {
            own(left, tables) == Some(true) && own(right, tables) == Some(true)
        }
        other => own(other, tables) == Some(true),
    }
}

/// Whether a subquery of plain tables refers to the outer row.
fn is_correlated(query: &Query) -> bool {
    let SetExpr::Select(select) = query.body.as_ref() else { return false };
    let Some(tables) = aliases(select) else { return false };
    let found: ControlFlow<()> = visit_expressions(&select.selection, &mut |expression| match expression {
        Expr::CompoundIdentifier(_) if own(expression, &tables) == Some(false) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// `'name'::regclass`, for which the library looks into `public` alone, as a function that looks along the search path.
struct FindRelation;

impl VisitorMut for FindRelation {
    type Break = ();

    fn pre_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Expr::Subquery(query) = expression
            && let Some(name) = looked_up(query)
        {
            *expression = call(RELATION_ID, vec![name]);
        }
        ControlFlow::Continue(())
    }
}

/// The name that the library's query looks a relation up by, if a query is that one.
fn looked_up(query: &Query) -> Option<Expr> {
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let [item] = select.from.as_slice() else { return None };
    let [_, names] = item.joins.as_slice() else { return None };
    let TableFactor::Derived { subquery, .. } = &names.relation else { return None };
    let SetExpr::Select(names) = subquery.body.as_ref() else { return None };
    let [SelectItem::ExprWithAlias { expr: Expr::Function(split), .. }] = names.projection.as_slice() else {
        return None;
    };
    if split.name.to_string() != "parse_ident" {
        return None;
    }
    let FunctionArguments::List(arguments) = &split.args else { return None };
    match arguments.args.as_slice() {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Cast { expr, .. }))] => Some(expr.as_ref().clone()),
        _ => None,
    }
}

/// What is changed wherever it stands.
struct Fix;

impl VisitorMut for Fix {
    type Break = ();

    /// The library adds the schema to the names that it knows.
    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(name)] = relation.0.as_slice()
            && PG_CATALOG_ADDITIONS.iter().any(|addition| name.value.eq_ignore_ascii_case(addition.name))
        {
            relation.0.insert(0, ObjectNamePart::Identifier(Ident::new("pg_catalog")));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Some(array) = array_of_query(expression) {
            *expression = array;
        } else if let Expr::Subquery(query) = expression
            && is_correlated(query)
            && let Some(aggregate) = aggregate(query.as_ref().clone())
        {
            *expression = aggregate;
        } else if let Expr::Cast { expr: inner, data_type, .. } = expression
            && is_text(data_type)
            && let Some(name) = name_of_id(inner)
        {
            **inner = name;
        }
        ControlFlow::Continue(())
    }
}

/// `EXISTS (SELECT ...)` as `(SELECT count(*) ...) > 0`: DataFusion knows EXISTS in conditions only.
struct CountExisting;

impl VisitorMut for CountExisting {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        let Expr::Exists { subquery, negated } = expression else { return ControlFlow::Continue(()) };
        let op = if *negated { BinaryOperator::Eq } else { BinaryOperator::Gt };
        let SetExpr::Select(select) = subquery.body.as_mut() else { return ControlFlow::Continue(()) };
        select.projection = vec![SelectItem::UnnamedExpr(call("count", vec![number("1")]))];
        let left = Box::new(Expr::Subquery(subquery.clone()));
        *expression = Expr::Nested(Box::new(Expr::BinaryOp { left, op, right: Box::new(number("0")) }));
        ControlFlow::Continue(())
    }
}

fn number(digits: &str) -> Expr {
    Expr::value(Value::Number(digits.to_string(), false))
}

/// `array(SELECT x ...)` as `(SELECT array_agg(x) ...)`.
fn array_of_query(expression: &Expr) -> Option<Expr> {
    let Expr::Function(Function { name, args: FunctionArguments::Subquery(query), .. }) = expression else {
        return None;
    };
    let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return None };
    if !ident.value.eq_ignore_ascii_case("array") {
        return None;
    }
    let mut query = query.clone();
    let SetExpr::Select(select) = query.body.as_mut() else { return None };
    // psql asks for the options of TOAST tables, row by row. There are none, of any table.
    if aliases(select).is_none() {
        return Some(Expr::Value(Value::Null.into()));
    }
    let [item] = select.projection.as_mut_slice() else { return None };
    let expression = expression_of(item)?;
    *item = SelectItem::UnnamedExpr(call("array_agg", vec![expression.clone()]));
    Some(Expr::Subquery(query))
}

/// Shows the names of ids that are cast in a SELECT list.
fn name_in_list(item: &mut SelectItem) {
    let Some(expression) = expression_of(item) else { return };
    let Some(name) = name_of_id(expression) else { return };
    let Expr::Cast { data_type, .. } = expression else { return };
    // PostgreSQL calls the column as the type is called.
    let alias = data_type.to_string().to_ascii_lowercase();
    let alias = alias.rsplit('.').next().unwrap_or_default().to_string();
    *item = match std::mem::replace(item, SelectItem::UnnamedExpr(Expr::Value(Value::Null.into()))) {
        SelectItem::ExprWithAlias { alias, .. } => SelectItem::ExprWithAlias { expr: name, alias },
        _ => SelectItem::ExprWithAlias { expr: name, alias: Ident::new(alias) },
    };
}

/// `x::regclass` as a function that gives the name.
fn name_of_id(expression: &Expr) -> Option<Expr> {
    let Expr::Cast { kind: CastKind::DoubleColon | CastKind::Cast, expr, data_type, .. } = expression else {
        return None;
    };
    let written = data_type.to_string().to_ascii_lowercase();
    let operand = expr.as_ref().clone();
    match written.strip_prefix("pg_catalog.").unwrap_or(&written) {
        "regclass" => Some(call(RELATION_NAME, vec![operand])),
        "regnamespace" => Some(call(NAMESPACE_NAME, vec![operand])),
        "regtype" => Some(call("format_type", vec![operand, Expr::value(Value::Null)])),
        _ => None,
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Text | DataType::Varchar(_))
        || data_type.to_string().eq_ignore_ascii_case("pg_catalog.text")
}
