//! DataFusion's errors, as PostgreSQL would tell them.
//!
//! DataFusion tells its errors apart by variant, and within a variant only by their words. The words are
//! those of the version in `Cargo.lock`: `cases/errors.slt` notices when an upgrade changes them.

use arrow::error::ArrowError;
use datafusion::common::{Column, SchemaError};
use datafusion::error::DataFusionError;

use crate::sqlstate::SqlState;

/// What its functions are not found with.
const NO_FUNCTION: &str = "Invalid function '";

/// What it says of a function that waits, where its plans have no node for one.
const NO_WAITING: &str = "async functions should not be called directly";

/// The error's SQLSTATE.
pub(super) fn state(error: &DataFusionError) -> SqlState {
    match error.find_root() {
        DataFusionError::SQL(_, _) => SqlState::SyntaxError,
        DataFusionError::NotImplemented(_) => SqlState::FeatureNotSupported,
        DataFusionError::SchemaError(error, _) => match error.as_ref() {
            SchemaError::AmbiguousReference { .. } => SqlState::AmbiguousColumn,
            SchemaError::DuplicateQualifiedField { .. } | SchemaError::DuplicateUnqualifiedField { .. } => {
                SqlState::DuplicateColumn
            }
            SchemaError::FieldNotFound { field, valid_fields } => match missing_table(field, valid_fields) {
                Some(_) => SqlState::UndefinedTable,
                None => SqlState::UndefinedColumn,
            },
        },
        DataFusionError::ArrowError(error, _) => match error.as_ref() {
            ArrowError::DivideByZero => SqlState::DivisionByZero,
            ArrowError::ArithmeticOverflow(_) => SqlState::NumericValueOutOfRange,
            ArrowError::CastError(message) => cast_state(message),
            ArrowError::ParseError(message) if message.to_ascii_lowercase().contains("timestamp") => {
                datetime_state(message)
            }
            ArrowError::ParseError(_) => SqlState::InvalidTextRepresentation,
            ArrowError::NotYetImplemented(_) => SqlState::FeatureNotSupported,
            ArrowError::InvalidArgumentError(message) if message.contains("too large to store") => {
                SqlState::NumericValueOutOfRange
            }
            _ => SqlState::DataException,
        },
        DataFusionError::ResourcesExhausted(_) => SqlState::OutOfMemory,
        DataFusionError::IoError(error) => match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => SqlState::DiskFull,
            _ => SqlState::IoError,
        },
        DataFusionError::Plan(message) => plan_state(message),
        DataFusionError::Execution(message) => execution_state(message),
        DataFusionError::Configuration(_) => SqlState::InvalidParameterValue,
        DataFusionError::Internal(message) if message.starts_with(NO_WAITING) => {
            SqlState::FeatureNotSupported
        }
        _ => SqlState::InternalError,
    }
}

fn cast_state(message: &str) -> SqlState {
    let message = message.to_ascii_lowercase();
    if ["date32", "timestamp", "time64", "interval"].iter().any(|word| message.contains(word))
        && message.contains("cannot cast string")
    {
        return datetime_state(&message);
    }
    if message.contains("out of range")
        || message.contains("overflow")
        || message.contains("can't cast value")
    {
        SqlState::NumericValueOutOfRange
    } else if message.contains("not supported") {
        SqlState::DatatypeMismatch
    } else {
        SqlState::InvalidTextRepresentation
    }
}

/// A text that looks like a date and is none is a day or hour that does not exist.
fn datetime_state(message: &str) -> SqlState {
    let text = message.split('\'').nth(1).unwrap_or_default();
    let mut parts = text.split(|c: char| !c.is_ascii_digit()).take(3);
    let digits = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
    if digits(parts.next()) && digits(parts.next()) && digits(parts.next()) {
        SqlState::DatetimeFieldOverflow
    } else {
        SqlState::InvalidDatetimeFormat
    }
}

fn plan_state(message: &str) -> SqlState {
    let lower = message.to_ascii_lowercase();
    if lower.contains("invalid function")
        || lower.contains("no function matches")
        || lower.contains("table function")
        || lower.contains("function") && lower.contains("failed to match any signature")
    {
        SqlState::UndefinedFunction
    } else if lower.contains("table '") && lower.contains("not found") {
        SqlState::UndefinedTable
    } else if lower.contains("select distinct") && lower.contains("order by") {
        SqlState::InvalidColumnReference
    } else if lower.contains("group by") || lower.contains("aggregate") {
        SqlState::GroupingError
    } else if lower.contains("no field named") {
        SqlState::UndefinedColumn
    } else if lower.contains("placeholder") {
        SqlState::IndeterminateDatatype
    } else if lower.contains("different number of columns") {
        SqlState::SyntaxError
    } else if lower.contains("cannot coerce")
        || lower.contains("failed to coerce")
        || lower.contains("non-boolean predicate")
        || lower.contains("cannot infer common")
        || lower.contains("type_coercion")
        || lower.contains("cannot cast")
        || lower.contains("unsupported cast")
        || lower.contains("must be")
    {
        SqlState::DatatypeMismatch
    } else if lower.contains("unsupported") || lower.contains("not supported") {
        SqlState::FeatureNotSupported
    } else {
        SqlState::SyntaxErrorOrAccessRuleViolation
    }
}

