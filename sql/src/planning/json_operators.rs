//! Operators of json and jsonb, planned as calls of functions: `a -> 'b'` is `jsonb_object_field(a, 'b')`, `a @> b` is
//! `jsonb_contains(a, b)`, `a = b` is `jsonb_eq(a, b)`.
//!
//! A text as a statement writes it, and a parameter without a type, are what the operator wants beside JSON. JSON is told by
//! its field's mark: what has lost it on the way (a text of a subquery) is read as jsonb by operators that nothing but JSON has.
//!
//! Whole rows are planned here, too: [`super::whole_rows`] writes them as an operator, for only operators are shown the columns around them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, RawFieldAccessExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, GetFieldAccess, Operator as PlannedOperator};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use super::operators::{ambiguous, undefined};
use super::whole_rows;
use crate::functions::scalar::json::{json_type, named};
use crate::functions::scalar::{to_array, to_json};
use crate::{Error, column};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct JsonOperators;

impl ExprPlanner for JsonOperators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if whole_rows::is_one(&expr.op) {
            return Ok(PlannerResult::Planned(whole_rows::planned(&expr, schema)?));
        }
        let Some(operator) = Operator::of(&expr.op) else { return Ok(PlannerResult::Original(expr)) };
        let (left, right) = match operator {
            Operator::Read(_) | Operator::Keys(_) | Operator::DeletePath | Operator::Unsupported => {
                (side(&expr.left, schema, true)?, side(&expr.right, schema, true)?)
            }
            _ => {
                let left = side(&expr.left, schema, false)?;
                let right = side(&expr.right, schema, left.json().is_some())?;
                (left, right)
            }
        };
        let Some(function) = operator.function(&left, &right, &expr, schema)? else {
            return Ok(PlannerResult::Original(expr));
        };
        Ok(PlannerResult::Planned(call(
            &function.name,
            expr.left,
            expr.right,
            function.left,
            function.right,
        )?))
    }

    fn plan_field_access(
        &self,
        expr: RawFieldAccessExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawFieldAccessExpr>> {
        if side(&expr.expr, schema, false)? != Side::Jsonb {
            return Ok(PlannerResult::Original(expr));
        }
        let RawFieldAccessExpr { field_access, expr } = expr;
        let (name, right) = match field_access {
            GetFieldAccess::NamedStructField { name } => ("jsonb_object_field", Expr::Literal(name, None)),
            GetFieldAccess::ListIndex { key } => match side(&key, schema, true)? {
                Side::Integer => ("jsonb_array_element", *key),
                _ => ("jsonb_object_field", *key),
            },
            GetFieldAccess::ListRange { .. } => {
                return Err(Error::new(
                    crate::sqlstate::SqlState::DatatypeMismatch,
                    "jsonb subscript does not support slices",
                )
                .into());
            }
        };
        Ok(PlannerResult::Planned(call(name, expr, right, Wanted::Json("jsonb"), Wanted::Text)?))
    }
}

