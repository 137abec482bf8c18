//! `DateStyle`: how dates are written, and in which order day and month are read.
//!
//! Dates are written as ISO 8601 has them and read in no other form, so that the order never matters: it is kept and told.

use super::value::invalid;
use crate::{Error, Result};

const NAME: &str = "DateStyle";

/// The style that a value makes of `current`.
///
/// # Errors
/// 22023 for what is no style, 0A000 for one that dates cannot be written in here.
pub(super) fn read(current: &str, written: &str) -> Result<String> {
    let (mut style, mut order) = (None, None);
    let wrong = || invalid(NAME, written);
    for word in written.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
        let word = word.to_ascii_lowercase();
        let is_order = match word.as_str() {
            "iso" | "sql" | "german" | "default" => false,
            postgres if postgres.starts_with("postgres") => false,
            "ymd" | "dmy" | "mdy" | "us" => true,
            order if order.starts_with("euro") || order.starts_with("noneuro") => true,
            _ => return Err(wrong()),
        };
        let part = if is_order { &mut order } else { &mut style };
        if part.as_ref().is_some_and(|known| *known != word) {
            return Err(wrong().with_detail("Conflicting \"datestyle\" specifications."));
        }
        *part = Some(word);
    }
    match style.as_deref() {
        None | Some("iso" | "default") => {}
        Some(_) => return Err(Error::unsupported(format!("setting {NAME} to \"{written}\""))),
    }
    let order = match order.as_deref() {
        Some("ymd") => "YMD",
        Some("dmy") => "DMY",
        Some(euro) if euro.starts_with("euro") => "DMY",
        Some(_) => "MDY",
        None if style.as_deref() == Some("default") => "MDY",
        None => current.rsplit(' ').next().unwrap_or("MDY"),
    };
    Ok(format!("ISO, {order}"))
}
