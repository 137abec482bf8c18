//! Which row ids the rows of a part have: an ascending set, in which a row's rank is its position.
//!
//! It is not which of them are deleted. Rows that were put together have ids without gaps; what compaction drops leaves
//! gaps behind, for a row keeps its id for life. Invariant: [`RowIds::position`] undoes [`RowIds::get`], and only a set
//! with gaps takes memory or bytes in the manifest.

use std::sync::Arc;

use roaring::{RoaringBitmap, RoaringTreemap};

/// The row ids of a part. Clones share them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowIds {
    first: u64,
    rows: u32,
    /// The ids relative to the first one, where they have gaps.
    relative: Option<Arc<RoaringTreemap>>,
}

impl RowIds {
    /// `rows` ids from `first` on.
    pub(crate) fn contiguous(first: u64, rows: usize) -> Self {
        Self { first, rows: rows as u32, relative: None }
    }

    /// The ids of a set; `None` when it is empty or too large for a part.
    pub(crate) fn of(ids: impl Iterator<Item = u64>) -> Option<Self> {
        let mut ids = ids.peekable();
        let first = *ids.peek()?;
        let relative: RoaringTreemap = ids.map(|id| id.saturating_sub(first)).collect();
        Self::relative(first, relative)
    }

    fn relative(first: u64, relative: RoaringTreemap) -> Option<Self> {
        let rows = u32::try_from(relative.len()).ok().filter(|rows| *rows > 0)?;
        let has_gaps = relative.max()? != u64::from(rows) - 1;
        Some(Self { first, rows, relative: has_gaps.then(|| Arc::new(relative)) })
    }

    /// The id of the row at position 0.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// One more than the largest id.
    pub(crate) fn end(&self) -> u64 {
        match self.relative.as_ref().and_then(|relative| relative.max()) {
            Some(last) => self.first + last + 1,
            None => self.first + u64::from(self.rows),
        }
    }

    /// Whether ids between the first and the last are missing.
    pub(crate) fn has_gaps(&self) -> bool {
        self.relative.is_some()
    }

    /// The id of the row at a position. A position that is not there has an id that no row ever has.
    pub(crate) fn get(&self, position: u32) -> u64 {
        match &self.relative {
            Some(relative) => {
                relative.select(u64::from(position)).map_or(u64::MAX, |relative| self.first + relative)
            }
            None => self.first + u64::from(position),
        }
    }

    /// The position of the row with this id, if it is one of these.
    pub(crate) fn position(&self, id: u64) -> Option<u32> {
        let id = id.checked_sub(self.first)?;
        let position = match &self.relative {
            Some(relative) => relative.contains(id).then(|| relative.rank(id) - 1)?,
            None => id,
        };
        u32::try_from(position).ok().filter(|position| *position < self.rows)
    }

    /// The ids of the rows at these positions, ascending. One walk over the set, however many they are.
    pub(crate) fn at(&self, positions: &RoaringBitmap) -> RoaringTreemap {
        let Some(relative) = &self.relative else {
            let ids = positions.iter().map(|position| self.first + u64::from(position));
            return ids.collect();
        };
        if positions.len() * 64 < u64::from(self.rows) {
            return positions.iter().map(|position| self.get(position)).collect();
        }
        let mut wanted = positions.iter().peekable();
        let mut ids = RoaringTreemap::new();
        for (position, relative) in (0_u32..).zip(relative.iter()) {
            if wanted.next_if_eq(&position).is_some() {
                ids.insert(self.first + relative);
            }
        }
        ids
    }

    /// All ids but those at these positions, ascending.
    pub(crate) fn without<'a>(&'a self, positions: &'a RoaringBitmap) -> Box<dyn Iterator<Item = u64> + 'a> {
        let first = self.first;
        let kept = move |(position, id): (u32, u64)| (!positions.contains(position)).then_some(id);
        match &self.relative {
            Some(relative) => {
                Box::new((0..).zip(relative.iter().map(move |relative| first + relative)).filter_map(kept))
            }
            None => Box::new((0..self.rows).map(move |row| (row, first + u64::from(row))).filter_map(kept)),
        }
    }

    /// The gaps as the manifest holds them: the ids relative to the first one, as a portable Roaring treemap; `None`
    /// without gaps.
    pub(crate) fn encode(&self) -> Option<std::io::Result<Vec<u8>>> {
        let relative = self.relative.as_ref()?;
        let mut bytes = Vec::with_capacity(relative.serialized_size());
        Some(relative.serialize_into(&mut bytes).map(|()| bytes))
    }

    /// What [`Self::encode`] gave.
    pub(crate) fn decode(first: u64, rows: u32, bytes: &[u8]) -> Result<Self, String> {
        let relative = RoaringTreemap::deserialize_from(bytes).map_err(|error| error.to_string())?;
        if relative.len() != u64::from(rows) || relative.min() != Some(0) {
            return Err("the row ids are not those of the rows".into());
        }
        if relative.max().is_none_or(|last| first.checked_add(last).is_none_or(|last| last == u64::MAX)) {
            return Err("the row ids are out of range".into());
        }
        Self::relative(first, relative).ok_or_else(|| "there are no row ids".into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn positions_and_ids_undo_each_other(
            ids in btree_set(prop_oneof![0..300_u64, 0..1_u64 << 40], 1..200),
            base in 0..1_u64 << 50,
            some in btree_set(0..200_u32, 0..200),
        ) {
            let ids: Vec<u64> = ids.into_iter().map(|id| base + id).collect();
            let set = RowIds::of(ids.iter().copied()).unwrap();
            prop_assert_eq!((set.first(), set.end()), (ids[0], ids[ids.len() - 1] + 1));
            for (position, id) in ids.iter().enumerate() {
                prop_assert_eq!(set.get(position as u32), *id);
                prop_assert_eq!(set.position(*id), Some(position as u32));
                if ids.binary_search(&(id + 1)).is_err() {
                    prop_assert_eq!(set.position(id + 1), None);
                }
            }
            let some: RoaringBitmap = some.into_iter().filter(|row| (*row as usize) < ids.len()).collect();
            let at: Vec<u64> = some.iter().map(|row| ids[row as usize]).collect();
            prop_assert_eq!(set.at(&some).iter().collect::<Vec<_>>(), at.clone());
            let rest: Vec<u64> = ids.iter().copied().filter(|id| !at.contains(id)).collect();
            prop_assert_eq!(set.without(&some).collect::<Vec<_>>(), rest);
            if let Some(bytes) = set.encode() {
                let bytes = bytes.unwrap();
                prop_assert_eq!(RowIds::decode(ids[0], ids.len() as u32, &bytes), Ok(set));
                prop_assert!(RowIds::decode(ids[0], ids.len() as u32 + 1, &bytes).is_err());
            } else {
                prop_assert_eq!(ids[ids.len() - 1] - ids[0], ids.len() as u64 - 1);
            }
        }
    }

    #[test]
    fn ids_without_gaps_take_nothing_in_the_manifest() {
        let set = RowIds::of(5..9).unwrap();
        assert_eq!(set, RowIds::contiguous(5, 4));
        assert!(set.encode().is_none() && !set.has_gaps());
        assert_eq!((set.position(4), set.position(8), set.position(9)), (None, Some(3), None));
        assert!(RowIds::of(std::iter::empty()).is_none());
    }
}
