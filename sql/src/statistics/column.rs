//! Counts one column, batch by batch.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Field};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::ScalarValue;
use datafusion::common::hash_utils::{HLL_RANDOM_STATE, create_hashes};
use datafusion::functions_aggregate::min_max::{MaxAccumulator, MinAccumulator};
use datafusion::logical_expr::Accumulator;

use super::ColumnStatistics;
use super::distinct::Distinct;
use crate::Result;

/// Longer values are cut, as they would fill the catalog.
pub(super) const LONGEST_BOUND: usize = 200;

/// A share of rows above which distinct values are counted for each row: they grow with the table, as PostgreSQL has it.
const GROWS: f64 = 0.1;

/// Distinct values that are all of the values but for the estimate's error.
const ALL: f64 = 0.96;

/// What was counted so far.
pub(super) struct Counted {
    rows: u64,
    nulls: u64,
    bytes: u64,
    /// Whether values are compared: vectors and lists are not.
    comparable: bool,
    distinct: Distinct,
    hashes: Vec<u64>,
    least: Option<MinAccumulator>,
    greatest: Option<MaxAccumulator>,
}

impl Counted {
    pub(super) fn new(field: &Field) -> Self {
        let comparable = !field.data_type().is_nested() && field.data_type() != &DataType::Null;
        let binary = matches!(
            field.data_type(),
            DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_)
        );
        let ordered = comparable && !binary;
        Self {
            rows: 0,
            nulls: 0,
            bytes: 0,
            comparable,
            distinct: Distinct::default(),
            hashes: Vec::new(),
            least: ordered.then(|| MinAccumulator::try_new(field.data_type()).ok()).flatten(),
            greatest: ordered.then(|| MaxAccumulator::try_new(field.data_type()).ok()).flatten(),
        }
    }

    /// Adds rows.
    pub(super) fn add(&mut self, column: &ArrayRef) -> Result<()> {
        self.rows += column.len() as u64;
        self.nulls += column.logical_null_count() as u64;
        self.bytes += column.to_data().get_slice_memory_size()? as u64;
        if !self.comparable || column.logical_null_count() == column.len() {
            return Ok(());
        }
        self.hashes.clear();
        self.hashes.resize(column.len(), 0);
        create_hashes([column], &HLL_RANDOM_STATE, &mut self.hashes)?;
        let nulls = column.logical_nulls();
        for (row, hash) in self.hashes.iter().enumerate() {
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                self.distinct.add(*hash);
            }
        }
        let column = std::slice::from_ref(column);
        if let (Some(least), Some(greatest)) = (&mut self.least, &mut self.greatest) {
            least.update_batch(column)?;
            greatest.update_batch(column)?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self, name: &str) -> Result<ColumnStatistics> {
        let (rows, values) = (self.rows as f64, (self.rows - self.nulls) as f64);
        let mut distinct = self.distinct.estimate().round().min(values);
        if distinct >= ALL * values {
            distinct = values;
        }
        if distinct > GROWS * rows {
            distinct /= -rows;
        }
        let least = self.least.as_mut().map(MinAccumulator::evaluate).transpose()?;
        let greatest = self.greatest.as_mut().map(MaxAccumulator::evaluate).transpose()?;
        let bounds = least.as_ref().and_then(text).zip(greatest.as_ref().and_then(text));
        Ok(ColumnStatistics {
            name: name.to_string(),
            null_share: if rows > 0.0 { (self.nulls as f64 / rows) as f32 } else { 0.0 },
            width: if values > 0.0 { (self.bytes as f64 / rows).round() as i32 } else { 0 },
            distinct: if self.comparable { rounded(distinct) } else { 0.0 },
            bounds,
        })
    }
}

/// Counts are whole; shares, which are negative, are not.
fn rounded(distinct: f64) -> f32 {
    if distinct > 0.0 { distinct.round() as f32 } else { distinct as f32 }
}

/// A value as text, cut where it is long.
fn text(value: &ScalarValue) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let options = FormatOptions::default()
        .with_timestamp_format(Some("%Y-%m-%d %H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%d %H:%M:%S%.f%#z"));
    let array = value.to_array().ok()?;
    let text = ArrayFormatter::try_new(&array, &options).ok()?.value(0).try_to_string().ok()?;
    Some(text.chars().take(LONGEST_BOUND).collect())
}
