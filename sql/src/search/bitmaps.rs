//! The rows of each part that a search may return: those that a predicate is true for and that are not deleted.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::{KeptBitmaps, Predicate, SearchedTable, Usage};
use crate::Result;

/// A bitmap for each part of a table; `None` where all rows of the part are meant.
pub(crate) type Bitmaps = Vec<Option<Arc<RoaringBitmap>>>;

/// The live rows for which `predicate` is true.
///
/// # Errors
/// What evaluating the predicate gives.
pub(crate) fn allowed(
    table: &SearchedTable,
    predicate: Option<&Predicate>,
    kept: &KeptBitmaps,
    usage: &Usage,
) -> Result<Bitmaps> {
    table
        .parts()
        .map(|part| {
            let matching = predicate.map(|predicate| kept.matches(predicate, part, usage)).transpose()?;
            let deleted = part.deleted();
            Ok(match matching {
                None if deleted.is_empty() => None,
                None => {
                    let mut live = RoaringBitmap::new();
                    live.insert_range(0..u32::try_from(part.rows()).unwrap_or(u32::MAX));
                    Some(Arc::new(live - deleted))
                }
                Some(matching) if deleted.is_disjoint(&matching) => Some(matching),
                Some(matching) => Some(Arc::new(matching.as_ref() - deleted)),
            })
        })
        .collect()
}

/// The rows that both allow.
pub(crate) fn both(one: Bitmaps, other: &Bitmaps) -> Bitmaps {
    let parts = one.into_iter().zip(other).map(|(one, other)| match (one, other) {
        (Some(one), Some(other)) => Some(Arc::new(one.as_ref() & other.as_ref())),
        (one, other) => one.or_else(|| other.clone()),
    });
    parts.collect()
}
