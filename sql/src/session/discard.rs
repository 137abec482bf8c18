//! `DISCARD ALL | PLANS | SEQUENCES | TEMP`: a session as if it were new, for the next one who gets it from a pool.

use datafusion::sql::sqlparser::ast::DiscardObject;

use super::run::apply;
use super::settings::assumed::{Assumable, Wanted};
use super::{Session, StatementContext};
use crate::Result;
use crate::catalog::temporary;
use crate::outcome::{CommandTag, Outcome};
use crate::sequence::Drawn;

pub(super) async fn run(
    session: &Session,
    context: &StatementContext,
    object: &DiscardObject,
) -> Result<Outcome> {
    let tag = match object {
        DiscardObject::ALL => {
            session.prevent_in_block("DISCARD ALL")?;
            discard_temporary(session, context).await?;
            session.live.reset();
            session.live.assume(Assumable::Authorization, &Wanted::First, false);
            session.forget_statements();
            session.live.cursors.close_all();
            session.live.channels.leave(&session.live.listener);
            *context.settings.own.drawn.lock() = Drawn::default();
            "DISCARD ALL"
        }
        // A plan is looked at each time whether it is still good.
        DiscardObject::PLANS => "DISCARD PLANS",
        DiscardObject::SEQUENCES => {
            *context.settings.own.drawn.lock() = Drawn::default();
            "DISCARD SEQUENCES"
        }
        DiscardObject::TEMP => {
            discard_temporary(session, context).await?;
            "DISCARD TEMP"
        }
    };
    Ok(Outcome::done(CommandTag::plain(tag)))
}

/// Drops the session's temporary relations.
async fn discard_temporary(session: &Session, context: &StatementContext) -> Result<()> {
    let own = &context.settings.own;
    if own.temporary() == 0 {
        return Ok(());
    }
    apply(session, context, temporary::all_of(&context.snapshot, context.settings.path.temporary())).await?;
    // What was planned with them is planned anew.
    own.make_temporary();
    Ok(())
}
