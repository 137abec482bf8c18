//! The three engines, one a file. All of them run one statement and give text.

mod embedded;
mod extended;
mod simple;

use std::sync::Arc;

pub use embedded::Embedded;
pub use extended::Extended;
pub use simple::Simple;
use tokio::sync::Mutex;

use crate::host::Host;

/// The host, shared by the connections of one file.
pub type SharedHost = Arc<Mutex<Host>>;

/// The whole text of a statement that closes and opens the database.
pub const REOPEN: &str = "-- reopen";

/// The rows that a command tag counts: `INSERT 0 3` and `COPY 3` are 3, `CREATE TABLE` is 0.
fn tag_count(tag: &str) -> u64 {
    tag.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// How a value is written in a case: NULL, `(empty)` for the empty string, else its text.
fn cell(value: Option<String>) -> String {
    match value {
        None => "NULL".to_owned(),
        Some(text) if text.is_empty() => "(empty)".to_owned(),
        Some(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_counted() {
        assert_eq!(tag_count("INSERT 0 3"), 3);
        assert_eq!(tag_count("COPY 12"), 12);
        assert_eq!(tag_count("CREATE TABLE"), 0);
    }

    #[test]
    fn null_and_empty_are_told_apart() {
        assert_eq!(cell(None), "NULL");
        assert_eq!(cell(Some(String::new())), "(empty)");
        assert_eq!(cell(Some("a".to_owned())), "a");
    }
}