/// What an operator is.
#[derive(Clone, Copy)]
enum Operator {
    Read(Read),
    /// `@>` and `<@`
    Contains(&'static str),
    /// `?`, `?|` and `?&`
    Keys(&'static str),
    Compare(&'static str),
    Concatenate,
    Delete,
    DeletePath,
    Unsupported,
}

/// How a part is read.
#[derive(Clone, Copy)]
struct Read {
    /// By a path.
    path: bool,
    /// As a text.
    text: bool,
}

/// What an operand whose type is not told becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Json(&'static str),
    Text,
    Texts,
}

struct Function {
    name: String,
    left: Wanted,
    right: Wanted,
}

impl Operator {
    fn of(operator: &BinaryOperator) -> Option<Self> {
        let read = |path, text| Self::Read(Read { path, text });
        Some(match operator {
            BinaryOperator::Arrow => read(false, false),
            BinaryOperator::LongArrow => read(false, true),
            BinaryOperator::HashArrow => read(true, false),
            BinaryOperator::HashLongArrow => read(true, true),
            BinaryOperator::AtArrow => Self::Contains("jsonb_contains"),
            BinaryOperator::ArrowAt => Self::Contains("jsonb_contained"),
            BinaryOperator::Question => Self::Keys("jsonb_exists"),
            BinaryOperator::QuestionPipe => Self::Keys("jsonb_exists_any"),
            BinaryOperator::QuestionAnd => Self::Keys("jsonb_exists_all"),
            BinaryOperator::HashMinus => Self::DeletePath,
            BinaryOperator::StringConcat => Self::Concatenate,
            BinaryOperator::Minus => Self::Delete,
            BinaryOperator::Eq => Self::Compare("jsonb_eq"),
            BinaryOperator::NotEq => Self::Compare("jsonb_ne"),
            BinaryOperator::Lt => Self::Compare("jsonb_lt"),
            BinaryOperator::LtEq => Self::Compare("jsonb_le"),
            BinaryOperator::Gt => Self::Compare("jsonb_gt"),
            BinaryOperator::GtEq => Self::Compare("jsonb_ge"),
            BinaryOperator::AtQuestion | BinaryOperator::AtAt => Self::Unsupported,
            _ => return None,
        })
    }

    /// The function behind it, over these operands; `None` where it is another type's operator.
    fn function(
        self,
        left: &Side,
        right: &Side,
        expr: &RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<Option<Function>> {
        let undefined = || -> datafusion::error::DataFusionError { undefined(expr, schema).into() };
        let of = |name: &str, left, right| Ok(Some(Function { name: name.to_string(), left, right }));
        let jsonb = Wanted::Json("jsonb");
        match self {
            Self::Unsupported => Err(Error::unsupported(format!("operator {}", expr.op)).into()),
            Self::Read(Read { path, text }) => {
                let json = match left {
                    Side::Json => "json",
                    Side::Jsonb => "jsonb",
                    // Its mark was lost.
                    Side::Text => "jsonb",
                    Side::Unknown | Side::Parameter | Side::Null => return Err(ambiguous(&expr.op).into()),
                    _ => return Err(undefined()),
                };
                let as_text = if text { "_text" } else { "" };
                match right {
                    Side::Texts | Side::Unknown | Side::Parameter | Side::Null if path => {
                        let text = if text { "_text" } else { "" };
                        of(&format!("muster_{json}{text}_at"), Wanted::Json(json), Wanted::Texts)
                    }
                    Side::Text | Side::Unknown | Side::Parameter | Side::Null if !path => {
                        of(&format!("{json}_object_field{as_text}"), Wanted::Json(json), Wanted::Text)
                    }
                    Side::Integer if !path => {
                        of(&format!("{json}_array_element{as_text}"), Wanted::Json(json), Wanted::Text)
                    }
                    _ => Err(undefined()),
                }
            }
            Self::Contains(name) => match (left, right) {
                (Side::Jsonb, Side::Jsonb | Side::Unknown | Side::Parameter | Side::Null)
                | (Side::Unknown | Side::Parameter | Side::Null, Side::Jsonb) => of(name, jsonb, jsonb),
                _ if left.json().or(right.json()).is_some() => Err(undefined()),
                _ => Ok(None),
            },
            Self::Keys(name) => match (left, right) {
                (Side::Jsonb | Side::Text, Side::Unknown | Side::Parameter | Side::Null) => {
                    of(name, jsonb, if name == "jsonb_exists" { Wanted::Text } else { Wanted::Texts })
                }
                (Side::Jsonb | Side::Text, Side::Text) if name == "jsonb_exists" => {
                    of(name, jsonb, Wanted::Text)
                }
                (Side::Jsonb | Side::Text, Side::Texts) if name != "jsonb_exists" => {
                    of(name, jsonb, Wanted::Texts)
                }
                _ => Err(undefined()),
            },
            Self::Compare(name) => match (left, right) {
                (Side::Jsonb, Side::Jsonb | Side::Unknown | Side::Parameter | Side::Null)
                | (Side::Unknown | Side::Parameter | Side::Null, Side::Jsonb) => of(name, jsonb, jsonb),
                _ if left.json().or(right.json()).is_some() => Err(undefined()),
                _ => Ok(None),
            },
            Self::Concatenate => match (left, right) {
                (Side::Jsonb, Side::Jsonb | Side::Unknown | Side::Parameter | Side::Null)
                | (Side::Unknown | Side::Parameter | Side::Null, Side::Jsonb) => {
                    of("jsonb_concat", jsonb, jsonb)
                }
                (Side::Jsonb, Side::Text | Side::Computed) | (Side::Text | Side::Computed, Side::Jsonb) => {
                    Ok(None)
                }
                (Side::Jsonb, _) | (_, Side::Jsonb) => Err(undefined()),
                _ => Ok(None),
            },
            Self::Delete => match (left, right) {
                (Side::Jsonb, Side::Text | Side::Unknown | Side::Parameter | Side::Null) => {
                    of("jsonb_delete", jsonb, Wanted::Text)
                }
                (Side::Jsonb, Side::Integer) => of("muster_jsonb_delete_element", jsonb, Wanted::Text),
                (Side::Jsonb, Side::Texts) => of("muster_jsonb_delete_keys", jsonb, Wanted::Texts),
                _ if left.json().or(right.json()).is_some() => Err(undefined()),
                _ => Ok(None),
            },
            Self::DeletePath => match (left, right) {
                (Side::Jsonb | Side::Text, Side::Texts | Side::Unknown | Side::Parameter | Side::Null) => {
                    of("jsonb_delete_path", jsonb, Wanted::Texts)
                }
                _ => Err(undefined()),
            },
        }
    }
}

fn call(function: &str, left: Expr, right: Expr, left_as: Wanted, right_as: Wanted) -> Result<Expr> {
    let found = named(function).ok_or_else(|| Error::internal(format!("there is no function {function}")))?;
    Ok(found.call(vec![typed(left, left_as), typed(right, right_as)]))
}

/// An operand whose type is not told, as what is wanted.
fn typed(expression: Expr, wanted: Wanted) -> Expr {
    match (expression, wanted) {
        (literal @ Expr::Literal(ScalarValue::Utf8(Some(_)), _), Wanted::Json(json)) => {
            to_json(literal, json)
        }
        (literal @ Expr::Literal(ScalarValue::Utf8(Some(_)), _), Wanted::Texts) => {
            let read = to_array(literal.clone(), &texts());
            read.unwrap_or(literal)
        }
        (Expr::Placeholder(Placeholder { id, field: None }), wanted) => {
            let field = match wanted {
                Wanted::Json(json) => column::json_field("", json, true),
                Wanted::Text => Field::new("", DataType::Utf8, true),
                Wanted::Texts => Field::new("", texts(), true),
            };
            Expr::Placeholder(Placeholder { id, field: Some(Arc::new(field)) })
        }
        (other, _) => other,
    }
}

fn texts() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true)))
}

