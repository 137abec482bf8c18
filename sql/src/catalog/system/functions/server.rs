//! What the server is and who is connected to it. A program that embeds the database has no connection: NULL.

use datafusion::error::Result;

use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::sqlstate::SqlState;

use super::Argument::Text;

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("pg_backend_pid", &[&[]], Answer::Small(process)),
    ("pg_is_in_recovery", &[&[]], Answer::Flag(no)),
    ("pg_postmaster_start_time", &[&[]], Answer::Moment(started)),
    ("pg_conf_load_time", &[&[]], Answer::Moment(started)),
    ("inet_server_addr", &[&[]], Answer::Text(server_address)),
    ("inet_server_port", &[&[]], Answer::Small(server_port)),
    ("inet_client_addr", &[&[]], Answer::Text(client_address)),
    ("inet_client_port", &[&[]], Answer::Small(client_port)),
    ("pg_notify", &[&[Text, Text]], Answer::Done(notify)),
    (LISTENING, &[&[]], Answer::Texts(listening)),
];

/// The channels of `pg_listening_channels()`, as one array.
pub(crate) const LISTENING: &str = "muster_listening_channels";

fn process(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<i32>> {
    Ok(Some(catalog.settings.own.backend().process))
}

fn no(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<bool>> {
    Ok(Some(false))
}

/// When the database was opened, with the configuration of then.
fn started(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<i64>> {
    Ok(catalog.started.map(|started| started.timestamp_micros()))
}

fn server_address(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(catalog.settings.own.backend().server.map(|server| server.ip().to_string()))
}

fn server_port(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<i32>> {
    Ok(catalog.settings.own.backend().server.map(|server| server.port().into()))
}

fn client_address(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(catalog.settings.own.backend().client.map(|client| client.ip().to_string()))
}

fn client_port(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<i32>> {
    Ok(catalog.settings.own.backend().client.map(|client| client.port().into()))
}

/// Sends a text to a channel, as NOTIFY does.
fn notify(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let live = catalog.live.as_ref().ok_or_else(|| {
        Error::new(SqlState::ObjectNotInPrerequisiteState, "pg_notify works in statements of a session alone")
    })?;
    let (channel, payload) = (arguments.text(0, row), arguments.text(1, row));
    live.notify(catalog.block, channel.unwrap_or_default(), payload.unwrap_or_default())?;
    Ok(Some(String::new()))
}

fn listening(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<Vec<String>>> {
    Ok(Some(catalog.live.as_ref().map(|live| live.listening()).unwrap_or_default()))
}
