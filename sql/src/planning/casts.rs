//! Casts that Arrow's do not do: to `vector`, `json`, `uuid`, `char(n)`, arrays; and texts written out as intervals.
//! They become calls of functions, or texts that DataFusion reads.

use datafusion::sql::sqlparser::ast::{
    self, CastKind, CharacterLength, DataType as SqlType, Expr, ObjectNamePart, Value,
};

use super::call;
use crate::functions::scalar::{PLAIN_ARRAY, to_vector_name};
use crate::types::interval::{self, Unit};
use crate::types::vector::VectorKind;
use crate::{Error, Result};

/// A cast in other words; `None` where it is one of Arrow's.
///
/// # Errors
/// 22007 and 22015 for a text that is no interval.
pub(super) fn cast(expression: &Expr, data_type: &SqlType) -> Result<Option<Expr>> {
    if let SqlType::Interval { .. } = data_type {
        return written_interval(expression, Unit::SECOND, None);
    }
    Ok(cast_by_function(expression, data_type))
}

fn cast_by_function(expression: &Expr, data_type: &SqlType) -> Option<Expr> {
    match data_type {
        // Literals and parameters are no vectors yet.
        SqlType::Array(_) if !matches!(expression, Expr::Value(_)) => {
            let array = Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(expression.clone()),
                data_type: data_type.clone(),
                array: false,
                format: None,
            };
            Some(call(PLAIN_ARRAY, vec![array]))
        }
        // A number that is written out becomes the float nearest to it, not to the numeric's digits.
        SqlType::Real | SqlType::Float4 | SqlType::Float8 | SqlType::Double(_) | SqlType::DoublePrecision => {
            let Expr::Value(value) = expression else { return None };
            let Value::Number(digits, _) = &value.value else { return None };
            Some(Expr::Cast {
                kind: CastKind::Cast,
                expr: Box::new(Expr::value(Value::SingleQuotedString(digits.clone()))),
                data_type: data_type.clone(),
                array: false,
                format: None,
            })
        }
        SqlType::JSON => Some(call("muster_to_json", vec![expression.clone()])),
        SqlType::JSONB => Some(call("muster_to_jsonb", vec![expression.clone()])),
        SqlType::Bytea => Some(call("muster_to_bytea", vec![expression.clone()])),
        // An explicit cast cuts; an assignment refuses.
        SqlType::Varchar(Some(CharacterLength::IntegerLength { length, .. }))
        | SqlType::CharacterVarying(Some(CharacterLength::IntegerLength { length, .. })) => {
            Some(first(*length, expression))
        }
        // Blanks at the end of a char(n) mean nothing: they are left out, as in a column of that type.
        SqlType::Char(length) | SqlType::Character(length) => {
            let length = match length {
                Some(CharacterLength::IntegerLength { length, .. }) => *length,
                _ => 1,
            };
            Some(call("rtrim", vec![first(length, expression)]))
        }
        SqlType::Uuid => Some(call("muster_to_uuid", vec![expression.clone()])),
        SqlType::Custom(name, modifiers) => {
            let last = name.0.last().and_then(ObjectNamePart::as_ident)?;
            let kind = VectorKind::named(&last.value)?;
            let mut arguments = vec![expression.clone()];
            match modifiers.as_slice() {
                [] => {}
                // Modifiers that are no number are refused where types are planned.
                [modifier] if modifier.parse::<i32>().is_ok() => {
                    arguments.push(Expr::value(Value::Number(modifier.clone(), false)));
                }
                _ => return None,
            }
            Some(call(to_vector_name(kind), arguments))
        }
        _ => None,
    }
}

/// The first characters of an expression's text.
fn first(length: u64, expression: &Expr) -> Expr {
    let text = Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expression.clone()),
        data_type: SqlType::Text,
        array: false,
        format: None,
    };
    call("left", vec![text, Expr::value(Value::Number(length.to_string(), false))])
}

/// `INTERVAL '...' YEAR TO MONTH` and its kin: what a number without a unit counts, and what is too short to be kept.
pub(super) fn interval_literal(written: &ast::Interval) -> Result<Option<Expr>> {
    let field = written.last_field.as_ref().or(written.leading_field.as_ref());
    let Some(field) = field else { return written_interval(&written.value, Unit::SECOND, None) };
    let named = field.to_string();
    let unit = Unit::named(&named).ok_or_else(|| Error::unsupported(format!("INTERVAL '...' {named}")))?;
    written_interval(&written.value, unit, Some(unit))
}

/// A text that is written out as an interval, in the words that DataFusion reads.
fn written_interval(expression: &Expr, last: Unit, down_to: Option<Unit>) -> Result<Option<Expr>> {
    let Expr::Value(value) = expression else { return Ok(None) };
    let Value::SingleQuotedString(text) = &value.value else { return Ok(None) };
    let mut parts = interval::parse(text, last)?;
    if let Some(unit) = down_to {
        parts = parts.down_to(unit);
    }
    let plain = parts.plain();
    // Rewritten already.
    if &plain == text {
        return Ok(None);
    }
    Ok(Some(Expr::Interval(ast::Interval {
        value: Box::new(Expr::value(Value::SingleQuotedString(plain))),
        leading_field: None,
        leading_precision: None,
        last_field: None,
        fractional_seconds_precision: None,
    })))
}
