//! The transaction that a call of a function is in.

use std::sync::Arc;

use muster_storage::{Changes, Snapshot};

use super::descriptors::{Descriptor, Descriptors};
use super::objects::{Entry, Objects};
use crate::session::{Caller, Live};
use crate::{Error, Result};

/// See the module.
pub(super) struct Opened {
    live: Arc<Live>,
    block: u64,
}

impl Opened {
    /// # Errors
    /// 0A000 for a statement that gets no block.
    pub(super) fn of(caller: &Caller) -> Result<Self> {
        let live = caller.live.upgrade();
        match (live, caller.block) {
            (Some(live), Some(block)) => Ok(Self { live, block }),
            _ => Err(Error::unsupported(
                "writing or opening a large object in this statement, outside of a transaction block",
            )),
        }
    }

    /// Everything as the transaction has it now.
    pub(super) fn draft(&self) -> Result<Arc<Snapshot>> {
        Ok(self.live.drafted(self.block)?.draft)
    }

    /// Changes large objects, given all as they are, and as they were when the transaction began.
    pub(super) fn change<T>(
        &self,
        work: impl FnOnce(&Objects<'_>, &Objects<'_>) -> Result<(Changes, T)>,
    ) -> Result<T> {
        let drafted = self.live.drafted(self.block)?;
        let (changes, given) = work(&Objects::of(&drafted.draft)?, &Objects::of(&drafted.base)?)?;
        self.live.change_large_objects(self.block, &drafted.draft, changes)?;
        Ok(given)
    }

    pub(super) fn descriptors<T>(&self, work: impl FnOnce(&mut Descriptors) -> Result<T>) -> Result<T> {
        self.live.descriptors(self.block, work)
    }

    /// # Errors
    /// 42704 where nothing is open under that number.
    pub(super) fn descriptor(&self, number: i32) -> Result<Descriptor> {
        self.descriptors(|descriptors| descriptors.get(number).cloned())
    }

    /// What an open object is as whoever opened it sees it; given to `work`.
    pub(super) fn read<T>(
        &self,
        open: &Descriptor,
        work: impl FnOnce(&Objects<'_>, Entry) -> Result<T>,
    ) -> Result<T> {
        let snapshot = match &open.snapshot {
            Some(snapshot) => snapshot.clone(),
            None => self.draft()?,
        };
        let objects = Objects::of(&snapshot)?;
        work(&objects, objects.entry(open.oid)?)
    }
}
