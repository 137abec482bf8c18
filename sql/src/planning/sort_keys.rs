//! ORDER BY of jsonb and of intervals: by keys that are ordered as the values are, for their texts and parts are not. `json` has no order:
//! 42883.

use arrow::datatypes::{DataType, IntervalUnit};
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{ExprSchemable, LogicalPlan, SortExpr};

use crate::Error;
use crate::functions::scalar::interval_key;
use crate::functions::scalar::json::{SORT_KEY, json_type, named};
use crate::sqlstate::SqlState;

/// Makes keys of what is sorted by in a plan.
pub(super) fn sort_by_keys(plan: LogicalPlan) -> Result<LogicalPlan> {
    let sorted = plan.transform_up_with_subqueries(|plan| match plan {
        LogicalPlan::Sort(mut sort) => {
            by_keys(&mut sort.expr, sort.input.schema())?;
            Ok(Transformed::yes(LogicalPlan::Sort(sort)))
        }
        other => Ok(Transformed::no(other)),
    });
    Ok(sorted?.data)
}

/// Makes keys of documents among expressions that are sorted by.
pub(super) fn by_keys(order: &mut [SortExpr], schema: &DFSchema) -> Result<()> {
    for sorted in order {
        let Ok((_, field)) = sorted.expr.to_field(schema) else { continue };
        if matches!(field.data_type(), DataType::Interval(IntervalUnit::MonthDayNano)) {
            sorted.expr = interval_key(sorted.expr.clone());
            continue;
        }
        match json_type(&field) {
            None => {}
            Some("jsonb") => {
                if let Some(key) = named(SORT_KEY) {
                    sorted.expr = key.call(vec![sorted.expr.clone()]);
                }
            }
            Some(_) => {
                let message = "could not identify an ordering operator for type json";
                return Err(Error::new(SqlState::UndefinedFunction, message)
                    .with_hint("Use an explicit ordering operator or modify the query.")
                    .into());
            }
        }
    }
    Ok(())
}
