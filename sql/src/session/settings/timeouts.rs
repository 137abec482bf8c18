//! How long a statement may take, and a session may do nothing.
//!
//! It measures nothing and ends nothing: who drives a session does (the server, [`crate::blocking`]). Invariant: they are
//! PostgreSQL's settings, in milliseconds unless a unit is written, and 0 means without a limit.

use std::time::Duration;

use super::value::{invalid, out_of_range};
use crate::Result;

/// The greatest, as PostgreSQL has it: some 25 days.
const MOST: i64 = 2_147_483_647;

/// PostgreSQL's units of time, the largest first, with their microseconds.
const UNITS: [(&str, f64); 6] =
    [("d", 86_400e6), ("h", 3_600e6), ("min", 60e6), ("s", 1e6), ("ms", 1e3), ("us", 1.0)];

const HINT: &str = "Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".";

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// `statement_timeout`: of a statement, from its message to its last row.
    pub statement: Option<Duration>,
    /// `lock_timeout`. Nothing waits for locks here, so it never comes to that.
    pub lock: Option<Duration>,
    /// `idle_in_transaction_session_timeout`: of a session that does nothing within a transaction block.
    pub idle_in_transaction: Option<Duration>,
    /// `idle_session_timeout`: of a session that does nothing outside of one.
    pub idle_session: Option<Duration>,
}

/// The settings' names.
pub(super) const NAMES: [&str; 4] =
    ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"];

impl Timeouts {
    fn field(&mut self, name: &str) -> Option<(&'static str, &mut Option<Duration>)> {
        let Self { statement, lock, idle_in_transaction, idle_session } = self;
        let fields = [statement, lock, idle_in_transaction, idle_session];
        NAMES.into_iter().zip(fields).find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Changes the one of this name, if there is one.
    ///
    /// # Errors
    /// 22023 for what is no time or too long.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Option<Result<()>> {
        let (name, field) = self.field(name)?;
        Some(read(name, value).map(|timeout| *field = timeout))
    }

    /// The one of this name in milliseconds, if there is one.
    pub(super) fn get(mut self, name: &str) -> Option<String> {
        let (_, timeout) = self.field(name)?;
        Some(timeout.map_or(0, |timeout| timeout.as_millis()).to_string())
    }
}

/// Reads a time as PostgreSQL's settings have it.
fn read(name: &str, value: &str) -> Result<Option<Duration>> {
    let text = value.trim();
    let end = text.find(|char: char| !(char.is_ascii_digit() || "+-.".contains(char))).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| invalid(name, value))?;
    let unit = Some(unit.trim_start()).filter(|unit| !unit.is_empty()).unwrap_or("ms");
    let (_, micros) = UNITS
        .into_iter()
        .find(|(known, _)| *known == unit)
        .ok_or_else(|| invalid(name, value).with_hint(HINT))?;
    let milliseconds = (number * micros / 1e3).round_ties_even();
    if !(0.0..=MOST as f64).contains(&milliseconds) {
        return Err(out_of_range(format!("{milliseconds} ms"), name, 0, MOST));
    }
    Ok(Some(Duration::from_millis(milliseconds as u64)).filter(|timeout| !timeout.is_zero()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(value: &str) -> Result<String> {
        let mut timeouts = Timeouts::default();
        timeouts.set("Statement_Timeout", value).unwrap()?;
        Ok(timeouts.get("statement_timeout").unwrap())
    }

    #[test]
    fn times_are_read_as_postgresql_does() {
        for (value, told) in [
            ("0", "0"),
            ("1500", "1500"),
            (" 2000 ms ", "2000"),
            ("1.5s", "1500"),
            ("90 s", "90000"),
            ("2min", "120000"),
            ("24h", "86400000"),
            ("400us", "0"),
            ("1600us", "2"),
            ("2147483647", "2147483647"),
        ] {
            assert_eq!(set(value).unwrap(), told, "{value}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for value in ["", "soon", "1 S", "1 week", "-1", "2147483648", "25d", "NaN", "--1", "1.2.3", "5 ms s"]
        {
            assert_eq!(set(value).unwrap_err().sqlstate(), "22023", "{value}");
        }
        assert!(Timeouts::default().set("no_timeout", "1").is_none());
    }
}
