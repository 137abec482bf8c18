//! Statements that define things: tables, views, schemas, sequences.
//!
//! Each is worked out against the statement's snapshot and changes nothing itself: the session applies what comes
//! back, at once or as part of a transaction.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;
use muster_storage::Changes;

use super::sequence::Said;
use super::{create_table, drop, refused, schema, sequence};
use crate::outcome::CommandTag;
use crate::session::StatementContext;
use crate::Result;

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
    matches!(
        statement,
        ast::Statement::CreateTable(_)
            | ast::Statement::CreateSchema { .. }
            | ast::Statement::CreateSequence { .. }
            | ast::Statement::Drop { .. }
    )
}

/// What the statement changes.
///
/// # Errors
/// See [`Error::sqlstate`]: what each statement's file says.
pub(crate) async fn define(context: &Arc<StatementContext>, statement: &ast::Statement) -> Result<Defined> {
    match statement {
        ast::Statement::CreateTable(create) => create_table(context, create).await,
        ast::Statement::CreateSchema { schema_name, if_not_exists, .. } => {
            schema::create(context.namespace(), schema_name, *if_not_exists)
        }
        ast::Statement::CreateSequence {
            temporary,
            if_not_exists,
            name,
            data_type,
            sequence_options,
            owned_by,
        } => {
            let mut said = Said::of(sequence_options)?;
            if let Some(data_type) = data_type {
                said = said.typed(data_type)?;
            }
            if let Some(owner) = owned_by {
                said.owner = Some(sequence::owner(context.namespace(), owner)?);
            }
            sequence::create(context.namespace(), name, *temporary, *if_not_exists, &said)
        }
        ast::Statement::Drop { object_type, names, if_exists, cascade, .. } => {
            drop::define(context.namespace(), object_type, names, *if_exists, *cascade)
        }
        other => Err(refused::refusal(other)),
    }
}

async fn create_table(context: &Arc<StatementContext>, create: &ast::CreateTable) -> Result<Defined> {
    let tag = if create.query.is_some() { "CREATE TABLE AS" } else { "CREATE TABLE" };
    let namespace = context.namespace();
    let name = namespace.new_name(&create.name, create.temporary)?;
    if create.if_not_exists && namespace.kind(&name).is_some() {
        return Ok(Defined::new(Changes::new(), tag));
    }
    namespace.check_free(&name)?;
    match &create.query {
        Some(query) => create_table::as_query::define(context, create, query).await,
        None => {
            let table = create_table::NewTable::of(&context.database, &context.snapshot, create)?;
            Ok(Defined::new(table.add_to(Changes::new())?, tag))
        }
    }
}
