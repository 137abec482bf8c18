//! Everything that can go wrong between a client and the database, and the one match that gives each its SQLSTATE.
//! [`super::report`] makes an `ErrorResponse` of it.
//!
//! It adds the protocol's own errors to [`muster::Error`], whose SQLSTATE it takes as it is.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The result of everything on the wire.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the server, or of one connection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is reachable from other machines, which would be let in without a password.
    #[error(
        "cannot listen on {address} with --auth trust: it is not a loopback address, and everybody who reaches it would be a \
         superuser. Leave --auth out, or use --auth scram"
    )]
    TrustElsewhere {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// Passwords are to be asked for and nobody has one: set one.
    #[error(
        "cannot listen on {address}: passwords are asked for there, and no role that may log in has one. Set one first: \
         name a file that holds it in --password-file or MUSTER_PASSWORD_FILE, or run ALTER ROLE postgres PASSWORD '...' in \
         muster sql --data DIR"
    )]
    NoPassword {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The password is wrong, or there is no such role, or it has none, or only until a time that has passed.
    #[error("password authentication failed for user \"{name}\"")]
    WrongPassword {
        /// Whom the client said to be.
        name: String,
    },
    /// There is no such role: make it, or connect as another.
    #[error("role \"{name}\" does not exist")]
    UnknownRole {
        /// Whom the client said to be.
        name: String,
    },
    /// The role is not for logging in: `ALTER ROLE ... LOGIN`.
    #[error("role \"{name}\" is not permitted to log in")]
    NoLogin {
        /// Whom the client said to be.
        name: String,
    },
    /// The role may not begin sessions in the database: `GRANT CONNECT ON DATABASE`.
    #[error("permission denied for database \"muster\"")]
    NoConnect,
    /// Somebody between client and server took the offer of channel binding away.
    #[error("SCRAM channel binding negotiation error")]
    ChannelBinding,
    /// The last places are for superusers: close a connection, or try again later.
    #[error("remaining connection slots are reserved for superusers")]
    ReservedConnections,
    /// The role has as many sessions as it may: close one, or `ALTER ROLE ... CONNECTION LIMIT`.
    #[error("too many connections for role \"{name}\"")]
    TooManyOfRole {
        /// The role.
        name: String,
    },
    /// The address cannot be had: choose another port, or end the process that has it.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of TLS cannot be used: mend it, for nothing is served without it.
    #[error("cannot use {path:?} for TLS: {reason}")]
    TlsFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// TLS is required of clients and there is no certificate: name one.
    #[error("TLS cannot be required without a certificate: give --tls-cert and --tls-key")]
    TlsMissing,
    /// The server takes encrypted sessions only: connect with TLS.
    #[error("this server takes encrypted connections only")]
    NotEncrypted,
    /// The connection broke: connect again.
    #[error("the connection broke: {source}")]
    Io {
        /// What the operating system said.
        #[from]
        source: io::Error,
    },
    /// The client closed its end: there is nobody left to tell.
    #[error("the client went away")]
    ClientGone,
    /// The database refused the statement or failed at it: see its SQLSTATE.
    #[error("{source}")]
    Database {
        /// The database's own error.
        source: Box<muster::Error>,
    },
    /// The statement was cancelled by a cancel request: send it again if that was not meant.
    #[error("canceling statement due to user request")]
    Canceled,
    /// The statement took longer than `statement_timeout`: give it more time, or ask for less.
    #[error("canceling statement due to statement timeout")]
    StatementTimeout,
    /// The client left a transaction open and said nothing for longer than `idle_in_transaction_session_timeout`.
    #[error("terminating connection due to idle-in-transaction timeout")]
    IdleInTransaction,
    /// The client said nothing for longer than `idle_session_timeout`.
    #[error("terminating connection due to idle-session timeout")]
    IdleSession,
    /// The client gave its COPY up: nothing was loaded.
    #[error("COPY from stdin failed: {reason}")]
    CopyFailed {
        /// What the client said.
        reason: String,
    },
    /// The server is being stopped: connect again once it runs.
    #[error("terminating connection due to administrator command")]
    ShuttingDown,
    /// Another session has ended this one (`pg_terminate_backend`): connect again.
    #[error("terminating connection due to administrator command")]
    Terminated,
    /// The server has as many connections as it takes: close one, or try again later.
    #[error("sorry, too many clients already (the limit is {limit})")]
    TooManyConnections {
        /// How many connections it takes.
        limit: usize,
    },
    /// There is one database: connect to `muster`.
    #[error("database \"{name}\" does not exist")]
    UnknownDatabase {
        /// The database that was asked for.
        name: String,
    },
    /// The startup packet names no user: name any.
    #[error("no PostgreSQL user name specified in startup packet")]
    NoUser,
    /// The client did not follow the protocol: a fault of the driver.
    #[error("{message}")]
    Protocol {
        /// What was wrong.
        message: String,
    },
    /// The client did not follow the protocol and where its next message begins is not known, so
    /// the connection ends: a fault of the driver.
    #[error("{message}")]
    ProtocolFatal {
        /// What was wrong.
        message: String,
    },
    /// The feature does not exist: do without.
    #[error("{feature} is not supported")]
    Unsupported {
        /// Its name.
        feature: String,
    },
    /// A string is not valid UTF-8: send UTF-8.
    #[error("invalid byte sequence for encoding \"UTF8\" in {place}")]
    NotUtf8 {
        /// Where it stood.
        place: String,
    },
    /// A prepared statement holds one statement: send several by the simple protocol.
    #[error("cannot insert multiple commands into a prepared statement")]
    MultipleStatements,
    /// The simple protocol carries no parameters: write the value, or prepare the statement.
    #[error("there is no parameter $1")]
    NoParameters,
    /// No statement of that name was prepared on this connection.
    #[error("prepared statement \"{name}\" does not exist")]
    UnknownStatement {
        /// The name.
        name: String,
    },
    /// A statement of that name is prepared already: close it first.
    #[error("prepared statement \"{name}\" already exists")]
    StatementExists {
        /// The name.
        name: String,
    },
    /// No portal of that name is open: portals end with Sync.
    #[error("portal \"{name}\" does not exist")]
    UnknownPortal {
        /// The name.
        name: String,
    },
    /// A portal of that name is open already: close it first.
    #[error("portal \"{name}\" already exists")]
    PortalExists {
        /// The name.
        name: String,
    },
    /// The portal has run and returns no rows: bind again to run it again.
    #[error("portal \"{name}\" cannot be run")]
    PortalFinished {
        /// The name.
        name: String,
    },
    /// The transaction block has failed, and the portal with it: roll back.
    #[error("current transaction is aborted, commands ignored until end of transaction block")]
    TransactionAborted,
    /// The table changed since the statement was prepared: prepare it again.
    #[error("cached plan must not change result type")]
    ResultTypeChanged,
    /// The client declares a parameter type that does not exist here: leave it to the server.
    #[error("type with OID {oid} does not exist")]
    UnknownType {
        /// The object id that the client sent.
        oid: u32,
    },
    /// A parameter's text does not read as its type.
    #[error("invalid input syntax for type {type_name}: \"{value}\"")]
    ParameterText {
        /// The parameter's number, from 1.
        number: usize,
        /// The type, as PostgreSQL names it.
        type_name: String,
        /// The text, shortened.
        value: String,
        /// Whether the type is a date or time, which has a SQLSTATE of its own.
        temporal: bool,
    },
    /// A parameter's bytes are not what its type's binary format says.
    #[error("incorrect binary data format in bind parameter {number}: {reason}")]
    ParameterBinary {
        /// The parameter's number, from 1.
        number: usize,
        /// What was wrong.
        reason: String,
    },
    /// A parameter's value does not fit its type.
    #[error("value \"{value}\" is out of range for type {type_name}")]
    ParameterRange {
        /// The parameter's number, from 1.
        number: usize,
        /// The type, as PostgreSQL names it.
        type_name: String,
        /// The value, shortened.
        value: String,
        /// Whether the type is a date or time, which has a SQLSTATE of its own.
        temporal: bool,
    },
    /// A vector parameter has not the dimensions of what it is compared with or stored in.
    #[error("expected {expected} dimensions, not {actual}")]
    ParameterDimensions {
        /// The parameter's number, from 1.
        number: usize,
        /// What the column has.
        expected: usize,
        /// What the client sent.
        actual: usize,
    },
    /// A format code that is neither text (0) nor binary (1).
    #[error("unsupported format code: {code}")]
    FormatCode {
        /// The code that the client sent.
        code: i16,
    },
    /// A value of the result cannot be given in the format that was asked for.
    #[error("cannot send column \"{column}\": {reason}")]
    Encode {
        /// The column.
        column: String,
        /// What was wrong.
        reason: String,
    },
    /// A date or time of the result lies outside the calendar.
    #[error("{type_name} out of range")]
    DatetimeRange {
        /// The type, as PostgreSQL names it.
        type_name: &'static str,
    },
}

