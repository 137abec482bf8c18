//! COPY over the connection: the messages between `CopyInResponse` or `CopyOutResponse` and the tag.
//!
//! Rows are the session's to read and write; here they are bytes. Whatever interrupts a COPY drops it,
//! and nothing of what came is kept.

use bytes::BufMut;
use futures::StreamExt;
use muster::{CopyIn, CopyOut, Transfer};
use pgwire::messages::PgWireBackendMessage as Backend;
use pgwire::messages::copy::{CopyDone, CopyInResponse, CopyOutResponse};

use super::error::{Error, Result};
use super::inbox::{Inbound, Inbox};
use super::message::Frontend;
use super::sink::Sink;

/// Moves the data of a COPY; gives the tag that ends it.
pub(super) async fn transfer(copy: Transfer, sink: &mut Sink, inbox: &mut Inbox) -> Result<String> {
    match copy {
        Transfer::In(copy) => take(copy, sink, inbox).await,
        Transfer::Out(copy) => give(copy, sink).await,
    }
}

/// The format of a COPY, the number of its columns and the format of each, which is that of all.
fn formats(columns: usize, binary: bool) -> (i8, i16, Vec<i16>) {
    let format = i8::from(binary);
    // No table has more columns than the protocol can count.
    (format, i16::try_from(columns).unwrap_or(i16::MAX), vec![i16::from(format); columns])
}

async fn take(mut copy: CopyIn, sink: &mut Sink, inbox: &mut Inbox) -> Result<String> {
    let (format, count, formats) = formats(copy.columns(), copy.is_binary());
    sink.put(&Backend::CopyInResponse(CopyInResponse::new(format, count, formats)))?;
    sink.flush().await?;
    loop {
        let Some(Inbound { kind, message }) = inbox.next().await else { return Err(Error::ClientGone) };
        match message? {
            Frontend::CopyData(bytes) => copy.push(&bytes).await?,
            Frontend::CopyDone => return Ok(copy.finish().await?.complete(0)),
            Frontend::CopyFail { reason } => return Err(Error::CopyFailed { reason }),
            // Drivers that send an extended query as a whole have sent its Sync before they know that
            // rows are wanted.
            Frontend::Flush | Frontend::Sync => {}
            Frontend::Terminate => return Err(Error::ClientGone),
            _ => {
                let message = format!("unexpected message type 0x{kind:02X} during COPY from stdin");
                return Err(Error::Protocol { message });
            }
        }
    }
}

async fn give(mut copy: CopyOut, sink: &mut Sink) -> Result<String> {
    let (format, count, formats) = formats(copy.columns, copy.binary);
    sink.put(&Backend::CopyOutResponse(CopyOutResponse::new(format, count, formats)))?;
    let mut rows = 0;
    while let Some(chunk) = copy.chunks.next().await {
        let chunk = chunk?;
        rows += chunk.rows;
        let mut start = 0;
        for end in chunk.ends {
            // One message a row, which is what some drivers count on.
            let row = chunk.bytes.get(start..end).unwrap_or_default();
            let length = i32::try_from(row.len() + 4)
                .map_err(|_| Error::Unsupported { feature: "a row of more than 2 GiB".to_string() })?;
            let out = sink.buffer();
            out.put_u8(b'd');
            out.put_i32(length);
            out.put_slice(row);
            start = end;
            sink.flush_if_full().await?;
        }
    }
    sink.put(&Backend::CopyDone(CopyDone::new()))?;
    Ok(format!("COPY {rows}"))
}
