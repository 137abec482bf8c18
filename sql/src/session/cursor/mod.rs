//! Cursors: queries whose rows a client fetches bit by bit, by statements.
//!
//! A cursor holds the running query, not its rows: those are computed when they are fetched. It keeps rows where it must: for
//! SCROLL what has been read, for WITH HOLD what is left when the transaction commits. Invariant: a cursor without a
//! transaction of its own needs nothing of any snapshot.
//!
//! - [`direction`]: what a FETCH asks for.
//! - [`reader`]: rows, and the place among them.
//! - [`run`]: the statements.

mod direction;
mod reader;
mod run;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use parking_lot::Mutex;

use self::reader::Reader;
pub(super) use self::run::{declared, fetched, is_about_cursors};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// A cursor.
#[derive(Clone)]
pub(crate) struct Cursor {
    /// The query string that declared it.
    pub(crate) statement: Arc<str>,
    pub(crate) columns: SchemaRef,
    pub(crate) hold: bool,
    pub(crate) binary: bool,
    pub(crate) scroll: bool,
    pub(crate) created: DateTime<Utc>,
    /// The transaction block that it ends with.
    block: Option<u64>,
    /// Cursors that were declared later have greater ones.
    number: u64,
    reader: Arc<tokio::sync::Mutex<Reader>>,
}

/// The cursors of a session, by name.
#[derive(Default)]
pub(crate) struct Cursors {
    open: Mutex<BTreeMap<String, Cursor>>,
    /// How many were declared.
    declared: std::sync::atomic::AtomicU64,
}

impl fmt::Debug for Cursors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.open.lock().keys()).finish()
    }
}

impl Cursors {
    /// All of them, with their names.
    pub(crate) fn all(&self) -> Vec<(String, Cursor)> {
        self.open.lock().iter().map(|(name, cursor)| (name.clone(), cursor.clone())).collect()
    }

    /// The one of a name.
    ///
    /// # Errors
    /// 34000 where there is none.
    pub(super) fn get(&self, name: &str) -> Result<Cursor> {
        self.open.lock().get(name).cloned().ok_or_else(|| unknown(name))
    }

    /// How many were declared until now.
    pub(super) fn declared(&self) -> u64 {
        self.declared.load(std::sync::atomic::Ordering::Relaxed)
    }

    fn next_number(&self) -> u64 {
        self.declared.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// Keeps a new one.
    ///
    /// # Errors
    /// 42P03 where the name is taken.
    fn put(&self, name: &str, cursor: Cursor) -> Result<()> {
        let mut open = self.open.lock();
        if open.contains_key(name) {
            return Err(exists(name));
        }
        open.insert(name.to_string(), cursor);
        Ok(())
    }

    /// Closes the one of a name, and says whether there was one.
    pub(super) fn close(&self, name: &str) -> bool {
        self.open.lock().remove(name).is_some()
    }

    pub(super) fn close_all(&self) {
        self.open.lock().clear();
    }

    /// Closes those of a block that is rolled back; with a number, those of them that were declared since.
    pub(super) fn rolled_back(&self, block: u64, since: u64) {
        self.open.lock().retain(|_, cursor| cursor.block != Some(block) || cursor.number < since);
    }

    /// A block is about to commit: its cursors that outlive it read what is left of their rows.
    ///
    /// # Errors
    /// What reading gives; 53200 where the rows are too many for the memory; 55006 where a FETCH is half read.
    pub(super) async fn hold(&self, block: u64) -> Result<()> {
        let held = self.all().into_iter().filter(|(_, cursor)| cursor.block == Some(block) && cursor.hold);
        for (name, cursor) in held {
            cursor.reader.try_lock().map_err(|_| in_use(&name))?.read_all().await?;
        }
        Ok(())
    }

    /// A block has committed: its cursors without HOLD are closed.
    pub(super) fn committed(&self, block: u64) {
        let mut open = self.open.lock();
        open.retain(|_, cursor| cursor.block != Some(block) || cursor.hold);
        for cursor in open.values_mut().filter(|cursor| cursor.block == Some(block)) {
            cursor.block = None;
        }
    }
}

fn unknown(name: &str) -> Error {
    Error::new(SqlState::InvalidCursorName, format!("cursor \"{name}\" does not exist"))
}

fn in_use(name: &str) -> Error {
    let words = format!("cursor \"{name}\" is being fetched from by another statement");
    Error::new(SqlState::ObjectInUse, words)
}

fn exists(name: &str) -> Error {
    Error::new(SqlState::DuplicateCursor, format!("cursor \"{name}\" already exists"))
}
