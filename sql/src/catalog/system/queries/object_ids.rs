//! Types that are ids and are written as names: `'t'::regclass`, `oid::regtype`. A value is the number; where it is shown
//! or made a text it is the name.
//!
//! Names of functions are the exception: the catalog's columns of type `regproc` hold names, and so does the cast.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, SelectItem, Value, ValueWithSpan,
};

use super::super::functions::{
    FUNCTION_ID, FUNCTION_NAME, NAMESPACE_ID, NAMESPACE_NAME, RELATION_ID, RELATION_NAME, ROLE_ID, TYPE_ID,
};
use super::{expression_of, own_name};
use crate::planning::{HIDDEN, call, column_name};

/// Columns of type `regproc`.
const OF_FUNCTIONS: &[&str] = &[
    "prsstart",
    "prstoken",
    "prsend",
    "prsheadline",
    "prslextype",
    "tmplinit",
    "tmpllexize",
    "trffromsql",
    "trftosql",
    "aggfnoid",
    "aggtransfn",
    "aggfinalfn",
    "amhandler",
    "amproc",
    "conproc",
    "oprcode",
    "oprrest",
    "oprjoin",
    "prosupport",
    "rngcanonical",
    "rngsubdiff",
    "typinput",
    "typoutput",
    "typreceive",
    "typsend",
    "typmodin",
    "typmodout",
    "typanalyze",
    "typsubscript",
];

/// One of the types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Relation,
    Namespace,
    Type,
    Function,
    Role,
}

impl Kind {
    fn of(data_type: &DataType) -> Option<Self> {
        let name = match data_type {
            DataType::Regclass => return Some(Self::Relation),
            DataType::Custom(name, arguments) if arguments.is_empty() => own_name(name)?,
            _ => return None,
        };
        match name.to_ascii_lowercase().as_str() {
            "regclass" => Some(Self::Relation),
            "regnamespace" => Some(Self::Namespace),
            "regtype" => Some(Self::Type),
            "regproc" | "regprocedure" => Some(Self::Function),
            "regrole" => Some(Self::Role),
            _ => None,
        }
    }

    /// The value of what is cast.
    fn value(self, operand: Expr) -> Expr {
        match self {
            Self::Relation => call(RELATION_ID, vec![operand]),
            Self::Namespace => call(NAMESPACE_ID, vec![operand]),
            Self::Type => call(TYPE_ID, vec![operand]),
            Self::Function => call(FUNCTION_NAME, vec![operand]),
            Self::Role => call(ROLE_ID, vec![operand]),
        }
    }

    /// The name of a value.
    fn name(self, value: Expr) -> Expr {
        match self {
            Self::Relation => call(RELATION_NAME, vec![value]),
            Self::Namespace => call(NAMESPACE_NAME, vec![value]),
            Self::Type => call("format_type", vec![value, Expr::value(Value::Null)]),
            Self::Function => value,
            Self::Role => call("pg_get_userbyid", vec![value]),
        }
    }
}

/// A cast to one of the types, and what is cast.
fn cast_of(expression: &Expr) -> Option<(Kind, &Expr)> {
    let Expr::Cast { kind: CastKind::DoubleColon | CastKind::Cast, expr, data_type, .. } = expression else {
        return None;
    };
    Some((Kind::of(data_type)?, expr.as_ref()))
}

/// Shows the names of ids that a SELECT list casts.
pub(super) fn shown(items: &mut [SelectItem]) {
    for (place, item) in items.iter_mut().enumerate() {
        let Some(expression) = expression_of(item) else { continue };
        let of_column = column_name(expression);
        let of_column = of_column.rsplit('.').next().unwrap_or_default();
        let name = match cast_of(expression) {
            Some((kind, operand)) => kind.name(kind.value(operand.clone())),
            // A function's id keeps the column's name.
            None if is_id_of_function(expression) => expression.clone(),
            None => continue,
        };
        let alias = match item {
            SelectItem::ExprWithAlias { alias, .. } => alias.clone(),
            // Names inside a plan must differ; the rest is not shown.
            _ => Ident::with_quote('"', format!("{of_column}{HIDDEN}{place}")),
        };
        *item = SelectItem::ExprWithAlias { expr: name, alias };
    }
}

