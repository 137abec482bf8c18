//! Sequences in default expressions: `nextval('app.t_id_seq')`.

use std::ops::ControlFlow;

use datafusion::common::TableReference;
use datafusion::sql::sqlparser::ast::{
    DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Value, VisitorMut,
};

use crate::catalog::relation::stored;
use crate::catalog::search_path::quoted;
use crate::catalog::{RelationName, SCHEMA};
use crate::parse::parse_expression;
use crate::parse::walk::change;

/// The default of a column whose values come from a sequence.
pub(crate) fn default_of(sequence: &RelationName) -> String {
    format!("nextval('{}')", literal(sequence))
}

/// A sequence's name inside of a literal.
fn literal(sequence: &RelationName) -> String {
    format!("{}.{}", quoted(&sequence.schema), quoted(&sequence.name)).replace('\'', "''")
}

/// Whether an expression draws from the sequence that storage knows by this name.
pub(crate) fn uses(sql: &str, sequence: &str) -> bool {
    rename(sql, sequence, &RelationName::of_stored(sequence)).is_some()
}

/// The expression with a sequence under another name; `None` where it does not draw from it.
pub(crate) fn rename(sql: &str, sequence: &str, to: &RelationName) -> Option<String> {
    if !sql.to_ascii_lowercase().contains("val") {
        return None;
    }
    let mut expression = parse_expression(sql).ok()?;
    let mut visitor = Rename { sequence, to: literal(to).replace("''", "'"), found: false };
    let _: ControlFlow<()> = change(&mut expression, &mut visitor);
    visitor.found.then(|| expression.to_string())
}

/// The sequences that an expression draws from, as storage knows them.
pub(crate) fn drawn(sql: &str) -> Vec<String> {
    let mut drawn = Drawn(Vec::new());
    if sql.to_ascii_lowercase().contains("val")
        && let Ok(mut expression) = parse_expression(sql)
    {
        let _: ControlFlow<()> = change(&mut expression, &mut drawn);
    }
    drawn.0
}

struct Drawn(Vec<String>);

impl VisitorMut for Drawn {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        if let Some(name) = argument(expression) {
            let reference = TableReference::parse_str(name);
            self.0.push(stored(reference.schema().unwrap_or(SCHEMA), reference.table()));
        }
        ControlFlow::Continue(())
    }
}

struct Rename<'a> {
    sequence: &'a str,
    to: String,
    found: bool,
}

impl VisitorMut for Rename<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
        let Some(name) = argument(expression) else { return ControlFlow::Continue(()) };
        let reference = TableReference::parse_str(name);
        if stored(reference.schema().unwrap_or(SCHEMA), reference.table()) == self.sequence {
            name.clone_from(&self.to);
            self.found = true;
        }
        ControlFlow::Continue(())
    }
}

/// A call of one of the functions on `'s'::regclass` as a call on `'s'`.
pub(crate) fn by_name(expression: &mut Expr) {
    let _text = argument(expression);
}

/// The text that names the sequence in a call of one of the functions.
fn argument(expression: &mut Expr) -> Option<&mut String> {
    let Expr::Function(call) = expression else { return None };
    let name = call.name.to_string().to_ascii_lowercase();
    if !["nextval", "currval", "setval"].contains(&name.strip_prefix("pg_catalog.").unwrap_or(&name)) {
        return None;
    }
    let FunctionArguments::List(arguments) = &mut call.args else { return None };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(first))) = arguments.args.first_mut() else {
        return None;
    };
    // `'s'::regclass` names it just as well.
    if let Expr::Cast { expr, data_type: DataType::Regclass, .. } = first {
        *first = expr.as_ref().clone();
    }
    match first {
        Expr::Value(value) => match &mut value.value {
            Value::SingleQuotedString(name) => Some(name),
            _ => None,
        },
        _ => None,
    }
}
