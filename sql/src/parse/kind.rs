//! What a statement does, in few words: for those who count statements.
//!
//! It decides nothing about how one runs.

use datafusion::sql::sqlparser::ast::{SetExpr, Statement};

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// Reads: SELECT, VALUES, FETCH.
    Select,
    /// INSERT.
    Insert,
    /// UPDATE.
    Update,
    /// DELETE.
    Delete,
    /// MERGE.
    Merge,
    /// COPY, either way.
    Copy,
    /// BEGIN, COMMIT, ROLLBACK and savepoints.
    Transaction,
    /// What makes, alters and drops things.
    Definition,
    /// VACUUM, ANALYZE.
    Maintenance,
    /// Everything else: SET, SHOW, EXPLAIN, CALL, PREPARE, cursors.
    Other,
}

impl StatementKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Select,
        Self::Insert,
        Self::Update,
        Self::Delete,
        Self::Merge,
        Self::Copy,
        Self::Transaction,
        Self::Definition,
        Self::Maintenance,
        Self::Other,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Select => "select",
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Merge => "merge",
            Self::Copy => "copy",
            Self::Transaction => "transaction",
            Self::Definition => "definition",
            Self::Maintenance => "maintenance",
            Self::Other => "other",
        }
    }

    pub(crate) fn of(statement: &Statement) -> Self {
        match statement {
            Statement::Query(query) => match query.body.as_ref() {
                SetExpr::Insert(_) => Self::Insert,
                SetExpr::Update(_) => Self::Update,
                SetExpr::Delete(_) => Self::Delete,
                SetExpr::Merge(_) => Self::Merge,
                _ => Self::Select,
            },
            Statement::Fetch { .. } => Self::Select,
            Statement::Insert(_) => Self::Insert,
            Statement::Update(_) => Self::Update,
            Statement::Delete(_) => Self::Delete,
            Statement::Merge(_) => Self::Merge,
            Statement::Copy { .. } => Self::Copy,
            Statement::StartTransaction { .. }
            | Statement::Commit { .. }
            | Statement::Rollback { .. }
            | Statement::Savepoint { .. }
            | Statement::ReleaseSavepoint { .. } => Self::Transaction,
            Statement::CreateTable(_)
            | Statement::CreateIndex(_)
            | Statement::CreateView(_)
            | Statement::CreateSchema { .. }
            | Statement::CreateSequence { .. }
            | Statement::CreateRole(_)
            | Statement::CreateUser(_)
            | Statement::CreateExtension(_)
            | Statement::AlterTable(_)
            | Statement::AlterIndex { .. }
            | Statement::AlterView { .. }
            | Statement::AlterRole { .. }
            | Statement::Drop { .. }
            | Statement::Truncate(_)
            | Statement::Comment { .. }
            | Statement::Grant(_)
            | Statement::Revoke(_) => Self::Definition,
            _ => Self::Other,
        }
    }
}
