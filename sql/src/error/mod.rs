//! Everything that can go wrong in SQL, and the SQLSTATE of each.
//!
//! Errors of the layers below are kept whole inside; [`Error::sqlstate`] is the one place where an
//! error becomes a SQLSTATE.

mod convert;
mod query;
mod values;

use std::fmt;

use datafusion::error::DataFusionError;

pub(crate) use self::values::{Reading, Values};
use crate::catalog::RelationName;
use crate::catalog::relation::{SEPARATOR, plain, schema_of};
use crate::sqlstate::SqlState;

/// The result of a database call.
pub type Result<T> = std::result::Result<T, Error>;

/// An error as a person sees it: `Display` is one sentence.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The statement itself is at fault: mend it and send it again.
    #[error("{0}")]
    Statement(Box<Report>),
    /// Storage refused or failed: the message says what to do.
    #[error("{}", storage_message(.0))]
    Storage(#[from] muster_storage::Error),
    /// A vector, an embedder or an index parameter is at fault.
    #[error("{0}")]
    Engine(#[from] muster_engine::Error),
    /// Planning or execution failed: usually the statement is at fault.
    #[error("{}", query::message(.0))]
    Query(Box<DataFusionError>),
}

/// What a [`Error::Statement`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub(crate) state: SqlState,
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    pub(crate) schema: Option<String>,
    pub(crate) table: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) constraint: Option<String>,
    pub(crate) position: Option<usize>,
    pub(crate) context: Option<String>,
    /// What the detail is to be, for who may see it.
    pub(crate) values: Option<Box<Values>>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error {
    pub(crate) fn new(state: SqlState, message: impl Into<String>) -> Self {
        Self::Statement(Box::new(Report {
            state,
            message: readable(message.into()),
            detail: None,
            hint: None,
            schema: None,
            table: None,
            column: None,
            constraint: None,
            position: None,
            context: None,
            values: None,
        }))
    }

    /// A feature that does not exist, by its name.
    pub(crate) fn unsupported(feature: impl fmt::Display) -> Self {
        Self::new(SqlState::FeatureNotSupported, format!("{feature} is not supported"))
    }

    /// What only a bug can bring about.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(SqlState::InternalError, message)
    }

    /// A table that is not there, by its name or by the string that storage knows it by.
    pub(crate) fn undefined_table(name: impl fmt::Display) -> Self {
        let name = RelationName::of_stored(&name.to_string());
        Self::new(SqlState::UndefinedTable, format!("relation \"{name}\" does not exist"))
    }

    pub(crate) fn undefined_column(column: &str, table: &str) -> Self {
        Self::new(
            SqlState::UndefinedColumn,
            format!("column \"{column}\" of relation \"{}\" does not exist", plain(table)),
        )
    }

    fn report(self, change: impl FnOnce(&mut Report)) -> Self {
        match self {
            Self::Statement(mut report) => {
                change(&mut report);
                Self::Statement(report)
            }
            other => other,
        }
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        self.report(|report| report.hint = Some(hint.into()))
    }

    pub(crate) fn with_detail(self, detail: impl Into<String>) -> Self {
        self.report(|report| report.detail = Some(detail.into()))
    }

    pub(crate) fn with_column(self, table: &str, column: &str) -> Self {
        self.report(|report| {
            report.schema = Some(schema_of(table).to_string());
            report.table = Some(plain(table).to_string());
            report.column = Some(column.to_string());
        })
    }

    pub(crate) fn with_constraint(self, table: &str, constraint: &str) -> Self {
        self.report(|report| {
            report.schema = Some(schema_of(table).to_string());
            report.table = Some(plain(table).to_string());
            report.constraint = Some(constraint.to_string());
        })
    }

    pub(crate) fn with_position(self, position: Option<usize>) -> Self {
        self.report(|report| report.position = position)
    }

    /// The error of a value in a file, with the place that it stands at.
    pub(crate) fn in_file(self, path: &std::path::Path, place: &str, column: &str) -> Self {
        let message = format!("{}, {place}, column \"{column}\": {self}", path.display());
        Self::new(self.state(), message)
    }

    /// The error of a row of a file, with the place that it stands at.
    pub(crate) fn in_row(self, path: &std::path::Path, place: &str) -> Self {
        let message = format!("{}, {place}: {self}", path.display());
        self.reported(|report| report.message = message)
    }

    /// The error, and what was being done: `COPY t, line 3, column id: "x"`.
    pub(crate) fn with_context(self, context: impl Into<String>) -> Self {
        self.reported(|report| report.context = Some(context.into()))
    }

    /// The error of a text that was to become a value of a type, as PostgreSQL words it.
    pub(crate) fn reading(self, sql_type: &str, text: &str) -> Self {
        // A statement's own report already is worded for people.
        let Self::Query(_) = self else { return self };
        let (sql_type, modifiers) = sql_type.split_once('(').unwrap_or((sql_type, ""));
        let integer = ["smallint", "integer", "bigint"].contains(&sql_type);
        let digits = text.trim().trim_start_matches(['+', '-']);
        let too_large = integer && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let (state, message) = match self.state() {
            SqlState::InvalidTextRepresentation | SqlState::NumericValueOutOfRange if too_large => (
                SqlState::NumericValueOutOfRange,
                format!("value \"{text}\" is out of range for type {sql_type}"),
            ),
            state @ (SqlState::InvalidTextRepresentation | SqlState::InvalidDatetimeFormat) => {
                (state, format!("invalid input syntax for type {sql_type}: \"{text}\""))
            }
            state @ SqlState::DatetimeFieldOverflow => {
                (state, format!("date/time field value out of range: \"{text}\""))
            }
            SqlState::NumericValueOutOfRange if sql_type == "numeric" => {
                return Self::numeric_overflow(&format!("{sql_type}({modifiers}"));
            }
            _ => return self,
        };
        Self::new(state, message)
    }

    /// The error of a number that does not fit `sql_type`, a numeric.
    pub(crate) fn numeric_overflow(sql_type: &str) -> Self {
        let error = Self::new(SqlState::NumericValueOutOfRange, "numeric field overflow");
        let (_, modifiers) = sql_type.split_once('(').unwrap_or((sql_type, ""));
        let Some((precision, scale)) = modifiers.trim_end_matches(')').split_once(',') else { return error };
        let whole = precision.parse().unwrap_or(0) - scale.parse().unwrap_or(0);
        error.with_detail(format!(
            "A field with precision {precision}, scale {scale} must round to an absolute value less than 10^{whole}."
        ))
    }

    /// The error as a report, whichever layer it comes from, with a change to it.
    fn reported(self, change: impl FnOnce(&mut Report)) -> Self {
        let report = match self {
            Self::Statement(report) => *report,
            other => Report {
                state: other.state(),
                message: other.to_string(),
                detail: other.detail(),
                hint: other.hint(),
                schema: other.schema().map(str::to_string),
                table: other.table().map(str::to_string),
                column: other.column().map(str::to_string),
                constraint: other.constraint().map(str::to_string),
                position: other.position(),
                context: None,
                values: other.values(),
            },
        };
        Self::Statement(Box::new(report)).report(change)
    }

    /// The SQLSTATE that PostgreSQL's clients look at.
    #[must_use]
    pub fn sqlstate(&self) -> &'static str {
        self.state().code()
    }

    fn state(&self) -> SqlState {
        match self {
            Self::Statement(report) => report.state,
            Self::Storage(error) => storage_state(error),
            Self::Engine(error) => engine_state(error),
            Self::Query(error) => query::state(error),
        }
    }

    /// Whether the error is none of the rows': another program failed, or the statement is to end.
    pub(crate) fn is_beyond_rows(&self) -> bool {
        matches!(
            self.state(),
            SqlState::SystemError | SqlState::QueryCanceled | SqlState::ObjectNotInPrerequisiteState
        )
    }

    /// More about the error, where there is more to say.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Statement(report) => {
                let hidden = || report.values.as_ref().and_then(|values| values.hidden());
                report.detail.as_ref().or_else(hidden).cloned()
            }
            Self::Storage(muster_storage::Error::ReadConflict { table }) => {
                let table = RelationName::of_stored(table);
                Some(format!("Table \"{table}\", which the transaction has read, was changed by another."))
            }
            Self::Storage(_) | Self::Engine(_) | Self::Query(_) => None,
        }
    }

    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Statement(report) => report.hint.clone(),
            Self::Query(error) => query::hint(error),
            Self::Storage(muster_storage::Error::ReadConflict { .. }) => {
                Some("The transaction might succeed if retried.".to_string())
            }
            Self::Storage(_) | Self::Engine(_) => None,
        }
    }

    /// The schema of the table that the error is about.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        match self {
            Self::Statement(report) => report.schema.as_deref(),
            Self::Storage(
                muster_storage::Error::DuplicateKey { table, .. }
                | muster_storage::Error::NotNull { table, .. },
            ) => Some(schema_of(table)),
            Self::Storage(_) | Self::Engine(_) | Self::Query(_) => None,
        }
    }

    /// The table that the error is about.
    #[must_use]
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::Statement(report) => report.table.as_deref(),
            Self::Storage(
                muster_storage::Error::DuplicateKey { table, .. }
                | muster_storage::Error::NotNull { table, .. },
            ) => Some(plain(table)),
            Self::Storage(_) | Self::Engine(_) | Self::Query(_) => None,
        }
    }

    /// The column that the error is about.
    #[must_use]
    pub fn column(&self) -> Option<&str> {
        match self {
            Self::Statement(report) => report.column.as_deref(),
            Self::Storage(muster_storage::Error::NotNull { column, .. }) => Some(column),
            Self::Storage(_) | Self::Engine(_) | Self::Query(_) => None,
        }
    }

    /// The constraint that was violated.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Statement(report) => report.constraint.as_deref(),
            Self::Storage(muster_storage::Error::DuplicateKey { constraint, .. }) => Some(constraint),
            Self::Storage(_) | Self::Engine(_) | Self::Query(_) => None,
        }
    }

    /// What was being done: `COPY t, line 3, column id: "x"`.
    #[must_use]
    pub fn context(&self) -> Option<&str> {
        match self {
            Self::Statement(report) => report.context.as_deref(),
            Self::Storage(_) | Self::Engine(_) | Self::Query(_) => None,
        }
    }

    /// Where in the statement, in characters from 1.
    #[must_use]
    pub fn position(&self) -> Option<usize> {
        match self {
            Self::Statement(report) => report.position,
            Self::Storage(_) | Self::Engine(_) | Self::Query(_) => None,
        }
    }
}

