//! Settings that travel by the protocol: those a client sends with its startup packet, and those
//! the server reports and keeps reporting when they change.
//!
//! What a setting means and whether a value is good is the session's to say.

use arrow::array::timezone::Tz;
use muster::Session;
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::startup::ParameterStatus;

use super::error::{Error, Result};

/// The parameters that PostgreSQL 15 reports, and what they are where the session does not say.
const REPORTED: [(&str, &str); 11] = [
    ("server_version", ""),
    ("server_encoding", "UTF8"),
    ("client_encoding", "UTF8"),
    ("application_name", ""),
    ("in_hot_standby", "off"),
    ("default_transaction_read_only", "off"),
    ("DateStyle", "ISO, MDY"),
    ("IntervalStyle", "postgres"),
    ("TimeZone", "UTC"),
    ("integer_datetimes", "on"),
    ("standard_conforming_strings", "on"),
];

/// The parameters as the client knows them.
#[derive(Debug)]
pub(super) struct Reported {
    known: Vec<(&'static str, String)>,
    /// The session's number of changes when it was last looked at.
    changes: Option<u64>,
    user: String,
    superuser: bool,
}

impl Reported {
    pub(super) fn new(user: String, superuser: bool) -> Self {
        Self { known: Vec::new(), changes: None, user, superuser }
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// The messages that tell the client what changed since it was last told.
    pub(super) fn changes(&mut self, session: &Session) -> Vec<PgWireBackendMessage> {
        let changes = Some(session.setting_changes());
        if std::mem::replace(&mut self.changes, changes) == changes {
            return Vec::new();
        }
        let mut now: Vec<(&'static str, String)> = REPORTED
            .iter()
            .map(|&(name, default)| (name, session.setting(name).unwrap_or_else(|| default.to_string())))
            .collect();
        // After SET ROLE and SET SESSION AUTHORIZATION; what is damaged is told by the next statement.
        self.superuser = session.is_superuser().unwrap_or(self.superuser);
        self.user = session.user().unwrap_or_else(|_| self.user.clone());
        now.push(("is_superuser", if self.superuser { "on" } else { "off" }.to_string()));
        now.push(("session_authorization", self.user.clone()));
        let changed = now
            .iter()
            .filter(|entry| !self.known.contains(entry))
            .map(|(name, value)| {
                PgWireBackendMessage::ParameterStatus(ParameterStatus::new(
                    (*name).to_string(),
                    value.clone(),
                ))
            })
            .collect();
        self.known = now;
        changed
    }
}

/// The zone that times are shown in, and meant in where they name none.
pub(super) fn time_zone(session: &Session) -> Result<Tz> {
    Ok(session.time_zone()?)
}

/// Whether the client wants notices of a severity (`client_min_messages`).
pub(super) fn wants(session: &Session, severity: &str) -> bool {
    let least = session.setting("client_min_messages").unwrap_or_default().to_ascii_lowercase();
    match least.as_str() {
        "error" | "fatal" | "panic" => false,
        "warning" => severity == "WARNING",
        _ => severity != "DEBUG" || least.starts_with("debug"),
    }
}

/// Sets what the startup packet asks for: its own parameters, and those within `options`.
pub(super) fn apply(session: &Session, parameters: &[(String, String)]) -> Result<()> {
    for (name, value) in parameters {
        match name.as_str() {
            "user" | "database" => {}
            "options" => {
                for (name, value) in parse_options(value)? {
                    session.set_setting(&name, &value)?;
                }
            }
            "replication" if !matches!(value.as_str(), "false" | "off" | "no" | "0") => {
                return Err(Error::Unsupported { feature: "replication".to_string() });
            }
            "replication" => {}
            name if name.starts_with("_pq_.") => {}
            name => session.set_setting(name, value)?,
        }
    }
    session.start();
    Ok(())
}

/// Reads `-c name=value` and `--name=value`, separated by spaces that a backslash can escape.
fn parse_options(options: &str) -> Result<Vec<(String, String)>> {
    let mut settings = Vec::new();
    let mut words = split_words(options).into_iter();
    while let Some(word) = words.next() {
        let setting = if word == "-c" {
            words.next()
        } else {
            word.strip_prefix("--").or_else(|| word.strip_prefix("-c")).map(str::to_string)
        };
        let setting = setting.as_deref().and_then(|setting| setting.split_once('='));
        let Some((name, value)) = setting else {
            return Err(Error::ProtocolFatal {
                message: format!("invalid command-line argument for server process: {word}"),
            });
        };
        // On a command line a dash stands for an underscore.
        settings.push((name.trim().replace('-', "_"), value.to_string()));
    }
    Ok(settings)
}

fn split_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            char if char.is_ascii_whitespace() => words.extend(word.take()),
            char => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_in_all_their_forms() {
        let settings =
            parse_options(r"-c hnsw.ef_search=80 --application-name=my\ app -cTimeZone=UTC ").unwrap();
        assert_eq!(
            settings,
            [
                ("hnsw.ef_search".to_string(), "80".to_string()),
                ("application_name".to_string(), "my app".to_string()),
                ("TimeZone".to_string(), "UTC".to_string()),
            ]
        );
    }

    #[test]
    fn options_that_set_nothing_are_refused() {
        for options in ["-c", "-c name", "-x 3", "name=value", "--"] {
            assert_eq!(parse_options(options).unwrap_err().sqlstate(), "08P01", "{options}");
        }
    }
}
