//! One client's connection, from its first byte to its last: the loop that takes a message, has it
//! done, and says when it is ready for the next.
//!
//! It knows the order of messages and what an error does to it; [`super::simple`] and
//! [`super::extended`] do the messages. Its invariant: after any error that is not fatal the client
//! gets exactly one `ReadyForQuery` for each Query or Sync, so it can always go on.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::BytesMut;
use muster::{Backend as Process, Session};
use pgwire::api::ConnectionManager;
use pgwire::messages::PgWireBackendMessage as Backend;
use pgwire::messages::response::{NotificationResponse, ReadyForQuery, TransactionStatus};
use pgwire::messages::startup::{Authentication, BackendKeyData, NegotiateProtocolVersion, SecretKey};
use tokio::sync::watch;

use super::cancel::{Interrupt, Stop, secret};
use super::clock::{Clock, clock};
use super::error::{Error, Result, Severity};
use super::extended::Prepared;
use super::inbox::{Inbound, Inbox};
use super::message::{Frontend, ends_turn};
use super::meter::Meter;
use super::portal::Portal;
use super::report;
use super::settings::{self, Reported};
use super::sink::Sink;
use super::slow::AtHand;
use super::startup::Startup;
use super::stream::Stream;

/// What a connection needs of the server.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) registry: Arc<ConnectionManager>,
    pub(super) meter: Arc<Meter>,
    pub(super) stop: watch::Receiver<Stop>,
}

/// What the handlers of messages work on.
pub(super) struct Client {
    pub(super) session: Session,
    pub(super) sink: Sink,
    /// What the client sends; handlers look at it while a COPY takes its rows.
    pub(super) inbox: Inbox,
    pub(super) statements: HashMap<String, Arc<Prepared>>,
    pub(super) portals: HashMap<String, Portal>,
    reported: Reported,
    clock: Clock,
    /// The statement that runs, for those who count and log.
    pub(super) at_hand: Option<AtHand>,
}

/// Serves a session until it ends, whose client has been let in. Errors of statements stay in here; what comes back
/// is what ended the connection.
pub(super) async fn serve(
    context: Context,
    stream: Stream,
    buffer: BytesMut,
    startup: Startup,
    session: Session,
) -> Result<()> {
    let (server, from) = stream.addresses();
    let id = session.process();
    session.set_backend(Process { process: id, server, client: from });
    let (reader, writer) = stream.split(&context.meter);
    let mut sink = Sink::new(writer, context.meter);
    let applied = startup.check_database().and_then(|()| settings::apply(&session, &startup.parameters));
    let reported =
        applied.and_then(|()| Ok(Reported::new(startup.user()?.to_string(), session.is_superuser()?)));
    let reported = match reported {
        Ok(reported) => reported,
        Err(error) => return refuse(&mut sink, error).await,
    };
    let (inbox, gone) = Inbox::start(reader, buffer);
    let key = new_key(startup.minor);
    let (clock, deadline) = clock();
    let signals = session.signals();
    let interrupt =
        Interrupt::new(&context.registry, (id, key.clone()), gone, context.stop, signals, deadline);
    let (statements, portals) = (HashMap::new(), HashMap::new());
    let mut client = Client { session, sink, inbox, statements, portals, reported, clock, at_hand: None };
    client.welcome(startup, id, key)?;
    Connection { client, interrupt, skipping: false, ready: true }.run().await
}

/// Tells the client why there will be no session.
pub(super) async fn refuse(sink: &mut Sink, error: Error) -> Result<()> {
    sink.put_error(&error, Severity::Fatal)?;
    sink.flush().await?;
    sink.close().await?;
    Err(error)
}

/// A key that another client cannot guess: as long as the protocol's version allows.
fn new_key(minor: u16) -> SecretKey {
    let key: [u8; 32] = rand::random();
    let length = if minor >= 2 { key.len() } else { 4 };
    secret(key.into_iter().take(length).collect())
}

