//! The session's `TimeZone` where a statement means it: texts that are moments and name no zone, the day and the hour of a
//! moment, days that are added to one.
//!
//! Moments are kept and computed with in UTC. This runs on a plan whose types are known and says with AT TIME ZONE what the
//! session's clocks show; a plan is then for sessions with that zone alone. In UTC there is nothing to say.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::{Cast, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, lit};

use super::each_expression::each_expression;
use crate::functions::scalar;

/// Functions of a moment, at this place among their arguments, that look at a clock; and whether they give a moment again.
const OF_CLOCKS: &[(&str, usize, bool)] =
    &[("date_trunc", 1, true), ("date_part", 1, false), ("muster_extract", 1, false), ("to_char", 0, false)];

/// The plan for a session whose zone is `zone`.
pub(crate) fn in_zone(plan: LogicalPlan, zone: &str) -> Result<LogicalPlan> {
    if is_utc(zone) {
        return Ok(plan);
    }
    each_expression(plan, |expression, schema| {
        expression.transform_up(|expression| said(expression, schema, zone))
    })
}

fn is_utc(zone: &str) -> bool {
    zone == "UTC"
}

fn said(expression: Expr, schema: &DFSchema, zone: &str) -> Result<Transformed<Expr>> {
    let is_moment =
        |expression: &Expr| matches!(expression.get_type(schema), Ok(DataType::Timestamp(_, Some(_))));
    Ok(match expression {
        Expr::Cast(Cast { expr, field }) => {
            let from = expr.get_type(schema)?;
            match (&from, field.data_type()) {
                (DataType::Utf8, DataType::Timestamp(_, Some(_))) => Transformed::yes(Expr::Cast(Cast {
                    expr: Box::new(scalar::zoned_text(*expr, zone)),
                    field,
                })),
                (
                    DataType::Timestamp(_, Some(_)),
                    DataType::Timestamp(_, None) | DataType::Date32 | DataType::Time64(_),
                ) => Transformed::yes(Expr::Cast(Cast { expr: Box::new(clock(*expr, zone)), field })),
                (DataType::Timestamp(_, None) | DataType::Date32, DataType::Timestamp(_, Some(_))) => {
                    let at = Expr::Cast(Cast::new(expr, DataType::Timestamp(TimeUnit::Microsecond, None)));
                    Transformed::yes(Expr::Cast(Cast { expr: Box::new(clock(at, zone)), field }))
                }
                _ => Transformed::no(Expr::Cast(Cast { expr, field })),
            }
        }
        Expr::ScalarFunction(call) if scalar::is_to_text(&call) => {
            Transformed::yes(scalar::text_in_zone(call, zone))
        }
        Expr::ScalarFunction(mut call) => {
            let known = OF_CLOCKS.iter().find(|(name, _, _)| *name == call.func.name());
            let Some(&(_, place, gives_moment)) = known else {
                return Ok(Transformed::no(Expr::ScalarFunction(call)));
            };
            let epoch = counts_seconds(&call);
            let Some(at) = call.args.get_mut(place).filter(|at| !epoch && is_moment(at)) else {
                return Ok(Transformed::no(Expr::ScalarFunction(call)));
            };
            *at = clock(std::mem::replace(at, lit(false)), zone);
            let said = Expr::ScalarFunction(call);
            Transformed::yes(if gives_moment { clock(said, zone) } else { said })
        }
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::Plus | Operator::Minus), right }) => {
            let is_interval = |side: &Expr| matches!(side.get_type(schema), Ok(DataType::Interval(_)));
            let sum = |left, right| Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)));
            if is_moment(&left) && is_interval(&right) {
                Transformed::yes(clock(sum(clock(*left, zone), *right), zone))
            } else if op == Operator::Plus && is_interval(&left) && is_moment(&right) {
                Transformed::yes(clock(sum(*left, clock(*right, zone)), zone))
            } else {
                Transformed::no(sum(*left, *right))
            }
        }
        other => Transformed::no(other),
    })
}

/// Whether a field is asked for that is the same in all zones.
fn counts_seconds(call: &ScalarFunction) -> bool {
    let Some(Expr::Literal(field, _)) = call.args.first() else { return false };
    field.try_as_str().flatten().is_some_and(|field| field.eq_ignore_ascii_case("epoch"))
}

/// AT TIME ZONE: a moment as a clock shows it, or the other way around.
fn clock(expression: Expr, zone: &str) -> Expr {
    scalar::timezone(zone, expression)
}
