//! The rows of `COPY ... TO STDOUT`, in pieces.

use std::fmt;

use arrow::array::RecordBatch;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};

use super::encoder::Encoder;
use crate::Result;
use crate::outcome::Rows;

/// Some rows as they are to be sent.
#[derive(Clone, Debug)]
pub struct CopyChunk {
    /// Their text, each ended by a newline, or their binary form.
    pub bytes: Bytes,
    /// Where in it each ends.
    pub ends: Vec<usize>,
    /// How many they are; a header or trailer is none.
    pub rows: u64,
}

/// Rows on their way out. Dropping them cancels the statement.
pub struct CopyOut {
    /// How many columns a row has.
    pub columns: usize,
    /// Whether they are in the format binary.
    pub binary: bool,
    /// The rows, in order.
    pub chunks: BoxStream<'static, Result<CopyChunk>>,
}

impl fmt::Debug for CopyOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOut").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl CopyOut {
    pub(crate) fn new(rows: Rows, encoder: Encoder) -> Self {
        let (columns, binary) = (rows.schema.fields().len(), encoder.is_binary());
        let header = stream::iter(encoder.header(&rows.schema).map(Ok));
        let going = Going { batches: rows.batches, encoder, batch: None };
        let chunks = header.chain(stream::unfold(Some(going), Going::next)).boxed();
        Self { columns, binary, chunks }
    }
}

/// Rows that are on their way.
struct Going {
    batches: BoxStream<'static, Result<RecordBatch>>,
    encoder: Encoder,
    /// A batch, and the first row of it that is still to go.
    batch: Option<(RecordBatch, usize)>,
}

impl Going {
    /// The next chunk, and what is left behind it: nothing behind an error.
    async fn next(going: Option<Self>) -> Option<(Result<CopyChunk>, Option<Self>)> {
        let mut going = going?;
        loop {
            if let Some((batch, from)) = going.batch.take().filter(|(batch, from)| *from < batch.num_rows()) {
                return Some(match going.encoder.rows(&batch, from) {
                    Ok((chunk, next)) => {
                        going.batch = Some((batch, next));
                        (Ok(chunk), Some(going))
                    }
                    Err(error) => (Err(error), None),
                });
            }
            match going.batches.next().await {
                Some(Ok(batch)) => going.batch = Some((batch, 0)),
                Some(Err(error)) => return Some((Err(error), None)),
                None => return going.encoder.end().map(|chunk| (Ok(chunk), None)),
            }
        }
    }
}
