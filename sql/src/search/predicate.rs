//! A condition over one table's columns, compiled, and the rows of a part that it is true for.
//!
//! It keeps nothing (see [`super::kept`]). Invariant: a deleted row decides nothing, not even by an error.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, Volatility};
use datafusion::physical_expr::PhysicalExpr;
use muster_storage::{Part, TableDefinition};
use roaring::RoaringBitmap;

use crate::planning::is_bound;
use crate::{Error, Result, column};

/// Rows that are looked at in one go: what evaluating them takes is bounded, and they fill one container of a bitmap.
const STEP: usize = 1 << 16;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Predicate {
    physical: Arc<dyn PhysicalExpr>,
    /// The columns that it needs, as positions in the table.
    projection: Vec<usize>,
    /// Those columns.
    schema: SchemaRef,
    /// What its bitmaps are kept under; `None` where they are good for one statement alone.
    key: Option<Arc<Key>>,
}

/// What says that two predicates are the same: the expression, its constants folded, over the table as it is defined.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    definition: Arc<TableDefinition>,
    expression: Expr,
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.definition, &other.definition) && self.expression == other.expression
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.definition).hash(state);
        self.expression.hash(state);
    }
}

impl Predicate {
    /// `physical` is `expression` over `schema`, the table's columns at `projection`.
    pub(crate) fn new(
        physical: Arc<dyn PhysicalExpr>,
        projection: Vec<usize>,
        schema: SchemaRef,
        expression: Expr,
        definition: &Arc<TableDefinition>,
    ) -> Result<Self> {
        // A distance from a vector is asked for once.
        let vectors = schema.fields().iter().any(|field| column::is_vector(field));
        let lasting = !vectors && is_lasting(&expression)?;
        let key = lasting.then(|| Arc::new(Key { definition: definition.clone(), expression }));
        Ok(Self { physical, projection, schema, key })
    }

    /// What is evaluated.
    pub(crate) fn physical(&self) -> &Arc<dyn PhysicalExpr> {
        &self.physical
    }

    /// What it is known by in other statements; `None` where it is good for one alone.
    pub(crate) fn key(&self) -> Option<&Arc<Key>> {
        self.key.as_ref()
    }

    /// The rows of `part` that it is true for, and whether that holds in other snapshots, too. Deleted rows may be
    /// among them.
    pub(super) fn matches(&self, part: &Part) -> Result<(RoaringBitmap, bool)> {
        let rows = self.rows(part)?;
        let mut matching = RoaringBitmap::new();
        let mut lasting = true;
        for first in (0..rows.num_rows()).step_by(STEP) {
            let step = rows.slice(first, STEP.min(rows.num_rows() - first));
            let start = u32::try_from(first)
                .map_err(|_| Error::unsupported("a part of more than 4,294,967,295 rows"))?;
            match self.truth(&step) {
                Ok(truth) => matching |= positions(&truth, start),
                Err(error) if part.deleted().is_empty() => return Err(error),
                // It may be a deleted row that it cannot be evaluated for.
                Err(_) => {
                    lasting = false;
                    matching |= self.of_live_rows(part, &step, start)?;
                }
            }
        }
        Ok((matching, lasting))
    }

    fn rows(&self, part: &Part) -> Result<RecordBatch> {
        if self.projection.is_empty() {
            let options = RecordBatchOptions::new().with_row_count(Some(part.rows()));
            return Ok(RecordBatch::try_new_with_options(self.schema.clone(), Vec::new(), &options)?);
        }
        Ok(part.columns(&self.projection)?)
    }

    fn of_live_rows(&self, part: &Part, step: &RecordBatch, start: u32) -> Result<RoaringBitmap> {
        let live: Vec<u32> =
            (start..).take(step.num_rows()).filter(|position| !part.deleted().contains(*position)).collect();
        let mask: BooleanArray =
            (start..).take(step.num_rows()).map(|row| Some(!part.deleted().contains(row))).collect();
        let truth = self.truth(&filter_record_batch(step, &mask)?)?;
        let matching = positions(&truth, 0);
        Ok(matching.iter().filter_map(|place| live.get(usize::try_from(place).ok()?).copied()).collect())
    }

    /// Its value for each row.
    fn truth(&self, rows: &RecordBatch) -> Result<BooleanArray> {
        let truth = self.physical.evaluate(rows)?.into_array(rows.num_rows())?;
        let truth = arrow::compute::cast(&truth, &DataType::Boolean)?;
        Ok(truth.as_boolean().clone())
    }
}

/// The rows that are true, counted from `start`. NULL is not true.
fn positions(truth: &BooleanArray, start: u32) -> RoaringBitmap {
    let is_true = match truth.nulls() {
        None => truth.values().clone(),
        Some(nulls) => truth.values() & nulls.inner(),
    };
    // As bytes: a bit beyond the last row is none of ours.
    let bytes = is_true.sliced();
    let mut positions = RoaringBitmap::from_lsb0_bytes(start, bytes.as_slice());
    let end = u64::from(start) + truth.len() as u64;
    positions.remove_range(u32::try_from(end).unwrap_or(u32::MAX)..);
    positions
}

/// Whether an expression over a row has the same value in every statement.
fn is_lasting(expression: &Expr) -> Result<bool> {
    let mut lasting = true;
    expression.apply(|part| {
        lasting &= match part {
            Expr::ScalarFunction(call) => {
                call.func.signature().volatility == Volatility::Immutable && !is_bound(call)
            }
            Expr::ScalarSubquery(_)
            | Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::SetComparison(_)
            | Expr::Placeholder(_)
            | Expr::ScalarVariable(_, _)
            | Expr::OuterReferenceColumn(_, _) => false,
            _ => true,
        };
        Ok(if lasting { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(lasting)
}