impl Client {
    /// Answers the startup packet.
    fn welcome(&mut self, startup: Startup, id: i32, key: SecretKey) -> Result<()> {
        if let Some(unknown) = startup.negotiate {
            let version = (3 << 16) | i32::from(startup.minor);
            let message = NegotiateProtocolVersion::new(version, unknown);
            self.sink.put(&Backend::NegotiateProtocolVersion(message))?;
        }
        self.sink.put(&Backend::Authentication(Authentication::Ok))?;
        self.report_settings()?;
        self.sink.put(&Backend::BackendKeyData(BackendKeyData::new(id, key)))
    }

    /// Tells the client of settings that it should know and that have changed.
    fn report_settings(&mut self) -> Result<()> {
        for change in self.reported.changes(&self.session) {
            self.sink.put(&change)?;
        }
        Ok(())
    }

    /// Portals live as long as the transaction that they were made in.
    pub(super) fn end_portals(&mut self) {
        if self.session.transaction_status() == muster::TransactionStatus::Idle {
            self.portals.clear();
        }
    }

    /// Sends the warnings and notices of what has run, as far as the client wants them.
    pub(super) fn send_notices(&mut self) -> Result<()> {
        for notice in self.session.take_notices() {
            if settings::wants(&self.session, notice.severity) {
                self.sink.put(&Backend::NoticeResponse(report::notice(&notice)))?;
            }
        }
        Ok(())
    }

    /// Sends what other sessions have sent to this one, unless its transaction is still open.
    fn send_notifications(&mut self) -> Result<()> {
        if self.session.transaction_status() != muster::TransactionStatus::Idle {
            return Ok(());
        }
        for notification in self.session.take_notifications() {
            let muster::Notification { process, channel, payload } = notification;
            let response = NotificationResponse::new(process, channel.to_string(), payload.to_string());
            self.sink.put(&Backend::NotificationResponse(response))?;
        }
        Ok(())
    }

    /// Whom the client came as.
    pub(super) fn user(&self) -> &str {
        self.reported.user()
    }

    /// A statement begins: it may take as long as `statement_timeout` says now.
    pub(super) fn start_clock(&self) {
        self.clock.start(self.session.timeouts().statement);
    }

    async fn handle(&mut self, message: Frontend) -> Result<()> {
        self.start_clock();
        match message {
            Frontend::Query { sql } => self.query(&sql).await,
            Frontend::Parse { name, sql, types } => self.parse(name, &sql, &types).await,
            Frontend::Bind(bind) => self.bind(bind),
            Frontend::Describe { target, name } => self.describe(target, &name),
            Frontend::Execute { portal, max_rows } => self.execute(portal, max_rows).await,
            Frontend::Close { target, name } => self.close(target, &name),
            Frontend::Flush => self.sink.flush().await,
            Frontend::Sync => Ok(self.session.end_implicit().await?),
            // The connection's loop ends before it asks for this.
            Frontend::Terminate => Ok(()),
            Frontend::FunctionCall(call) => self.call_function(call).await,
            // Left over from a COPY that was refused or failed: drivers send their data, or that they give
            // up, before they read the error. The protocol says to ignore it.
            Frontend::CopyData(_) | Frontend::CopyDone | Frontend::CopyFail { .. } => Ok(()),
            Frontend::Password => Err(Error::ProtocolFatal {
                message: "unexpected password message: none was asked for".to_string(),
            }),
        }
    }

    /// Tells the client that its turn has come.
    async fn ready(&mut self) -> Result<()> {
        self.end_portals();
        self.report_settings()?;
        self.send_notifications()?;
        let status = match self.session.transaction_status() {
            muster::TransactionStatus::Idle => TransactionStatus::Idle,
            muster::TransactionStatus::Open => TransactionStatus::Transaction,
            muster::TransactionStatus::Failed => TransactionStatus::Error,
        };
        self.session.rest();
        self.sink.put(&Backend::ReadyForQuery(ReadyForQuery::new(status)))?;
        self.sink.flush().await
    }
}

