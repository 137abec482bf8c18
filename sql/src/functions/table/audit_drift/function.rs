//! The function at work: which two baselines each row of arguments means, and how they differ.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, StringArray};
use arrow::datatypes::Field;
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use muster_engine::audit::{Drift, drift};
use muster_storage::TableDefinition;

use super::baselines::{Baselines, Metrics};
use super::{NAME, PARAMETERS, columns};
use crate::audit::TABLE;
use crate::functions::table::arguments::Parameter;
use crate::functions::table::call::{Produced, Running, TableFunction};
use crate::functions::table::given::Given;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The tolerance unless one is given, as in the documentation.
const TOLERANCE: f64 = 0.2;

/// See the module.
#[derive(Debug)]
pub(super) struct AuditDrift {
    /// The log's table, if there was one when the statement was planned.
    pub(super) table: Option<Arc<TableDefinition>>,
}

impl TableFunction for AuditDrift {
    fn name(&self) -> &'static str {
        NAME
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn columns(&self) -> Vec<Field> {
        columns()
    }

    fn tables(&self) -> Option<Vec<Arc<TableDefinition>>> {
        self.table.clone().map(|table| vec![table])
    }

    fn begin(
        &self,
        statement: Arc<StatementContext>,
        metrics: &ExecutionPlanMetricsSet,
        partition: usize,
    ) -> Result<Box<dyn Running>> {
        if let Some(rights) = statement.rights()? {
            rights.need_read(TABLE)?;
        }
        let baselines = Baselines::open(&statement.snapshot)?;
        let read = MetricBuilder::new(metrics).counter("baselines_read", partition);
        Ok(Box::new(Comparing { baselines, order: None, read }))
    }
}

struct Comparing {
    baselines: Baselines,
    /// All numbers in their order, once a row of arguments needs them.
    order: Option<Vec<i64>>,
    /// How many baselines were looked up.
    read: Count,
}

/// What a row of arguments asks for.
struct Comparison {
    row: u32,
    current: i64,
    baseline: Option<i64>,
    tolerance: f64,
}

impl Comparing {
    fn order(&mut self) -> Result<&[i64]> {
        let order = match self.order.take() {
            Some(order) => order,
            None => self.baselines.seqs()?,
        };
        Ok(self.order.insert(order))
    }

    fn newest(&mut self) -> Result<Option<i64>> {
        Ok(self.order()?.last().copied())
    }

    /// The greatest number below `seq`.
    fn before(&mut self, seq: i64) -> Result<Option<i64>> {
        let order = self.order()?;
        let below = order.partition_point(|other| *other < seq);
        Ok(below.checked_sub(1).and_then(|last| order.get(last)).copied())
    }
}

impl Running for Comparing {
    fn run(&mut self, arguments: &[Option<ArrayRef>], rows: usize) -> Result<Produced> {
        let mut comparisons = Vec::new();
        let mut wanted = BTreeSet::new();
        for row in 0..rows {
            let given = Given { function: NAME, parameters: PARAMETERS, arguments, row };
            let tolerance = given.float(2)?.unwrap_or(TOLERANCE);
            if tolerance.is_nan() || tolerance < 0.0 {
                return Err(given.invalid(format!("tolerance must be 0 or more, not {tolerance}")));
            }
            let baseline = given.integer(1)?;
            wanted.extend(baseline);
            let current = match given.integer(0)? {
                Some(seq) => seq,
                None => match self.newest()? {
                    Some(newest) => newest,
                    None => continue,
                },
            };
            let baseline = match baseline {
                Some(baseline) => Some(baseline),
                None => self.before(current)?,
            };
            wanted.insert(current);
            wanted.extend(baseline);
            let row = u32::try_from(row).map_err(|_| Error::internal("a chunk has too many rows"))?;
            comparisons.push(Comparison { row, current, baseline, tolerance });
        }
        let found = self.baselines.find(&wanted)?;
        self.read.add(found.len());
        if let Some(missing) = wanted.iter().find(|seq| !found.contains_key(seq)) {
            let message = format!("there is no audit baseline with seq {missing}");
            let error = Error::new(SqlState::InvalidParameterValue, message);
            return Err(error.with_hint(format!("SELECT seq FROM {TABLE} lists them.")));
        }
        let mut owners: Vec<u32> = Vec::new();
        let mut drifts: Vec<Drift> = Vec::new();
        for comparison in comparisons {
            let of = |seq: Option<i64>| pairs(seq.and_then(|seq| found.get(&seq)));
            drifts.extend(drift(of(comparison.baseline), of(Some(comparison.current)), comparison.tolerance));
            owners.resize(drifts.len(), comparison.row);
        }
        Ok(Produced { owners, columns: arrays(&drifts) })
    }
}

/// Metrics as the engine takes them; none where there is no baseline.
fn pairs(metrics: Option<&Metrics>) -> impl Iterator<Item = (&str, f64)> {
    metrics.into_iter().flatten().map(|(name, value)| (name.as_str(), *value))
}

fn arrays(drifts: &[Drift]) -> Vec<ArrayRef> {
    let numbers = |of: fn(&Drift) -> Option<f64>| -> ArrayRef {
        let mut numbers = Float64Builder::with_capacity(drifts.len());
        drifts.iter().for_each(|drift| numbers.append_option(of(drift)));
        Arc::new(numbers.finish())
    };
    vec![
        Arc::new(StringArray::from_iter_values(drifts.iter().map(|drift| &drift.metric))),
        numbers(|drift| drift.baseline),
        numbers(|drift| drift.current),
        numbers(|drift| drift.delta),
        numbers(|drift| drift.change),
        Arc::new(StringArray::from_iter_values(drifts.iter().map(|drift| drift.status.name()))),
    ]
}
