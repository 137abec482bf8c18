//! The function at work: which two baselines each row of arguments means, and how they differ.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Float64Builder, Int64Array, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};
use datafusion::physical_plan::metrics::{Count, ExecutionPlanMetricsSet, MetricBuilder};
use muster_engine::audit::{Drift, drift};
use muster_storage::TableDefinition;

use super::baselines::{Baselines, Metrics};
use super::{NAME, PARAMETERS, columns};
use crate::audit::TABLE;
use crate::functions::table::arguments::Parameter;
use crate::functions::table::call::{Produced, Running, TableFunction};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::types::type_name;
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
        let argument = |place: usize| arguments.get(place).and_then(Option::as_ref);
        let seqs = integers("seq", argument(0))?;
        let against = integers("against", argument(1))?;
        let tolerances = numbers("tolerance", argument(2))?;
        let given = |array: &Option<Int64Array>, row: usize| {
            array.as_ref().filter(|array| array.is_valid(row)).map(|array| array.value(row))
        };
        let mut comparisons = Vec::new();
        let mut wanted = BTreeSet::new();
        for row in 0..rows {
            let tolerance = tolerances.as_ref().filter(|array| array.is_valid(row));
            let tolerance = tolerance.map_or(Ok(TOLERANCE), |array| checked(array.value(row)))?;
            let baseline = given(&against, row);
            wanted.extend(baseline);
            let current = match given(&seqs, row) {
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

/// # Errors
/// 22023 for a share that no change can be compared with.
fn checked(tolerance: f64) -> Result<f64> {
    if tolerance >= 0.0 {
        return Ok(tolerance);
    }
    let message = format!("tolerance must be 0 or more, not {tolerance}");
    Err(Error::new(SqlState::InvalidParameterValue, message))
}

fn integers(name: &str, array: Option<&ArrayRef>) -> Result<Option<Int64Array>> {
    let is_right = |data_type: &DataType| data_type.is_integer();
    let array = converted(name, array, "bigint", is_right, &DataType::Int64)?;
    Ok(array.and_then(|array| array.as_primitive_opt::<Int64Type>().cloned()))
}

fn numbers(name: &str, array: Option<&ArrayRef>) -> Result<Option<Float64Array>> {
    let array = converted(name, array, "double precision", DataType::is_numeric, &DataType::Float64)?;
    Ok(array.and_then(|array| array.as_primitive_opt::<Float64Type>().cloned()))
}

/// An argument in its parameter's type; `None` where it is not given.
///
/// # Errors
/// 42804 for another type, 22P02 for a text that is no such value.
fn converted(
    name: &str,
    array: Option<&ArrayRef>,
    expected: &str,
    is_right: impl Fn(&DataType) -> bool,
    to: &DataType,
) -> Result<Option<ArrayRef>> {
    let Some(array) = array else { return Ok(None) };
    match array.data_type() {
        DataType::Null => return Ok(None),
        // A quoted number is an untyped literal, which PostgreSQL reads as the place asks.
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {}
        other if is_right(other) => {}
        other => {
            let found = type_name(&Field::new("", other.clone(), true));
            let message = format!("argument {name} of {NAME} must be {expected}, not {found}");
            return Err(Error::new(SqlState::DatatypeMismatch, message));
        }
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    Ok(Some(cast_with_options(array, to, &options)?))
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
