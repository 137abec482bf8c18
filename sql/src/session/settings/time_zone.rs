//! `TimeZone`: the zone that moments are shown in, and read in where they name none.
//!
//! Moments are kept in UTC; [`in_zone`](crate::planning::in_zone) says what a statement means in another zone.

use std::str::FromStr;

use arrow::array::timezone::Tz;

use super::value::invalid;
use crate::Result;

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

/// Whether this name, as [`read`] gives it, is UTC's.
pub(super) fn is_utc(name: &str) -> bool {
    UTC.contains(&name)
}

/// The zone of a value, as it is told: a name of the database of time zones, or an offset from UTC.
///
/// # Errors
/// 22023 for what is no zone.
pub(super) fn read(written: &str) -> Result<String> {
    let name = written.trim();
    if let Some(known) = UTC.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        return Ok((*known).to_string());
    }
    if ["local", "default"].iter().any(|word| word.eq_ignore_ascii_case(name)) {
        return Ok("UTC".to_string());
    }
    let refused = || invalid("TimeZone", written);
    if let Ok(hours) = name.parse::<f64>() {
        return offset((hours * 60.0).round()).ok_or_else(refused);
    }
    let upper = name.to_ascii_uppercase();
    let behind = upper.strip_prefix("GMT").or_else(|| upper.strip_prefix("UTC")).unwrap_or(&upper);
    if let Some(sign) = behind.bytes().next().filter(|sign| b"+-".contains(sign)) {
        // POSIX counts what is west of Greenwich.
        let minutes = minutes(behind.get(1..).unwrap_or_default()).ok_or_else(refused)?;
        return offset(if sign == b'+' { -minutes } else { minutes }).ok_or_else(refused);
    }
    let spellings = [name.to_string(), capitals(name), upper];
    let known = spellings.into_iter().find(|spelling| is_named(spelling) && Tz::from_str(spelling).is_ok());
    known.ok_or_else(refused)
}

fn is_named(name: &str) -> bool {
    name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
}

/// `5`, `5:30` and `0530`, in minutes.
fn minutes(text: &str) -> Option<f64> {
    let (hours, minutes) = match text.split_once(':') {
        Some(parts) => parts,
        None if text.len() == 4 => (text.get(..2)?, text.get(2..)?),
        None => (text, "0"),
    };
    let number = |part: &str| part.parse::<u8>().ok().filter(|_| (1..=2).contains(&part.len()));
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60).then(|| f64::from(hours) * 60.0 + f64::from(minutes))
}

/// An offset of so many minutes east of Greenwich.
fn offset(minutes: f64) -> Option<String> {
    if !minutes.is_finite() || minutes.abs() >= 24.0 * 60.0 {
        return None;
    }
    if minutes == 0.0 {
        return Some("UTC".to_string());
    }
    let sign = if minutes < 0.0 { '-' } else { '+' };
    let minutes = minutes.abs();
    Some(format!("{sign}{:02}:{:02}", (minutes / 60.0).floor(), minutes % 60.0))
}

/// `america/new_york` as the database of time zones writes it.
fn capitals(name: &str) -> String {
    let mut begins = true;
    let capital = |letter: char| {
        let written = if begins { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
        begins = !letter.is_ascii_alphanumeric();
        written
    };
    name.chars().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn zones_are_told_by_name_and_by_offset() {
        let zone = |written| read(written).unwrap_or_else(|error| error.sqlstate().to_string());
        assert_eq!(zone("america/new_york"), "America/New_York");
        assert_eq!(zone("Europe/Berlin"), "Europe/Berlin");
        assert_eq!(zone("utc"), "UTC");
        assert_eq!(zone("-7"), "-07:00");
        assert_eq!(zone("5.5"), "+05:30");
        assert_eq!(zone("GMT-05:30"), "+05:30");
        assert_eq!(zone("+03:00"), "-03:00");
        assert_eq!(zone("+00:00"), "UTC");
        for bad in ["", "Nowhere", "99", "GMT+x", "+25:00", "inf", "é/é"] {
            assert_eq!(zone(bad), "22023", "{bad}");
        }
    }
}
