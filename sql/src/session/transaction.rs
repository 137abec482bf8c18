//! BEGIN, COMMIT, ROLLBACK and what goes with them: how a session's block changes its state.
//!
//! It is not the transaction itself, which is storage's. Invariant: a block that is gone, by whatever way, has either
//! committed whole or changed nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use datafusion::common::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, TransactionMode};

use super::block::{Block, TransactionStatus, aborted};
use super::commit::commit_transaction;
use super::control::{Control, access, level, writes};
use super::run::context;
use super::settings::{ISOLATION, Modes};
use super::{Session, foreign_keys};
use crate::notice::Notice;
use crate::outcome::{CommandTag, QueryResult};
use crate::privileges::disclosure::told;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Numbers blocks of all sessions.
static BLOCKS: AtomicU64 = AtomicU64::new(1);

impl Session {
    /// Where the session is with regard to transaction blocks.
    #[must_use]
    pub fn transaction_status(&self) -> TransactionStatus {
        self.live.block.with(|block| block.as_ref().map_or(TransactionStatus::Idle, Block::status))
    }

    /// Starts a transaction block and gives it into hands that roll it back unless it is committed.
    ///
    /// # Errors
    /// 25001 when the session is in a block already.
    pub async fn transaction(&self) -> Result<Transaction<'_>> {
        if self.live.block.is_open() {
            return Err(Error::new(
                SqlState::ActiveSqlTransaction,
                "there is already a transaction in progress",
            ));
        }
        self.open(false);
        Ok(Transaction { session: self, ended: false })
    }

    /// Opens a block for several statements of one query string, unless one is open. An explicit BEGIN among the
    /// statements makes it an ordinary one.
    pub fn begin_implicit(&self) {
        if !self.live.block.is_open() {
            self.open(true);
        }
    }

    /// Ends a block that [`Session::begin_implicit`] opened, if it still is one: commits it, or rolls it back after an
    /// error.
    ///
    /// # Errors
    /// As COMMIT.
    pub async fn end_implicit(&self) -> Result<()> {
        if self.live.block.with(|block| block.as_ref().is_some_and(|block| block.implicit)) {
            self.hold().await?;
        }
        let implicit = |block: &mut Option<Block>| block.take_if(|block| block.implicit);
        match self.live.block.with(implicit) {
            Some(block) => self.finish(block).await.map(drop),
            // Rows that were read in part have sent what they sent.
            None => self.live.flush(),
        }
    }

    /// Tells that the client was given an error: an open block has failed.
    pub fn fail(&self) {
        self.live.block.with(|block| {
            if let Some(block) = block {
                block.failed = true;
            }
        });
        self.live.discard();
    }

    /// What statements had to tell beside their results since this was last asked.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut *self.live.notices.lock())
    }

    pub(super) fn warn(&self, state: SqlState, message: &str) {
        self.tell(Notice::warning(state, message));
    }

    /// Tells something beside the result.
    pub(super) fn tell(&self, notice: Notice) {
        self.live.tell(notice);
    }

    fn open(&self, implicit: bool) {
        let transaction = self.database.shared().store.begin();
        let number = BLOCKS.fetch_add(1, Ordering::Relaxed);
        let mut block = Block::new(transaction, self.live.lock().clone(), number);
        block.implicit = implicit;
        self.live.block.with(|slot| *slot = Some(block));
    }

    /// Runs a statement that controls transactions.
    pub(super) async fn control(&self, control: Control<'_>) -> Result<CommandTag> {
        match control {
            Control::Begin { modes, start } => {
                let tag = if start { "START TRANSACTION" } else { "BEGIN" };
                let open = self
                    .live
                    .block
                    .with(|block| block.as_mut().map(|block| std::mem::replace(&mut block.implicit, false)));
                match open {
                    Some(false) => self
                        .warn(SqlState::ActiveSqlTransaction, "there is already a transaction in progress"),
                    Some(true) => {}
                    None => self.open(false),
                }
                self.set_modes(modes)?;
                Ok(CommandTag::plain(tag))
            }
            Control::Commit { chain } => self.end_and_chain(true, chain).await,
            Control::Rollback { chain } => self.end_and_chain(false, chain).await,
            Control::RollbackTo(name) => {
                let ((settings, cursors), block) = self.in_block("ROLLBACK TO SAVEPOINT", |block| {
                    Ok((block.rollback_to(&name)?, block.number()))
                })?;
                self.live.cursors.rolled_back(block, cursors);
                self.live.change(|now| *now = settings.restored(now));
                Ok(CommandTag::plain("ROLLBACK"))
            }
            Control::Savepoint(name) => {
                let settings = self.live.lock().clone();
                self.in_block("SAVEPOINT", |block| {
                    block.savepoint(name, settings, self.live.cursors.declared());
                    Ok(())
                })?;
                Ok(CommandTag::plain("SAVEPOINT"))
            }
            Control::Release(name) => {
                self.in_block("RELEASE SAVEPOINT", |block| block.release(&name))?;
                Ok(CommandTag::plain("RELEASE"))
            }
            Control::Constraints { named, deferred } => self.set_constraints(named, deferred),
            Control::Set { modes, session: true } => {
                self.live.change(|settings| {
                    if let Some(read_only) = access(modes) {
                        settings.default_read_only = read_only;
                    }
                    level(modes).map_or(Ok(()), |level| settings.set(ISOLATION, Some(level)))
                })?;
                Ok(CommandTag::plain("SET"))
            }
            Control::Set { modes, session: false } => {
                if self.live.block.is_open() {
                    self.set_modes(modes)?;
                } else {
                    self.warn(
                        SqlState::NoActiveSqlTransaction,
                        "SET TRANSACTION can only be used in transaction blocks",
                    );
                }
                Ok(CommandTag::plain("SET"))
            }
        }
    }

    /// Ends the block; AND CHAIN opens another with the same characteristics.
    async fn end_and_chain(&self, commit: bool, chain: bool) -> Result<CommandTag> {
        if !chain {
            return self.end(commit).await;
        }
        let wanted = if commit { "COMMIT AND CHAIN" } else { "ROLLBACK AND CHAIN" };
        let modes = self.in_block(wanted, |block| Ok(block.modes))?;
        let tag = self.end(commit).await?;
        self.open(false);
        self.live.block.with(|block| block.iter_mut().for_each(|block| block.modes = modes));
        Ok(tag)
    }

    /// Ends the block, or warns that there is none.
    async fn end(&self, commit: bool) -> Result<CommandTag> {
        let wanted = if commit { "COMMIT" } else { "ROLLBACK" };
        if commit {
            self.hold().await?;
        }
        let Some(mut block) = self.live.block.with(Option::take) else {
            self.warn(SqlState::NoActiveSqlTransaction, "there is no transaction in progress");
            return Ok(CommandTag::plain(wanted));
        };
        if block.implicit {
            self.warn(SqlState::NoActiveSqlTransaction, "there is no transaction in progress");
        }
        block.failed |= !commit;
        self.finish(block).await
    }

    /// Reads what cursors are to give that outlive the block. It may take its time and be ended, so the block is still there.
    /// What fails here rolls the block back.
    async fn hold(&self) -> Result<()> {
        let number = |block: &mut Option<Block>| block.as_ref().filter(|it| !it.failed).map(Block::number);
        let Some(number) = self.live.block.with(number) else { return Ok(()) };
        let Err(error) = self.live.cursors.hold(number).await else { return Ok(()) };
        if let Some(mut block) = self.live.block.with(Option::take) {
            block.failed = true;
            self.finish(block).await?;
        }
        Err(error)
    }

    /// Commits a block, or rolls it back if it has failed.
    async fn finish(&self, mut block: Block) -> Result<CommandTag> {
        let counts = &self.live.sessions.counts;
        if block.failed {
            counts.ended(false);
            self.live.cursors.rolled_back(block.number(), 0);
            self.live.change(|now| *now = block.settings.restored(now));
            return Ok(CommandTag::plain("ROLLBACK"));
        }
        let (before, local, number) = (block.settings.clone(), block.local.clone(), block.number());
        let pending = std::mem::take(&mut block.pending);
        let committed = match self.live.channels.check(&pending) {
            Ok(()) => self.commit(block).await,
            Err(error) => Err(error),
        };
        let changed = match committed {
            Ok(changed) => changed,
            Err(error) => {
                counts.ended(false);
                self.live.cursors.rolled_back(number, 0);
                // Who has run it is told, whoever the session is again after it.
                let context = context(self);
                self.live.change(|now| *now = before.restored(now));
                return Err(told(error, &context, None));
            }
        };
        counts.ended(true);
        self.live.cursors.committed(number);
        self.live.deliver(pending);
        for hidden in local {
            self.live.change(|settings| settings.bring_back(hidden))?;
        }
        if changed {
            self.database.wake_worker();
        }
        Ok(CommandTag::plain("COMMIT"))
    }

    /// Makes a block's changes durable; whether there were any.
    async fn commit(&self, mut block: Block) -> Result<bool> {
        let settings = self.live.lock().clone();
        if settings.own.temporary() > 0 {
            block.end_temporary(&settings.path)?;
        }
        let transaction = block.into_transaction();
        // A transaction that wrote nothing has nothing to wait for.
        if transaction.is_empty() {
            return Ok(false);
        }
        let transaction = foreign_keys::ready(transaction).await?;
        let committing = self.commit_point().pass()?;
        commit_transaction(transaction, committing).await?;
        Ok(true)
    }

    fn in_block<T>(&self, statement: &str, work: impl FnOnce(&mut Block) -> Result<T>) -> Result<T> {
        self.live.block.with(|block| match block.as_mut().filter(|block| !block.implicit) {
            Some(block) => work(block),
            None => Err(Error::new(
                SqlState::NoActiveSqlTransaction,
                format!("{statement} can only be used in transaction blocks"),
            )),
        })
    }

    fn set_modes(&self, modes: &[TransactionMode]) -> Result<()> {
        let current = self.live.block.with(|block| block.as_ref().map(|block| block.modes));
        let Some(Modes { read_only, isolation }) = current else { return Ok(()) };
        let read_only = access(modes).unwrap_or(read_only);
        let isolation = level(modes).unwrap_or(isolation);
        self.live.set_modes(Modes { read_only, isolation })
    }

    /// Whether a statement may run now, and what it may do.
    ///
    /// # Errors
    /// 25P02 in a failed block; 25006 for a statement that writes in a read-only one.
    pub(super) fn check_block(&self, statement: &ast::Statement) -> Result<()> {
        // SET and SHOW may come before the modes are set.
        let uses = !matches!(statement, ast::Statement::Set(_) | ast::Statement::ShowVariable { .. });
        match writes(statement).filter(|_| self.is_read_only()) {
            Some(command) => self.check_write(&command),
            None => self.use_block(uses).map(drop),
        }
    }

    /// Whether something that writes may run now.
    ///
    /// # Errors
    /// As [`Session::check_block`].
    pub(super) fn check_write(&self, command: &str) -> Result<()> {
        if self.use_block(true)? {
            return Err(Error::new(
                SqlState::ReadOnlySqlTransaction,
                format!("cannot execute {command} in a read-only transaction"),
            ));
        }
        Ok(())
    }

    fn is_read_only(&self) -> bool {
        let default = self.live.lock().default_read_only;
        self.live.block.with(|block| block.as_ref().map_or(default, |block| block.modes.read_only))
    }

    /// Notes that a statement runs in the block, if there is one; says whether it is read-only.
    fn use_block(&self, uses: bool) -> Result<bool> {
        let failed = self.live.block.with(|block| {
            block.as_mut().is_some_and(|block| {
                block.used |= uses;
                block.failed
            })
        });
        if failed { Err(aborted()) } else { Ok(self.is_read_only()) }
    }

    /// Refuses a statement that cannot be undone inside of a block.
    ///
    /// # Errors
    /// 25001.
    pub(crate) fn prevent_in_block(&self, statement: &str) -> Result<()> {
        if self.live.block.is_open() {
            return Err(Error::new(
                SqlState::ActiveSqlTransaction,
                format!("{statement} cannot run inside a transaction block"),
            ));
        }
        Ok(())
    }
}

