//! Arithmetic of dates as PostgreSQL has it, before DataFusion coerces types: a date and an interval make a timestamp, a
//! date and a time one, too.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::optimizer::AnalyzerRule;

use super::each_expression::each_expression;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Dates;

impl AnalyzerRule for Dates {
    fn name(&self) -> &str {
        "dates"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        each_expression(plan, date_arithmetic)
    }
}

/// The same for one expression over `schema`.
pub(crate) fn date_arithmetic(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expression.transform_up(|expression| {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expression else {
            return Ok(Transformed::no(expression));
        };
        if !matches!(op, Operator::Plus | Operator::Minus) {
            return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr::new(left, op, right))));
        }
        let (of_left, of_right) = (kind(&left, schema), kind(&right, schema));
        let timestamp = |date: Box<Expr>| {
            let data_type = DataType::Timestamp(TimeUnit::Microsecond, None);
            Box::new(Expr::Cast(Cast::new(date, data_type)))
        };
        let interval = |time: Box<Expr>, of: Kind| match of {
            Kind::Time => {
                let data_type = DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano);
                Box::new(Expr::Cast(Cast::new(time, data_type)))
            }
            _ => time,
        };
        let (left, right) = match (of_left, of_right) {
            (Kind::Date, Kind::Interval) => (timestamp(left), right),
            (Kind::Interval, Kind::Date) if op == Operator::Plus => (left, timestamp(right)),
            (Kind::Date, Kind::Time) => (timestamp(left), interval(right, Kind::Time)),
            (Kind::Time, Kind::Date) if op == Operator::Plus => {
                (interval(left, Kind::Time), timestamp(right))
            }
            _ => return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr::new(left, op, right)))),
        };
        Ok(Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(left, op, right))))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Date,
    Time,
    Interval,
    Other,
}

/// What an operand is. It does not walk down a chain of operators: sums of dates have become timestamps.
fn kind(operand: &Expr, schema: &DFSchema) -> Kind {
    match operand {
        Expr::BinaryExpr(BinaryExpr { left, right, .. })
            if matches!(left.as_ref(), Expr::BinaryExpr(_))
                || matches!(right.as_ref(), Expr::BinaryExpr(_)) =>
        {
            Kind::Other
        }
        other => match other.get_type(schema) {
            Ok(DataType::Date32) => Kind::Date,
            Ok(DataType::Time64(_)) => Kind::Time,
            Ok(DataType::Interval(_)) => Kind::Interval,
            _ => Kind::Other,
        },
    }
}
