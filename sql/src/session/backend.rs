//! What a session is to its server: the process id of the protocol, the two ends of the connection.

use std::net::SocketAddr;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend {
    /// The id that cancel requests name, and notifications. Without a server it is a number of the session's own.
    pub process: i32,
    /// Where the client connected to.
    pub server: Option<SocketAddr>,
    /// Where it connected from.
    pub client: Option<SocketAddr>,
}
