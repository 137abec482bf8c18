//! `FROM function(...) WITH ORDINALITY`: the function with one more column, which counts its rows from 1 on for each row of
//! arguments.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result as PlanResult;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use muster_embedders::Embedders;
use muster_storage::TableDefinition;

use super::arguments::Parameter;
use super::call::{Call, Produced, Running, TableFunction};
use crate::Result;
use crate::session::StatementContext;

/// The call with the column.
pub(super) fn numbered(call: &Call) -> PlanResult<Call> {
    let function = Numbered { function: call.function().clone() };
    Call::try_new(Arc::new(function), call.arguments().to_vec())
}

#[derive(Debug)]
struct Numbered {
    function: Arc<dyn TableFunction>,
}

impl TableFunction for Numbered {
    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn parameters(&self) -> &'static [Parameter] {
        self.function.parameters()
    }

    fn shown(&self) -> String {
        self.function.shown()
    }

    fn columns(&self) -> Vec<Field> {
        let mut columns = self.function.columns();
        columns.push(Field::new("ordinality", DataType::Int64, false));
        columns
    }

    fn tables(&self) -> Option<Vec<Arc<TableDefinition>>> {
        self.function.tables()
    }

    fn searches(&self) -> bool {
        self.function.searches()
    }

    fn may_wait(
        &self,
        arguments: &[Option<Arc<dyn PhysicalExpr>>],
        input: &Schema,
        embedders: &Embedders,
    ) -> bool {
        self.function.may_wait(arguments, input, embedders)
    }

    fn begin(
        &self,
        statement: Arc<StatementContext>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Result<Box<dyn Running>> {
        Ok(Box::new(Counting { running: self.function.begin(statement, metrics, partition)? }))
    }
}

struct Counting {
    running: Box<dyn Running>,
}

impl Running for Counting {
    fn run(&mut self, arguments: &[Option<ArrayRef>], rows: usize) -> Result<Produced> {
        let mut produced = self.running.run(arguments, rows)?;
        let mut last = None;
        let mut number = 0_i64;
        let numbers = produced.owners.iter().map(|owner| {
            number = if last == Some(*owner) { number + 1 } else { 1 };
            last = Some(*owner);
            number
        });
        let numbers: Int64Array = numbers.collect();
        produced.columns.push(Arc::new(numbers));
        Ok(produced)
    }
}
