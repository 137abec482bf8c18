//! The table `audit_baselines` as it is compared: which baselines there are, and the metrics of some, looked up by key.
//!
//! Of the rows `seq` and `metrics` are read, never `raw`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, Schema};
use muster_storage::{KeyConstraint, Snapshot, Table};

use crate::audit::{TABLE, numbers};
use crate::catalog::{By, Columns, Lookup, rows_of};
use crate::functions::table::built_in::BuiltIn;
use crate::sqlstate::SqlState;
use crate::types::json::{self, Json};
use crate::write::nullable_schema;
use crate::{Error, Result, column};

const LOG: BuiltIn =
    BuiltIn { name: TABLE, hint: "Baselines are compared as the table public.audit_baselines has them." };

const SEQ: &str = "seq";
const METRICS: &str = "metrics";

/// A baseline's metrics: their names and numbers.
pub(super) type Metrics = Vec<(String, f64)>;

/// See the module.
pub(super) struct Baselines {
    table: Arc<Table>,
    /// Position of `seq`.
    seq: usize,
    key: KeyConstraint,
    key_schema: Arc<Schema>,
    /// `seq` and `metrics`.
    columns: Columns,
}

impl Baselines {
    /// # Errors
    /// 42P01, 42809, 42703, 42804 or 55000 where the table is not what is needed.
    pub(super) fn open(snapshot: &Snapshot) -> Result<Self> {
        let table = LOG.open(snapshot)?;
        let definition = table.definition();
        let seq = LOG.position(definition, SEQ, |found| found == &DataType::Int64, "bigint")?;
        let metrics = LOG.field_position(definition, METRICS, column::is_json, "jsonb")?;
        let key = definition.keys.iter().find(|key| key.columns == [seq]).cloned().ok_or_else(|| {
            let message =
                format!("table \"{TABLE}\" has no primary key or unique constraint on \"{SEQ}\" alone");
            LOG.hinted(Error::new(SqlState::ObjectNotInPrerequisiteState, message))
        })?;
        let key_schema = nullable_schema(&definition.schema.project(&[seq])?);
        let schema = nullable_schema(&definition.schema.project(&[seq, metrics])?);
        let columns = Columns::new(definition, vec![seq, metrics], schema);
        Ok(Self { table: table.clone(), seq, key, key_schema, columns })
    }

    /// The numbers of all baselines, the oldest first.
    pub(super) fn seqs(&self) -> Result<Vec<i64>> {
        let mut seqs = Vec::new();
        for part in self.table.parts() {
            let rows = part.columns(&[self.seq])?;
            let column = rows.columns().first().and_then(|column| column.as_primitive_opt::<Int64Type>());
            let column = column.ok_or_else(changed)?;
            let live = (0_u32..).zip(column).filter(|(row, _)| !part.deleted().contains(*row));
            seqs.extend(live.filter_map(|(_, seq)| seq));
        }
        seqs.sort_unstable();
        Ok(seqs)
    }

    /// The metrics of these baselines; one that is not there is left out.
    ///
    /// # Errors
    /// 22003 for a metric that is larger than any double precision.
    pub(super) fn find(&self, seqs: &BTreeSet<i64>) -> Result<HashMap<i64, Metrics>> {
        let mut baselines = HashMap::with_capacity(seqs.len());
        if seqs.is_empty() {
            return Ok(baselines);
        }
        let seqs: ArrayRef = Arc::new(Int64Array::from_iter_values(seqs.iter().copied()));
        let keys = RecordBatch::try_new(self.key_schema.clone(), vec![seqs])?;
        let found = Lookup::at(By::Key(self.key.clone()), keys).find(&self.table)?;
        let found = found.ok_or_else(|| Error::internal("a key is gone while its table is the same"))?;
        for rows in rows_of(&self.table, found, self.columns.clone()) {
            let rows = rows?;
            let [seqs, metrics] = rows.columns() else { return Err(changed()) };
            let seqs = seqs.as_primitive_opt::<Int64Type>().ok_or_else(changed)?;
            let metrics = metrics.as_string_opt::<i32>().ok_or_else(changed)?;
            for (seq, metrics) in seqs.iter().zip(metrics) {
                let Some(seq) = seq else { continue };
                // Where NOT NULL was dropped: a baseline without metrics has none.
                baselines.insert(seq, metrics.map_or(Ok(Vec::new()), |metrics| read(seq, metrics))?);
            }
        }
        Ok(baselines)
    }
}

fn read(seq: i64, metrics: &str) -> Result<Metrics> {
    let number = |(metric, value): (String, Json)| {
        let Json::Number(digits) = value else { return Err(Error::internal("a number is no number")) };
        match digits.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok((metric, number)),
            _ => {
                let message = format!(
                    "metric \"{metric}\" of baseline {seq} is out of range for type double precision"
                );
                Err(Error::new(SqlState::NumericValueOutOfRange, message))
            }
        }
    };
    numbers(&json::parse(metrics)?).into_iter().map(number).collect()
}

fn changed() -> Error {
    Error::internal("a baseline's columns are not what they were")
}
