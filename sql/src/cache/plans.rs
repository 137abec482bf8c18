//! Statements that were planned, for all sessions of the database.
//!
//! A statement is kept from the second time on that it comes: one that comes once would only push others out.
//! Invariant: a plan is given out while the names in it still mean what they meant, and the tables are defined as they
//! were.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::{CacheCounts, Counts};
use crate::session::Prepared;

/// Plans that are kept; one takes some ten kilobytes.
const PLANS: u64 = 256;

/// What a plan is for. Temporary relations are not among it: a session that has made some plans for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PlanKey {
    /// The statement that comes again.
    pub(crate) statement: u64,
    /// The search path as it was set.
    pub(crate) path: String,
    /// The session's time zone.
    pub(crate) zone: String,
    /// The types that the client declared.
    pub(crate) declared: Vec<Option<FieldRef>>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct PlanCache {
    plans: Cache<PlanKey, Arc<Prepared>>,
    counts: Counts,
}

impl Default for PlanCache {
    fn default() -> Self {
        let plans = Cache::builder().max_capacity(PLANS).eviction_policy(EvictionPolicy::lru()).build();
        Self { plans, counts: Counts::default() }
    }
}

impl PlanCache {
    /// The plan of that key, if it is still good.
    pub(crate) fn get(&self, key: &PlanKey, is_current: impl Fn(&Prepared) -> bool) -> Option<Prepared> {
        let known = self.plans.get(key).filter(|prepared| is_current(prepared));
        self.counts.count(known).map(|prepared| prepared.as_ref().clone())
    }

    pub(crate) fn put(&self, key: PlanKey, prepared: &Prepared) {
        self.plans.insert(key, Arc::new(prepared.clone()));
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        self.counts.with(Some(self.plans.entry_count()), None)
    }
}
