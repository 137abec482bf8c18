//! Runs VACUUM and ANALYZE.
//!
//! VACUUM seals and compacts in storage, now and as fast as it goes, and leaves graphs to the background; ANALYZE counts.
//! Invariant: readers and other writers go on meanwhile, and cancelling leaves each table as it was or done.

use std::sync::Arc;

use muster_storage::{Changes, Effort};

use super::run::apply;
use super::{Session, StatementContext, cancellable};
use crate::catalog::relation::plain;
use crate::notice::Notice;
use crate::outcome::{CommandTag, Outcome};
use crate::privileges::definition;
use crate::sqlstate::SqlState;
use crate::statement::maintenance::{Maintenance, Target};
use crate::{Error, Result, statistics};

pub(super) async fn run(
    session: &Session,
    context: Arc<StatementContext>,
    maintenance: Arc<Maintenance>,
) -> Result<Outcome> {
    if maintenance.vacuum {
        session.prevent_in_block("VACUUM")?;
    }
    let skipped = |message: String| session.tell(Notice::warning(SqlState::Warning, message));
    let found = maintenance.targets(context.namespace(), skipped)?;
    let rights = context.rights()?;
    let mut targets = Vec::with_capacity(found.len());
    for target in found {
        if definition::may_maintain(rights.as_ref(), &target.table)? {
            targets.push(target);
            continue;
        }
        let verb = if maintenance.vacuum { "vacuum" } else { "analyze" };
        let message = format!("permission denied to {verb} \"{}\", skipping it", plain(&target.table));
        session.tell(Notice::warning(SqlState::Warning, message));
    }
    if maintenance.vacuum {
        for Target { table, .. } in &targets {
            let told = vacuum(&context, table.clone(), maintenance.full).await?;
            if maintenance.verbose {
                session.tell(Notice::info(told));
            }
        }
        session.database.wake_worker();
    }
    if maintenance.analyze {
        // What VACUUM has moved is counted where it is now.
        let context = if maintenance.vacuum { super::run::context(session) } else { context };
        let mut changes = Changes::new();
        for target in targets {
            let Some(table) = context.snapshot.table(&target.table).cloned() else { continue };
            if table.definition().temporary {
                continue;
            }
            if maintenance.verbose {
                let rows = table.live_rows();
                session.tell(Notice::info(format!("analyzing \"{}\": {rows} rows", target.table)));
            }
            let snapshot = context.snapshot.clone();
            changes = cancellable(move |continues| {
                statistics::analyze(&snapshot, &table, &target.columns, changes, continues)
            })
            .await?;
        }
        apply(session, &context, changes).await?;
    }
    Ok(Outcome::done(CommandTag::plain(maintenance.name())))
}

/// Seals and compacts one table, and says what that changed.
async fn vacuum(context: &StatementContext, table: String, full: bool) -> Result<String> {
    let store = context.database.store.clone();
    cancellable(move |continues| {
        let shape = || {
            let snapshot = store.snapshot();
            let table = snapshot.table(&table)?;
            let segments = table.parts().filter(|part| part.segment_id().is_some()).count();
            let deleted: u64 = table.parts().map(|part| part.deleted().len()).sum();
            Some((segments, deleted, table.unsealed_rows()))
        };
        let before = shape().unwrap_or_default();
        store.checkpoint_table(&table).map_err(Error::from)?;
        let effort = if full { Effort::Full } else { Effort::Hurried };
        store.compact(&table, effort, &|| continues())?;
        let after = shape().unwrap_or_default();
        Ok(format!(
            "vacuuming \"{table}\": sealed {} rows, {} segments before and {} now, dropped {} deleted rows, {} remain",
            before.2,
            before.0,
            after.0,
            before.1.saturating_sub(after.1),
            after.1,
        ))
    })
    .await
}
