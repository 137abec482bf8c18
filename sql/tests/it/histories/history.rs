//! How proptest draws a history.
//!
//! Drawn one by one, actions of several sessions hardly ever meet in one row. So some are drawn as an encounter: a block
//! of one session, in the midst of which another changes what the block is likely to change.

use proptest::collection::vec;
use proptest::prelude::*;

use super::action::{Action, action, meeting};

/// The most sessions of a history.
pub(super) const SESSIONS: usize = 5;

/// The actions of a history, each by the session that does it.
pub(super) type History = Vec<(usize, Action)>;

fn encounter() -> impl Strategy<Value = History> {
    let end = prop_oneof![6 => Just(Action::Commit), 1 => Just(Action::Rollback)];
    let drawn = (0..SESSIONS, vec(meeting(), 0..3), vec(meeting(), 1..3), vec(meeting(), 1..3), end);
    drawn.prop_map(|(session, before, others, after, end)| {
        // Whatever block the session was in, it may have failed.
        let begin = [Action::Rollback, Action::Begin { read_only: false }];
        let own = |action| (session, action);
        let before = begin.into_iter().chain(before).map(own);
        let others = others.into_iter().map(|action| (session + 1, action));
        before.chain(others).chain(after.into_iter().chain([end]).map(own)).collect()
    })
}

/// Mostly short ones: what goes wrong in a long one goes wrong in some short one, too, and planning takes its time.
pub(super) fn history() -> impl Strategy<Value = History> {
    let part = || {
        let single = (0..SESSIONS, action()).prop_map(|step| vec![step]);
        prop_oneof![2 => single, 1 => encounter()]
    };
    let parts = prop_oneof![4 => vec(part(), 1..=7), 1 => vec(part(), 5..=18)];
    parts.prop_map(|parts| parts.concat())
}