/// Storage's message, or PostgreSQL's where it has one.
fn storage_message(error: &muster_storage::Error) -> String {
    match error {
        muster_storage::Error::DuplicateKey { constraint, .. } => {
            format!("duplicate key value violates unique constraint \"{constraint}\"")
        }
        muster_storage::Error::TableExists { table } => {
            format!("relation \"{}\" already exists", plain(table))
        }
        muster_storage::Error::ReadConflict { .. } => {
            "could not serialize access due to read/write dependencies among transactions".to_string()
        }
        other => readable(other.to_string()),
    }
}

/// A message that has the string of a relation in it shows schema and name, whoever made it.
fn readable(message: String) -> String {
    if message.contains(SEPARATOR) { message.replace(SEPARATOR, ".") } else { message }
}

fn storage_state(error: &muster_storage::Error) -> SqlState {
    use muster_storage::Error as E;
    match error {
        E::DiskFull { .. } => SqlState::DiskFull,
        E::Corrupt { .. } => SqlState::DataCorrupted,
        E::Locked { .. } => SqlState::ObjectInUse,
        E::NewerFormat { .. } => SqlState::FeatureNotSupported,
        E::DuplicateKey { .. } => SqlState::UniqueViolation,
        E::NotNull { .. } => SqlState::NotNullViolation,
        E::TableExists { .. } => SqlState::DuplicateTable,
        E::IndexExists { .. } => SqlState::DuplicateTable,
        E::NoSuchTable { .. } => SqlState::UndefinedTable,
        E::NoSuchIndex { .. } => SqlState::UndefinedObject,
        E::Conflict { .. } | E::ReadConflict { .. } => SqlState::SerializationFailure,
        E::ReadOnly { .. } => SqlState::ReadOnlySqlTransaction,
        E::Folder { .. } => SqlState::ObjectNotInPrerequisiteState,
        E::Cancelled => SqlState::QueryCanceled,
        E::Io { .. } => SqlState::IoError,
        // Storage's enum is open: what it adds is a fault until it is given a state here.
        _ => SqlState::InternalError,
    }
}

fn engine_state(error: &muster_engine::Error) -> SqlState {
    use muster_engine::Error as E;
    match error {
        E::Row { source, .. } => engine_state(source),
        E::NullElement { .. } => SqlState::DataException,
        E::Dimensions { .. } | E::NotFinite { .. } | E::ZeroVector => SqlState::DataException,
        E::Parameter { .. } => SqlState::InvalidParameterValue,
        E::UnknownModel { .. } => SqlState::UndefinedObject,
        E::Read { .. } | E::ReadIndex { .. } => SqlState::IoError,
        E::Provider { .. } => SqlState::SystemError,
        E::Configuration { .. } => SqlState::ConfigFileError,
        E::NotBuilt { .. } => SqlState::FeatureNotSupported,
        E::Cancelled | E::Interrupted => SqlState::QueryCanceled,
        // The engine's enum is open, as storage's is.
        _ => SqlState::InternalError,
    }
}