/// A transaction in the hands of a program. Dropped before [`Transaction::commit`], it is rolled back.
///
/// ```
/// # fn main() -> muster::Result<()> {
/// # let runtime = tokio::runtime::Runtime::new().unwrap();
/// # runtime.block_on(async {
/// let db = muster::Database::in_memory()?;
/// let session = db.session();
/// let transaction = session.transaction().await?;
/// transaction.execute("CREATE TABLE t (id int PRIMARY KEY)", &[]).await?;
/// transaction.execute("INSERT INTO t VALUES (1), (2)", &[]).await?;
/// transaction.commit().await?;
/// assert_eq!(session.query("SELECT * FROM t", &[]).await?.num_rows(), 2);
/// # Ok(())
/// # })
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping a transaction rolls it back"]
pub struct Transaction<'a> {
    session: &'a Session,
    ended: bool,
}

impl Transaction<'_> {
    /// As [`Session::query`].
    ///
    /// # Errors
    /// As there; after an error the transaction can only be rolled back.
    pub async fn query(&self, sql: &str, params: &[ScalarValue]) -> Result<QueryResult> {
        self.session.query(sql, params).await
    }

    /// As [`Session::execute`].
    ///
    /// # Errors
    /// As there; after an error the transaction can only be rolled back.
    pub async fn execute(&self, sql: &str, params: &[ScalarValue]) -> Result<u64> {
        self.session.execute(sql, params).await
    }

    /// The session that it is of.
    #[must_use]
    pub fn session(&self) -> &Session {
        self.session
    }

    /// Makes all of it durable and visible, or none.
    ///
    /// # Errors
    /// 40001 when somebody else has committed first what this changes, too: run it again. 25P02 when a statement of it
    /// has failed, and it was rolled back.
    pub async fn commit(mut self) -> Result<()> {
        self.ended = true;
        match self.session.end(true).await?.complete(0).as_str() {
            "COMMIT" => Ok(()),
            _ => Err(Error::new(
                SqlState::InFailedSqlTransaction,
                "a statement of the transaction has failed: it was rolled back",
            )),
        }
    }

    /// Takes all of it back.
    pub fn rollback(self) {}
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.ended
            && let Some(block) = self.session.live.block.with(Option::take)
        {
            self.session.live.sessions.counts.ended(false);
            self.session.live.cursors.rolled_back(block.number(), 0);
            self.session.live.change(|now| *now = block.settings.restored(now));
        }
    }
}
