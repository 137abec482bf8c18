//! Statements that run from their AST: definitions, settings, indexes, maintenance calls.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast;

use super::run::{apply, one_batch};
use super::settings::assumed::{Assumable, Wanted};
use super::settings::{denied, is_for_superusers};
use super::{Session, StatementContext, blocking, cancellable, discard};
use crate::notice::Notice;
use crate::outcome::{CommandTag, Outcome};
use crate::planning::qualify;
use crate::privileges::assume::{Asker, Assumption};
use crate::privileges::definition;
use crate::sqlstate::SqlState;
use crate::statement::{call, create_index, define, extension, lock, refused, role, set, show};
use crate::{Error, Result};

/// Whether a statement runs from its AST.
pub(super) fn is_utility(statement: &ast::Statement) -> bool {
    define::is_definition(statement)
        || role::is_about_roles(statement)
        || matches!(
            statement,
            ast::Statement::CreateIndex(_)
                | ast::Statement::CreateExtension(_)
                | ast::Statement::Prepare { .. }
                | ast::Statement::Deallocate { .. }
                | ast::Statement::DropExtension(_)
                | ast::Statement::Set(_)
                | ast::Statement::Reset(_)
                | ast::Statement::Discard { .. }
                | ast::Statement::Vacuum(_)
                | ast::Statement::Call(_)
                | ast::Statement::StartTransaction { .. }
                | ast::Statement::Commit { .. }
                | ast::Statement::Rollback { .. }
                | ast::Statement::Savepoint { .. }
                | ast::Statement::ReleaseSavepoint { .. }
                | ast::Statement::LISTEN { .. }
                | ast::Statement::UNLISTEN { .. }
                | ast::Statement::NOTIFY { .. }
                | ast::Statement::Lock(_)
                | ast::Statement::Grant(_)
                | ast::Statement::Revoke(_)
        )
}

pub(super) async fn run(
    session: &Session,
    context: Arc<StatementContext>,
    statement: &ast::Statement,
) -> Result<Outcome> {
    let statement = qualify(statement, context.namespace())?;
    let statement = statement.as_ref();
    definition::check(&context, statement)?;
    match statement {
        about if role::is_about_roles(about) => {
            let (read, about) = (context.clone(), about.clone());
            // Hashing a password takes its time.
            let (defined, notices) = blocking(move || role::define(&read, &about)).await?;
            notices.into_iter().for_each(|notice| session.tell(notice));
            apply(session, &context, defined.changes).await?;
            Ok(Outcome::done(defined.tag))
        }
        made if define::is_definition(made) => {
            let defined = define::define(&context, made).await?;
            if define::makes_temporary(made, &context.settings.path) {
                context.settings.own.make_temporary();
            }
            let changes = definition::owned(&context, made, defined.changes)?;
            apply(session, &context, changes).await?;
            defined.notices.into_iter().for_each(|notice| session.tell(notice));
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
            context.need_superuser("permission denied for procedure muster_backup")?;
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
            if let Some(assumption) = Assumption::of(assignment)? {
                let wanted = assumption.wanted(&Asker::of(&context, &context.database.store.snapshot()))?;
                if assumption.local && context.block.is_none() {
                    let words = "SET LOCAL can only be used in transaction blocks";
                    session.warn(SqlState::NoActiveSqlTransaction, words);
                }
                session.live.assume(assumption.setting, &wanted, assumption.local);
                return Ok(Outcome::done(CommandTag::plain("SET")));
            }
            let set::Assignment { name, value, local } = set::assignment(assignment)?;
            if local && context.block.is_none() {
                let words = "SET LOCAL can only be used in transaction blocks";
                session.warn(SqlState::NoActiveSqlTransaction, words);
            }
            may_set(&context, &name)?;
            session.live.set(&name, value.as_deref(), local)?;
            Ok(Outcome::done(CommandTag::plain("SET")))
        }
        ast::Statement::Reset(reset) => {
            match &reset.reset {
                ast::Reset::ALL => session.live.reset(),
                ast::Reset::ConfigurationParameter(name)
                    if let Some(setting) = Assumable::named(&set::name_of(name)) =>
                {
                    session.live.assume(setting, &Wanted::First, false);
                }
                ast::Reset::ConfigurationParameter(name) => {
                    may_set(&context, &set::name_of(name))?;
                    session.live.set(&set::name_of(name), None, false)?;
                }
            }
            Ok(Outcome::done(CommandTag::plain("RESET")))
        }
        ast::Statement::Lock(wanted) => {
            if context.block.is_none() {
                let words = "LOCK TABLE can only be used in transaction blocks";
                return Err(Error::new(SqlState::NoActiveSqlTransaction, words));
            }
            lock::check(context.namespace(), wanted)?;
            Ok(Outcome::done(CommandTag::plain("LOCK TABLE")))
        }
        ast::Statement::Discard { object_type } => discard::run(session, &context, object_type).await,
        ast::Statement::ShowVariable { variable } => {
            let rows = show::rows(&context.settings, &context.snapshot, variable)?;
            Ok(one_batch(CommandTag::plain("SHOW"), rows))
        }
        other @ (ast::Statement::LISTEN { .. }
        | ast::Statement::UNLISTEN { .. }
        | ast::Statement::NOTIFY { .. }) => session.run_channel(context.block, other),
        other => Err(refused::refusal(other)),
    }
}

/// # Errors
/// 42501 for a setting of superusers, for whoever is none.
fn may_set(context: &StatementContext, name: &str) -> Result<()> {
    match is_for_superusers(name) {
        true => context.need_superuser(&denied(name)),
        false => Ok(()),
    }
}
