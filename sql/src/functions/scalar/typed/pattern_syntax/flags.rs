//! The flags of a regular expression: `gi` beside it, `(?i)` within.

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What flags say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(in super::super) struct Flags {
    pub(in super::super) all: bool,
    pub(super) ignore_case: bool,
    /// `.` and `[^a]` leave line ends out.
    pub(super) stop_at_lines: bool,
    /// `^` and `$` match at lines' ends, too.
    pub(super) anchor_at_lines: bool,
    pub(super) expanded: bool,
    pub(super) literal: bool,
}

impl Flags {
    /// Of letters such as `gi`.
    pub(in super::super) fn of(letters: &str) -> Result<Self> {
        let mut flags = Self::default();
        for letter in letters.chars() {
            flags.set(letter)?;
        }
        Ok(flags)
    }

    pub(super) fn set(&mut self, letter: char) -> Result<()> {
        match letter {
            'g' => self.all = true,
            'i' => self.ignore_case = true,
            'c' => self.ignore_case = false,
            'n' | 'm' => (self.stop_at_lines, self.anchor_at_lines) = (true, true),
            'p' => (self.stop_at_lines, self.anchor_at_lines) = (true, false),
            's' => (self.stop_at_lines, self.anchor_at_lines) = (false, false),
            'w' => (self.stop_at_lines, self.anchor_at_lines) = (false, true),
            'x' => self.expanded = true,
            't' => self.expanded = false,
            'q' => self.literal = true,
            'e' => {}
            'b' => return Err(Error::unsupported("the regular expression option \"b\"")),
            other => {
                let message = format!("invalid regular expression option: \"{other}\"");
                return Err(Error::new(SqlState::InvalidParameterValue, message));
            }
        }
        Ok(())
    }

    /// The same for one match.
    pub(in super::super) fn for_one(self) -> Self {
        Self { all: false, ..self }
    }

    /// The same without regard to case.
    pub(in super::super) fn ignoring_case(self) -> Self {
        Self { ignore_case: true, ..self }
    }
}
