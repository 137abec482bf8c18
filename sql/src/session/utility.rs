//! Statements that run from their AST: definitions, settings, indexes, maintenance calls.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;

use super::run::{apply, blocking, cancellable, one_batch};
use super::{Session, StatementContext};
use crate::Result;
use crate::notice::Notice;
use crate::outcome::{CommandTag, Outcome};
use crate::planning::qualify;
use crate::statement::{call, create_index, define, extension, refused, set, show};

pub(super) async fn run(
    session: &Session,
    context: Arc<StatementContext>,
    statement: &ast::Statement,
) -> Result<Outcome> {
    let statement = qualify(statement, context.namespace())?;
    let statement = statement.as_ref();
    match statement {
        definition if define::is_definition(definition) => {
            let defined = define::define(&context, definition).await?;
            if define::makes_temporary(definition, &context.settings.path) {
                context.settings.own.make_temporary();
            }
            apply(session, &context, defined.changes).await?;
            Ok(Outcome::done(defined.tag))
        }
        ast::Statement::CreateIndex(create) => {
            let (made, reading) = (create.clone(), context.clone());
            let Some((table, index, changes)) =
                blocking(move || create_index::changes(&reading.snapshot, &made, reading.block.is_some()))
                    .await?
            else {
                return Ok(Outcome::done(CommandTag::plain("CREATE INDEX")));
            };
            if create.concurrently {
                session.prevent_in_block("CREATE INDEX CONCURRENTLY")?;
            }
            apply(session, &context, changes).await?;
            // In a block the index is built in the background, once it is committed.
            if context.block.is_none() {
                let progress = session.progress.lock().clone();
                let shared = context.database.clone();
                cancellable(move |continues| {
                    create_index::build(&shared, &table, &index, progress.as_ref(), continues)
                })
                .await?;
            }
            Ok(Outcome::done(CommandTag::plain("CREATE INDEX")))
        }
        ast::Statement::CreateExtension(create) => {
            if let Some(notice) = extension::create(create)? {
                session.tell(notice);
            }
            Ok(Outcome::done(CommandTag::plain("CREATE EXTENSION")))
        }
        ast::Statement::DropExtension(drop) => {
            for notice in extension::drop(drop)? {
                session.tell(notice);
            }
            Ok(Outcome::done(CommandTag::plain("DROP EXTENSION")))
        }
        ast::Statement::Call(call) => {
            session.prevent_in_block("CALL muster_backup")?;
            let folder = call::backup_folder(call, &context.database.options)?;
            let database = session.database.clone();
            let report = cancellable(move |continues| database.backup(&folder, &|_| continues())).await?;
            session.tell(Notice::info(format!(
                "backup of commit {}: {} files kept, {} linked, {} copied",
                report.version, report.kept, report.linked, report.copied
            )));
            Ok(Outcome::done(CommandTag::plain("CALL")))
        }
        ast::Statement::Set(assignment) => {
            if let ast::Set::SingleAssignment { scope: Some(ast::ContextModifier::Local), variable, .. } =
                assignment
            {
                session.hide_local(&variable.to_string(), &context.settings);
                if context.block.is_none() {
                    return Ok(Outcome::done(CommandTag::plain("SET")));
                }
            }
            set::run(&mut session.settings.lock(), assignment)?;
            Ok(Outcome::done(CommandTag::plain("SET")))
        }
        ast::Statement::Reset(reset) => {
            set::reset(&mut session.settings.lock(), reset)?;
            Ok(Outcome::done(CommandTag::plain("RESET")))
        }
        ast::Statement::Discard { .. } => {
            session.prevent_in_block("DISCARD ALL")?;
            session.settings.lock().reset();
            session.forget_statements();
            Ok(Outcome::done(CommandTag::plain("DISCARD ALL")))
        }
        ast::Statement::ShowVariable { variable } => {
            let rows = show::rows(&context.settings, variable)?;
            Ok(one_batch(CommandTag::plain("SHOW"), rows))
        }
        other => Err(refused::refusal(other)),
    }
}