/// What stands on a side of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Json,
    Jsonb,
    /// A text as the statement writes it.
    Unknown,
    Parameter,
    Null,
    Text,
    Integer,
    Texts,
    /// An operator's result, which was not looked at: that would walk down a chain of operators once for each of them. It
    /// is no JSON, for what gives JSON is a function by now.
    Computed,
    Other,
}

impl Side {
    fn json(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("json"),
            Self::Jsonb => Some("jsonb"),
            _ => None,
        }
    }
}

/// What an expression is; with `deep` an operator's result, too.
fn side(expression: &Expr, schema: &DFSchema, deep: bool) -> Result<Side> {
    match expression {
        Expr::Literal(ScalarValue::Utf8(Some(_)), _) => return Ok(Side::Unknown),
        Expr::Literal(value, _) if value.data_type().is_null() => return Ok(Side::Null),
        Expr::Placeholder(Placeholder { field: None, .. }) => return Ok(Side::Parameter),
        Expr::BinaryExpr(operation) if operation.op == PlannedOperator::StringConcat => {
            return Ok(Side::Text);
        }
        Expr::BinaryExpr(_) if !deep => return Ok(Side::Computed),
        // DataFusion loses the mark of what these give.
        Expr::Case(case) => {
            let branches = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
            if let Some(json) = common(branches.chain(case.else_expr.as_deref()), schema)? {
                return Ok(json);
            }
        }
        Expr::ScalarFunction(call) if ["coalesce", "nullif"].contains(&call.func.name()) => {
            if let Some(json) = common(call.args.iter(), schema)? {
                return Ok(json);
            }
        }
        _ => {}
    }
    let (_, field) = expression.to_field(schema)?;
    Ok(match (json_type(&field), field.data_type()) {
        (Some("json"), _) => Side::Json,
        (Some(_), _) => Side::Jsonb,
        (None, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => Side::Text,
        (None, data_type) if data_type.is_integer() => Side::Integer,
        (None, DataType::Null) => Side::Null,
        (None, DataType::List(item)) => match item.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Side::Texts,
            _ => Side::Other,
        },
        _ => Side::Other,
    })
}

/// The JSON that all values are of which the types are told.
fn common<'a>(values: impl Iterator<Item = &'a Expr>, schema: &DFSchema) -> Result<Option<Side>> {
    let mut found = None;
    for value in values {
        match side(value, schema, false)? {
            Side::Unknown | Side::Parameter | Side::Null => {}
            json @ (Side::Json | Side::Jsonb) if found.is_none_or(|found| found == json) => {
                found = Some(json)
            }
            _ => return Ok(None),
        }
    }
    Ok(found)
}

/// The one column of this name, where there is one.
pub(super) fn column_named(name: &str, schema: &DFSchema) -> Option<Expr> {
    let found = schema.qualified_fields_with_unqualified_name(name);
    found.first().map(|(qualifier, field)| Expr::Column(Column::new(qualifier.cloned(), field.name())))
}
