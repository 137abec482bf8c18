//! The rows of `COPY ... TO STDOUT`, in pieces.

use std::fmt;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};

use super::text::TextEncoder;
use crate::Result;
use crate::outcome::Rows;

/// Some rows as they are to be sent.
#[derive(Clone, Debug)]
pub struct CopyChunk {
    /// Their text, each ended by a newline.
    pub bytes: Bytes,
    /// Where in it each ends.
    pub ends: Vec<usize>,
    /// How many they are; a header is none.
    pub rows: u64,
}

/// Rows on their way out. Dropping them cancels the statement.
pub struct CopyOut {
    /// How many columns a row has.
    pub columns: usize,
    /// The rows, in order.
    pub chunks: BoxStream<'static, Result<CopyChunk>>,
}

impl fmt::Debug for CopyOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CopyOut").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl CopyOut {
    pub(crate) fn new(rows: Rows, encoder: TextEncoder) -> Self {
        let columns = rows.schema.fields().len();
        let header = stream::iter(encoder.header(&rows.schema).map(Ok));
        let chunks = header.chain(rows.batches.map(move |batch| encoder.rows(&batch?))).boxed();
        Self { columns, chunks }
    }
}
