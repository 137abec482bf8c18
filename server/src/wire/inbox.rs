//! What comes from the client: a task that cuts the stream into messages, ahead of the statement
//! that is running.
//!
//! Reading ahead is what notices a client that goes away while its statement runs. It reads only a
//! few messages ahead, then waits: TCP holds the rest back.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use super::error::{Error, Result};
use super::message::Frontend;

/// Messages read ahead of the one being processed.
const AHEAD: usize = 16;
/// The longest message taken. PostgreSQL's own limit is 1 GiB, which is more than one statement
/// should be able to pin here.
const MAX_MESSAGE: usize = 256 * 1024 * 1024;
/// The most that is set aside for bytes that were announced but have not arrived.
const MAX_RESERVE: usize = 1024 * 1024;

/// A message, or what was wrong with it.
#[derive(Debug)]
pub(super) struct Inbound {
    /// The type byte; 0 where there is none to be believed.
    pub(super) kind: u8,
    pub(super) message: Result<Frontend>,
}

/// The receiving side; dropping it ends the reading task.
#[derive(Debug)]
pub(super) struct Inbox {
    messages: mpsc::Receiver<Inbound>,
    /// Messages that were looked at and not taken.
    seen: VecDeque<Inbound>,
    task: AbortHandle,
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Inbox {
    /// Starts reading. `buffer` holds what was read beyond the startup packet; the receiver that
    /// comes back says when the client has gone without saying goodbye.
    pub(super) fn start(
        stream: impl AsyncRead + Unpin + Send + 'static,
        buffer: BytesMut,
    ) -> (Self, watch::Receiver<bool>) {
        let (sender, messages) = mpsc::channel(AHEAD);
        let (gone, is_gone) = watch::channel(false);
        let task = tokio::spawn(read_all(stream, buffer, sender, gone)).abort_handle();
        (Self { messages, seen: VecDeque::new(), task }, is_gone)
    }

    /// The next message; `None` when no more will come.
    pub(super) async fn next(&mut self) -> Option<Inbound> {
        match self.seen.pop_front() {
            Some(message) => Some(message),
            None => self.messages.recv().await,
        }
    }

    /// Whether the extended query ends here: nothing but Close comes before its Sync. Waits for as much.
    pub(super) async fn sync_follows(&mut self) -> bool {
        for place in 0..AHEAD {
            while self.seen.len() <= place {
                match self.messages.recv().await {
                    Some(message) => self.seen.push_back(message),
                    None => return true,
                }
            }
            match self.seen.get(place).map(|seen| &seen.message) {
                Some(Ok(Frontend::Sync | Frontend::Terminate)) => return true,
                Some(Ok(Frontend::Close { .. })) => {}
                _ => return false,
            }
        }
        false
    }
}

async fn read_all(
    mut stream: impl AsyncRead + Unpin,
    mut buffer: BytesMut,
    sender: mpsc::Sender<Inbound>,
    gone: watch::Sender<bool>,
) {
    loop {
        let (kind, message) = match read_message(&mut stream, &mut buffer).await {
            Ok(Some((kind, body))) => (kind, Frontend::decode(kind, body)),
            Ok(None) | Err(Error::Io { .. }) => {
                // Nobody listens any more when the connection is already closed.
                let _ = gone.send(true);
                return;
            }
            Err(error) => (0, Err(error)),
        };
        let last = match &message {
            Ok(message) => *message == Frontend::Terminate,
            Err(error) => error.is_fatal(),
        };
        if sender.send(Inbound { kind, message }).await.is_err() || last {
            return;
        }
    }
}

/// One message's type and body; `None` at the end of the stream.
async fn read_message(
    stream: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
) -> Result<Option<(u8, Bytes)>> {
    loop {
        let mut missing = 5;
        if let Some((kind, length)) = head(buffer)? {
            let whole = 1 + length;
            if buffer.len() >= whole {
                let mut message = buffer.split_to(whole).freeze();
                return Ok(Some((kind, message.split_off(5))));
            }
            missing = whole - buffer.len();
        }
        buffer.reserve(missing.min(MAX_RESERVE));
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

/// The type and length (with itself) of the message at the start of the buffer, once it is there.
fn head(buffer: &[u8]) -> Result<Option<(u8, usize)>> {
    let Some((&kind, rest)) = buffer.split_first() else { return Ok(None) };
    if !b"QPBDCEHSXdcfFp".contains(&kind) {
        return Err(Error::ProtocolFatal { message: format!("invalid frontend message type {kind}") });
    }
    let Some(length) = rest.first_chunk::<4>() else { return Ok(None) };
    match usize::try_from(i32::from_be_bytes(*length)) {
        Ok(length) if (4..=MAX_MESSAGE).contains(&length) => Ok(Some((kind, length))),
        _ => Err(Error::ProtocolFatal { message: "invalid message length".to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_cut_where_they_end() {
        let bytes: &[u8] = b"Q\0\0\0\x05\0S\0\0\0\x04X\0\0\0\x04";
        let (mut inbox, gone) = Inbox::start(bytes, BytesMut::new());
        assert_eq!(inbox.next().await.unwrap().message.unwrap(), Frontend::Query { sql: String::new() });
        assert_eq!(inbox.next().await.unwrap().message.unwrap(), Frontend::Sync);
        assert_eq!(inbox.next().await.unwrap().message.unwrap(), Frontend::Terminate);
        assert!(inbox.next().await.is_none());
        assert!(!*gone.borrow(), "a client that says goodbye did not go away");
    }

    #[tokio::test]
    async fn a_message_cut_short_is_a_client_that_went_away() {
        let bytes: &[u8] = b"Q\0\0\0\x10select";
        let (mut inbox, gone) = Inbox::start(bytes, BytesMut::new());
        assert!(inbox.next().await.is_none());
        assert!(*gone.borrow());
    }

    #[tokio::test]
    async fn wrong_types_and_lengths_end_the_stream_with_an_error() {
        for bytes in [&b"\x16\x03\x01"[..], b"Q\0\0\0\x03", b"Q\xff\xff\xff\xff", b"Q\x7f\xff\xff\xff"] {
            let (mut inbox, _gone) = Inbox::start(bytes, BytesMut::new());
            assert!(inbox.next().await.unwrap().message.unwrap_err().is_fatal());
            assert!(inbox.next().await.is_none());
        }
    }
}
