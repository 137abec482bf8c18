//! Clocks: `clock_timestamp()` goes on while a statement runs, `statement_timestamp()` stands with it,
//! `transaction_timestamp()` with the transaction, as `now()` does.

use chrono::Utc;
use datafusion::error::Result;

use super::{Answer, Arguments, Catalog, Entry};

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("clock_timestamp", &[&[]], Answer::Clock(clock)),
    ("statement_timestamp", &[&[]], Answer::Moment(statement)),
    ("transaction_timestamp", &[&[]], Answer::Moment(transaction)),
    ("timeofday", &[&[]], Answer::Done(time_of_day)),
];

fn clock(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<i64>> {
    Ok(Some(Utc::now().timestamp_micros()))
}

fn statement(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<i64>> {
    Ok(catalog.moments.map(|(statement, _)| statement.timestamp_micros()))
}

fn transaction(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<i64>> {
    Ok(catalog.moments.map(|(_, transaction)| transaction.timestamp_micros()))
}

/// A text, as PostgreSQL writes it.
fn time_of_day(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(Some(Utc::now().format("%a %b %d %H:%M:%S%.6f %Y %Z").to_string()))
}