struct Connection {
    client: Client,
    interrupt: Interrupt,
    /// Whether messages are skipped up to Sync, after an error in an extended query.
    skipping: bool,
    /// Whether the client was last told that the server is ready, so that nothing is half done.
    ready: bool,
}

impl Connection {
    async fn run(mut self) -> Result<()> {
        let result = self.serve().await;
        match result {
            // Nobody is there to be told.
            Err(Error::ClientGone | Error::Io { .. }) => result,
            Err(error) => {
                // The client that does not read its last words does not keep the connection.
                let farewell = refuse(&mut self.client.sink, error);
                tokio::time::timeout(std::time::Duration::from_secs(1), farewell).await.unwrap_or(Ok(()))
            }
            Ok(()) => Ok(()),
        }
    }

    async fn serve(&mut self) -> Result<()> {
        self.ready().await?;
        loop {
            let silence = self.silence();
            let listens =
                self.ready && self.client.session.transaction_status() == muster::TransactionStatus::Idle;
            let inbound = tokio::select! {
                biased;
                error = self.interrupt.ending(self.ready) => return Err(error),
                inbound = self.client.inbox.next() => inbound,
                error = silence => return Err(error),
                () = self.client.session.notified(), if listens => {
                    self.client.send_notifications()?;
                    let silence = self.silence();
                    // Whoever does not read them is idle all the same.
                    tokio::select! {
                        biased;
                        error = self.interrupt.ending(true) => return Err(error),
                        flushed = self.client.sink.flush() => flushed?,
                        error = silence => return Err(error),
                    }
                    continue;
                }
            };
            let Some(Inbound { kind, message }) = inbound else { return Err(Error::ClientGone) };
            match message {
                Ok(Frontend::Terminate) => return Ok(()),
                Err(error) if error.is_fatal() => return Err(error),
                _ if self.skipping && kind != b'S' => {}
                message => self.answer(kind, message).await?,
            }
        }
    }

    /// Tells the client that its turn has come; one that does not read does not keep the connection from ending.
    async fn ready(&mut self) -> Result<()> {
        tokio::select! {
            biased;
            error = self.interrupt.ending(false) => Err(error),
            told = self.client.ready() => told,
        }
    }

    /// Waits for as long as a client that was told to be ready may say nothing.
    fn silence(&self) -> impl Future<Output = Error> + use<> {
        let timeouts = self.client.session.timeouts();
        let limit = match self.client.session.transaction_status() {
            _ if !self.ready => None,
            muster::TransactionStatus::Idle => timeouts.idle_session.map(|limit| (limit, Error::IdleSession)),
            _ => timeouts.idle_in_transaction.map(|limit| (limit, Error::IdleInTransaction)),
        };
        async {
            match limit {
                None => std::future::pending().await,
                Some((limit, error)) => {
                    tokio::time::sleep(limit).await;
                    error
                }
            }
        }
    }

    /// Does one message, and says what must be said after it.
    async fn answer(&mut self, kind: u8, message: Result<Frontend>) -> Result<()> {
        self.ready = false;
        self.skipping = false;
        let result = match message {
            Ok(message) => {
                let point = self.client.session.begin_interruptible();
                self.interrupt.guard(point, self.client.handle(message)).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = result {
            self.client.end_statement();
            if error.is_fatal() {
                return Err(error);
            }
            // A session that ends itself hears no more than that.
            if self.interrupt.is_terminated() {
                return Err(Error::Terminated);
            }
            self.client.session.fail();
            if ends_turn(kind) {
                // It has failed: this rolls it back, whose own words would add nothing.
                let _rolled_back = self.client.session.end_implicit().await;
            }
            self.client.send_notices()?;
            self.client.sink.put_error(&error, Severity::Error)?;
            if !ends_turn(kind) {
                self.skipping = true;
                return tokio::select! {
                    biased;
                    error = self.interrupt.ending(false) => Err(error),
                    flushed = self.client.sink.flush() => flushed,
                };
            }
        }
        if ends_turn(kind) {
            self.ready().await?;
            self.ready = true;
        }
        Ok(())
    }
}
