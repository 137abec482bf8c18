//! Runs GRANT, REVOKE, REASSIGN OWNED, DROP OWNED and ALTER LARGE OBJECT.

use std::sync::Arc;

use super::run::apply;
use super::{Session, StatementContext, blocking};
use crate::outcome::{CommandTag, Outcome};
use crate::privileges::{Command, grant, membership, owned};
use crate::{Error, Result};

pub(super) async fn run(
    session: &Session,
    context: Arc<StatementContext>,
    command: Arc<Command>,
) -> Result<Outcome> {
    let (read, said) = (context.clone(), command.clone());
    let worked = blocking(move || match said.as_ref() {
        Command::Privileges { .. } => grant::privileges(&read, &said),
        Command::Membership { .. } => membership::membership(&read, &said),
        Command::Reassign { .. } => owned::reassign(&read, &said),
        Command::DropOwned { .. } => owned::drop_owned(&read, &said),
        Command::LargeObjectOwner { .. } => owned::give_large_object(&read, &said),
        Command::Refused(what) => Err(Error::unsupported(what)),
    });
    let worked = worked.await?;
    apply(session, &context, worked.changes).await?;
    worked.notices.into_iter().for_each(|notice| session.tell(notice));
    Ok(Outcome::done(CommandTag::plain(command.tag())))
}
