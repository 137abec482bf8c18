//! Statements that exist in PostgreSQL and not here yet: each is refused by its name.

use datafusion::sql::sqlparser::ast::Statement;

use crate::{Error, Result};

/// Refuses the first of a statement's clauses that is said and that nothing here knows.
///
/// # Errors
/// 0A000.
pub(crate) fn refuse_clauses(clauses: &[(bool, &str)]) -> Result<()> {
    match clauses.iter().find(|(said, _)| *said) {
        Some((_, clause)) => Err(Error::unsupported(clause)),
        None => Ok(()),
    }
}

/// The refusal of a statement that no other file here knows.
pub(crate) fn refusal(statement: &Statement) -> Error {
    let name = match statement {
        Statement::StartTransaction { .. } => "BEGIN (transactions)",
        Statement::Commit { .. } => "COMMIT (transactions)",
        Statement::Rollback { .. } => "ROLLBACK (transactions)",
        Statement::Savepoint { .. } => "SAVEPOINT (transactions)",
        Statement::ReleaseSavepoint { .. } => "RELEASE SAVEPOINT (transactions)",
        Statement::AlterTable(_) => "ALTER TABLE",
        Statement::Truncate(_) => "TRUNCATE",
        Statement::CreateView(_) => "CREATE VIEW",
        Statement::CreateSchema { .. } => "CREATE SCHEMA",
        Statement::CreateSequence { .. } => "CREATE SEQUENCE",
        Statement::CreateFunction(_) => "CREATE FUNCTION",
        Statement::CreateType { .. } => "CREATE TYPE",
        Statement::CreateDatabase { .. } => "CREATE DATABASE",
        Statement::CreateTrigger(_) => "CREATE TRIGGER",
        Statement::Comment { .. } => "COMMENT ON",
        Statement::Grant(_) => "GRANT",
        Statement::Revoke(_) => "REVOKE",
        Statement::LockTables { .. } => "LOCK TABLES",
        other => {
            // The first words name it well enough.
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            return Error::unsupported(words.join(" "));
        }
    };
    Error::unsupported(name)
}
