//! `WITH (...)` of CREATE TABLE. PostgreSQL's clients send a fill factor, which says how a page is filled; there are
//! no such pages here, so it is checked and changes nothing.

use datafusion::sql::sqlparser::ast::{CreateTableOptions, SqlOption};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// # Errors
/// 22023 for an option that PostgreSQL does not have or a value that it cannot have, 0A000 for other options.
pub(super) fn check(options: &CreateTableOptions) -> Result<()> {
    match options {
        CreateTableOptions::None => Ok(()),
        CreateTableOptions::With(options) => options.iter().try_for_each(check_one),
        _ => Err(Error::unsupported("table options other than WITH")),
    }
}

/// # Errors
/// As [`check`].
pub(in super::super) fn check_one(option: &SqlOption) -> Result<()> {
    let invalid = |words: String| Err(Error::new(SqlState::InvalidParameterValue, words));
    let SqlOption::KeyValue { key, value } = option else {
        return Err(Error::unsupported(format!("table option {option}")));
    };
    let name = key.value.to_lowercase();
    match name.as_str() {
        "fillfactor" => {
            let written = value.to_string();
            match written.trim_matches('\'').parse::<i64>() {
                Ok(factor) if (10..=100).contains(&factor) => Ok(()),
                Ok(factor) => Err(Error::new(
                    SqlState::InvalidParameterValue,
                    format!("value {factor} out of bounds for option \"fillfactor\""),
                )
                .with_detail("Valid values are between \"10\" and \"100\".")),
                Err(_) => invalid(format!("invalid value for integer option \"fillfactor\": {written}")),
            }
        }
        known
            if known.starts_with("autovacuum")
                || known.starts_with("toast")
                || known == "parallel_workers" =>
        {
            Err(Error::unsupported(format!("table option {name}")))
        }
        _ => invalid(format!("unrecognized parameter \"{name}\"")),
    }
}
