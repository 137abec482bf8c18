//! What foreign keys make of a statement's rows and of a transaction, on the way into the session's block or the store.
//!
//! It is where they are asked, not what they are ([`crate::foreign_key`]).

use std::sync::Arc;

use muster_storage::{Changes, Transaction};

use super::run::apply;
use super::{Session, StatementContext, blocking};
use crate::write::Replaced;
use crate::{Result, foreign_key};

/// As [`apply`], for a statement that changes rows: with its cascades, and checked.
pub(super) async fn apply_rows(
    session: &Session,
    context: &Arc<StatementContext>,
    changes: Changes,
    replaced: Vec<Replaced>,
) -> Result<()> {
    if !foreign_key::concerns(&context.snapshot, &changes) {
        return apply(session, context, changes).await;
    }
    let deferral = context.block.map(|block| session.live.block.deferral(block));
    let of = context.clone();
    let enforced = blocking(move || foreign_key::enforce(&of, changes, replaced, deferral.as_ref())).await?;
    apply(session, context, enforced).await
}

/// A transaction that is to be committed, with what it has put off checked.
pub(super) async fn ready(mut transaction: Transaction) -> Result<Transaction> {
    if !foreign_key::touches(&transaction) {
        return Ok(transaction);
    }
    blocking(move || {
        foreign_key::before_commit(&mut transaction)?;
        Ok(transaction)
    })
    .await
}
