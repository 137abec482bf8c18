//! What `SET` changes and `SHOW` tells.
//!
//! A setting that nobody knows is refused. A setting that clients send by habit and that has one
//! value here takes that value and refuses others.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use arrow::array::timezone::Tz;

use super::Own;
use super::playbooks::{self, PlaybookSettings};
use super::timeouts::{self, Timeouts};
use crate::catalog::SearchPath;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The settings of one session. Cheap to clone for each statement.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The beam's width when a statement does not give one.
    pub(crate) ef_search: usize,
    /// Whether searches compare with every row instead of walking graphs.
    pub(crate) exact: bool,
    /// Where names without a schema are looked for.
    pub(crate) path: SearchPath,
    /// What stays as it is when settings are reset.
    pub(crate) own: Arc<Own>,
    /// Whether transactions are read-only unless they say otherwise.
    pub(crate) default_read_only: bool,
    /// Whether searches may be answered from the result cache.
    pub(crate) result_cache: bool,
    /// How far a playbook's query may be.
    pub(crate) playbooks: PlaybookSettings,
    /// How long statements and silence may last.
    pub(crate) timeouts: Timeouts,
    /// Texts that change nothing here but are told back.
    texts: Arc<BTreeMap<&'static str, String>>,
}

const SEARCH_PATH: &str = "search_path";

/// pgvector's bounds and default of `hnsw.ef_search`.
const EF_SEARCH: (usize, usize, usize) = (1, 1000, 40);

/// Whether searches compare with every row, so that anyone can measure recall.
const EXACT: &str = "muster.exact";

/// pgvector's settings of how a filtered search goes on. It always goes on here until k rows are found, so they are kept
/// and change nothing.
const ITERATIVE_SCAN: (&str, &[&str]) = ("hnsw.iterative_scan", &["off", "relaxed_order", "strict_order"]);
const MAX_SCAN_TUPLES: (&str, i64, i64, &str) = ("hnsw.max_scan_tuples", 1, 2_147_483_647, "20000");
const SCAN_MEM_MULTIPLIER: (&str, f64, f64, &str) = ("hnsw.scan_mem_multiplier", 1.0, 1000.0, "1");

/// Settings that clients may set to anything, with their defaults.
const FREE: &[(&str, &str)] =
    &[("application_name", ""), ("extra_float_digits", "1"), ("client_min_messages", "notice")];

/// Settings with one value: setting that value is no error.
const FIXED: &[(&str, &str, &[&str])] = &[
    ("client_encoding", "UTF8", &["utf8", "utf-8", "unicode"]),
    ("server_encoding", "UTF8", &["utf8"]),
    ("DateStyle", "ISO, MDY", &["iso", "iso, mdy", "iso,mdy", "iso, ymd"]),
    ("IntervalStyle", "postgres", &["postgres"]),
    ("TimeZone", "UTC", &["utc", "etc/utc", "gmt", "+00:00", "0", "default", "local"]),
    ("standard_conforming_strings", "on", &["on", "true", "1"]),
    ("integer_datetimes", "on", &["on"]),
    ("bytea_output", "hex", &["hex"]),
    ("row_security", "off", &["off"]),
    ("transaction_isolation", "repeatable read", ISOLATION),
    ("default_transaction_isolation", "repeatable read", ISOLATION),
    ("server_version", "16.0 (Muster)", &[]),
    ("server_version_num", "160000", &[]),
    ("max_identifier_length", "63", &[]),
];

/// The levels that snapshots keep the promises of.
const ISOLATION: &[&str] = &["repeatable read", "read committed", "read uncommitted"];

/// Whether a transaction is read-only unless it says otherwise.
const READ_ONLY: &str = "default_transaction_read_only";

/// Whether searches may be answered from the result cache.
const RESULT_CACHE: &str = "muster.result_cache";

impl Settings {
    /// Those of a new session.
    pub(crate) fn new(options: &crate::Options) -> Self {
        Self::of(Arc::new(Own::new(options)))
    }