impl From<muster::Error> for Error {
    fn from(source: muster::Error) -> Self {
        Self::Database { source: Box::new(source) }
    }
}

/// Whether the connection lives on after an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// The statement failed; the connection is usable.
    Error,
    /// The connection ends.
    Fatal,
}

impl Error {
    pub(super) fn protocol(message: impl Into<String>) -> Self {
        Self::Protocol { message: message.into() }
    }

    /// The SQLSTATE, and whether the connection ends.
    pub(super) fn state(&self) -> (&'static str, Severity) {
        use Severity::{Error as Lives, Fatal};
        match self {
            Self::TrustElsewhere { .. } | Self::NoPassword { .. } => ("F0000", Fatal),
            Self::WrongPassword { .. } => ("28P01", Fatal),
            Self::UnknownRole { .. } | Self::NoLogin { .. } | Self::ChannelBinding => ("28000", Fatal),
            Self::NoConnect => ("42501", Fatal),
            Self::ReservedConnections | Self::TooManyOfRole { .. } => ("53300", Fatal),
            Self::Unsupported { .. } | Self::ResultTypeChanged => ("0A000", Lives),
            Self::TlsFile { .. } | Self::TlsMissing => ("F0000", Fatal),
            Self::NotEncrypted => ("28000", Fatal),
            Self::Listen { .. } => ("58030", Fatal),
            Self::Io { .. } | Self::ClientGone => ("08006", Fatal),
            Self::Database { source } => (source.sqlstate(), Lives),
            Self::Canceled | Self::StatementTimeout | Self::CopyFailed { .. } => ("57014", Lives),
            Self::IdleInTransaction => ("25P03", Fatal),
            Self::IdleSession => ("57P05", Fatal),
            Self::ShuttingDown | Self::Terminated => ("57P01", Fatal),
            Self::TooManyConnections { .. } => ("53300", Fatal),
            Self::UnknownDatabase { .. } => ("3D000", Fatal),
            Self::NoUser => ("28000", Fatal),
            Self::Protocol { .. } => ("08P01", Lives),
            Self::ProtocolFatal { .. } => ("08P01", Fatal),
            Self::NotUtf8 { .. } => ("22021", Lives),
            Self::MultipleStatements => ("42601", Lives),
            Self::NoParameters => ("42P02", Lives),
            Self::UnknownStatement { .. } => ("26000", Lives),
            Self::StatementExists { .. } => ("42P05", Lives),
            Self::UnknownPortal { .. } => ("34000", Lives),
            Self::PortalExists { .. } => ("42P03", Lives),
            Self::PortalFinished { .. } => ("55000", Lives),
            Self::TransactionAborted => ("25P02", Lives),
            Self::UnknownType { .. } => ("42704", Lives),
            Self::ParameterText { temporal: true, .. } => ("22007", Lives),
            Self::ParameterText { temporal: false, .. } => ("22P02", Lives),
            Self::ParameterBinary { .. } => ("22P03", Lives),
            Self::ParameterRange { temporal: true, .. } | Self::DatetimeRange { .. } => ("22008", Lives),
            Self::ParameterRange { temporal: false, .. } => ("22003", Lives),
            Self::ParameterDimensions { .. } => ("22000", Lives),
            Self::FormatCode { .. } => ("22023", Lives),
            Self::Encode { .. } => ("0A000", Lives),
        }
    }

    /// The five-character SQLSTATE.
    #[must_use]
    pub fn sqlstate(&self) -> &'static str {
        self.state().0
    }

    /// Whether the connection ends with this error.
    pub(super) fn is_fatal(&self) -> bool {
        self.state().1 == Severity::Fatal
    }
}
