//! A transaction block: what a session holds between BEGIN and COMMIT or ROLLBACK.
//!
//! It is no statement: [`super::transaction`] moves it from state to state. Invariant: while a block is open, every
//! statement reads its draft and writes into it; once it has failed, nothing more is read or written until the session
//! goes back to a savepoint or ends it.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use muster_storage::{Changes, Savepoint, Snapshot, Transaction};
use parking_lot::Mutex;

use super::session::this_moment;
use super::settings::{Hidden, Modes, SERIALIZABLE};
use super::{Reads, Settings};
use crate::catalog::SearchPath;
use crate::channel::{Mark, Pending};
use crate::foreign_key::Deferral;
use crate::sqlstate::SqlState;
use crate::statement::on_commit;
use crate::{Error, Result};

/// Where a session is with regard to transaction blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// In none: each statement is a transaction of its own.
    Idle,
    /// In one.
    Open,
    /// In one that failed: only ROLLBACK, COMMIT (which rolls back) and ROLLBACK TO are taken.
    Failed,
}

/// See the module.
pub(crate) struct Block {
    transaction: Transaction,
    pub(super) savepoints: Vec<Named>,
    pub(super) failed: bool,
    /// Made for several statements of one query string, not by BEGIN.
    pub(super) implicit: bool,
    pub(super) modes: Modes,
    /// Whether a statement has run: the block's characteristics are fixed then.
    pub(super) used: bool,
    /// What now() is in the block.
    started: DateTime<Utc>,
    /// The settings that ROLLBACK brings back.
    pub(super) settings: Settings,
    /// What SET LOCAL hides until the end.
    pub(super) local: Vec<Hidden>,
    /// What is sent to other sessions once it has committed.
    pub(super) pending: Pending,
    /// Which foreign keys are checked at the end.
    pub(super) deferral: Deferral,
    /// What it has read, if it is serializable.
    pub(super) reads: Arc<Reads>,
    number: u64,
}

/// A savepoint under its name.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) savepoint: Savepoint,
    pub(super) settings: Settings,
    read_only: bool,
    local: Vec<Hidden>,
    /// Cursors that had been declared.
    cursors: u64,
    pending: Mark,
    deferral: Deferral,
}

/// What a statement reads.
pub(super) struct View {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: DateTime<Utc>,
    /// The block that it belongs to.
    pub(super) block: Option<u64>,
    /// Whether the block has changed something.
    pub(super) draft: bool,
    /// What the block has begun with, where it has changed objects.
    pub(super) base: Option<Arc<Snapshot>>,
    /// Where it is noted what the statement reads, if that matters.
    pub(super) reads: Option<Arc<Reads>>,
}

