//! Calls of aggregates as PostgreSQL means them: what a name stands for over these arguments, of which type the arguments are taken, in
//! which order.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{AggregateFunction, Cast};
use datafusion::logical_expr::{AggregateUDF, Expr, ExprSchemable};

use crate::functions::aggregate;
use crate::types::vector::VectorKind;

/// `avg` of integers and numerics has sixteen digits behind the point, and `sum` of bigint is a numeric, as in PostgreSQL.
pub(super) fn as_numeric(function: &str, arguments: &mut [Expr], schema: &DFSchema) {
    /// DataFusion's average adds four digits to the scale, and to the precision.
    const AVERAGED: DataType = DataType::Decimal128(34, 12);
    let Some(argument) = arguments.first_mut() else { return };
    let wanted = match (function, argument.get_type(schema)) {
        ("avg", Ok(given)) if given.is_integer() => AVERAGED,
        ("avg", Ok(DataType::Decimal128(precision, scale)))
            if (0..12).contains(&scale) && i16::from(precision) - i16::from(scale) <= 22 =>
        {
            AVERAGED
        }
        ("sum", Ok(DataType::Int64 | DataType::UInt64)) => DataType::Decimal128(20, 0),
        _ => return,
    };
    let taken = std::mem::replace(argument, Expr::Literal(ScalarValue::Null, None));
    *argument = Expr::Cast(Cast::new(Box::new(taken), wanted));
}

/// `DISTINCT` values come in their order, for PostgreSQL sorts them to find them.
pub(super) fn in_order(call: &mut AggregateFunction) {
    let gathers = ["array_agg", "string_agg"].contains(&call.func.name());
    if !gathers || !call.params.distinct || !call.params.order_by.is_empty() {
        return;
    }
    if let Some(value) = call.params.args.first() {
        call.params.order_by = vec![value.clone().sort(true, false)];
    }
}

/// The fields that the arguments give.
pub(super) fn fields(expressions: &[Expr], schema: &DFSchema) -> Result<Vec<FieldRef>> {
    expressions.iter().map(|expression| Ok(expression.to_field(schema)?.1)).collect()
}

/// The aggregate that a name means over these arguments, where it is another than the one that stands there.
pub(super) fn chosen(function: &Arc<AggregateUDF>, fields: &[FieldRef]) -> Result<Option<Arc<AggregateUDF>>> {
    let vectors = fields.iter().any(|field| VectorKind::of(field).is_some());
    if vectors && aggregate::is_of_no_vectors(function) {
        return Err(aggregate::undefined(function.name(), fields).into());
    }
    Ok(aggregate::chosen(function, fields))
}
