//! Why the port for those who watch could not be opened.

use std::io;
use std::net::SocketAddr;

/// The result of opening the port.
pub type Result<T> = std::result::Result<T, Error>;

/// See the module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address is reachable from other machines, and nobody would be asked for anything: give a token.
    #[error(
        "cannot listen on {address} for HTTP: it is not a loopback address, and everybody who reaches it could read the metrics. \
         Name a file that holds a token in --http-token-file"
    )]
    NoToken {
        /// The address that was asked for.
        address: SocketAddr,
    },
    /// The token is guessed too easily: take a longer one.
    #[error("the token of --http-token-file is shorter than {least} bytes")]
    ShortToken {
        /// What is enough.
        least: usize,
    },
    /// The address cannot be had: choose another port, or end the process that has it.
    #[error("cannot listen on {address} for HTTP: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
}