    fn of(own: Arc<Own>) -> Self {
        let own_texts = [
            (ITERATIVE_SCAN.0, "off"),
            (MAX_SCAN_TUPLES.0, MAX_SCAN_TUPLES.3),
            (SCAN_MEM_MULTIPLIER.0, SCAN_MEM_MULTIPLIER.3),
        ];
        let texts =
            FREE.iter().chain(&own_texts).map(|(name, value)| (*name, (*value).to_string())).collect();
        Self {
            ef_search: EF_SEARCH.2,
            exact: false,
            path: SearchPath::new(own.number),
            playbooks: PlaybookSettings::new(own.playbook_max_distance),
            own,
            default_read_only: false,
            result_cache: true,
            timeouts: Timeouts::default(),
            texts: Arc::new(texts),
        }
    }

    /// Gives all settings their defaults back.
    pub(crate) fn reset(&mut self) {
        *self = Self::of(self.own.clone());
    }

    /// Changes one setting; `None` is DEFAULT.
    ///
    /// # Errors
    /// 42704 for a setting that nobody knows, 22023 for a value that it cannot have.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) -> Result<()> {
        if name.eq_ignore_ascii_case("hnsw.ef_search") {
            let (least, most, default) = EF_SEARCH;
            let Some(value) = value else {
                self.ef_search = default;
                return Ok(());
            };
            let number = integer("hnsw.ef_search", value)?;
            self.ef_search = usize::try_from(number)
                .ok()
                .filter(|ef| (least..=most).contains(ef))
                .ok_or_else(|| out_of_range(number, "hnsw.ef_search", least, most))?;
            return Ok(());
        }
        if name.eq_ignore_ascii_case(EXACT) {
            self.exact = value.map_or(Ok(false), |value| boolean(EXACT, value))?;
            return Ok(());
        }
        if name.eq_ignore_ascii_case(ITERATIVE_SCAN.0) {
            let wanted = value.unwrap_or("off").trim().to_ascii_lowercase();
            let known = ITERATIVE_SCAN.1.iter().find(|known| **known == wanted).ok_or_else(|| {
                invalid(ITERATIVE_SCAN.0, value.unwrap_or_default())
                    .with_hint(format!("Available values: {}.", ITERATIVE_SCAN.1.join(", ")))
            })?;
            Arc::make_mut(&mut self.texts).insert(ITERATIVE_SCAN.0, (*known).to_string());
            return Ok(());
        }
        if name.eq_ignore_ascii_case(MAX_SCAN_TUPLES.0) {
            let (name, least, most, default) = MAX_SCAN_TUPLES;
            let number = integer(name, value.unwrap_or(default))?;
            if !(least..=most).contains(&number) {
                return Err(out_of_range(number, name, least, most));
            }
            Arc::make_mut(&mut self.texts).insert(name, number.to_string());
            return Ok(());
        }
        if name.eq_ignore_ascii_case(SCAN_MEM_MULTIPLIER.0) {
            let (name, least, most, default) = SCAN_MEM_MULTIPLIER;
            let value = value.unwrap_or(default);
            let number: f64 = value.trim().parse().map_err(|_| invalid(name, value))?;
            if !(least..=most).contains(&number) {
                return Err(out_of_range(number, name, least, most));
            }
            Arc::make_mut(&mut self.texts).insert(name, number.to_string());
            return Ok(());
        }
        if name.eq_ignore_ascii_case(SEARCH_PATH) {
            self.path.set(value);
            return Ok(());
        }
        if name.eq_ignore_ascii_case(READ_ONLY) {
            self.default_read_only = value.map_or(Ok(false), |value| boolean(READ_ONLY, value))?;
            return Ok(());
        }
        if name.eq_ignore_ascii_case(playbooks::NAME) {
            return self.playbooks.set(value);
        }
        if name.eq_ignore_ascii_case(RESULT_CACHE) {
            self.result_cache = value.map_or(Ok(true), |value| boolean(RESULT_CACHE, value))?;
            return Ok(());
        }
        if let Some(set) = self.timeouts.set(name, value) {
            return set;
        }
        if let Some((known, default)) = FREE.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Arc::make_mut(&mut self.texts).insert(known, value.unwrap_or(default).to_string());
            return Ok(());
        }
        if let Some((known, _, accepted)) =
            FIXED.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(name))
        {
            let Some(value) = value else { return Ok(()) };
            let wanted = value.trim().to_ascii_lowercase();
            if accepted.contains(&wanted.as_str()) {
                return Ok(());
            }
            return Err(if accepted.is_empty() {
                Error::new(
                    SqlState::InsufficientPrivilege,
                    format!("parameter \"{known}\" cannot be changed"),
                )
            } else {
                Error::unsupported(format!("setting {known} to {value:?}"))
            });
        }
        Err(unknown(name))
    }

    /// A setting's value as text.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        if name.eq_ignore_ascii_case("hnsw.ef_search") {
            return Some(self.ef_search.to_string());
        }
        if name.eq_ignore_ascii_case(EXACT) {
            return Some(on_or_off(self.exact));
        }
        if name.eq_ignore_ascii_case(SEARCH_PATH) {
            return Some(self.path.to_string());
        }
        if name.eq_ignore_ascii_case(READ_ONLY) {
            return Some(on_or_off(self.default_read_only));
        }
        if name.eq_ignore_ascii_case(playbooks::NAME) {
            return Some(self.playbooks.max_distance().to_string());
        }
        if name.eq_ignore_ascii_case(RESULT_CACHE) {
            return Some(on_or_off(self.result_cache));
        }
        if let Some(timeout) = self.timeouts.get(name) {
            return Some(timeout);
        }
        if let Some((_, value)) = self.texts.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Some(value.clone());
        }
        FIXED
            .iter()
            .find(|(known, _, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value, _)| (*value).to_string())
    }

    /// The zone that the clocks of `timestamptz` are shown in.
    ///
    /// # Errors
    /// 0A000 for a zone that is not known here.
    pub(crate) fn zone(&self) -> Result<Tz> {
        let name = self.get("TimeZone").unwrap_or_else(|| "UTC".to_string());
        name.parse().map_err(|_| Error::unsupported(format!("the time zone \"{name}\"")))
    }

    /// All settings, by name.
    pub(crate) fn all(&self) -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> =
            FIXED.iter().map(|(name, value, _)| ((*name).to_string(), (*value).to_string())).collect();
        all.extend(self.texts.iter().map(|(name, value)| ((*name).to_string(), value.clone())));
        all.extend(
            timeouts::NAMES.iter().filter_map(|name| Some(((*name).to_string(), self.timeouts.get(name)?))),
        );
        all.push(("hnsw.ef_search".to_string(), self.ef_search.to_string()));
        all.push((EXACT.to_string(), on_or_off(self.exact)));
        all.push((SEARCH_PATH.to_string(), self.path.to_string()));
        all.push((READ_ONLY.to_string(), on_or_off(self.default_read_only)));
        all.push((RESULT_CACHE.to_string(), on_or_off(self.result_cache)));
        all.push((playbooks::NAME.to_string(), self.playbooks.max_distance().to_string()));
        all.sort_by_key(|(name, _)| name.to_ascii_lowercase());
        all
    }
}

