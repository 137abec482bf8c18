//! What a database keeps of statements, so that the same is not worked out twice.
//!
//! - [`StatementCache`]: texts that were parsed.
//! - [`PlanCache`]: statements that were planned, for all sessions.
//! - [`ResultCache`]: rows that searches gave.
//! - [`NearestCache`]: what searches found in parts of tables that a later commit leaves as they are.
//! - [`GenericPlans`](crate::planning::GenericPlans), which each prepared statement keeps for itself, are counted here.
//!
//! They are bounded, in memory, and safe to lose. Invariant: a statement gives the same rows with them as without: what
//! is taken out of one is compared with the snapshot of the statement that asks.

mod counts;
mod nearest;
mod plans;
mod results;
mod statements;

pub(crate) use counts::{CacheCounts, Counts};
pub(crate) use nearest::{Nearest, NearestCache, NearestQuestion};
pub(crate) use plans::{PlanCache, PlanKey};
pub(crate) use results::{Repeatable, ResultCache, Sought};
pub(crate) use statements::StatementCache;

/// The caches of a database.
#[derive(Debug, Default)]
pub(crate) struct Caches {
    pub(crate) statements: StatementCache,
    pub(crate) plans: PlanCache,
    pub(crate) results: ResultCache,
    pub(crate) nearest: NearestCache,
    pub(crate) generic_plans: Counts,
}

impl Caches {
    /// How they do, by name.
    pub(crate) fn counts(&self) -> [(&'static str, CacheCounts); 5] {
        [
            ("statements", self.statements.counts()),
            ("plans", self.plans.counts()),
            ("generic plans", self.generic_plans.counts()),
            ("results", self.results.counts()),
            ("nearest rows", self.nearest.counts()),
        ]
    }
}
