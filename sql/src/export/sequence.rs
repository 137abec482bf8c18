//! Sequences: made, given to their columns, set to where they are.

use std::sync::Arc;

use muster_storage::Store;

use super::line;
use super::names::{full, quoted, text};
use crate::Result;
use crate::catalog::Sequence;
use crate::catalog::relation::{plain, schema_of, stored};
use crate::sequence::Sequences;

/// How a sequence counts, as CREATE SEQUENCE and identity columns take it.
pub(super) fn options(sequence: &Sequence) -> String {
    let counting = sequence.counting;
    format!(
        "INCREMENT BY {} MINVALUE {} MAXVALUE {} START WITH {} CACHE {}{}",
        counting.increment,
        counting.least,
        counting.most,
        sequence.start,
        sequence.cache,
        if counting.cycle { " CYCLE" } else { "" }
    )
}

/// `CREATE SEQUENCE` of one that is no identity column's.
pub(super) fn create(out: &mut String, name: &str, sequence: &Sequence) {
    let (name, options) = (full(name), options(sequence));
    line(out, format_args!("CREATE SEQUENCE {name} AS {} {options};", sequence.sql_type));
}

/// Gives it to its column, once that is there; one of an identity column gets its name.
pub(super) fn own(out: &mut String, name: &str, sequence: &Sequence) {
    let Some((table, column)) = &sequence.owner else { return };
    if !sequence.identity {
        line(out, format_args!("ALTER SEQUENCE {} OWNED BY {}.{};", full(name), full(table), quoted(column)));
        return;
    }
    let made = stored(schema_of(table), &format!("{}_{column}_seq", plain(table)));
    if made != name {
        line(out, format_args!("ALTER SEQUENCE {} RENAME TO {};", full(&made), quoted(plain(name))));
    }
}

/// Brings it to where it is.
pub(super) fn set(out: &mut String, store: &Arc<Store>, name: &str, sequence: &Sequence) -> Result<()> {
    let (value, called) = Sequences::new(Arc::downgrade(store)).standing(sequence)?;
    if called || value != sequence.start {
        line(out, format_args!("SELECT setval({}, {value}, {called});", text(&full(name))));
    }
    Ok(())
}
