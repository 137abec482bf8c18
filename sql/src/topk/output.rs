//! The rows of a chunk of searches, fetched batch by batch: the input's columns, the table's, the distance.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{cast, take_arrays};
use datafusion::error::{DataFusionError, Result};

use super::work::{Place, Work};
use crate::Error;
use crate::search::SearchedTable;

/// Rows of one batch.
const BATCH_ROWS: usize = 8192;

/// See the module.
pub(super) struct Output {
    work: Arc<Work>,
    table: Arc<SearchedTable>,
    input: RecordBatch,
    /// A row of the input, and one found for it, if one was.
    rows: Vec<(u32, Option<Place>)>,
    given: usize,
}

impl Output {
    pub(super) fn new(
        work: Arc<Work>,
        table: Arc<SearchedTable>,
        input: RecordBatch,
        places: Vec<Vec<Place>>,
    ) -> Self {
        let outer = work.outer;
        let rows = (0_u32..).zip(places).flat_map(|(row, places)| {
            let unmatched = (outer && places.is_empty()).then_some((row, None));
            places.into_iter().map(move |place| (row, Some(place))).chain(unmatched)
        });
        let rows = rows.collect();
        Self { work, table, input, rows, given: 0 }
    }

    fn batch(&self, rows: &[(u32, Option<Place>)]) -> Result<RecordBatch> {
        let of_input = UInt32Array::from_iter_values(rows.iter().map(|(row, _)| *row));
        let mut columns = take_arrays(self.input.columns(), &of_input, None)?;
        let found = rows.iter().filter_map(|(_, place)| place.map(|(part, row, _)| (part, row)));
        let of_table =
            self.table.rows(found, &self.work.wanted, &self.work.rows).map_err(DataFusionError::from)?;
        if of_table.num_rows() == rows.len() {
            columns.extend(of_table.columns().iter().cloned());
        } else {
            let mut next = 0_u32;
            let places = rows.iter().map(|(_, place)| {
                place.map(|_| {
                    next += 1;
                    next - 1
                })
            });
            let places: UInt32Array = places.collect();
            columns.extend(take_arrays(of_table.columns(), &places, None)?);
        }
        let distances: Float64Array =
            rows.iter().map(|(_, place)| place.and_then(|(_, _, distance)| distance)).collect();
        let distances: ArrayRef = Arc::new(distances);
        let field = self.work.schema.fields().get(columns.len());
        let data_type =
            field.ok_or_else(|| DataFusionError::Internal("there is no distance".into()))?.data_type();
        columns.push(cast(&distances, data_type)?);
        if self.work.outer {
            columns.push(Arc::new(
                rows.iter().map(|(_, place)| Some(place.is_some())).collect::<BooleanArray>(),
            ));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(self.work.schema.clone(), columns, &options)
            .map_err(Error::from)?)
    }
}

impl Iterator for Output {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.rows.len().min(self.given + BATCH_ROWS);
        let rows = self.rows.get(self.given..end).filter(|rows| !rows.is_empty())?;
        let batch = self.batch(rows);
        self.given = end;
        Some(batch)
    }
}
