//! Texts as a statement writes them, of no type yet: how one is read beside a value of another type.

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::functions::string::rtrim;
use datafusion::logical_expr::{Expr, ExprSchemable};

use crate::column;
use crate::functions::scalar;
use crate::types::vector::VectorKind;

/// Whether a type is one of dates or times.
pub(super) fn is_date(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(_, _))
}

pub(super) fn vector(text: Expr) -> Expr {
    scalar::to_vector(VectorKind::Vector, text, None)
}

pub(super) fn half_vector(text: Expr) -> Expr {
    scalar::to_vector(VectorKind::Half, text, None)
}

pub(super) fn kind(expression: &Expr, schema: &DFSchema) -> Option<VectorKind> {
    let (_, field) = expression.to_field(schema).ok()?;
    VectorKind::of(&field)
}

/// Makes another value of a text.
pub(super) enum Reader {
    By(fn(Expr) -> Expr),
    /// An array of this type.
    Array(DataType),
    /// A date or time of this type.
    Date(DataType),
}

/// How a text beside `expression` is read, if not as a text.
pub(super) fn reader(expression: &Expr, schema: &DFSchema) -> Option<Reader> {
    if let Expr::Column(column) = expression
        && schema
            .qualified_field_from_column(column)
            .is_ok_and(|(_, field)| column::char_length(field).is_some())
    {
        // Blanks at the end mean nothing beside a char(n), which keeps none.
        return Some(Reader::By(|text| rtrim().call(vec![text])));
    }
    match expression.get_type(schema).ok()? {
        DataType::FixedSizeBinary(16) => Some(Reader::By(scalar::to_uuid)),
        DataType::Binary => Some(Reader::By(scalar::to_bytea)),
        date if is_date(&date) => Some(Reader::Date(date)),
        DataType::Interval(_) => Some(Reader::By(scalar::to_interval)),
        array @ (DataType::FixedSizeList(_, _) | DataType::List(_)) => match kind(expression, schema) {
            Some(VectorKind::Vector) => Some(Reader::By(vector)),
            Some(VectorKind::Half) => Some(Reader::By(half_vector)),
            None => Some(Reader::Array(array)),
        },
        _ => None,
    }
}

pub(super) fn read(expression: Expr, reader: Option<&Reader>) -> Expr {
    match reader {
        Some(reader) if is_text(&expression) => match reader {
            Reader::By(read) => read(expression),
            Reader::Array(array) => scalar::array_of_text(expression.clone(), array).unwrap_or(expression),
            Reader::Date(date) => scalar::read_date(expression.clone(), date).unwrap_or(expression),
        },
        _ => expression,
    }
}

/// Whether an expression is a text as a statement writes it, or a parameter that is one.
pub(super) fn is_text(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(ScalarValue::Utf8(Some(_)), _) => true,
        Expr::Placeholder(placeholder) => {
            placeholder.field.as_ref().is_some_and(|field| field.data_type() == &DataType::Utf8)
        }
        _ => false,
    }
}
