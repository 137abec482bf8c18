//! What a statement asks of transactions, read from its syntax tree.
//!
//! It changes no session: [`super::transaction`] does what is asked. Invariant: a form that is read here is done as it
//! is written, or refused by name.

use datafusion::sql::sqlparser::ast::{
    self, ObjectName, Set, TransactionAccessMode, TransactionIsolationLevel, TransactionMode,
};

use super::settings::{Isolation, SERIALIZABLE};
use crate::parse::set_constraints;
use crate::statement::name;
use crate::write::row_statement;
use crate::{Error, Result};

/// What a statement that controls transactions asks for.
pub(super) enum Control<'a> {
    Begin {
        modes: &'a [TransactionMode],
        start: bool,
    },
    Commit {
        chain: bool,
    },
    Rollback {
        chain: bool,
    },
    RollbackTo(String),
    Savepoint(String),
    Release(String),
    Set {
        modes: &'a [TransactionMode],
        session: bool,
    },
    /// All of them, where none is named.
    Constraints {
        named: &'a [ObjectName],
        deferred: bool,
    },
}

impl<'a> Control<'a> {
    /// What the statement asks for, if it controls transactions.
    ///
    /// # Errors
    /// 0A000 for forms of other databases.
    pub(super) fn of(statement: &'a ast::Statement) -> Result<Option<Self>> {
        if let Some((named, deferred)) = set_constraints(statement) {
            return Ok(Some(Control::Constraints { named, deferred }));
        }
        Ok(Some(match statement {
            ast::Statement::StartTransaction { modes, begin, modifier, statements, exception, .. } => {
                if modifier.is_some() || !statements.is_empty() || exception.is_some() {
                    return Err(Error::unsupported(format!("{statement}")));
                }
                Control::Begin { modes, start: !begin }
            }
            ast::Statement::Commit { chain, modifier: None, .. } => Control::Commit { chain: *chain },
            ast::Statement::Rollback { chain, savepoint: None } => Control::Rollback { chain: *chain },
            ast::Statement::Rollback { savepoint: Some(savepoint), .. } => {
                Control::RollbackTo(name::ident(savepoint))
            }
            ast::Statement::Savepoint { name } => Control::Savepoint(name::ident(name)),
            ast::Statement::ReleaseSavepoint { name } => Control::Release(name::ident(name)),
            ast::Statement::Set(Set::SetTransaction { modes, snapshot: None, session }) => {
                Control::Set { modes, session: *session }
            }
            ast::Statement::Set(Set::SetTransaction { .. }) => {
                return Err(Error::unsupported("SET TRANSACTION SNAPSHOT"));
            }
            _ => return Ok(None),
        }))
    }

    /// Whether a failed block takes it.
    pub(super) fn ends_failure(&self) -> bool {
        matches!(self, Control::Commit { .. } | Control::Rollback { .. } | Control::RollbackTo(_))
    }
}

/// Whether the modes say READ ONLY or READ WRITE; the last one counts.
pub(super) fn access(modes: &[TransactionMode]) -> Option<bool> {
    let access = modes.iter().rev().find_map(|mode| match mode {
        TransactionMode::AccessMode(access) => Some(access),
        TransactionMode::IsolationLevel(_) => None,
    });
    access.map(|access| matches!(access, TransactionAccessMode::ReadOnly))
}

/// The level of isolation that the modes say; the last one counts.
pub(super) fn level(modes: &[TransactionMode]) -> Option<Isolation> {
    modes.iter().rev().find_map(|mode| match mode {
        TransactionMode::IsolationLevel(TransactionIsolationLevel::ReadUncommitted) => {
            Some("read uncommitted")
        }
        TransactionMode::IsolationLevel(TransactionIsolationLevel::ReadCommitted) => Some("read committed"),
        TransactionMode::IsolationLevel(TransactionIsolationLevel::RepeatableRead) => Some("repeatable read"),
        TransactionMode::IsolationLevel(TransactionIsolationLevel::Serializable) => Some(SERIALIZABLE),
        TransactionMode::IsolationLevel(_) | TransactionMode::AccessMode(_) => None,
    })
}

/// The command that a read-only transaction refuses, if the statement is one.
pub(super) fn writes(statement: &ast::Statement) -> Option<String> {
    use ast::Statement as S;
    // `WITH ... DELETE` parses as a query.
    let statement = row_statement(statement).map_or(statement, |(statement, _with)| statement);
    let reads = match statement {
        S::Query(_) | S::Set(_) | S::Reset(_) | S::ShowVariable { .. } | S::Discard { .. } => true,
        // What they prepare and run is asked for itself.
        S::Declare { .. } | S::Fetch { .. } | S::Close { .. } => true,
        S::Prepare { .. } | S::Execute { .. } | S::Deallocate { .. } => true,
        S::LISTEN { .. } | S::UNLISTEN { .. } | S::NOTIFY { .. } => true,
        // VACUUM and ANALYZE write nothing that a query would see.
        S::Vacuum(_) => true,
        // It is asked for its mode itself.
        S::Lock(_) => true,
        S::Copy { to, .. } => *to,
        S::Explain { statement, analyze, .. } => !analyze || writes(statement).is_none(),
        _ => false,
    };
    let words = match statement {
        S::Insert(_) | S::Update(_) | S::Delete(_) | S::Merge(_) | S::Truncate(_) => 1,
        S::Grant(_) | S::Revoke(_) => 1,
        S::Copy { .. } => return (!reads).then(|| "COPY FROM".to_string()),
        _ => 2,
    };
    let text = || statement.to_string().split_whitespace().take(words).collect::<Vec<_>>().join(" ");
    (!reads).then(text)
}
