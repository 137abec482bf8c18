//! `muster.playbook_max_distance`: how far a playbook's query may be from the one that is asked.
//!
//! The database's options set it, [`MAX_DISTANCE`] unless they do. Invariant: a session may lower it, never raise it: whom
//! a recorded answer reaches is the database's matter.

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The setting's name.
pub(super) const NAME: &str = "muster.playbook_max_distance";

/// Unless the options say otherwise. Another head count or client is nearer than this by `hash-v1`.
pub(crate) const MAX_DISTANCE: f64 = 0.15;

/// The farthest that two queries can be by cosine.
const FARTHEST: f64 = 2.0;

/// Checks what the options say.
///
/// # Errors
/// F0000 for what no distance can be.
pub(crate) fn check_max_distance(distance: f64) -> Result<()> {
    if (0.0..=FARTHEST).contains(&distance) {
        return Ok(());
    }
    let message = format!("playbook_max_distance must be from 0 to {FARTHEST}, not {distance}");
    Err(Error::new(SqlState::ConfigFileError, message))
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlaybookSettings {
    most: f64,
    max_distance: f64,
}

impl PlaybookSettings {
    /// As the options have it.
    pub(super) fn new(most: f64) -> Self {
        Self { most, max_distance: most }
    }

    pub(crate) fn max_distance(self) -> f64 {
        self.max_distance
    }

    /// Changes it; `None` is DEFAULT.
    ///
    /// # Errors
    /// 22023 for what is no number, below 0 or above the database's own.
    pub(super) fn set(&mut self, value: Option<&str>) -> Result<()> {
        let Some(value) = value else {
            self.max_distance = self.most;
            return Ok(());
        };
        let number: f64 = value.trim().parse().map_err(|_| super::value::invalid(NAME, value))?;
        if !(0.0..=self.most).contains(&number) {
            let message =
                format!("{number} is outside the valid range for parameter \"{NAME}\" (0 .. {})", self.most);
            let error = Error::new(SqlState::InvalidParameterValue, message);
            return Err(error.with_hint("A session may lower it. The database's options raise it."));
        }
        self.max_distance = number;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_may_lower_it_and_not_raise_it() {
        let mut settings = PlaybookSettings::new(0.15);
        settings.set(Some("0.05")).unwrap();
        assert_eq!(settings.max_distance(), 0.05);
        settings.set(Some("0.15")).unwrap();
        for refused in ["0.16", "-0.1", "NaN", "inf", "near"] {
            assert_eq!(settings.set(Some(refused)).unwrap_err().sqlstate(), "22023", "{refused}");
        }
        settings.set(Some("0")).unwrap();
        settings.set(None).unwrap();
        assert_eq!(settings.max_distance(), 0.15);
    }
}
