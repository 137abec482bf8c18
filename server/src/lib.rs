//! The `muster` command as a library: the PostgreSQL wire protocol, the command line and the
//! workforce generator. It decodes bytes and draws tables; it plans nothing and knows no index.
//!
//! - [`wire`]: handlers on pgwire, one session a connection.
//! - [`cli`]: the subcommands, one file each.
//! - [`http`]: the port for those who watch the server.
//! - [`generate`]: a deterministic, plausible workforce.

pub mod cli;
pub mod generate;
pub mod http;
pub mod wire;