/// Reads a Boolean as PostgreSQL's settings have it: any beginning of a word that no other word has.
fn boolean(name: &str, value: &str) -> Result<bool> {
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

fn on_or_off(value: bool) -> String {
    if value { "on" } else { "off" }.to_string()
}

/// The error for a setting that nobody knows.
pub(crate) fn unknown(name: &str) -> Error {
    Error::new(SqlState::UndefinedObject, format!("unrecognized configuration parameter \"{name}\""))
}

fn integer(name: &str, value: &str) -> Result<i64> {
    value.trim().parse().map_err(|_| invalid(name, value))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ef_search_keeps_to_its_range() {
        let mut settings = Settings::new(&crate::Options::default());
        settings.set("HNSW.ef_search", Some("100")).unwrap();
        assert_eq!(settings.get("hnsw.ef_search").unwrap(), "100");
        assert_eq!(settings.set("hnsw.ef_search", Some("0")).unwrap_err().sqlstate(), "22023");
        assert_eq!(settings.set("hnsw.ef_search", Some("many")).unwrap_err().sqlstate(), "22023");
        settings.set("hnsw.ef_search", None).unwrap();
        assert_eq!(settings.ef_search, 40);
    }

    #[test]
    fn a_setting_that_nobody_knows_is_refused() {
        let mut settings = Settings::new(&crate::Options::default());
        assert_eq!(settings.set("no.such", Some("1")).unwrap_err().sqlstate(), "42704");
        assert_eq!(settings.set("TimeZone", Some("Europe/Paris")).unwrap_err().sqlstate(), "0A000");
        settings.set("timezone", Some("UTC")).unwrap();
    }
}
