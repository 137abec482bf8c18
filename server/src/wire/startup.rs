//! The first exchange of a connection: encryption is begun or declined, the startup packet read, or a cancel
//! request taken.
//!
//! It decides which connections there are; it runs no statement. Every error in it ends the
//! connection.

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::error::{Error, Result};
use super::message::Body;
use super::stream::Stream;
use super::tls::Tls;

/// PostgreSQL's limit for the packets before authentication.
pub(super) const MAX_PACKET: usize = 10_000;
const CANCEL_REQUEST: u32 = 80_877_102;
const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;

/// What the client came for.
#[derive(Debug)]
pub(super) enum Opening {
    /// A session.
    Start(Startup),
    /// To have another connection's statement cancelled.
    Cancel { id: i32, key: Bytes },
    /// It left before it said so.
    Closed,
}

/// A startup packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Startup {
    /// The minor version of protocol 3 that is spoken from here on.
    pub(super) minor: u16,
    /// Whether the client must be told that it does not get all that it asked for.
    pub(super) negotiate: Option<Vec<String>>,
    /// Names and values, in the client's order.
    pub(super) parameters: Vec<(String, String)>,
}

impl Startup {
    /// The value of a parameter, unless it is missing or empty.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, value) = self.parameters.iter().find(|(key, _)| key == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// Whom the client says to be.
    pub(super) fn user(&self) -> Result<&str> {
        self.parameter("user").ok_or(Error::NoUser)
    }

    /// An error where the database is not ours.
    pub(super) fn check_database(&self) -> Result<()> {
        // The protocol has the database default to the user's name.
        match self.parameter("database").unwrap_or(self.user()?) {
            "muster" | "postgres" => Ok(()),
            name => Err(Error::UnknownDatabase { name: name.to_string() }),
        }
    }
}

/// Reads what the client opens with. Requests for encryption are answered with no, unless there is TLS and that is asked
/// for.
pub(super) async fn open(stream: &mut Stream, buffer: &mut BytesMut, tls: Option<&Tls>) -> Result<Opening> {
    let mut asked = Vec::new();
    loop {
        let Some(mut packet) = read_packet(stream, buffer).await? else { return Ok(Opening::Closed) };
        match packet.u32()? {
            code @ (SSL_REQUEST | GSS_REQUEST) if !asked.contains(&code) => {
                asked.push(code);
                let tls = tls.filter(|_| code == SSL_REQUEST);
                stream.write_all(if tls.is_some() { b"S" } else { b"N" }).await?;
                stream.flush().await?;
                if let Some(tls) = tls {
                    // What stands there was not sent by the one who answers the handshake, or need not have been.
                    if !buffer.is_empty() {
                        let message = "received unencrypted data after SSL request".to_string();
                        return Err(Error::ProtocolFatal { message });
                    }
                    stream.encrypt(tls).await?;
                    // Whoever is encrypted needs nothing else.
                    asked.push(GSS_REQUEST);
                }
            }
            CANCEL_REQUEST => {
                let id = packet.i32()?;
                return Ok(Opening::Cancel { id, key: packet.0 });
            }
            version => return read_startup(version, packet).map(Opening::Start),
        }
    }
}

async fn read_packet(stream: &mut Stream, buffer: &mut BytesMut) -> Result<Option<Body>> {
    loop {
        if let Some(head) = buffer.first_chunk::<4>() {
            let length = usize::try_from(u32::from_be_bytes(*head)).unwrap_or(usize::MAX);
            if !(8..=MAX_PACKET).contains(&length) {
                return Err(Error::ProtocolFatal { message: "invalid length of startup packet".to_string() });
            }
            if buffer.len() >= length {
                let mut packet = buffer.split_to(length).freeze();
                packet.advance(4);
                return Ok(Some(Body(packet)));
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
}

fn read_startup(version: u32, mut packet: Body) -> Result<Startup> {
    let (major, asked_minor) = (version >> 16, version & 0xffff);
    if major != 3 {
        return Err(Error::Unsupported { feature: format!("frontend protocol {major}.{asked_minor}") });
    }
    let mut parameters = Vec::new();
    loop {
        let name = packet.string("the startup packet")?;
        if name.is_empty() {
            break;
        }
        parameters.push((name, packet.string("the startup packet")?));
    }
    if !packet.0.is_empty() {
        return Err(Error::protocol("invalid startup packet layout: expected terminator as last byte"));
    }
    // 3.1 was never released; 3.2 has longer keys for cancelling.
    let minor = if asked_minor >= 2 { 2 } else { 0 };
    let unknown: Vec<String> =
        parameters.iter().map(|(name, _)| name.clone()).filter(|name| name.starts_with("_pq_.")).collect();
    let negotiate = (asked_minor != u32::from(minor) || !unknown.is_empty()).then_some(unknown);
    Ok(Startup { minor, negotiate, parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn startup(version: u32, body: &'static [u8]) -> Result<Startup> {
        read_startup(version, Body(Bytes::from_static(body)))
    }

    #[test]
    fn the_database_is_muster_or_postgres() {
        let packet = startup(196_608, b"user\0ann\0database\0muster\0\0").unwrap();
        assert_eq!(packet.user().unwrap(), "ann");
        assert!(packet.check_database().is_ok());
        assert_eq!((packet.minor, packet.negotiate), (0, None));
        let packet = startup(196_608, b"user\0ann\0\0").unwrap();
        assert_eq!(packet.check_database().unwrap_err().to_string(), "database \"ann\" does not exist");
        let packet = startup(196_608, b"database\0muster\0\0").unwrap();
        assert_eq!(packet.user().unwrap_err().sqlstate(), "28000");
    }

    #[test]
    fn a_newer_protocol_is_negotiated_down_and_an_older_refused() {
        let packet = startup(3 << 16 | 9999, b"user\0ann\0_pq_.x\0y\0\0").unwrap();
        assert_eq!((packet.minor, packet.negotiate), (2, Some(vec!["_pq_.x".to_string()])));
        assert_eq!(startup(2 << 16, b"user\0ann\0\0").unwrap_err().sqlstate(), "0A000");
    }

    #[test]
    fn a_packet_cut_anywhere_is_an_error() {
        let body = b"user\0ann\0database\0muster\0\0";
        for length in 0..body.len() {
            let packet = Body(Bytes::from_static(&body[..length]));
            assert_eq!(read_startup(196_608, packet).unwrap_err().sqlstate(), "08P01", "{length} bytes");
        }
    }
}