fn execution_state(message: &str) -> SqlState {
    let lower = message.to_ascii_lowercase();
    if lower.contains("more than one row") {
        SqlState::CardinalityViolation
    } else if lower.contains("overflow") || lower.contains("out of range") {
        SqlState::NumericValueOutOfRange
    } else if lower.contains("divide by zero") || lower.contains("division by zero") {
        SqlState::DivisionByZero
    } else if lower.contains("parsing timestamp") || lower.contains("error parsing") {
        SqlState::InvalidDatetimeFormat
    } else {
        SqlState::DataException
    }
}

/// The error as one sentence.
pub(super) fn message(error: &DataFusionError) -> String {
    let root = error.find_root();
    match root {
        DataFusionError::SchemaError(error, _) => match error.as_ref() {
            SchemaError::FieldNotFound { field, valid_fields } => {
                match (missing_table(field, valid_fields), &field.relation) {
                    (Some(table), _) => format!("missing FROM-clause entry for table \"{table}\""),
                    (None, Some(relation)) => format!("column {relation}.{} does not exist", field.name),
                    (None, None) => format!("column \"{}\" does not exist", field.name),
                }
            }
            SchemaError::AmbiguousReference { field } => {
                format!("column reference \"{}\" is ambiguous", field.name)
            }
            SchemaError::DuplicateQualifiedField { name, .. }
            | SchemaError::DuplicateUnqualifiedField { name } => {
                format!("column \"{name}\" specified more than once")
            }
        },
        DataFusionError::ArrowError(error, _) if matches!(error.as_ref(), ArrowError::DivideByZero) => {
            "division by zero".to_string()
        }
        DataFusionError::Plan(message) if message.starts_with(NO_FUNCTION) => {
            let name = message
                .strip_prefix(NO_FUNCTION)
                .and_then(|rest| rest.split('\'').next())
                .unwrap_or_default();
            format!("function {name} does not exist")
        }
        DataFusionError::Internal(message) if message.starts_with(NO_WAITING) => {
            "pg_sleep at this place is not supported".to_string()
        }
        root => first_line(root),
    }
}

/// The table that a column is said to be of, when no table in FROM is called that.
fn missing_table<'a>(field: &'a Column, valid_fields: &[Column]) -> Option<&'a str> {
    let table = field.relation.as_ref()?.table();
    let known = |valid: &Column| valid.relation.as_ref().is_some_and(|relation| relation.table() == table);
    (!valid_fields.iter().any(known)).then_some(table)
}

/// What the error suggests.
pub(super) fn hint(error: &DataFusionError) -> Option<String> {
    /// More columns than these are no help.
    const MOST_COLUMNS: usize = 30;
    match error.find_root() {
        DataFusionError::SchemaError(error, _) => match error.as_ref() {
            SchemaError::FieldNotFound { valid_fields, .. }
                if (1..=MOST_COLUMNS).contains(&valid_fields.len()) =>
            {
                let names: Vec<String> = valid_fields.iter().map(|field| field.flat_name()).collect();
                Some(format!("The columns are {}.", names.join(", ")))
            }
            _ => None,
        },
        DataFusionError::Plan(message) if message.starts_with(NO_FUNCTION) => {
            message.lines().nth(1).map(str::to_string)
        }
        _ => None,
    }
}

/// DataFusion's message without its prefix, its context and the backtrace that follows it.
fn first_line(error: &DataFusionError) -> String {
    let message = error.strip_backtrace();
    let mut message = message.as_str();
    for prefix in [
        "Error during planning: ",
        "SQL error: ",
        "Schema error: ",
        "Execution error: ",
        "Arrow error: ",
        "Cast error: ",
        "Parser error: ",
        "Compute error: ",
        "Invalid argument error: ",
        "This feature is not implemented: ",
    ] {
        message = message.strip_prefix(prefix).unwrap_or(message);
    }
    message.lines().next().unwrap_or_default().trim().to_string()
}
