//! A search for each row of a stream, chunk by chunk: between two chunks other tasks run, and a statement that was
//! cancelled ends.
//!
//! Chunks grow while they are quick, so that all cores have something to do, and shrink where they are slow. Invariant:
//! the rows and their order do not depend on the chunks.

use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};

/// The batches of a chunk's rows, made one after the other as they are asked for.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch>> + Send>;

/// What is done for a chunk of rows.
pub(crate) trait ForChunk: Send + 'static {
    /// The rows that `rows` become.
    ///
    /// # Errors
    /// What searching gives.
    fn run(&mut self, rows: &RecordBatch) -> Result<Batches>;
}

/// Rows of the first chunk, and of the smallest and largest.
const FIRST: usize = 16;
const LEAST: usize = 1;
const MOST: usize = 1024;

/// Chunks that take less are followed by larger ones, chunks that take more by smaller ones. A cancelled statement goes
/// on for about as long.
const QUICK: Duration = Duration::from_millis(20);
const SLOW: Duration = Duration::from_millis(100);

/// The rows that `work` makes of those of `input`.
pub(crate) fn by_chunks(
    input: SendableRecordBatchStream,
    schema: SchemaRef,
    work: impl ForChunk,
) -> SendableRecordBatchStream {
    let state = State { input, work, size: FIRST, first: true, rest: None, made: None };
    let batches =
        stream::try_unfold(
            state,
            |mut state| async move { Ok(state.next().await?.map(|batch| (batch, state))) },
        );
    Box::pin(RecordBatchStreamAdapter::new(schema, batches))
}

struct State<W> {
    input: SendableRecordBatchStream,
    work: W,
    /// Rows of the next chunk.
    size: usize,
    /// Whether no chunk has been made.
    first: bool,
    /// What is left of a batch of the input.
    rest: Option<RecordBatch>,
    /// What is left of a chunk's rows.
    made: Option<Batches>,
}

impl<W: ForChunk> State<W> {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.made.as_mut().and_then(Iterator::next) {
                return batch.map(Some);
            }
            self.made = None;
            let Some(rows) = self.rest.take() else {
                match self.input.next().await {
                    None => return Ok(None),
                    Some(batch) => self.rest = Some(batch?),
                }
                continue;
            };
            let length = self.size.min(rows.num_rows());
            if length == 0 {
                continue;
            }
            if length < rows.num_rows() {
                self.rest = Some(rows.slice(length, rows.num_rows() - length));
            }
            let began = Instant::now();
            self.made = Some(self.work.run(&rows.slice(0, length))?);
            self.size = match began.elapsed() {
                took if took < QUICK => (self.size * 2).min(MOST),
                took if took > SLOW => (self.size / 2).max(LEAST),
                _ => self.size,
            };
            // A single search, which most statements are, does not wait for others' turns.
            if !std::mem::take(&mut self.first) || self.rest.is_some() {
                tokio::task::yield_now().await;
            }
        }
    }
}
