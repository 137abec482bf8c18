//! Assignment: how a value of one type becomes a value of a column.
//!
//! It follows PostgreSQL's assignment casts, with text (an untyped literal) going to any type.

use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, cast, lit};

use crate::functions::scalar;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::types::vector::VectorKind;
use crate::{Error, Result, column};

/// `expression`, which gives `from`, as a value for `target`.
///
/// # Errors
/// 42804 where PostgreSQL has no such assignment.
pub(crate) fn assign(expression: Expr, from: &Field, target: &Field, table: &str) -> Result<Expr> {
    if from.data_type() == &DataType::Null {
        // As an untyped literal is: what reads texts gives each column's values one type, NULL's too.
        let text = Field::new(from.name(), DataType::Utf8, true);
        return assign(cast(expression, DataType::Utf8), &text, target, table);
    }
    let text = matches!(from.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    if let (Some(kind), Some(dimensions)) = (VectorKind::of(target), column::dimensions(target)) {
        let list = matches!(
            from.data_type(),
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _)
        );
        if !list && !text {
            return Err(mismatch(from, target, table));
        }
        if from.data_type() == target.data_type() {
            return Ok(expression);
        }
        let vector = scalar::to_vector(kind, expression, i64::try_from(dimensions).ok());
        // Columns of older tables name the items of their lists otherwise.
        let size = i32::try_from(dimensions).unwrap_or_default();
        let same = column::vector_field(kind, "", size, true).data_type() == target.data_type();
        return Ok(if same { vector } else { cast(vector, target.data_type().clone()) });
    }
    if column::is_json(target) {
        let sql_type = type_name(target);
        return if text {
            Ok(scalar::to_json(expression, &sql_type))
        } else {
            Err(mismatch(from, target, table))
        };
    }
    if column::is_uuid(target) {
        return match from.data_type() {
            DataType::FixedSizeBinary(16) => Ok(scalar::to_uuid(expression)),
            _ if text => Ok(scalar::to_uuid(expression)),
            _ => Err(mismatch(from, target, table)),
        };
    }
    if VectorKind::of(from).is_some() && target.data_type() == &DataType::Utf8 {
        let text = Field::new(from.name(), DataType::Utf8, true);
        return assign(scalar::vector_text(expression), &text, target, table);
    }
    if !assignable(from.data_type(), target.data_type(), text) {
        return Err(mismatch(from, target, table));
    }
    if text && matches!(target.data_type(), DataType::List(_)) {
        let array = scalar::array_of_text(expression, target.data_type());
        return array.ok_or_else(|| mismatch(from, target, table));
    }
    if let Some(uuids) = scalar::to_uuids(expression.clone(), target.data_type()) {
        return Ok(uuids);
    }
    if text && target.data_type() == &DataType::Binary {
        return Ok(scalar::to_bytea(expression));
    }
    if text && let Some(read) = scalar::read_date(expression.clone(), target.data_type()) {
        return Ok(read);
    }
    if text && matches!(target.data_type(), DataType::Interval(_)) {
        return Ok(cast(scalar::to_interval(expression), target.data_type().clone()));
    }
    if let (Expr::Literal(number @ ScalarValue::Decimal128(Some(_), _, _), _), true) =
        (&expression, target.data_type().is_floating())
    {
        // Arrow divides digits by a power of ten; the text is read to the nearest float.
        return Ok(cast(lit(number.to_string()), target.data_type().clone()));
    }
    let value = if from.data_type() == target.data_type() {
        expression
    } else {
        cast(rounded(expression, from.data_type(), target.data_type()), target.data_type().clone())
    };
    Ok(match (column::max_characters(target), column::char_length(target)) {
        (Some(most), _) => scalar::check_length(value, most),
        (None, Some(length)) => scalar::check_char(value, length),
        (None, None) => value,
    })
}

/// A number that becomes an integer is rounded, where Arrow would cut it.
fn rounded(expression: Expr, from: &DataType, target: &DataType) -> Expr {
    if !target.is_integer() || !(from.is_floating() || from.is_decimal()) {
        return expression;
    }
    super::arithmetic::nearest(expression, from)
}

fn assignable(from: &DataType, target: &DataType, text: bool) -> bool {
    let number = |t: &DataType| t.is_numeric();
    let string = |t: &DataType| matches!(t, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
    match (from, target) {
        (from, target) if from == target => true,
        _ if text => true,
        (from, target) if number(from) && number(target) => true,
        // PostgreSQL writes every type into text columns on assignment, except arrays' elements of their own.
        (from, target) if string(target) => !matches!(from, DataType::Struct(_) | DataType::Map(_, _)),
        (
            DataType::Timestamp(_, _) | DataType::Date32 | DataType::Date64,
            DataType::Timestamp(_, _) | DataType::Date32,
        ) => true,
        (DataType::Timestamp(_, _), DataType::Time64(_))
        | (DataType::Time64(_) | DataType::Time32(_), DataType::Time64(_)) => true,
        (DataType::Interval(_) | DataType::Duration(_), DataType::Interval(_)) => true,
        (DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_), DataType::Binary) => {
            true
        }
        (
            DataType::List(from) | DataType::LargeList(from) | DataType::FixedSizeList(from, _),
            DataType::List(target),
        ) => {
            from.data_type() == &DataType::Null
                || assignable(from.data_type(), target.data_type(), string(from.data_type()))
        }
        _ => false,
    }
}

fn mismatch(from: &Field, target: &Field, table: &str) -> Error {
    Error::new(
        SqlState::DatatypeMismatch,
        format!(
            "column \"{}\" is of type {} but expression is of type {}",
            target.name(),
            type_name(target),
            type_name(from)
        ),
    )
    .with_column(table, target.name())
    .with_hint("You will need to rewrite or cast the expression.")
}
