//! `TimeZone`: the zone that moments are shown in, and read in where they name none.
//!
//! Moments are computed with in UTC here. So only zones that are UTC under another name can be set.

use std::str::FromStr;

use arrow::array::timezone::Tz;

use super::value::invalid;
use crate::{Error, Result};

/// The names of UTC, as the database of time zones writes them.
const UTC: &[&str] = &[
    "UTC",
    "GMT",
    "Etc/UTC",
    "Etc/GMT",
    "Etc/UCT",
    "Etc/Universal",
    "Etc/Zulu",
    "Etc/Greenwich",
    "Etc/GMT+0",
    "Etc/GMT-0",
    "Etc/GMT0",
    "GMT+0",
    "GMT-0",
    "GMT0",
    "Greenwich",
    "UCT",
    "Universal",
    "Zulu",
];

/// The zone of a value, as it is told.
///
/// # Errors
/// 22023 for what is no zone, 0A000 for one that is not UTC.
pub(super) fn read(written: &str) -> Result<String> {
    let name = written.trim();
    if let Some(known) = UTC.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return Ok((*known).to_string());
    }
    if ["local", "default"].iter().any(|word| word.eq_ignore_ascii_case(name)) {
        return Ok("UTC".to_string());
    }
    let refused = || Error::unsupported(format!("setting TimeZone to \"{written}\""));
    match name.parse::<f64>() {
        Ok(0.0) => Ok("UTC".to_string()),
        Ok(_) => Err(refused()),
        Err(_) if name.trim_start_matches(['+', '-']) == "00:00" => Ok("UTC".to_string()),
        Err(_) if Tz::from_str(name).is_ok() => Err(refused()),
        Err(_) => Err(invalid("TimeZone", written)),
    }
}
