//! What stands on the right of `->` and `->>`: the functions behind them want to know at once whether it is a key or a place, and take
//! places as bigint. So parameters there are texts, unless the client says that they are numbers, and casts to the smaller
//! integers are cast on.

use std::ops::ControlFlow;

use arrow::datatypes::FieldRef;
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType as SqlType, Expr, Statement, Value, ValueWithSpan,
};

use super::parameters::number;
use crate::parse::walk::visit_expressions_mut;

/// Casts it to what it is.
pub(super) fn type_keys(statement: &mut Statement, declared: &[Option<FieldRef>]) {
    let _: ControlFlow<()> = visit_expressions_mut(statement, &mut |expression| {
        if let Expr::BinaryOp { op: BinaryOperator::Arrow | BinaryOperator::LongArrow, right, .. } =
            expression
            && let Some(data_type) = wanted(right, declared)
        {
            let expr = Box::new(right.as_ref().clone());
            **right = Expr::Cast { kind: CastKind::DoubleColon, expr, data_type, array: false, format: None };
        }
        ControlFlow::Continue(())
    });
}

/// The type that it is to be cast to; `None` where it says its type itself.
fn wanted(key: &Expr, declared: &[Option<FieldRef>]) -> Option<SqlType> {
    match key {
        Expr::Value(ValueWithSpan { value: Value::Placeholder(id), .. }) => {
            let place = number(id).ok().and_then(|number| number.checked_sub(1));
            let declared = place.and_then(|place| declared.get(place)?.as_ref());
            let is_number = declared.is_some_and(|field| field.data_type().is_integer());
            Some(if is_number { SqlType::BigInt(None) } else { SqlType::Text })
        }
        Expr::Cast {
            data_type:
                SqlType::SmallInt(_) | SqlType::Int2(_) | SqlType::Int(_) | SqlType::Integer(_) | SqlType::Int4(_),
            ..
        } => Some(SqlType::BigInt(None)),
        Expr::Nested(inner) => wanted(inner, declared),
        _ => None,
    }
}
