//! Who comes in: the rules, and the messages by which a client shows that it knows a password.
//!
//! Invariants: a server that others can reach does not start without a password; a wrong password, a role without one and
//! a role that is not there get one answer, after the same exchange.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Bytes, BytesMut};
use chrono::Utc;
use muster::{Database, Role, Session};
use pgwire::messages::PgWireBackendMessage as Backend;
use pgwire::messages::startup::Authentication;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::error::{Error, Result};
use super::message::Body;
use super::scram::Challenge;
use super::startup::{MAX_PACKET, Startup};

/// How clients show who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// On a loopback address they need not, as long as no role has a password; elsewhere by SCRAM-SHA-256.
    #[default]
    Automatic,
    /// They need not: for loopback addresses alone.
    Trust,
    /// By SCRAM-SHA-256.
    Scram,
}

/// What decides over clients.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    auth: Auth,
    /// Whether a role has had a password since the start: taking it away again lets nobody in unasked.
    asked: Arc<AtomicBool>,
    /// What salts of users that are not there are made of.
    secret: Arc<[u8; 32]>,
}

/// Who has come in.
pub(super) struct Entrant {
    pub(super) session: Session,
    /// The role, unless there are none.
    pub(super) role: Option<Role>,
}

impl Gate {
    /// The gate of a server at an address.
    ///
    /// # Errors
    /// [`Error::TrustElsewhere`] and [`Error::NoPassword`] where others could come in without a password.
    pub(super) fn new(auth: Auth, address: SocketAddr, database: &Database) -> Result<Self> {
        let auth = match auth {
            Auth::Trust if !address.ip().is_loopback() => return Err(Error::TrustElsewhere { address }),
            Auth::Automatic if !address.ip().is_loopback() => Auth::Scram,
            auth => auth,
        };
        if auth == Auth::Scram && !has_password(database)? {
            return Err(Error::NoPassword { address });
        }
        Ok(Self { auth, asked: Arc::default(), secret: Arc::new(rand::random()) })
    }

    fn asks(&self, database: &Database) -> Result<bool> {
        match self.auth {
            Auth::Trust => Ok(false),
            Auth::Scram => Ok(true),
            // Asked anew for each client: the first password counts from the moment that it is set.
            Auth::Automatic => {
                // One that has expired, or whose role may not come in, counts too: neither is a way to open the door.
                if database.roles()?.iter().any(|role| role.password.is_some()) {
                    self.asked.store(true, Ordering::Relaxed);
                }
                Ok(self.asked.load(Ordering::Relaxed))
            }
        }
    }

    /// Lets a client in, or tells why not. `buffer` holds what it has sent already, and then what it sent after its last
    /// message here.
    ///
    /// # Errors
    /// 28P01, 28000 for whoever may not come in, 08P01 for what is not the protocol.
    pub(super) async fn admit(
        &self,
        database: &Database,
        startup: &Startup,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        buffer: &mut BytesMut,
        end_point: Option<&[u8]>,
    ) -> Result<Entrant> {
        let name = startup.user()?;
        let role = database.role(name)?;
        if self.asks(database)? {
            let verifier = role.as_ref().and_then(|role| role.verifier(Utc::now()));
            let challenge = Challenge { verifier, user: name, secret: self.secret.as_slice(), end_point };
            exchange(&challenge, stream, buffer).await?;
        } else if role.is_none() && !database.has_roles() {
            let session = database.session_of_anybody(name);
            return Ok(Entrant { session, role: None });
        }
        let role = role.ok_or_else(|| Error::UnknownRole { name: name.to_string() })?;
        if !role.login {
            return Err(Error::NoLogin { name: name.to_string() });
        }
        if !database.may_connect(&role)? {
            return Err(Error::NoConnect);
        }
        Ok(Entrant { session: database.session_of(&role), role: Some(role) })
    }
}

/// Whether anybody can come in by a password now.
fn has_password(database: &Database) -> Result<bool> {
    let now = Utc::now();
    Ok(database.roles()?.iter().any(|role| role.login && role.verifier(now).is_some()))
}

/// Asks for a password by SCRAM.
async fn exchange(
    challenge: &Challenge<'_>,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    buffer: &mut BytesMut,
) -> Result<()> {
    send(stream, Authentication::SASL(challenge.mechanisms())).await?;
    let mut body = Body(password_message(stream, buffer).await?);
    let mechanism = body.string("a SASL mechanism")?;
    let length = body.i32()?;
    let message = match usize::try_from(length) {
        Ok(length) => body.bytes(length)?,
        // It may say nothing with its choice; SCRAM's client begins.
        Err(_) => Bytes::new(),
    };
    if !body.0.is_empty() {
        return Err(Error::ProtocolFatal { message: "invalid message format".to_string() });
    }
    let (exchange, answer) = challenge.first(&mechanism, &message)?;
    send(stream, Authentication::SASLContinue(answer.into())).await?;
    let message = password_message(stream, buffer).await?;
    let answer = exchange.last(&message)?;
    let answer = answer.ok_or_else(|| Error::WrongPassword { name: challenge.user.to_string() })?;
    send(stream, Authentication::SASLFinal(answer.into())).await
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), message: Authentication) -> Result<()> {
    let mut bytes = BytesMut::new();
    let encoded = Backend::Authentication(message).encode(&mut bytes);
    encoded.map_err(|error| Error::ProtocolFatal { message: error.to_string() })?;
    stream.write_all(&bytes).await?;
    Ok(stream.flush().await?)
}

/// The body of a message with a password, of no more than goes before a session.
async fn password_message(stream: &mut (impl AsyncRead + Unpin), buffer: &mut BytesMut) -> Result<Bytes> {
    let fatal = |message: &str| Error::ProtocolFatal { message: message.to_string() };
    loop {
        if let Some((kind, rest)) = buffer.split_first() {
            if *kind != b'p' {
                return Err(fatal(&format!("expected password response, got message type {kind}")));
            }
            if let Some(length) = rest.first_chunk::<4>() {
                let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
                if !(4..=MAX_PACKET).contains(&length) {
                    return Err(fatal("invalid password packet size"));
                }
                if rest.len() >= length {
                    let mut message = buffer.split_to(1 + length).freeze();
                    return Ok(message.split_off(5));
                }
            }
        }
        if stream.read_buf(buffer).await? == 0 {
            return Err(Error::ClientGone);
        }
    }
}
