//! The connection's bytes, plain or within TLS.
//!
//! It begins plain and may become TLS once, in its place. It knows no messages.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::error::Result;
use super::meter::Meter;
use super::tls::Tls;

/// The receiving side of a connection.
pub(super) type Reader = Box<dyn AsyncRead + Send + Unpin>;
/// The sending side.
pub(super) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// See the module.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls {
        stream: Box<TlsStream<TcpStream>>,
        /// What SCRAM may bind to.
        end_point: Option<Arc<[u8]>>,
    },
    /// The handshake failed or was left: nobody can be spoken to.
    Broken,
}

impl Stream {
    /// Goes on within TLS.
    ///
    /// # Errors
    /// When the handshake fails, and with it the connection.
    pub(super) async fn encrypt(&mut self, tls: &Tls) -> Result<()> {
        if let Self::Plain(plain) = std::mem::replace(self, Self::Broken) {
            let stream = Box::new(tls.accept(plain).await?);
            *self = Self::Tls { stream, end_point: tls.end_point() };
        }
        Ok(())
    }

    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls { .. })
    }

    /// What SCRAM may bind to.
    pub(super) fn end_point(&self) -> Option<Arc<[u8]>> {
        match self {
            Self::Tls { end_point, .. } => end_point.clone(),
            _ => None,
        }
    }

    /// The server's address and the client's, where they are known.
    pub(super) fn addresses(&self) -> (Option<SocketAddr>, Option<SocketAddr>) {
        let stream = match self {
            Self::Plain(stream) => stream,
            Self::Tls { stream, .. } => stream.get_ref().0,
            Self::Broken => return (None, None),
        };
        (stream.local_addr().ok(), stream.peer_addr().ok())
    }

    /// Both sides, each for itself; the bytes of messages are counted from here on.
    pub(super) fn split(self, meter: &Arc<Meter>) -> (Reader, Writer) {
        let metered = || meter.clone();
        match self {
            Self::Plain(stream) => {
                let (reader, writer) = stream.into_split();
                (Box::new(Metered(reader, metered())), Box::new(Metered(writer, metered())))
            }
            Self::Tls { stream, .. } => {
                let (reader, writer) = tokio::io::split(stream);
                (Box::new(Metered(reader, metered())), Box::new(Metered(writer, metered())))
            }
            Self::Broken => (Box::new(tokio::io::empty()), Box::new(tokio::io::sink())),
        }
    }
}

/// One side of a connection whose bytes are counted.
struct Metered<T>(T, Arc<Meter>);

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self(stream, meter) = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(stream).poll_read(cx, buf);
        if read.is_ready() {
            meter.received(buf.filled().len().saturating_sub(before));
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let Self(stream, meter) = self.get_mut();
        let written = Pin::new(stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = &written {
            meter.sent(*bytes);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_shutdown(cx)
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls { stream, .. } => Pin::new(stream).poll_read(cx, buf),
            Self::Broken => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls { stream, .. } => Pin::new(stream).poll_write(cx, buf),
            Self::Broken => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls { stream, .. } => Pin::new(stream).poll_flush(cx),
            Self::Broken => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls { stream, .. } => Pin::new(stream).poll_shutdown(cx),
            Self::Broken => Poll::Ready(Ok(())),
        }
    }
}
