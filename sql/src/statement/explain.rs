//! `EXPLAIN [ANALYZE]`: the physical plan, a line a row, in PostgreSQL's one column.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use datafusion::physical_plan::{ExecutionPlan, collect};

use crate::Result;

/// The column that EXPLAIN gives.
pub(crate) fn columns() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("QUERY PLAN", DataType::Utf8, true)]))
}

/// The plan's lines. With `analyze` the plan runs first, and the lines tell what it did.
///
/// # Errors
/// What running the plan gives.
pub(crate) async fn rows(
    plan: Arc<dyn ExecutionPlan>,
    analyze: bool,
    task: Arc<TaskContext>,
) -> Result<RecordBatch> {
    let text = if analyze {
        collect(plan.clone(), task).await?;
        DisplayableExecutionPlan::with_metrics(plan.as_ref()).indent(false).to_string()
    } else {
        DisplayableExecutionPlan::new(plan.as_ref()).indent(false).to_string()
    };
    let lines: Vec<&str> = text.lines().collect();
    Ok(RecordBatch::try_new(columns(), vec![Arc::new(StringArray::from(lines))])?)
}
