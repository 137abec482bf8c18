//! What the options of a COPY mean: the format, checked as PostgreSQL checks it.

use std::path::Path;

use super::copy_parse::{CopyItem, CopyValue};
use crate::load::{FileFormat, Header, TextFormat};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The columns that an option names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Forced {
    #[default]
    None,
    All,
    Columns(Vec<String>),
}

impl Forced {
    /// Whether a column is among them.
    pub(crate) fn has(&self, column: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Columns(columns) => columns.iter().any(|named| named == column),
        }
    }
}

/// The options of one COPY.
#[derive(Clone, Debug)]
pub(crate) struct CopyOptions {
    pub(crate) format: FileFormat,
    /// For the formats text and csv.
    pub(crate) text: TextFormat,
    pub(crate) force_quote: Forced,
    pub(crate) force_not_null: Forced,
    pub(crate) force_null: Forced,
    /// Rows are lines of the audit log, written as they were read.
    pub(crate) lines: bool,
}

impl CopyOptions {
    /// Reads the options of COPY TO (`to`) or COPY FROM; `path` is the file's, where there is one.
    ///
    /// # Errors
    /// 42601 for an option that is unknown or given twice, 22023 for a value that it cannot have, 0A000 for what
    /// the format or direction does not go with.
    pub(crate) fn of(items: &[CopyItem], to: bool, path: Option<&Path>) -> Result<Self> {
        let mut given = Given::default();
        for item in items {
            given.take(item, to)?;
        }
        given.check(to, path)
    }
}

/// The options as they come, each at most once.
#[derive(Default)]
struct Given {
    format: Option<String>,
    freeze: Option<bool>,
    delimiter: Option<String>,
    null: Option<String>,
    header: Option<Header>,
    quote: Option<String>,
    escape: Option<String>,
    encoding: Option<String>,
    force_quote: Option<Forced>,
    force_not_null: Option<Forced>,
    force_null: Option<Forced>,
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(SqlState::SyntaxError, "conflicting or redundant options")),
    }
}

fn syntax(message: String) -> Error {
    Error::new(SqlState::SyntaxError, message)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(SqlState::InvalidParameterValue, message)
}

/// What PostgreSQL words as "cannot" and gives 0A000.
fn not_here(message: impl Into<String>) -> Error {
    Error::new(SqlState::FeatureNotSupported, message)
}

fn string(item: &CopyItem) -> Result<String> {
    match &item.value {
        CopyValue::Text(text) => Ok(text.clone()),
        _ => Err(syntax(format!("{} requires a parameter", item.name))),
    }
}

