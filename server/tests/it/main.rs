//! The server from outside: one file a real client, and one for the bytes themselves.
//!
//! - `tokio_postgres`, `psql`, `pgbench`, `pg_dump`: real clients; `protocol`: messages written by hand, right and wrong.
//! - `cancel`: cancelled at every moment; `lifecycle`: starting and stopping; `crash`: `kill -9` at random moments.
//! - `cli`: the other subcommands of the command; `backup`: those that keep and check a database.
//! - `clients`: what recorded clients ask the catalogs.
//! - `embedders`: a server whose configuration names a provider of embeddings.
//! - `sessions`: seeing each other and ending each other.
//! - `binary_copy`: COPY in the format binary.
//! - `cursors`, `notifications`: DECLARE and FETCH, LISTEN and NOTIFY, as clients have them.
//! - `large_objects`: psql's commands for them, and what is there after a kill.
//! - `export`: an export, loaded into Muster and into PostgreSQL.
//! - `auth`: passwords, roles, who gets a place; `privileges`: what two roles may do; `tls`: certificates, good and bad.
//! - `monitoring`: the HTTP port, the log, the settings: a server that is watched.
//! - `server` and `raw`: what these share.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod auth;
mod backup;
mod bench;
mod binary_copy;
mod cancel;
mod cli;
mod clients;
mod crash;
mod cursors;
mod embedders;
mod export;
mod large_objects;
mod lifecycle;
mod load;
mod monitoring;
mod notifications;
mod pg_dump;
mod pgbench;
mod privileges;
mod protocol;
mod psql;
mod raw;
mod server;
mod sessions;
mod tls;
mod tokio_postgres;
