//! What the clients of one round know: what they tried, what was acknowledged, what they saw.
//!
//! It is written before a statement is sent, and again when its answer has come. Invariant: whatever the moment of the
//! kill, it says of each statement all that a client could rely on.

use std::collections::BTreeMap;
use std::fmt;

/// A statement, or a block, that puts rows, by round, writer and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Statement {
    pub(super) round: usize,
    pub(super) writer: usize,
    pub(super) number: usize,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.round, self.writer, self.number)
    }
}

impl Statement {
    /// The key of one of its rows.
    pub(super) fn key(&self, row: usize) -> String {
        format!("{self}-{row}")
    }

    /// The statement and the number of the row that a key is of.
    pub(super) fn of_key(key: &str) -> (Self, usize) {
        let numbers: Vec<usize> = key.split('-').map(|part| part.parse().unwrap()).collect();
        let [round, writer, number, row] = numbers[..] else { panic!("a strange key: {key}") };
        (Self { round, writer, number }, row)
    }
}

/// What a client knows of something that it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It must be there.
    Acknowledged,
    /// Its answer did not come: it is wholly there, or not at all.
    InFlight,
    /// It was rolled back, refused, or its COMMIT was never sent: it is not there.
    Undone,
}

/// What a statement puts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub(super) fate: Fate,
    /// Rows of the ledger.
    pub(super) rows: usize,
    /// For a block: it puts the same keys into the mirror, and may count this counter up.
    pub(super) mirrored: bool,
    pub(super) counter: Option<usize>,
}

/// Something that adds one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Added {
    pub(super) acknowledged: i64,
    pub(super) in_flight: i64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) claims: BTreeMap<Statement, Claim>,
    /// Statements whose rows were deleted again.
    pub(super) deleted: BTreeMap<Statement, Fate>,
    /// By counter; blocks are not among them.
    pub(super) counters: BTreeMap<usize, Added>,
    /// By writer.
    pub(super) marks: BTreeMap<usize, Added>,
    /// Values of the sequence that a client saw, and what for: the key of a row, or another name.
    pub(super) seen: Vec<(i64, String)>,
    /// How many statements and blocks were sent.
    pub(super) tried: usize,
    pub(super) acknowledged: usize,
}
