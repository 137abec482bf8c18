//! A line of the log: its commit, its time, its runtime and its numbers.
//!
//! A line is one JSON object. `git_commit` and `runtime` are texts. Its time is the first of [`TIMES`] that it has: a text as
//! timestamptz reads it, or a number of seconds or of milliseconds since 1970. Its metrics are the numbers under `metrics`,
//! or, without that key, those of the line itself; numbers within objects are named by their path, with points. What is not
//! there is NULL. Invariant: the digits of a number stay as they were written.

use chrono::DateTime;

use crate::sqlstate::SqlState;
use crate::types::json::{self, Json};
use crate::{Error, Result};

/// Keys that name a line's time; the first that is there counts.
const TIMES: [&str; 9] = [
    "recorded_at",
    "timestamp",
    "ts",
    "time",
    "captured_at",
    "measured_at",
    "generated_at",
    "created_at",
    "date",
];

/// From here on a number is of milliseconds: the year 5138 in seconds, 1973 in milliseconds.
const LEAST_MILLISECONDS: f64 = 1e11;

/// See the module.
#[derive(Debug, PartialEq)]
pub(crate) struct AuditLine {
    /// As text that timestamptz reads.
    pub(crate) recorded_at: Option<String>,
    pub(crate) git_commit: Option<String>,
    pub(crate) runtime: Option<String>,
    /// A JSON object of numbers.
    pub(crate) metrics: String,
}

impl AuditLine {
    /// Reads a line.
    ///
    /// # Errors
    /// 22P04, saying what is wrong with it.
    pub(crate) fn of(line: &Json) -> Result<Self> {
        let Json::Object(entries) = line else { return Err(broken("is no JSON object")) };
        let text = |key: &str| match line.get(key) {
            None | Some(Json::Null) => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text.clone())),
            Some(_) => Err(broken(&format!("has a \"{key}\" that is no text"))),
        };
        let time = TIMES.into_iter().find(|key| !matches!(line.get(key), None | Some(Json::Null)));
        let mut metrics = Vec::new();
        match line.get("metrics") {
            Some(Json::Object(nested)) => collect(nested, "", &mut metrics),
            None | Some(Json::Null) => {
                let of_line = entries.iter().filter(|(key, _)| Some(key.as_str()) != time);
                collect(of_line, "", &mut metrics);
            }
            Some(_) => return Err(broken("has \"metrics\" that are no object")),
        }
        let mut written = String::new();
        json::write_value(&Json::Object(metrics), &mut written);
        Ok(Self {
            recorded_at: time.map(|key| timestamp(key, line.get(key))).transpose()?,
            git_commit: text("git_commit")?,
            runtime: text("runtime")?,
            metrics: written,
        })
    }
}

/// The numbers of an object by their names, which are paths where they are within objects. What is no object has none.
pub(crate) fn numbers(object: &Json) -> Vec<(String, Json)> {
    let mut numbers = Vec::new();
    if let Json::Object(entries) = object {
        collect(entries, "", &mut numbers);
    }
    numbers
}

fn collect<'a>(
    entries: impl IntoIterator<Item = &'a (String, Json)>,
    path: &str,
    out: &mut Vec<(String, Json)>,
) {
    for (key, value) in entries {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match value {
            Json::Number(_) => out.push((name, value.clone())),
            Json::Object(nested) => collect(nested, &name, out),
            _ => {}
        }
    }
}

fn timestamp(key: &str, value: Option<&Json>) -> Result<String> {
    match value {
        Some(Json::Text(text)) => Ok(text.clone()),
        Some(Json::Number(digits)) => {
            let number: f64 = digits.parse().unwrap_or(f64::NAN);
            let milliseconds = if number.abs() < LEAST_MILLISECONDS { number * 1000.0 } else { number };
            // A number beyond what a timestamp holds is cut here, and refused as a timestamp.
            let time = DateTime::from_timestamp_micros((milliseconds * 1000.0) as i64);
            time.filter(|_| milliseconds.abs() < 1e15)
                .map(|time| time.to_rfc3339())
                .ok_or_else(|| broken(&format!("has a \"{key}\" that is no time")))
        }
        _ => Err(broken(&format!("has a \"{key}\" that is no time"))),
    }
}

fn broken(what: &str) -> Error {
    Error::new(SqlState::BadCopyFileFormat, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> std::result::Result<AuditLine, String> {
        AuditLine::of(&json::parse(text).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_are_metrics_flat_or_under_their_key() {
        let flat = line(
            r#"{"git_commit":"a1","timestamp":"2026-04-01T10:00:00Z","p2_evidence_rows":1055,"rate":0.10,"ok":true,"by":{"tier":{"a":1e3}},"list":[1]}"#,
        );
        let flat = flat.unwrap();
        assert_eq!(flat.metrics, r#"{"rate": 0.10, "by.tier.a": 1000, "p2_evidence_rows": 1055}"#);
        assert_eq!(flat.git_commit.as_deref(), Some("a1"));
        assert_eq!((flat.recorded_at.as_deref(), flat.runtime), (Some("2026-04-01T10:00:00Z"), None));
        let nested =
            line(r#"{"schema":2,"ts":1764547200,"runtime":"go","metrics":{"x":-0.5,"note":"n"}}"#).unwrap();
        assert_eq!(nested.metrics, r#"{"x": -0.5}"#);
        assert_eq!(nested.runtime.as_deref(), Some("go"));
        assert_eq!(nested.recorded_at.as_deref(), Some("2025-12-01T00:00:00+00:00"));
        let milliseconds = line(r#"{"ts":1764547200500,"git_commit":null}"#).unwrap();
        assert_eq!(milliseconds.recorded_at.as_deref(), Some("2025-12-01T00:00:00.500+00:00"));
        assert_eq!((milliseconds.metrics.as_str(), milliseconds.git_commit), ("{}", None));
    }

    #[test]
    fn what_is_of_the_wrong_type_is_named() {
        for (text, what) in [
            ("[1]", "is no JSON object"),
            (r#"{"git_commit":1}"#, "\"git_commit\" that is no text"),
            (r#"{"runtime":{}}"#, "\"runtime\" that is no text"),
            (r#"{"metrics":[1]}"#, "\"metrics\" that are no object"),
            (r#"{"ts":true}"#, "\"ts\" that is no time"),
            (r#"{"ts":1e300}"#, "\"ts\" that is no time"),
        ] {
            let error = line(text).unwrap_err();
            assert!(error.contains(what), "{text}: {error}");
        }
    }
}
