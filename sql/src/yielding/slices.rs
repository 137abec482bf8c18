//! The rows of an input, a few at a time: as many as what reads them is done with in a moment. When it has worked for long, it
//! waits once, so that its task gives the thread back.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use futures::{Stream, StreamExt};

use super::LONG;

/// Rows of the first slice.
const FIRST: usize = 256;
/// Rows of a slice at most: no more than a batch has.
const MOST: usize = 8192;

/// The stream in slices.
pub(super) fn sliced(input: SendableRecordBatchStream) -> SendableRecordBatchStream {
    Box::pin(SliceStream { input, left: None, rows: FIRST, given: None, since: Instant::now() })
}

struct SliceStream {
    input: SendableRecordBatchStream,
    /// What is left of a batch.
    left: Option<RecordBatch>,
    /// Rows of the next slice.
    rows: usize,
    /// When the last slice was given, while its reader works on it.
    given: Option<Instant>,
    /// Since when the reader has the thread.
    since: Instant,
}

impl SliceStream {
    /// Sees how long the last slice took.
    fn adapt(&mut self) {
        let Some(given) = self.given.take() else { return };
        let took = given.elapsed();
        if took > LONG / 2 {
            self.rows = (self.rows / 2).max(1);
        } else if took < LONG / 8 {
            self.rows = (self.rows * 2).min(MOST);
        }
    }

    fn slice(&mut self, batch: RecordBatch) -> RecordBatch {
        self.given = Some(Instant::now());
        if batch.num_rows() <= self.rows {
            return batch;
        }
        self.left = Some(batch.slice(self.rows, batch.num_rows() - self.rows));
        batch.slice(0, self.rows)
    }
}

impl Stream for SliceStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.adapt();
        if self.since.elapsed() > LONG {
            self.since = Instant::now();
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(left) = self.left.take() {
            return Poll::Ready(Some(Ok(self.slice(left))));
        }
        match self.input.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(batch))) => Poll::Ready(Some(Ok(self.slice(batch)))),
            Poll::Pending => {
                self.since = Instant::now();
                Poll::Pending
            }
            other => other,
        }
    }
}

impl RecordBatchStream for SliceStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
    use futures::StreamExt;

    use super::{Instant, SliceStream};

    fn numbers(from: i32, to: i32) -> RecordBatch {
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int32, false)]));
        RecordBatch::try_new(schema, vec![Arc::new(Int32Array::from_iter_values(from..to))]).unwrap()
    }

    #[tokio::test]
    async fn all_rows_come_in_their_order_however_long_each_slice_takes() {
        let batches = vec![Ok(numbers(0, 1000)), Ok(numbers(1000, 1001)), Ok(numbers(1001, 1700))];
        let schema = numbers(0, 1).schema();
        let input = Box::pin(RecordBatchStreamAdapter::new(schema, futures::stream::iter(batches)));
        let mut slices = SliceStream { input, left: None, rows: 4, given: None, since: Instant::now() };
        let (mut all, mut sizes) = (Vec::new(), Vec::new());
        while let Some(slice) = slices.next().await {
            let slice = slice.unwrap();
            let column = slice.column(0).as_any().downcast_ref::<Int32Array>().unwrap();
            all.extend(column.values().iter().copied());
            sizes.push(slice.num_rows());
            if sizes.len() == 5 {
                std::thread::sleep(super::LONG);
            }
        }
        assert_eq!(all, (0..1700).collect::<Vec<_>>());
        assert_eq!(sizes[..3], [4, 8, 16]);
        assert!(sizes[5] < sizes[4], "a slice that took long is followed by a shorter one: {sizes:?}");
    }
}
