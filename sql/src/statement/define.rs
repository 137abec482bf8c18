//! Statements that define things: tables, views, schemas, sequences.
//!
//! Each is worked out against the statement's snapshot and changes nothing itself: the session applies what comes
//! back, at once or as part of a transaction.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;
use muster_storage::Changes;

use super::{create_table, drop, name, refused};
use crate::outcome::CommandTag;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What a definition changes, and its tag.
pub(crate) struct Defined {
    pub(crate) changes: Changes,
    pub(crate) tag: CommandTag,
}

impl Defined {
    pub(super) fn new(changes: Changes, tag: &'static str) -> Self {
        Self { changes, tag: CommandTag::plain(tag) }
    }
}

/// Whether a statement is one of these.
pub(crate) fn is_definition(statement: &ast::Statement) -> bool {
    matches!(statement, ast::Statement::CreateTable(_) | ast::Statement::Drop { .. })
}

/// What the statement changes.
///
/// # Errors
/// See [`Error::sqlstate`]: what each statement's file says.
pub(crate) async fn define(context: &Arc<StatementContext>, statement: &ast::Statement) -> Result<Defined> {
    match statement {
        ast::Statement::CreateTable(create) => create_table(context, create).await,
        ast::Statement::Drop { object_type, names, if_exists, .. } => {
            let (changes, tag) = drop::changes(&context.snapshot, object_type, names, *if_exists)?;
            Ok(Defined { changes, tag })
        }
        other => Err(refused::refusal(other)),
    }
}

async fn create_table(context: &Arc<StatementContext>, create: &ast::CreateTable) -> Result<Defined> {
    let tag = if create.query.is_some() { "CREATE TABLE AS" } else { "CREATE TABLE" };
    let name = name::table(&create.name)?;
    if context.snapshot.table(&name).is_some() {
        if create.if_not_exists {
            return Ok(Defined::new(Changes::new(), tag));
        }
        return Err(Error::new(SqlState::DuplicateTable, format!("relation \"{name}\" already exists")));
    }
    match &create.query {
        Some(query) => create_table::as_query::define(context, create, query).await,
        None => {
            let table = create_table::NewTable::of(&context.database, &context.snapshot, create)?;
            Ok(Defined::new(table.add_to(Changes::new()), tag))
        }
    }
}
