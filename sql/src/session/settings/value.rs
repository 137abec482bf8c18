//! Values of settings, read and told as PostgreSQL does: Booleans in many words, numbers with units, words of a choice.

use std::fmt::Display;

use super::definition::{Definition, Kind, Unit};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Units of time, the largest first, in milliseconds.
const TIMES: &[(&str, f64)] =
    &[("d", 86_400e3), ("h", 3_600e3), ("min", 60e3), ("s", 1e3), ("ms", 1.0), ("us", 1e-3)];

/// Units of memory, the largest first, in kB.
const SIZES: &[(&str, f64)] =
    &[("TB", 1_073_741_824.0), ("GB", 1_048_576.0), ("MB", 1024.0), ("kB", 1.0), ("B", 1.0 / 1024.0)];

impl Unit {
    /// The units that its numbers may be written in, with how many of its own each is.
    fn units(self) -> Vec<(&'static str, f64)> {
        match self {
            Self::None => Vec::new(),
            Self::Milliseconds => TIMES.to_vec(),
            Self::Kilobytes => SIZES.to_vec(),
            Self::Blocks => SIZES.iter().map(|(name, size)| (*name, size / 8.0)).collect(),
        }
    }

    fn hint(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Milliseconds => {
                Some("Valid units for this parameter are \"us\", \"ms\", \"s\", \"min\", \"h\", and \"d\".")
            }
            Self::Kilobytes | Self::Blocks => {
                Some("Valid units for this parameter are \"B\", \"kB\", \"MB\", \"GB\", and \"TB\".")
            }
        }
    }
}

/// A value as it is kept: in one way of writing, numbers in the setting's unit.
///
/// # Errors
/// 22023 for what is none of the setting's.
pub(super) fn read(setting: &Definition, written: &str) -> Result<String> {
    let name = setting.name;
    match setting.kind {
        Kind::Flag => boolean(name, written).map(|on| on_or_off(on).to_string()),
        Kind::Text => Ok(written.to_string()),
        Kind::Choice(words) => {
            // `debug` and `info` are in no list of PostgreSQL's and taken all the same.
            let sought = match written {
                _ if written.eq_ignore_ascii_case("debug") => "debug2",
                _ if written.eq_ignore_ascii_case("info") && !words.contains(&"info") => "notice",
                _ => written,
            };
            let known = words.iter().find(|word| word.eq_ignore_ascii_case(sought)).ok_or_else(|| {
                invalid(name, written).with_hint(format!("Available values: {}.", words.join(", ")))
            })?;
            Ok((*known).to_string())
        }
        Kind::Integer(unit, least, most) => {
            let number = number(name, written, unit)?.round_ties_even();
            if !(least as f64..=most as f64).contains(&number) {
                let told = setting.unit().map(|unit| format!(" {unit}")).unwrap_or_default();
                return Err(out_of_range(format!("{number}{told}"), name, least, most));
            }
            Ok(format!("{number}"))
        }
        Kind::Real(unit, least, most) => {
            let number = number(name, written, unit)?;
            if !(least..=most).contains(&number) {
                return Err(out_of_range(real(number), name, real(least), real(most)));
            }
            Ok(real(number))
        }
    }
}

/// A kept value as SHOW tells it: a number in the largest unit in which it is whole.
pub(super) fn shown(setting: &Definition, kept: &str) -> String {
    let (Kind::Integer(unit, ..) | Kind::Real(unit, ..)) = setting.kind else { return kept.to_string() };
    let Some(number) = kept.parse::<f64>().ok().filter(|number| *number > 0.0) else {
        return kept.to_string();
    };
    let whole = |(name, size): (&str, f64)| {
        let count = number / size;
        (count.fract() == 0.0 && count >= 1.0).then(|| format!("{count}{name}"))
    };
    unit.units().into_iter().find_map(whole).unwrap_or_else(|| kept.to_string())
}

/// Reads a number, which may have a unit.
fn number(name: &str, written: &str, unit: Unit) -> Result<f64> {
    let text = written.trim();
    let digits = |char: char| char.is_ascii_digit() || "+-.".contains(char);
    let mut end = text.find(|char| !digits(char)).unwrap_or(text.len());
    // An exponent, which is no unit.
    if let Some(rest) = text.get(end..).and_then(|rest| rest.strip_prefix(['e', 'E'])) {
        let length = rest.find(|char| !digits(char)).unwrap_or(rest.len());
        if rest.get(..length).is_some_and(|digits| digits.parse::<i32>().is_ok()) {
            end += 1 + length;
        }
    }
    let (number, written_unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| invalid(name, written))?;
    let written_unit = written_unit.trim();
    if written_unit.is_empty() {
        return Ok(number);
    }
    let known = unit.units().into_iter().find(|(known, _)| *known == written_unit);
    match (known, unit.hint()) {
        (Some((_, size)), _) => Ok(number * size),
        (None, Some(hint)) => Err(invalid(name, written).with_hint(hint)),
        (None, None) => Err(invalid(name, written)),
    }
}

/// A number with a point, as short as it can be.
pub(super) fn real(number: f64) -> String {
    if number.abs() >= 1e15 { format!("{number:e}") } else { number.to_string() }
}

/// Reads a Boolean as PostgreSQL's settings have it: any beginning of a word that no other word has.
pub(super) fn boolean(name: &str, value: &str) -> Result<bool> {
    let written = value.trim().to_ascii_lowercase();
    let begins = |word: &str, least: usize| written.len() >= least && word.starts_with(&written);
    if written == "1" || begins("true", 1) || begins("yes", 1) || begins("on", 2) {
        return Ok(true);
    }
    if written == "0" || begins("false", 1) || begins("no", 1) || begins("off", 2) {
        return Ok(false);
    }
    Err(Error::new(SqlState::InvalidParameterValue, format!("parameter \"{name}\" requires a Boolean value")))
}

pub(super) fn on_or_off(value: bool) -> &'static str {
    if value { "on" } else { "off" }
}

pub(super) fn out_of_range(
    number: impl Display,
    name: &str,
    least: impl Display,
    most: impl Display,
) -> Error {
    Error::new(
        SqlState::InvalidParameterValue,
        format!("{number} is outside the valid range for parameter \"{name}\" ({least} .. {most})"),
    )
}

pub(super) fn invalid(name: &str, value: &str) -> Error {
    Error::new(
        SqlState::InvalidParameterValue,
        format!("invalid value for parameter \"{name}\": \"{value}\""),
    )
}
