//! What a session drew from sequences: for `currval` and `lastval`.

use std::collections::HashMap;

/// See the module. Sequences are known by their numbers.
#[derive(Debug, Default)]
pub(crate) struct Drawn {
    values: HashMap<u64, i64>,
    last: Option<u64>,
}

impl Drawn {
    /// The session drew a value.
    pub(super) fn draw(&mut self, sequence: u64, value: i64) {
        self.values.insert(sequence, value);
        self.last = Some(sequence);
    }

    /// The session set a sequence: `currval` gives the value, `lastval` looks elsewhere.
    pub(super) fn set(&mut self, sequence: u64, value: i64) {
        self.values.insert(sequence, value);
    }

    pub(super) fn current(&self, sequence: u64) -> Option<i64> {
        self.values.get(&sequence).copied()
    }

    pub(super) fn last(&self) -> Option<i64> {
        self.current(self.last?)
    }
}
