//! `EXPLAIN [ANALYZE]`: the physical plan, a line a row, in PostgreSQL's one column. A statement that changes rows is the
//! first line, `Insert on t`, and the plan of its rows stands under it.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;

use crate::catalog::relation::shown;
use crate::session::StatementContext;
use crate::{Result, embedding, topk};

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
    let plan = topk::shown_with(plan, &StatementContext::of(&task)?.settings)?;
    if analyze {
        embedding::collect(plan.clone(), task).await?;
    }
    batch(lines(&plan, analyze))
}

/// The lines of a statement that changes rows of a table; `changed` are the rows that it has changed, after it has run.
pub(crate) fn of_write(
    command: &str,
    table: &str,
    plan: &Arc<dyn ExecutionPlan>,
    changed: Option<u64>,
) -> Result<RecordBatch> {
    let mut verb = command.to_lowercase();
    if let Some(first) = verb.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let rows = changed.map(|rows| format!(", metrics=[changed_rows={rows}]")).unwrap_or_default();
    let under = lines(plan, changed.is_some()).into_iter().map(|line| format!("  {line}"));
    batch(std::iter::once(format!("{verb} on {}{rows}", shown(table))).chain(under).collect())
}

/// A plan, with what it did when it has run.
fn lines(plan: &Arc<dyn ExecutionPlan>, ran: bool) -> Vec<String> {
    let shown = match ran {
        true => DisplayableExecutionPlan::with_metrics(plan.as_ref()),
        false => DisplayableExecutionPlan::new(plan.as_ref()),
    };
    // The names of our own columns begin with a character that no text for a client has.
    shown.indent(false).to_string().replace('\0', "").lines().map(str::to_string).collect()
}

fn batch(lines: Vec<String>) -> Result<RecordBatch> {
    Ok(RecordBatch::try_new(columns(), vec![Arc::new(StringArray::from(lines))])?)
}
