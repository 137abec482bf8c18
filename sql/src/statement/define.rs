//! Statements that define things: tables, views, schemas, sequences.
//!
//! Each is worked out against the statement's snapshot and changes nothing itself: the session applies what comes
//! back, at once or as part of a transaction.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;
use muster_storage::Changes;

use super::sequence::Said;
use super::{alter_table, comment, create_table, drop, name, refused, schema, sequence, truncate, view};
use crate::catalog::SearchPath;
use crate::notice::Notice;
use crate::outcome::CommandTag;
use crate::privileges::definition;
use crate::session::{StatementContext, blocking};
use crate::{Error, Result};

/// What a definition changes, and its tag.
pub(crate) struct Defined {
    pub(crate) changes: Changes,
    pub(crate) tag: CommandTag,
    pub(crate) notices: Vec<Notice>,
}

impl Defined {
    pub(super) fn new(changes: Changes, tag: &'static str) -> Self {
        Self { changes, tag: CommandTag::plain(tag), notices: Vec::new() }
    }
}

/// Whether a statement is one of these.
pub(crate) fn is_definition(statement: &ast::Statement) -> bool {
    matches!(
        statement,
        ast::Statement::CreateTable(_)
            | ast::Statement::CreateView(_)
            | ast::Statement::CreateSchema { .. }
            | ast::Statement::CreateSequence { .. }
            | ast::Statement::AlterTable(_)
            | ast::Statement::AlterSchema(_)
            | ast::Statement::Truncate(_)
            | ast::Statement::Comment { .. }
            | ast::Statement::Drop { .. }
    )
}

/// Whether a statement makes a relation in the session's own schema.
pub(crate) fn makes_temporary(statement: &ast::Statement, path: &SearchPath) -> bool {
    let name = match statement {
        ast::Statement::CreateTable(create) => &create.name,
        ast::Statement::CreateView(create) => &create.name,
        ast::Statement::CreateSequence { name, .. } => name,
        _ => return false,
    };
    name::parts(name).is_ok_and(|(schema, _)| schema.is_some_and(|schema| schema == path.temporary()))
}

/// What the statement changes.
///
/// # Errors
/// See [`Error::sqlstate`]: what each statement's file says.
pub(crate) async fn define(context: &Arc<StatementContext>, statement: &ast::Statement) -> Result<Defined> {
    match statement {
        // These plan a query, or run one.
        ast::Statement::CreateTable(create) if create.query.is_some() => create_table(context, create).await,
        ast::Statement::CreateView(create) => view::define(context, create).await,
        other => {
            let (context, statement) = (context.clone(), other.clone());
            blocking(move || at_once(&context, &statement)).await
        }
    }
}

fn at_once(context: &StatementContext, statement: &ast::Statement) -> Result<Defined> {
    let namespace = context.namespace();
    match statement {
        ast::Statement::CreateTable(create) => match check_new(context, create)? {
            Some(exists) => Ok(exists),
            None => {
                let table = create_table::NewTable::of(&context.database, &context.snapshot, create)?;
                let defined = Defined::new(table.add_to(Changes::new())?, "CREATE TABLE");
                Ok(Defined { notices: table.notices(), ..defined })
            }
        },
        ast::Statement::CreateSchema {
            schema_name,
            if_not_exists,
            with,
            options,
            default_collate_spec,
            clone,
        } => {
            if with.is_some() || options.is_some() || default_collate_spec.is_some() || clone.is_some() {
                return Err(Error::unsupported("options of CREATE SCHEMA"));
            }
            schema::create(namespace, definition::schema_of(context, schema_name)?.0, *if_not_exists)
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
                said.owner = Some(sequence::owner(namespace, owner)?);
            }
            sequence::create(namespace, name, *temporary, *if_not_exists, &said)
        }
        ast::Statement::AlterSchema(alter) => schema::alter(context, alter),
        ast::Statement::AlterTable(alter) => alter_table::define(context, alter),
        ast::Statement::Truncate(truncate) => truncate::define(namespace, truncate),
        ast::Statement::Comment { object_type, object_name, comment: text, .. } => {
            comment::define(namespace, object_type, object_name, text.as_deref())
        }
        ast::Statement::Drop { object_type, names, if_exists, cascade, .. } => {
            drop::define(namespace, object_type, names, *if_exists, *cascade)
        }
        other => Err(refused::refusal(other)),
    }
}

/// What is done where the table is there already and the statement allows it.
///
/// # Errors
/// 42P07 where it does not.
fn check_new(context: &StatementContext, create: &ast::CreateTable) -> Result<Option<Defined>> {
    let tag = if create.query.is_some() { "CREATE TABLE AS" } else { "CREATE TABLE" };
    let namespace = context.namespace();
    let name = namespace.new_name(&create.name, create.temporary)?;
    if create.if_not_exists && namespace.kind(&name).is_some() {
        return Ok(Some(Defined::new(Changes::new(), tag)));
    }
    namespace.check_free(&name)?;
    Ok(None)
}

async fn create_table(context: &Arc<StatementContext>, create: &ast::CreateTable) -> Result<Defined> {
    match (check_new(context, create)?, &create.query) {
        (Some(exists), _) => Ok(exists),
        (None, Some(query)) => create_table::as_query::define(context, create, query).await,
        (None, None) => Err(Error::unsupported("CREATE TABLE without columns")),
    }
}
