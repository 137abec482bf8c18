//! The function at work.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float32Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use muster_embedders::Embedders;
use muster_storage::TableDefinition;

use super::{NAME, PARAMETERS};
use crate::Result;
use crate::functions::table::arguments::Parameter;
use crate::functions::table::call::{Produced, Running, TableFunction};
use crate::functions::table::given::Given;
use crate::functions::table::playbooks::{Gate, Playbook, Playbooks, Wanted};
use crate::functions::table::vector_search::{DEFAULT_K, texts_wait};
use crate::search::Counters;
use crate::session::StatementContext;

/// See the module.
#[derive(Debug)]
pub(super) struct PlaybookMatches {
    pub(super) table: Arc<TableDefinition>,
}

const TIME_ZONE: &str = "UTC";

impl TableFunction for PlaybookMatches {
    fn name(&self) -> &'static str {
        NAME
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn columns(&self) -> Vec<Field> {
        let time = DataType::Timestamp(TimeUnit::Microsecond, Some(TIME_ZONE.into()));
        vec![
            Field::new("playbook_id", DataType::Int64, false),
            Field::new("query_text", DataType::Utf8, false),
            Field::new("role", DataType::Utf8, true),
            Field::new("answer_id", DataType::Utf8, false),
            Field::new("answer_corpus", DataType::Utf8, false),
            Field::new("score", DataType::Float64, false),
            Field::new("query_distance", DataType::Float32, false),
            Field::new("boost", DataType::Float32, false),
            Field::new("helpful", DataType::Int64, true),
            Field::new("harmful", DataType::Int64, true),
            Field::new("recorded_at", time, true),
        ]
    }

    fn tables(&self) -> Option<Vec<Arc<TableDefinition>>> {
        Some(vec![self.table.clone()])
    }

    fn searches(&self) -> bool {
        true
    }

    fn may_wait(&self, _: &[Option<Arc<dyn PhysicalExpr>>], _: &Schema, embedders: &Embedders) -> bool {
        texts_wait(&self.table, embedders)
    }

    fn begin(
        &self,
        statement: Arc<StatementContext>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Result<Box<dyn Running>> {
        let playbooks = Playbooks::open(statement)?;
        Ok(Box::new(Matching { playbooks, counters: Counters::new(metrics, partition) }))
    }
}

struct Matching {
    playbooks: Playbooks,
    counters: Counters,
}

impl Running for Matching {
    fn run(&mut self, arguments: &[Option<ArrayRef>], rows: usize) -> Result<Produced> {
        let (mut owners, mut found): (Vec<u32>, Vec<Playbook>) = (Vec::new(), Vec::new());
        for (row, owner) in (0..rows).zip(0_u32..) {
            let given = Given { function: NAME, parameters: PARAMETERS, arguments, row };
            let Some(query) = given.text(0)? else { continue };
            let tenant = given.text(2)?.unwrap_or_default();
            let gate = Gate { tenant, role: given.text(1)?, corpora: Vec::new() };
            let k = Some(given.count(3)?.unwrap_or(DEFAULT_K));
            let wanted = Wanted { query: &query, gate: &gate, k };
            found.extend(self.playbooks.matching(&wanted, &self.counters)?);
            owners.resize(found.len(), owner);
        }
        Ok(Produced { owners, columns: arrays(&found) })
    }
}

fn arrays(found: &[Playbook]) -> Vec<ArrayRef> {
    let text = |of: fn(&Playbook) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(found.iter().map(of)))
    };
    let float = |of: fn(&Playbook) -> f64| -> ArrayRef {
        Arc::new(Float32Array::from_iter_values(found.iter().map(|one| of(one) as f32)))
    };
    let number = |of: fn(&Playbook) -> Option<i64>| -> ArrayRef {
        Arc::new(found.iter().map(of).collect::<Int64Array>())
    };
    let times = found.iter().map(|one| one.recorded_at).collect::<TimestampMicrosecondArray>();
    vec![
        number(|one| Some(one.id)),
        text(|one| &one.query_text),
        Arc::new(found.iter().map(|one| one.role.as_deref()).collect::<StringArray>()),
        text(|one| &one.answer_id),
        text(|one| &one.answer_corpus),
        Arc::new(Float64Array::from_iter_values(found.iter().map(|one| one.score))),
        float(|one| one.query_distance),
        float(Playbook::boost),
        number(|one| one.helpful),
        number(|one| one.harmful),
        Arc::new(times.with_timezone(TIME_ZONE)),
    ]
}
