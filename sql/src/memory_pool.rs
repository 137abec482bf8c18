//! The memory that all statements share.
//!
//! Sorts and groups, which can spill, share half of it fairly. Merging what sorts have spilled takes as many runs at a time
//! as it gets memory for, so it has a share of its own, three eighths, of which each merge gets its part. All else -
//! hash tables, the last merge of a sort - takes what is left, an eighth at least. Without the shares sorts fill the whole
//! budget, and what would empty them finds no memory. Invariant: together they never take more than the limit, except for
//! what takes memory without asking.

use std::collections::BTreeMap;
use std::fmt;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{
    FairSpillPool, GreedyMemoryPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};
use parking_lot::Mutex;

/// What DataFusion calls the consumers that merge spilled runs.
const MERGE: &str = "ExternalSorterMerge";

/// See the module.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    spilling: FairSpillPool,
    /// Bytes of each consumer that merges, or may have to, by its number: it may have them in several reservations.
    merges: Mutex<BTreeMap<usize, usize>>,
    others: GreedyMemoryPool,
}

impl Budget {
    /// A budget of so many bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            spilling: FairSpillPool::new(limit / 2),
            merges: Mutex::default(),
            others: GreedyMemoryPool::new(limit),
        }
    }

    fn pool(&self, consumer: &MemoryConsumer) -> &dyn MemoryPool {
        if consumer.can_spill() { &self.spilling } else { &self.others }
    }

    /// What all merges have.
    fn merging(&self) -> usize {
        self.merges.lock().values().sum()
    }

    /// Gives a merge more, or refuses.
    fn grow_merge(
        &self,
        consumer: &MemoryConsumer,
        additional: usize,
        left: usize,
    ) -> std::result::Result<(), usize> {
        let mut merges = self.merges.lock();
        let part = self.limit / 8 * 3 / merges.len().max(1);
        let has = merges.entry(consumer.id()).or_default();
        let left = left.min(part.saturating_sub(*has));
        if additional > left {
            return Err(left);
        }
        *has += additional;
        Ok(())
    }
}

fn is_merge(consumer: &MemoryConsumer) -> bool {
    consumer.name().starts_with(MERGE)
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({} bytes)", self.name(), self.limit)
    }
}

impl MemoryPool for Budget {
    fn name(&self) -> &str {
        "budget"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        if is_merge(consumer) {
            self.merges.lock().insert(consumer.id(), 0);
        } else {
            self.pool(consumer).register(consumer);
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if is_merge(consumer) {
            self.merges.lock().remove(&consumer.id());
        } else {
            self.pool(consumer).unregister(consumer);
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        let consumer = reservation.consumer();
        if is_merge(consumer) {
            *self.merges.lock().entry(consumer.id()).or_default() += additional;
        } else {
            self.pool(consumer).grow(reservation, additional);
        }
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        let consumer = reservation.consumer();
        if is_merge(consumer) {
            let mut merges = self.merges.lock();
            let has = merges.entry(consumer.id()).or_default();
            *has = has.saturating_sub(shrink);
        } else {
            self.pool(consumer).shrink(reservation, shrink);
        }
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        let consumer = reservation.consumer();
        let left = self.limit.saturating_sub(self.reserved());
        let refusal = |left: usize| {
            DataFusionError::ResourcesExhausted(format!(
                "{} needs {additional} more bytes, and {left} of the limit of {} are left for it",
                consumer.name(),
                self.limit
            ))
        };
        if is_merge(consumer) {
            return self.grow_merge(consumer, additional, left).map_err(refusal);
        }
        if additional > left {
            return Err(refusal(left));
        }
        self.pool(consumer).try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.spilling.reserved() + self.merging() + self.others.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        MemoryLimit::Finite(self.limit)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn each_has_its_share_and_all_keep_to_the_limit() {
        let pool: Arc<dyn MemoryPool> = Arc::new(Budget::new(1600));
        let spilling = |name: &str| MemoryConsumer::new(name).with_can_spill(true).register(&pool);
        let (sort, other) = (spilling("sort"), spilling("other sort"));
        let merges = [0, 1].map(|number| MemoryConsumer::new(format!("{MERGE}[{number}]")).register(&pool));
        let table = MemoryConsumer::new("hash table").register(&pool);
        sort.try_grow(400).unwrap();
        assert!(sort.try_grow(1).is_err(), "two share a half");
        other.try_grow(400).unwrap();
        for merge in &merges {
            merge.try_grow(300).unwrap();
            assert!(merge.try_grow(1).is_err(), "two share three eighths");
        }
        table.try_grow(200).unwrap();
        assert!(table.try_grow(1).is_err());
        assert_eq!(pool.reserved(), 1600);
        drop((sort, other, merges));
        table.try_grow(1400).unwrap();
        assert!(spilling("late").try_grow(1).is_err());
    }
}
