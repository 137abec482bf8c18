//! The rows of an operator that works where it is, but for other tasks' sake says so: once it has taken long, its thread's other tasks go on
//! on another thread while it works.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream};
use futures::{Stream, StreamExt};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::LONG;

/// The stream, which works in place.
pub(super) fn in_place(input: SendableRecordBatchStream) -> SendableRecordBatchStream {
    Box::pin(InPlaceStream { input, worked: Duration::ZERO })
}

struct InPlaceStream {
    input: SendableRecordBatchStream,
    /// For how long it has worked.
    worked: Duration,
}

impl Stream for InPlaceStream {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let proceed = ready!(tokio::task::coop::poll_proceed(context));
        let begun = Instant::now();
        // The runtimes of one thread have no other to go on with.
        let has_others =
            Handle::try_current().is_ok_and(|handle| handle.runtime_flavor() == RuntimeFlavor::MultiThread);
        let polled = if self.worked > LONG && has_others {
            tokio::task::block_in_place(|| self.input.poll_next_unpin(context))
        } else {
            self.input.poll_next_unpin(context)
        };
        self.worked += begun.elapsed();
        if polled.is_ready() {
            proceed.made_progress();
        }
        polled
    }
}

impl RecordBatchStream for InPlaceStream {
    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }
}
