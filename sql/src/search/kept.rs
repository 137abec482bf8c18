//! The bitmaps of parts, kept from statement to statement: a filter that comes again costs nothing there.
//!
//! A part's rows do not change, and which of them are deleted is not in these bitmaps, so what was true stays true.
//! The newest unsealed rows, which soon are another part's, are looked at by each statement. The least used go when the
//! budget is full.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use moka::sync::Cache;
use muster_storage::{Content, Part, TableDefinition};
use roaring::RoaringBitmap;

use super::Predicate;
use super::predicate::Key;
use crate::Result;

/// Bytes of all bitmaps kept: a filter over 100,000 rows takes 12.5 kB at most.
const BUDGET: u64 = 32 << 20;

/// What an entry takes besides its bitmap: keys with their expressions, and the cache's own.
const OVERHEAD: u32 = 512;

/// Unsealed rows that are worth a bitmap: fewer are merged with others before it is asked for again.
const LEAST: usize = 256;

/// Whether what is known of a part is worth keeping.
pub(super) fn lasts(part: &Part) -> bool {
    part.segment_id().is_some() || part.rows() >= LEAST
}

/// Filters kept as they were compiled, by their texts.
const COMPILED: u64 = 1024;

/// See the module.
pub(crate) struct KeptBitmaps {
    bitmaps: Cache<(Content, Arc<Key>), Arc<RoaringBitmap>>,
    compiled: Cache<(usize, String), (Arc<TableDefinition>, Arc<Predicate>)>,
}

/// What a statement's predicates cost.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    /// Rows that predicates were evaluated for.
    pub(crate) evaluated: AtomicU64,
}

impl Default for KeptBitmaps {
    fn default() -> Self {
        let weight = |_: &(Content, Arc<Key>), bitmap: &Arc<RoaringBitmap>| {
            u32::try_from(bitmap.serialized_size()).unwrap_or(u32::MAX).saturating_add(OVERHEAD)
        };
        Self {
            bitmaps: Cache::builder().weigher(weight).max_capacity(BUDGET).build(),
            compiled: Cache::new(COMPILED),
        }
    }
}

impl KeptBitmaps {
    /// The rows of `part` that `predicate` is true for. Deleted rows may be among them.
    ///
    /// # Errors
    /// What evaluating the predicate gives.
    pub(super) fn matches(
        &self,
        predicate: &Predicate,
        part: &Part,
        usage: &Usage,
    ) -> Result<Arc<RoaringBitmap>> {
        let place = predicate.key().filter(|_| lasts(part)).map(|key| (part.content(), key.clone()));
        if let Some(kept) = place.as_ref().and_then(|place| self.bitmaps.get(place)) {
            return Ok(kept);
        }
        usage.evaluated.fetch_add(part.rows() as u64, Ordering::Relaxed);
        let (mut matching, lasting) = predicate.matches(part)?;
        matching.optimize();
        let matching = Arc::new(matching);
        if let Some(place) = place.filter(|_| lasting) {
            self.bitmaps.insert(place, matching.clone());
        }
        Ok(matching)
    }

    /// The predicate that this text was compiled to for the table as it is defined here; compiled where it was not.
    /// `compile` tells whether it is good for other statements, too.
    pub(crate) fn compiled(
        &self,
        definition: &Arc<TableDefinition>,
        sql: &str,
        compile: impl FnOnce() -> Result<(Predicate, bool)>,
    ) -> Result<Arc<Predicate>> {
        // The definition is kept beside the predicate, so that its address stays its own.
        let place = (Arc::as_ptr(definition).addr(), sql.to_string());
        if let Some((_, kept)) = self.compiled.get(&place) {
            return Ok(kept);
        }
        let (predicate, lasting) = compile()?;
        let predicate = Arc::new(predicate);
        if lasting {
            self.compiled.insert(place, (definition.clone(), predicate.clone()));
        }
        Ok(predicate)
    }
}