impl Block {
    pub(super) fn new(transaction: Transaction, settings: Settings, number: u64) -> Self {
        let modes = Modes { read_only: settings.default_read_only, isolation: settings.default_isolation() };
        Self {
            transaction,
            savepoints: Vec::new(),
            failed: false,
            implicit: false,
            modes,
            used: false,
            started: this_moment(),
            settings,
            local: Vec::new(),
            pending: Pending::default(),
            deferral: Deferral::default(),
            reads: Arc::default(),
            number,
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn status(&self) -> TransactionStatus {
        match (self.failed, self.implicit) {
            (true, _) => TransactionStatus::Failed,
            (false, true) => TransactionStatus::Idle,
            (false, false) => TransactionStatus::Open,
        }
    }

    /// What a statement in the block reads.
    pub(super) fn view(&self) -> View {
        let base = self.transaction.base();
        View {
            snapshot: self.transaction.snapshot().clone(),
            now: self.started,
            block: Some(self.number),
            draft: !self.transaction.is_empty(),
            base: (!base.objects_id().is_of(self.transaction.snapshot())).then(|| base.clone()),
            reads: (self.modes.isolation == SERIALIZABLE).then(|| self.reads.clone()),
        }
    }

    /// Makes changes part of the transaction. They were worked out over `base`.
    fn apply(&mut self, base: &Arc<Snapshot>, changes: Changes) -> Result<()> {
        if self.failed {
            return Err(aborted());
        }
        if !Arc::ptr_eq(base, self.transaction.snapshot()) {
            return Err(Error::new(
                SqlState::ObjectNotInPrerequisiteState,
                "another statement of the same session has changed the transaction meanwhile",
            ));
        }
        Ok(self.transaction.apply(changes)?)
    }

    pub(super) fn savepoint(&mut self, name: String, settings: Settings, cursors: u64) {
        let savepoint = self.transaction.savepoint();
        let (read_only, local) = (self.modes.read_only, self.local.clone());
        let (pending, deferral) = (self.pending.mark(), self.deferral.clone());
        let named = Named { name, savepoint, settings, read_only, local, cursors, pending, deferral };
        self.savepoints.push(named);
    }

    /// Goes back to a savepoint, which stays; gives the settings of its time, and how many cursors there had been.
    pub(super) fn rollback_to(&mut self, name: &str) -> Result<(Settings, u64)> {
        let place = self.place(name)?;
        self.savepoints.truncate(place + 1);
        let named = self.savepoints.last().ok_or_else(|| no_savepoint(name))?;
        self.transaction.rollback_to(&named.savepoint);
        self.modes.read_only = named.read_only;
        self.local = named.local.clone();
        self.pending.go_back(named.pending);
        self.deferral = named.deferral.clone();
        self.failed = false;
        Ok((named.settings.clone(), named.cursors))
    }

    pub(super) fn release(&mut self, name: &str) -> Result<()> {
        let place = self.place(name)?;
        // READ ONLY that was set after the savepoint ends with it.
        for named in self.savepoints.drain(place..).take(1) {
            self.modes.read_only = named.read_only;
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Result<usize> {
        self.savepoints.iter().rposition(|named| named.name == name).ok_or_else(|| no_savepoint(name))
    }

    /// Remembers the value that SET LOCAL hides, so that the end of the block brings it back; a plain SET is what stays.
    pub(super) fn hide(&mut self, hidden: Hidden, local: bool) {
        let known = self.local.iter().position(|known| known.is_of_same(&hidden));
        match known {
            Some(place) if !local => drop(self.local.remove(place)),
            None if local => self.local.push(hidden),
            _ => {}
        }
    }

    /// Does to temporary tables what they want at the end of a transaction.
    pub(super) fn end_temporary(&mut self, path: &SearchPath) -> Result<()> {
        let snapshot = self.transaction.snapshot().clone();
        let changes = on_commit::changes(&snapshot, path)?;
        if changes.is_empty() { Ok(()) } else { self.apply(&snapshot, changes) }
    }

    pub(super) fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// The transaction, which is to be committed.
    pub(super) fn into_transaction(mut self) -> Transaction {
        self.transaction.has_read(self.reads.tables());
        self.transaction
    }
}

/// A session's block, if it is in one. Statements that run beside the session's own thread hold a clone.
#[derive(Clone, Default)]
pub(crate) struct BlockCell(Arc<Cell>);

#[derive(Default)]
struct Cell {
    block: Mutex<Option<Block>>,
    /// When the block began and how it stands, for those who do not wait for what it does.
    seen: Mutex<Option<(DateTime<Utc>, TransactionStatus)>>,
}

impl BlockCell {
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Option<Block>) -> T) -> T {
        let mut block = self.0.block.lock();
        let done = work(&mut block);
        *self.0.seen.lock() = block.as_ref().map(|block| (block.started, block.status()));
        done
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.block.lock().is_some()
    }

    /// When the block began and how it stands, if there is one.
    pub(super) fn seen(&self) -> Option<(DateTime<Utc>, TransactionStatus)> {
        *self.0.seen.lock()
    }

    /// Makes changes part of block number `block`. It waits for nothing but memory.
    pub(crate) fn apply(&self, block: u64, base: &Arc<Snapshot>, changes: Changes) -> Result<()> {
        match self.0.block.lock().as_mut().filter(|open| open.number == block) {
            Some(open) => open.apply(base, changes),
            None => Err(Error::new(SqlState::QueryCanceled, "the transaction has ended meanwhile")),
        }
    }

    /// Which foreign keys block number `block` checks at its end.
    pub(crate) fn deferral(&self, block: u64) -> Deferral {
        let open = self.0.block.lock();
        let open = open.as_ref().filter(|open| open.number == block);
        open.map(|open| open.deferral.clone()).unwrap_or_default()
    }

    /// Marks block number `block` as failed, if it is still open.
    pub(super) fn fail(&self, block: u64) {
        self.with(|open| {
            if let Some(open) = open.as_mut().filter(|open| open.number == block) {
                open.failed = true;
            }
        });
    }
}

/// The error for what a failed block does not take.
pub(super) fn aborted() -> Error {
    Error::new(
        SqlState::InFailedSqlTransaction,
        "current transaction is aborted, commands ignored until end of transaction block",
    )
}

fn no_savepoint(name: &str) -> Error {
    Error::new(SqlState::InvalidSavepointSpecification, format!("savepoint \"{name}\" does not exist"))
}
