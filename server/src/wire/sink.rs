//! What is on its way to the client: a buffer before the socket.
//!
//! Messages are appended whole and without waiting, so that dropping a statement half way never
//! cuts one; only flushing waits, which is the backpressure on everything that produces rows.

use std::sync::Arc;

use bytes::BytesMut;
use pgwire::messages::PgWireBackendMessage;
use tokio::io::AsyncWriteExt;

use super::error::{Error, Result, Severity};
use super::meter::Meter;
use super::stream::Writer;

/// How much may wait in the buffer before it is sent: some ten network round trips' worth, and small
/// beside a batch of rows.
pub(super) const HIGH_WATER: usize = 64 * 1024;

/// The writing side of a connection.
pub(super) struct Sink {
    stream: Writer,
    buffer: BytesMut,
    meter: Arc<Meter>,
}

impl Sink {
    pub(super) fn new(stream: Writer, meter: Arc<Meter>) -> Self {
        Self { stream, buffer: BytesMut::with_capacity(8 * 1024), meter }
    }

    /// What counts.
    pub(super) fn meter(&self) -> &Arc<Meter> {
        &self.meter
    }

    /// Appends an error, with at least the severity given, and counts it.
    pub(super) fn put_error(&mut self, error: &Error, least: Severity) -> Result<()> {
        self.meter.error(error.sqlstate());
        self.put(&PgWireBackendMessage::ErrorResponse(error.report(least).into()))
    }

    /// Appends a message.
    pub(super) fn put(&mut self, message: &PgWireBackendMessage) -> Result<()> {
        let start = self.buffer.len();
        message.encode(&mut self.buffer).map_err(|error| {
            // The encoder may have written the head of what it then refused.
            self.buffer.truncate(start);
            Error::protocol(error.to_string())
        })
    }

    /// The buffer, for messages that are written directly.
    pub(super) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Sends what is waiting, if it is much.
    pub(super) async fn flush_if_full(&mut self) -> Result<()> {
        if self.buffer.len() >= HIGH_WATER { self.flush().await } else { Ok(()) }
    }

    /// Sends what is waiting. When dropped half way, what was not sent is still in the buffer.
    pub(super) async fn flush(&mut self) -> Result<()> {
        while !self.buffer.is_empty() {
            if self.stream.write_buf(&mut self.buffer).await? == 0 {
                return Err(Error::ClientGone);
            }
        }
        // Within TLS what was written may wait for its record to be sent.
        self.stream.flush().await?;
        // One wide result must not hold its memory for the life of the connection.
        if self.buffer.capacity() > 4 * HIGH_WATER {
            self.buffer = BytesMut::with_capacity(HIGH_WATER);
        }
        Ok(())
    }

    /// Tells the client that nothing more will come.
    pub(super) async fn close(&mut self) -> Result<()> {
        self.stream.shutdown().await?;
        Ok(())
    }
}