fn boolean(item: &CopyItem) -> Option<bool> {
    match &item.value {
        CopyValue::None => Some(true),
        CopyValue::Text(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "on" | "1" => Some(true),
            "false" | "off" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn header(item: &CopyItem, to: bool) -> Result<Header> {
    if matches!(&item.value, CopyValue::Text(text) if text.eq_ignore_ascii_case("match")) {
        return if to {
            Err(not_here("cannot use \"match\" with HEADER in COPY TO"))
        } else {
            Ok(Header::Match)
        };
    }
    match boolean(item) {
        Some(true) => Ok(Header::Skip),
        Some(false) => Ok(Header::None),
        None => Err(syntax("header requires a Boolean value or \"match\"".to_string())),
    }
}

fn forced(item: &CopyItem) -> Result<Forced> {
    match &item.value {
        CopyValue::All => Ok(Forced::All),
        CopyValue::Columns(columns) => Ok(Forced::Columns(columns.clone())),
        _ => Err(invalid(format!("argument to option \"{}\" must be a list of column names", item.name))),
    }
}

impl Given {
    fn take(&mut self, item: &CopyItem, to: bool) -> Result<()> {
        match item.name.as_str() {
            "format" => once(&mut self.format, string(item)?),
            "freeze" => {
                let value = boolean(item);
                once(
                    &mut self.freeze,
                    value.ok_or_else(|| syntax("freeze requires a Boolean value".to_string()))?,
                )
            }
            "delimiter" => once(&mut self.delimiter, string(item)?),
            "null" => once(&mut self.null, string(item)?),
            "header" => once(&mut self.header, header(item, to)?),
            "quote" => once(&mut self.quote, string(item)?),
            "escape" => once(&mut self.escape, string(item)?),
            "encoding" => once(&mut self.encoding, string(item)?),
            "force_quote" => once(&mut self.force_quote, forced(item)?),
            "force_not_null" => once(&mut self.force_not_null, forced(item)?),
            "force_null" => once(&mut self.force_null, forced(item)?),
            "where" => Err(Error::unsupported("COPY FROM ... WHERE")),
            other => Err(syntax(format!("option \"{other}\" not recognized"))),
        }
    }

    fn check(self, to: bool, path: Option<&Path>) -> Result<CopyOptions> {
        let format = match self.format.as_deref() {
            Some("text") => FileFormat::Text,
            Some("csv") => FileFormat::Csv,
            Some("parquet") => FileFormat::Parquet,
            Some("jsonl" | "json" | "ndjson") => FileFormat::JsonLines,
            Some("binary") => FileFormat::Binary,
            Some(other) => return Err(invalid(format!("COPY format \"{other}\" not recognized"))),
            None => path.and_then(FileFormat::of_path).unwrap_or(FileFormat::Text),
        };
        if path.is_none() && matches!(format, FileFormat::Parquet | FileFormat::JsonLines) {
            return Err(Error::unsupported(format!("COPY with format {format} over the connection")));
        }
        if let Some(encoding) = &self.encoding
            && !["utf8", "utf-8", "unicode"].contains(&encoding.to_ascii_lowercase().as_str())
        {
            return Err(Error::unsupported(format!("COPY with encoding \"{encoding}\"")));
        }
        // Rows are stored alike with and without it; what PostgreSQL does faster is done for every COPY.
        if self.freeze == Some(true) && to {
            return Err(not_here("COPY freeze only available using COPY FROM"));
        }
        let mut options = CopyOptions {
            format,
            text: if format == FileFormat::Csv { TextFormat::csv() } else { TextFormat::text() },
            force_quote: Forced::None,
            force_not_null: Forced::None,
            force_null: Forced::None,
            lines: false,
        };
        if matches!(format, FileFormat::Parquet | FileFormat::JsonLines) {
            self.refuse_text_options(format)?;
            return Ok(options);
        }
        if format == FileFormat::Binary {
            self.refuse_in_binary()?;
        }
        self.fill(&mut options, to)?;
        Ok(options)
    }

    /// Files that know their own columns and NULLs take no options of texts.
    fn refuse_text_options(&self, format: FileFormat) -> Result<()> {
        let given = [
            (self.delimiter.is_some(), "DELIMITER"),
            (self.null.is_some(), "NULL"),
            (self.header.is_some(), "HEADER"),
            (self.quote.is_some(), "QUOTE"),
            (self.escape.is_some(), "ESCAPE"),
            (self.force_quote.is_some(), "FORCE_QUOTE"),
            (self.force_not_null.is_some(), "FORCE_NOT_NULL"),
            (self.force_null.is_some(), "FORCE_NULL"),
        ];
        match given.iter().find(|(given, _)| *given) {
            Some((_, name)) => Err(not_here(format!("cannot specify {name} with COPY format {format}"))),
            None => Ok(()),
        }
    }

    /// The format binary has no fields to be told apart; what only csv has is refused as for text.
    fn refuse_in_binary(&self) -> Result<()> {
        if self.delimiter.is_some() {
            return Err(syntax("cannot specify DELIMITER in BINARY mode".to_string()));
        }
        if self.null.is_some() {
            return Err(syntax("cannot specify NULL in BINARY mode".to_string()));
        }
        match self.header {
            None | Some(Header::None) => Ok(()),
            Some(_) => Err(not_here("cannot specify HEADER in BINARY mode")),
        }
    }

    fn fill(self, options: &mut CopyOptions, to: bool) -> Result<()> {
        let csv = options.text.csv;
        if !csv {
            let only_csv = [
                (self.quote.is_some(), "quote"),
                (self.escape.is_some(), "escape"),
                (self.force_quote.is_some(), "force quote"),
                (self.force_not_null.is_some(), "force not null"),
                (self.force_null.is_some(), "force null"),
            ];
            if let Some((_, name)) = only_csv.iter().find(|(given, _)| *given) {
                return Err(not_here(format!("COPY {name} available only in CSV mode")));
            }
        }
        let wrong_way = [
            (self.force_quote.is_some() && !to, "force quote", "COPY TO"),
            (self.force_not_null.is_some() && to, "force not null", "COPY FROM"),
            (self.force_null.is_some() && to, "force null", "COPY FROM"),
        ];
        if let Some((_, name, way)) = wrong_way.iter().find(|(wrong, ..)| *wrong) {
            return Err(not_here(format!("COPY {name} only available using {way}")));
        }
        let text = &mut options.text;
        text.header = self.header.unwrap_or(Header::None);
        if let Some(delimiter) = &self.delimiter {
            text.delimiter = byte("delimiter", delimiter)?;
        }
        if let Some(quote) = &self.quote {
            text.quote = byte("quote", quote)?;
        }
        text.escape = match &self.escape {
            Some(escape) => byte("escape", escape)?,
            None => text.quote,
        };
        if let Some(null) = self.null {
            text.null = null;
        }
        check_text(text)?;
        options.force_quote = self.force_quote.unwrap_or_default();
        options.force_not_null = self.force_not_null.unwrap_or_default();
        options.force_null = self.force_null.unwrap_or_default();
        Ok(())
    }
}

fn byte(option: &str, text: &str) -> Result<u8> {
    match text.as_bytes() {
        [byte] => Ok(*byte),
        _ => Err(not_here(format!("COPY {option} must be a single one-byte character"))),
    }
}

fn check_text(text: &TextFormat) -> Result<()> {
    let is_line_end = |byte: u8| matches!(byte, b'\n' | b'\r');
    if is_line_end(text.delimiter) {
        return Err(invalid("COPY delimiter cannot be newline or carriage return"));
    }
    if text.null.bytes().any(is_line_end) {
        return Err(invalid("COPY null representation cannot use newline or carriage return"));
    }
    // They would be read as part of an escape.
    if !text.csv && b"\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(&text.delimiter) {
        return Err(invalid(format!("COPY delimiter cannot be \"{}\"", char::from(text.delimiter))));
    }
    if text.csv && text.delimiter == text.quote {
        return Err(invalid("COPY delimiter and quote must be different"));
    }
    if text.null.bytes().any(|byte| byte == text.delimiter) {
        return Err(not_here("COPY delimiter must not appear in the NULL specification"));
    }
    if text.csv && text.null.bytes().any(|byte| byte == text.quote) {
        return Err(not_here("CSV quote character must not appear in the NULL specification"));
    }
    Ok(())
}
