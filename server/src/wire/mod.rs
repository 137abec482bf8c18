//! The PostgreSQL wire protocol, version 3.
//!
//! It turns bytes into calls of [`muster::Session`] and Arrow batches into bytes. It plans nothing,
//! keeps no data and decides nothing about SQL.
//!
//! A connection's walk:
//!
//! 1. `server` accepts it and gives it a task of its own;
//! 2. `startup` encrypts the `stream` by `tls` where that is wanted, and reads the startup packet; `auth` and
//!    `scram` ask for a password, `places` says whether there is room, `settings` applies what the packet asks for;
//! 3. `inbox` cuts the stream into messages, which `message` reads from their bytes;
//! 4. `connection` takes them in order and answers errors; `cancel` ends what should not go
//!    on, or takes longer than `clock` allows;
//! 5. `simple` runs a Query; `extended` does Parse, Bind, Describe, Execute and Close, with `portal`
//!    holding what is half sent and `copy` taking and giving the rows of COPY; `function_call` calls one function;
//! 6. `types` says which PostgreSQL type an Arrow field is, `params` decodes parameters into
//!    [`muster::Value`]s, `encode` writes rows;
//! 7. `sink` sends it all, and waits while the client does not read;
//! 8. `error` says what failed, and `report` makes an `ErrorResponse` of it;
//! 9. `meter` counts all of it, and `slow` logs what took long.
//!
//! The message structs, error fields, types and the cancel registry are pgwire's. Its server loop
//! is not used: it reads only between statements, so it does not see a client leave, and its
//! decoder panics on messages that are cut short.

mod auth;
mod cancel;
mod clock;
mod connection;
mod copy;
mod encode;
mod error;
mod extended;
mod function_call;
mod inbox;
mod message;
pub(crate) mod meter;
mod params;
mod places;
mod portal;
mod report;
mod scram;
mod server;
mod settings;
mod simple;
mod sink;
mod slow;
mod startup;
mod stream;
mod tls;
mod types;

pub use auth::Auth;
pub use error::{Error, Result};
pub use server::{ServeOptions, Server};
pub use tls::TlsOptions;
