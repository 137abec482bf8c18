//! The WHEN clauses of a MERGE: which rows of the join each is for, and what it does with them.

use datafusion::sql::sqlparser::ast::{self, MergeAction, MergeClause, MergeClauseKind, MergeInsertKind};
use muster_storage::TableDefinition;

use crate::sqlstate::SqlState;
use crate::statement::insert::{fit, generated, targets};
use crate::write::{Assigned, NewValue, assignments, is_default};
use crate::{Error, Result, column};

/// The rows of the join that a clause is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Matched,
    /// The source has the row, the target none.
    NotMatched,
    /// The target has the row, the source none.
    NotMatchedBySource,
}

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Insert,
    Update,
    Delete,
}

impl Action {
    /// What `merge_action()` gives.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// A WHEN clause.
#[derive(Clone, Debug)]
pub(super) struct Clause {
    pub(super) kind: Kind,
    pub(super) condition: Option<ast::Expr>,
    pub(super) action: Action,
    /// What UPDATE and INSERT give to columns.
    pub(super) values: Vec<Assigned>,
}

/// The clauses of a statement.
///
/// # Errors
/// 42601 for a clause that no row comes to, and as UPDATE and INSERT.
pub(super) fn clauses(definition: &TableDefinition, written: &[MergeClause]) -> Result<Vec<Clause>> {
    let mut clauses: Vec<Clause> = Vec::with_capacity(written.len());
    for clause in written {
        let kind = match clause.clause_kind {
            MergeClauseKind::Matched => Kind::Matched,
            MergeClauseKind::NotMatched | MergeClauseKind::NotMatchedByTarget => Kind::NotMatched,
            MergeClauseKind::NotMatchedBySource => Kind::NotMatchedBySource,
        };
        if clauses.iter().any(|before| before.kind == kind && before.condition.is_none()) {
            return Err(Error::new(
                SqlState::SyntaxError,
                "unreachable WHEN clause specified after unconditional WHEN clause",
            ));
        }
        let (action, values) = action(definition, &clause.action)?;
        clauses.push(Clause { kind, condition: clause.predicate.clone(), action, values });
    }
    if clauses.is_empty() {
        return Err(Error::new(SqlState::SyntaxError, "MERGE needs a WHEN clause"));
    }
    Ok(clauses)
}

fn action(definition: &TableDefinition, action: &MergeAction) -> Result<(Action, Vec<Assigned>)> {
    match action {
        MergeAction::Delete { .. } => Ok((Action::Delete, Vec::new())),
        MergeAction::Update(update) => {
            if update.update_predicate.is_some() || update.delete_predicate.is_some() {
                return Err(Error::unsupported("WHERE in a WHEN clause"));
            }
            Ok((Action::Update, assignments(definition, &update.assignments)?.without_rows("MERGE")?))
        }
        MergeAction::Insert(insert) => {
            if insert.insert_predicate.is_some() {
                return Err(Error::unsupported("WHERE in a WHEN clause"));
            }
            let MergeInsertKind::Values(values) = &insert.kind else {
                return Err(Error::unsupported("INSERT ROW"));
            };
            let [row] = values.rows.as_slice() else {
                return Err(Error::new(SqlState::SyntaxError, "a WHEN clause inserts one row"));
            };
            let mut columns = targets(definition, &insert.columns)?;
            fit(&mut columns, row.content.len(), !insert.columns.is_empty())?;
            let mut assigned = Vec::with_capacity(columns.len());
            for (column, value) in columns.into_iter().zip(&row.content) {
                let field = definition.schema.field(column);
                let value =
                    if is_default(value) { NewValue::Default } else { NewValue::Expression(value.clone()) };
                match (column::generated(field), &value) {
                    (None, _) => assigned.push(Assigned { column, value }),
                    (Some(_), NewValue::Default) => {}
                    (Some(_), _) => return Err(generated(definition, field)),
                }
            }
            Ok((Action::Insert, assigned))
        }
    }
}
