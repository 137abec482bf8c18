//! Snapshot isolation in memory: for each action the answers that it may get, each with what becomes of it.
//!
//! It knows nothing of how the database does it. Invariant: it says exactly which conflicts there are; where it gives
//! several answers, a client cannot rely on either.

mod effect;
mod relation;
mod statement;
mod transaction;

use self::relation::{Content, Relation};
use self::transaction::{Savepoint, Transaction};
use super::action::{Action, TABLES, Table};
use super::answer::{Answer, Row};

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Model {
    latest: Content,
    /// By session, its block.
    blocks: Vec<Option<Transaction>>,
    /// The last number that was given to a row, a table or a definition.
    next: u64,
    /// Whether sessions keep prepared statements: one that was prepared before meets its block's state first.
    kept: bool,
}

/// An answer, and the state after it.
pub(super) type Possible = (Answer, Model);

impl Model {
    /// With tables `a` and `b`, and so many sessions.
    pub(super) fn new(sessions: usize, kept: bool) -> Self {
        let mut model = Self { latest: Content::new(), blocks: vec![None; sessions], next: 0, kept };
        for table in [Table::A, Table::B] {
            let number = model.number();
            model.latest.insert(table, Relation::new(table, number));
        }
        model
    }

    /// A number that nothing has.
    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// What a session sees in the tables; of no session, what is committed. A table that is not there is the last: asking
    /// for it fails the block.
    pub(super) fn rows(&self, session: Option<usize>) -> Vec<(Table, Answer)> {
        let block = session.and_then(|session| self.blocks[session].as_ref());
        if block.is_some_and(|block| block.failed) {
            return vec![(Table::A, Answer::refused("25P02"))];
        }
        let content = block.map_or(&self.latest, |block| &block.state.draft);
        let (there, absent): (Vec<_>, Vec<_>) =
            TABLES.into_iter().partition(|table| content.contains_key(table));
        let rows = |table: &Table| Answer::rows(content[table].rows.values().cloned());
        let mut seen: Vec<_> = there.iter().map(|table| (*table, rows(table))).collect();
        seen.extend(absent.first().map(|table| (*table, Answer::refused("42P01"))));
        seen
    }

    /// What may be answered to an action of a session.
    pub(super) fn answers(&self, session: usize, action: &Action) -> Vec<Possible> {
        let failed = self.blocks[session].as_ref().is_some_and(|block| block.failed);
        let taken = matches!(
            action,
            Action::Commit
                | Action::Rollback
                | Action::RollbackTo(_)
                | Action::Disconnect
                | Action::Reopen
                | Action::Checkpoint
        );
        if failed && !taken {
            return vec![self.refused(session, "25P02")];
        }
        let mut after = self.clone();
        match action {
            Action::Begin { .. }
            | Action::Commit
            | Action::Rollback
            | Action::Savepoint(_)
            | Action::RollbackTo(_)
            | Action::Release(_) => return vec![self.control(session, action)],
            Action::Disconnect => after.blocks[session] = None,
            Action::Reopen => after.blocks.fill(None),
            Action::Checkpoint => {}
            statement => return self.statement(session, statement),
        }
        vec![(Answer::Done(0), after)]
    }

    /// The answer of an action that fails: it takes the block with it.
    fn refused(&self, session: usize, state: &str) -> Possible {
        let mut after = self.clone();
        if let Some(block) = &mut after.blocks[session] {
            block.failed = true;
        }
        (Answer::refused(state), after)
    }

    /// The answer of an action that controls transactions.
    fn control(&self, session: usize, action: &Action) -> Possible {
        let mut after = self.clone();
        let slot = &mut after.blocks[session];
        let outside = slot.is_none();
        match action {
            // Another BEGIN warns, and sets what it says.
            Action::Begin { read_only } => {
                let block = slot.get_or_insert_with(|| Transaction::new(self.latest.clone()));
                block.read_only |= read_only;
            }
            Action::Commit => match slot.take() {
                Some(block) if !block.failed => match block.commit(after.latest, &mut after.next) {
                    Ok(latest) => after.latest = latest,
                    Err(_) => {
                        after.latest = self.latest.clone();
                        return (Answer::refused("40001"), after);
                    }
                },
                _ => {}
            },
            Action::Rollback => *slot = None,
            Action::Savepoint(_) | Action::RollbackTo(_) | Action::Release(_) if outside => {
                return self.refused(session, "25P01");
            }
            Action::Savepoint(name) => slot.iter_mut().for_each(|block| {
                let (state, read_only) = (block.state.clone(), block.read_only);
                block.savepoints.push(Savepoint { name: *name, state, read_only });
            }),
            Action::RollbackTo(name) | Action::Release(name) => {
                let block = slot.as_mut().unwrap();
                let Some(place) = block.savepoints.iter().rposition(|savepoint| savepoint.name == *name)
                else {
                    return self.refused(session, "3B001");
                };
                let savepoint = block.savepoints[place].clone();
                // What a block may do is as it was before the savepoint in both cases, as in PostgreSQL.
                block.read_only = savepoint.read_only;
                if let Action::RollbackTo(_) = action {
                    block.savepoints.truncate(place + 1);
                    block.state = savepoint.state;
                    block.failed = false;
                } else {
                    block.savepoints.truncate(place);
                }
            }
            other => panic!("{other:?} does not control transactions"),
        }
        (Answer::Done(0), after)
    }
}
