//! Clients' queries on the catalog, in a form that DataFusion plans.
//!
//! datafusion-pg-catalog's rules do part of it: names of functions without schemas, operators and collations written out,
//! `= ANY` of arrays. Its rules that give answers of their own are left out: subqueries are planned as they stand.
//! Beside them:
//!
//! - [`object_ids`]: `'t'::regclass` and its kin, by the statement's search path.
//! - [`arrays`]: `array(SELECT ...)`, `generate_subscripts`, `_pg_expandarray`.
//! - [`tableoid`]: the column that every table of PostgreSQL's has.

mod arrays;
mod object_ids;
mod tableoid;

use std::ops::ControlFlow;
use std::sync::LazyLock;

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, DataType, Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr,
    Statement, TableFactor, VisitorMut,
};
use datafusion_pg_catalog::sql::rules::{
    AliasDuplicatedProjectionRewrite, CurrentUserVariableToSessionUserFunctionCall, FixArrayLiteral,
    FixVersionColumnName, PrependUnqualifiedPgTableName, ResolveUnqualifiedIdentifier,
    RewriteArrayAnyAllOperation, RewritePgCatalogOperator, SqlStatementRewriteRule, StripCallableQualifier,
    StripCollate,
};

use super::functions::CURRENT_USER;
use super::tables::pg_catalog_additions;
use crate::parse::walk::change;
use crate::parse::{parse_expression, parse_type};

/// The library's rules, in its order.
static RULES: LazyLock<Vec<Box<dyn SqlStatementRewriteRule>>> = LazyLock::new(|| {
    vec![
        Box::new(AliasDuplicatedProjectionRewrite),
        Box::new(ResolveUnqualifiedIdentifier),
        Box::new(RewriteArrayAnyAllOperation),
        Box::new(PrependUnqualifiedPgTableName),
        Box::new(StripCallableQualifier),
        Box::new(FixArrayLiteral),
        Box::new(CurrentUserVariableToSessionUserFunctionCall),
        Box::new(StripCollate),
        Box::new(RewritePgCatalogOperator),
        Box::new(FixVersionColumnName),
    ]
});

/// A statement over the catalog.
pub(crate) fn rewritten(statement: &Statement) -> Statement {
    let mut statement = statement.clone();
    let _: ControlFlow<()> = change(&mut statement, &mut tableoid::Tableoid::default());
    if let Some(select) = select_of(&mut statement) {
        object_ids::shown(&mut select.projection);
    }
    let _: ControlFlow<()> = change(&mut statement, &mut Fix);
    for rule in RULES.iter() {
        statement = rule.rewrite(statement);
    }
    let _: ControlFlow<()> = change(&mut statement, &mut OwnTables);
    statement
}

fn select_of(statement: &mut Statement) -> Option<&mut Select> {
    match statement {
        Statement::Query(query) => select_of_query(query),
        Statement::Explain { statement, .. } => select_of(statement),
        _ => None,
    }
}

fn select_of_query(query: &mut Query) -> Option<&mut Select> {
    match query.body.as_mut() {
        SetExpr::Select(select) => Some(select),
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

/// The name of a function or type without its schema, if that is PostgreSQL's own.
fn own_name(name: &ObjectName) -> Option<&str> {
    match name.0.as_slice() {
        [ObjectNamePart::Identifier(name)] => Some(&name.value),
        [ObjectNamePart::Identifier(schema), ObjectNamePart::Identifier(name)]
            if ["pg_catalog", "information_schema"].contains(&schema.value.to_ascii_lowercase().as_str()) =>
        {
            Some(&name.value)
        }
        _ => None,
    }
}

/// `pg_catalog.int2[]` without the schema, where ids are numbers; `"char"` as the text that it is here.
fn plain_type(data_type: &DataType) -> Option<DataType> {
    if let DataType::Custom(name, _) = data_type
        && let Some(ObjectNamePart::Identifier(ident)) = name.0.last()
        && own_name(name) == Some("char")
        && (ident.quote_style.is_some() || name.0.len() > 1)
    {
        return Some(DataType::Text);
    }
    let DataType::Array(ArrayElemTypeDef::SquareBracket(element, size)) = data_type else { return None };
    let DataType::Custom(name, arguments) = element.as_ref() else { return None };
    let name = own_name(name).filter(|_| arguments.is_empty())?;
    let element = match name.to_ascii_lowercase().as_str() {
        "oid" | "regclass" | "regtype" | "regnamespace" | "regrole" => DataType::Int4(None),
        "name" | "char" | "regproc" => DataType::Text,
        other => parse_type(other).ok()?,
    };
    Some(DataType::Array(ArrayElemTypeDef::SquareBracket(Box::new(element), *size)))
}

/// `current_user` and `current_role` as a call of the function that tells it.
fn current_user(expression: &Expr) -> Option<Expr> {
    let is_word = |ident: &Ident, words: &[&str]| {
        ident.quote_style.is_none() && words.iter().any(|word| ident.value.eq_ignore_ascii_case(word))
    };
    let called = match expression {
        Expr::Identifier(ident) => is_word(ident, &["current_role"]),
        Expr::Function(function) => match function.name.0.as_slice() {
            [ObjectNamePart::Identifier(name)] => is_word(name, &["current_user", "current_role"]),
            _ => false,
        },
        _ => false,
    };
    called.then(|| parse_expression(&format!("{CURRENT_USER}()")).ok()).flatten()
}

/// What is changed wherever it stands.
struct Fix;

impl VisitorMut for Fix {
    type Break = ();

    fn pre_visit_table_factor(&mut self, relation: &mut TableFactor) -> ControlFlow<()> {
        arrays::in_from(relation);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        arrays::name_items(&mut select.projection);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        let changed = arrays::rewritten(expression)
            .or_else(|| object_ids::rewritten(expression))
            .or_else(|| current_user(expression));
        if let Some(changed) = changed {
            *expression = changed;
        } else if let Expr::Cast { data_type, .. } = expression
            && let Some(plain) = plain_type(data_type)
        {
            *data_type = plain;
        }
        ControlFlow::Continue(())
    }
}

/// The library adds the schema to the names that it knows.
struct OwnTables;

impl VisitorMut for OwnTables {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let [ObjectNamePart::Identifier(name)] = relation.0.as_slice()
            && pg_catalog_additions().any(|addition| name.value.eq_ignore_ascii_case(addition.name))
        {
            relation.0.insert(0, ObjectNamePart::Identifier(Ident::new("pg_catalog")));
        }
        ControlFlow::Continue(())
    }
}
