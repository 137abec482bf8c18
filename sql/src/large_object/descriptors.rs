//! What a transaction has opened: numbers that stand for an object, a place in it, and what may be done there.
//!
//! They end with the transaction, and those that came after a savepoint when it goes back there.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_storage::Snapshot;

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// An object that is open.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    pub(super) oid: u32,
    /// What it reads, if it may not write: the object as the statement saw it that opened it. One that may write reads what
    /// the transaction has made of it.
    pub(super) snapshot: Option<Arc<Snapshot>>,
    /// Where it reads or writes next.
    pub(super) offset: u64,
    /// Grows with each that is opened.
    opened: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Descriptors {
    open: BTreeMap<i32, Descriptor>,
    opened: u64,
}

impl Descriptors {
    /// Opens an object under the lowest number that is free.
    ///
    /// # Errors
    /// 53000 where all are taken.
    pub(super) fn open(&mut self, oid: u32, snapshot: Option<Arc<Snapshot>>) -> Result<i32> {
        let taken = self.open.keys().zip(0..).take_while(|(taken, number)| **taken == *number).count();
        let number = i32::try_from(taken)
            .map_err(|_| Error::new(SqlState::ProgramLimitExceeded, "too many large objects are open"))?;
        let opened = self.opened;
        self.opened += 1;
        self.open.insert(number, Descriptor { oid, snapshot, offset: 0, opened });
        Ok(number)
    }

    /// # Errors
    /// 42704 where nothing is open under that number.
    pub(super) fn get(&self, number: i32) -> Result<&Descriptor> {
        self.open.get(&number).ok_or_else(|| unknown(number))
    }

    /// Says where one reads or writes next.
    pub(super) fn seek(&mut self, number: i32, offset: u64) {
        if let Some(open) = self.open.get_mut(&number) {
            open.offset = offset;
        }
    }

    /// # Errors
    /// 42704 where nothing is open under that number.
    pub(super) fn close(&mut self, number: i32) -> Result<()> {
        self.open.remove(&number).map(drop).ok_or_else(|| unknown(number))
    }

    /// Closes all of an object that is gone.
    pub(super) fn close_all_of(&mut self, oid: u32) {
        self.open.retain(|_, open| open.oid != oid);
    }

    /// How many have been opened so far.
    pub(crate) fn mark(&self) -> u64 {
        self.opened
    }

    /// Closes those that were opened since.
    pub(crate) fn go_back(&mut self, mark: u64) {
        self.open.retain(|_, open| open.opened < mark);
    }
}

fn unknown(number: i32) -> Error {
    Error::new(SqlState::UndefinedObject, format!("invalid large-object descriptor: {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_free_number_is_given() {
        let mut descriptors = Descriptors::default();
        let opened: Vec<i32> = (0..3).map(|_| descriptors.open(1, None).unwrap()).collect();
        assert_eq!(opened, [0, 1, 2]);
        descriptors.close(1).unwrap();
        assert_eq!(descriptors.close(1).unwrap_err().sqlstate(), "42704");
        let mark = descriptors.mark();
        assert_eq!(descriptors.open(2, None).unwrap(), 1);
        descriptors.go_back(mark);
        assert!(descriptors.get(1).is_err() && descriptors.get(2).is_ok());
        descriptors.close_all_of(1);
        assert!(descriptors.get(0).is_err());
    }
}