/// An expression in which ids and names meet, children first.
pub(super) fn rewritten(expression: &Expr) -> Option<Expr> {
    if let Expr::BinaryOp { left, op: op @ (BinaryOperator::Eq | BinaryOperator::NotEq), right } = expression
    {
        let compared = |left: &Expr, right: &Expr| {
            (is_of_functions(left) && is_number(right)).then(|| call(FUNCTION_ID, vec![left.clone()]))
        };
        let (new_left, new_right) = (compared(left, right), compared(right, left));
        if new_left.is_none() && new_right.is_none() {
            return None;
        }
        let side = |new: Option<Expr>, old: &Expr| Box::new(new.unwrap_or_else(|| old.clone()));
        return Some(Expr::BinaryOp {
            left: side(new_left, left),
            op: op.clone(),
            right: side(new_right, right),
        });
    }
    if let Expr::Function(function) = expression {
        return described(function);
    }
    let Expr::Cast { expr: inner, data_type, .. } = expression else { return None };
    if is_text(data_type)
        && let Some((kind, id)) = value_of(inner)
    {
        return Some(kind.name(id.clone()));
    }
    if is_oid(data_type) && (is_of_functions(inner) || is_call_of(inner, FUNCTION_NAME)) {
        return Some(call(FUNCTION_ID, vec![inner.as_ref().clone()]));
    }
    let (kind, operand) = cast_of(expression)?;
    Some(kind.value(operand.clone()))
}

/// `obj_description(oprcode, 'pg_proc')` takes an id.
fn described(function: &Function) -> Option<Expr> {
    if own_name(&function.name)? != "obj_description" {
        return None;
    }
    let mut function = function.clone();
    let FunctionArguments::List(list) = &mut function.args else { return None };
    let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(object))) = list.args.first_mut() else {
        return None;
    };
    if !is_of_functions(object) {
        return None;
    }
    *object = call(FUNCTION_ID, vec![object.clone()]);
    Some(Expr::Function(function))
}

/// A value that a cast has become.
fn value_of(expression: &Expr) -> Option<(Kind, &Expr)> {
    let kinds = [Kind::Relation, Kind::Namespace, Kind::Type, Kind::Role];
    let names = [RELATION_ID, NAMESPACE_ID, TYPE_ID, ROLE_ID];
    let mut known = kinds.into_iter().zip(names);
    known.find(|(_, name)| is_call_of(expression, name)).map(|(kind, _)| (kind, expression))
}

fn is_call_of(expression: &Expr, wanted: &str) -> bool {
    matches!(expression, Expr::Function(function) if function.name.to_string() == wanted)
}

/// Whether it is a column that holds the name of a function.
fn is_of_functions(expression: &Expr) -> bool {
    let ident = match expression {
        Expr::Identifier(ident) => Some(ident),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    };
    ident.is_some_and(|ident| OF_FUNCTIONS.contains(&ident.value.to_ascii_lowercase().as_str()))
}

/// Whether it is a number for sure: one that is written out, or a column `oid`.
fn is_number(expression: &Expr) -> bool {
    match expression {
        Expr::Value(ValueWithSpan { value: Value::Number(..), .. }) => true,
        Expr::Identifier(ident) => ident.value.eq_ignore_ascii_case("oid"),
        Expr::CompoundIdentifier(parts) => {
            parts.last().is_some_and(|ident| ident.value.eq_ignore_ascii_case("oid"))
        }
        _ => false,
    }
}

/// Whether it is the id of the function whose name a column holds.
fn is_id_of_function(expression: &Expr) -> bool {
    matches!(expression, Expr::Cast { expr, data_type, .. } if is_oid(data_type) && is_of_functions(expr))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Text | DataType::Varchar(_) | DataType::CharacterVarying(_) => true,
        DataType::Custom(name, _) => own_name(name).is_some_and(|name| name.eq_ignore_ascii_case("text")),
        _ => false,
    }
}

fn is_oid(data_type: &DataType) -> bool {
    match data_type {
        DataType::Custom(name, _) => own_name(name).is_some_and(|name| name.eq_ignore_ascii_case("oid")),
        _ => false,
    }
}
