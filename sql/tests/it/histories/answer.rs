//! What a session answers to an action, by the model or by the database.

use futures::TryStreamExt;
use muster::arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use muster::arrow::datatypes::Int64Type;

/// The values of a row, by column.
pub(super) type Row = Vec<Option<i64>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// So many rows were changed; 0 for what changes no rows.
    Done(u64),
    /// Rows, sorted: no statement of a history orders them.
    Rows(Vec<Row>),
    /// It was refused with this SQLSTATE.
    Refused(String),
}

impl Answer {
    pub(super) fn refused(state: &str) -> Self {
        Answer::Refused(state.to_string())
    }

    pub(super) fn rows(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_unstable();
        Answer::Rows(rows)
    }

    /// The rows of a query, whose columns are all bigint.
    pub(super) fn of(batches: &[RecordBatch]) -> Self {
        let mut rows = Vec::new();
        for batch in batches {
            let columns: Vec<_> =
                batch.columns().iter().map(|column| column.as_primitive::<Int64Type>()).collect();
            for row in 0..batch.num_rows() {
                let value = |column: &&Int64Array| column.is_valid(row).then(|| column.value(row));
                rows.push(columns.iter().map(value).collect());
            }
        }
        Answer::rows(rows)
    }

    /// The same of rows that are on their way.
    pub(super) async fn collect(rows: muster::Rows) -> muster::Result<Self> {
        let batches: Vec<_> = rows.batches.try_collect().await?;
        Ok(Answer::of(&batches))
    }
}
