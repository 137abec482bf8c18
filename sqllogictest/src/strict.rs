//! Rules that keep a case from passing by accident. They are checked before a file runs.
//!
//! - An expected failure names its SQLSTATE, `error (42P01)`: a bare `error` would be satisfied by
//!   any failure, a typing mistake in the case among them.
//! - `onlyif` and `skipif` name an engine that exists: an unknown label would silently skip or run.
//! - `halt`, `sleep` and `system` do not occur: a case depends on nothing but the database.

use sqllogictest::{Condition, QueryExpect, Record, StatementExpect, parser::ExpectedError};

use crate::{ColumnType, EngineKind};

/// What is wrong with a file's records, each with its place.
pub fn complaints(records: &[Record<ColumnType>]) -> Vec<String> {
    records.iter().filter_map(complaint).collect()
}

fn complaint(record: &Record<ColumnType>) -> Option<String> {
    match record {
        Record::Statement { loc, expected: StatementExpect::Error(error), .. }
        | Record::Query { loc, expected: QueryExpect::Error(error), .. } => {
            let named = matches!(error, ExpectedError::SqlState(_));
            (!named).then(|| format!("{loc}: an expected error names its SQLSTATE: `error (42P01)`"))
        }
        Record::Query { loc, expected: QueryExpect::Results { types, .. }, .. } if types.is_empty() => {
            Some(format!("{loc}: a query states its column types: `query TI`"))
        }
        Record::Condition(Condition::OnlyIf { label } | Condition::SkipIf { label }) => {
            let known = EngineKind::ALL.iter().any(|engine| engine.name() == label);
            (!known).then(|| format!("there is no engine named `{label}`"))
        }
        Record::Halt { loc } | Record::Sleep { loc, .. } | Record::System { loc, .. } => {
            Some(format!("{loc}: halt, sleep and system are not for cases"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints_of(script: &str) -> usize {
        complaints(&sqllogictest::parser::parse(script).unwrap()).len()
    }

    #[test]
    fn an_error_without_sqlstate_is_refused() {
        assert_eq!(complaints_of("statement error\nSELECT 1\n"), 1);
        assert_eq!(complaints_of("statement error 42P01\nSELECT 1\n"), 1);
        assert_eq!(complaints_of("query error (42P01)\nSELECT 1\n"), 0);
    }

    #[test]
    fn an_unknown_engine_is_refused() {
        assert_eq!(complaints_of("skipif simpel\nstatement ok\nSELECT 1\n"), 1);
        assert_eq!(complaints_of("skipif simple\nstatement ok\nSELECT 1\n"), 0);
    }

    #[test]
    fn a_query_without_types_is_refused() {
        assert_eq!(complaints_of("query\nSELECT 1\n----\n1\n"), 1);
    }

    #[test]
    fn halting_is_refused() {
        assert_eq!(complaints_of("halt\n"), 1);
    }
}
