//! VALUES whose expressions wait. DataFusion evaluates VALUES while it plans them; so where one waits, the rows become
//! the union of a projection each, which is evaluated when the plan runs.

use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{EmptyRelation, ExprSchemable, LogicalPlan, Projection, Union, Values};

use super::expression_waits;

/// The plan without such VALUES.
///
/// # Errors
/// What DataFusion says of a plan that it cannot walk.
pub(crate) fn without_waiting_values(plan: LogicalPlan) -> Result<LogicalPlan> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= matches!(node, LogicalPlan::Values(values) if waits(values));
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if !found {
        return Ok(plan);
    }
    let rewritten = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Values(values) if waits(&values) => Ok(Transformed::yes(union(values)?)),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(rewritten.data)
}

fn waits(values: &Values) -> bool {
    values.values.iter().flatten().any(expression_waits)
}

fn union(values: Values) -> Result<LogicalPlan> {
    let Values { schema, values } = values;
    let nothing = DFSchema::empty();
    let row = LogicalPlan::EmptyRelation(EmptyRelation {
        produce_one_row: true,
        schema: Arc::new(nothing.clone()),
    });
    let row = Arc::new(row);
    let mut rows = Vec::with_capacity(values.len());
    for cells in values {
        let cells = cells.into_iter().zip(schema.fields()).map(|(cell, field)| {
            let cell = cell.cast_to(field.data_type(), &nothing)?;
            Ok(cell.alias(field.name()))
        });
        let cells = cells.collect::<Result<Vec<_>>>()?;
        let row = Projection::try_new_with_schema(cells, row.clone(), schema.clone())?;
        rows.push(Arc::new(LogicalPlan::Projection(row)));
    }
    match rows.as_slice() {
        [row] => Ok(row.as_ref().clone()),
        _ => Ok(LogicalPlan::Union(Union { inputs: rows, schema })),
    }
}
