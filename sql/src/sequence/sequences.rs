//! How far each sequence of a database is counted.
//!
//! Steps are reserved, many at a time, by a mark of storage, which is durable on its own and never goes back; what
//! was reserved and not given when the process ends is lost. So a value costs no write of its own.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use muster_storage::{Changes, Snapshot, Store};
use parking_lot::Mutex;

use super::run::Position;
use crate::catalog::Sequence;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The kind of object that storage keeps positions as.
const KIND: &str = "sequence position";
/// Steps reserved at first, PostgreSQL's number, and at most. The number doubles while steps are used up.
const FEW: u64 = 32;
const MANY: u64 = 1024;

/// A sequence as it is counted in this process.
#[derive(Clone, Copy, Debug)]
struct Run {
    position: Position,
    /// The next step.
    next: u64,
    /// Steps below this one are reserved.
    reserved: u64,
    /// How many steps are reserved the next time.
    many: u64,
}

impl Run {
    /// The value that was given last, or, with `false`, the one that comes first.
    fn standing(&self) -> (i64, bool) {
        match self.position.last(self.next) {
            Some(last) => (last, true),
            None => (self.position.value, self.position.called),
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Sequences {
    /// Weak, because what plans statements is part of the database and must not keep it open.
    store: Weak<Store>,
    /// By lineage. One that is counted, which may wait for the disk, holds up no other.
    runs: Mutex<HashMap<u64, Arc<Mutex<Option<Run>>>>>,
}

impl Sequences {
    pub(crate) fn new(store: Weak<Store>) -> Self {
        Self { store, runs: Mutex::new(HashMap::new()) }
    }

    /// What is committed now.
    pub(super) fn snapshot(&self) -> Result<Arc<Snapshot>> {
        Ok(self.store()?.snapshot())
    }

    fn store(&self) -> Result<Arc<Store>> {
        self.store.upgrade().ok_or_else(|| Error::new(SqlState::InternalError, "the database is closed"))
    }

    fn run(&self, sequence: &Sequence) -> Arc<Mutex<Option<Run>>> {
        self.runs.lock().entry(sequence.lineage).or_default().clone()
    }

    /// The next value.
    ///
    /// # Errors
    /// 2200H past the end; what storage gives.
    pub(super) fn next(&self, sequence: &Sequence, name: &str) -> Result<i64> {
        let store = self.store()?;
        let run = self.run(sequence);
        let mut run = run.lock();
        let run = run.get_or_insert_with(|| load(&store.snapshot(), sequence));
        if run.position.counting != sequence.counting {
            // It was altered: it goes on from the last value as it counts now.
            let (value, called) = run.standing();
            let counting = sequence.counting;
            let position = Position { generation: run.position.generation + 1, value, called, counting };
            *run = moved(&store, sequence.lineage, position)?;
        }
        let Some(value) = run.position.at(run.next) else {
            let (end, bound) = if sequence.counting.increment > 0 {
                ("maximum", sequence.counting.most)
            } else {
                ("minimum", sequence.counting.least)
            };
            return Err(Error::new(
                SqlState::SequenceGeneratorLimitExceeded,
                format!("nextval: reached {end} value of sequence \"{name}\" ({bound})"),
            ));
        };
        if run.next >= run.reserved {
            let reserved = run.next.saturating_add(run.many);
            let mark = mark(sequence.lineage, run.position.generation);
            store.commit(Changes::new().raise_mark(mark, reserved))?;
            run.reserved = reserved;
            run.many = (run.many * 2).min(MANY);
        }
        run.next += 1;
        Ok(value)
    }

    /// Sets the value that was given last, or, unless `called`, the one that comes next.
    ///
    /// # Errors
    /// 22003 for a value that the sequence does not have; what storage gives.
    pub(super) fn set(&self, sequence: &Sequence, name: &str, value: i64, called: bool) -> Result<()> {
        let counting = sequence.counting;
        if value < counting.least || value > counting.most {
            return Err(Error::new(
                SqlState::NumericValueOutOfRange,
                format!(
                    "setval: value {value} is out of bounds for sequence \"{name}\" ({}..{})",
                    counting.least, counting.most
                ),
            ));
        }
        let store = self.store()?;
        let run = self.run(sequence);
        let mut run = run.lock();
        let before = *run.get_or_insert_with(|| load(&store.snapshot(), sequence));
        let position = Position { generation: before.position.generation + 1, value, called, counting };
        *run = Some(moved(&store, sequence.lineage, position)?);
        Ok(())
    }

    /// The value that was given last; `None` before the first.
    pub(crate) fn last(&self, sequence: &Sequence) -> Result<Option<i64>> {
        let run = self.known(sequence)?;
        Ok(run.position.last(run.next))
    }

    /// The value and the flag that `setval` would bring the sequence to where it is with.
    pub(crate) fn standing(&self, sequence: &Sequence) -> Result<(i64, bool)> {
        Ok(self.known(sequence)?.standing())
    }

    fn known(&self, sequence: &Sequence) -> Result<Run> {
        let snapshot = self.snapshot()?;
        let run = self.runs.lock().get(&sequence.lineage).cloned();
        Ok(run.and_then(|run| *run.lock()).unwrap_or_else(|| load(&snapshot, sequence)))
    }
}

fn mark(lineage: u64, generation: u64) -> String {
    format!("sequence {lineage} {generation}")
}

/// A sequence as an earlier process left it.
fn load(snapshot: &Snapshot, sequence: &Sequence) -> Run {
    let stored = snapshot.object(KIND, &sequence.lineage.to_string());
    let position = stored.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or(Position {
        generation: 0,
        value: sequence.first,
        called: false,
        counting: sequence.origin,
    });
    let next = snapshot.mark(&mark(sequence.lineage, position.generation));
    Run { position, next, reserved: next, many: FEW }
}

/// Keeps a position and starts counting from it.
fn moved(store: &Store, lineage: u64, position: Position) -> Result<Run> {
    let bytes = serde_json::to_vec(&position).map_err(|error| {
        Error::new(SqlState::InternalError, format!("a position cannot be kept: {error}"))
    })?;
    store.commit(Changes::new().set_object(KIND, lineage.to_string(), Some(bytes)))?;
    Ok(Run { position, next: 0, reserved: 0, many: FEW })
}
