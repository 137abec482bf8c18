//! When rows are sealed, and which segments are compacted.
//!
//! It decides from counts alone and touches nothing. Two rules choose segments. A segment a third of whose rows are
//! deleted is written anew: two rows written for one that was deleted, and a large segment with few deletions keeps its
//! indexes. And where there are more segments than a search should have to ask, the neighbours whose merging costs
//! least for each segment that goes are merged. Invariant: applied until nothing is due, the rules leave at most
//! [`SEGMENTS`] segments and two for each full one (see the tests).

use std::ops::Range;
use std::time::Duration;

use crate::JournalUse;

/// When the rows of a table that are still in the journal are sealed. Each is a limit; reaching one is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckpointPolicy {
    /// Unsealed rows. They are searched exactly, so this bounds what a search compares beside the indexes.
    pub rows: u64,
    /// Bytes of the table's entries in the journal: they are in memory, and are replayed by an open.
    pub bytes: u64,
    /// Entries: deletions alone make no rows, and each takes its time when it is replayed.
    pub entries: u64,
    /// Age of the oldest entry.
    pub age: Duration,
}

impl Default for CheckpointPolicy {
    /// 10,000 rows, 20 MiB (6,500 rows of 768 dimensions, some 2 ms of a search), 20,000 entries, 5 minutes.
    fn default() -> Self {
        Self { rows: 10_000, bytes: 20 << 20, entries: 20_000, age: Duration::from_secs(300) }
    }
}

impl CheckpointPolicy {
    /// Whether a table with this many unsealed rows and this much in the journal is due.
    pub(super) fn is_due(&self, unsealed_rows: u64, journal: JournalUse) -> bool {
        journal.entries > 0
            && (unsealed_rows >= self.rows
                || journal.bytes >= self.bytes
                || journal.entries >= self.entries
                || journal.oldest.is_some_and(|oldest| oldest.elapsed() >= self.age))
    }
}

/// Segments that a table may have beside its full ones and one after each of those.
pub(super) const SEGMENTS: usize = 8;

/// One in so many rows deleted makes a segment due.
const DELETED_SHARE: u64 = 3;

/// What the policy knows of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) rows: u64,
    pub(super) live: u64,
    /// Bytes of the scalar columns of all rows, as Arrow has them.
    pub(super) scalar_bytes: u64,
    /// Whether unsealed rows lie between it and the one before: the two cannot be merged yet.
    pub(super) apart: bool,
}

/// The most that a segment takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) rows: u64,
    pub(super) scalar_bytes: u64,
}

impl Candidate {
    fn deleted(&self) -> u64 {
        self.rows - self.live
    }

    fn live_bytes(&self) -> u64 {
        match self.rows {
            0 => 0,
            rows => (u128::from(self.scalar_bytes) * u128::from(self.live) / u128::from(rows)) as u64,
        }
    }

    /// Half full or more: two that are not fit into one.
    fn is_full(&self, limits: Limits) -> bool {
        self.live * 2 > limits.rows || self.live_bytes() * 2 > limits.scalar_bytes
    }

    /// What writing its rows costs. A segment has a price of its own, which keeps the sums of small ones apart.
    fn cost(&self) -> u64 {
        self.live + 1
    }
}

/// The neighbouring segments to write anew as one, if any are due.
pub(super) fn due(segments: &[Candidate], limits: Limits) -> Option<Range<usize>> {
    let worn =
        |segment: &Candidate| segment.deleted() > 0 && segment.deleted() * DELETED_SHARE >= segment.rows;
    if let Some(worn) = segments.iter().position(worn) {
        return Some(with_small_neighbours(segments, worn, limits));
    }
    let full = segments.iter().filter(|segment| segment.is_full(limits)).count();
    if segments.len() <= SEGMENTS + 2 * full { None } else { cheapest(segments, limits) }
}

/// All that can be merged or has deleted rows, in runs from the left: what VACUUM FULL does.
pub(super) fn everything(segments: &[Candidate], limits: Limits) -> Option<Range<usize>> {
    let mut start = 0;
    while start < segments.len() {
        let end = start + run(segments, start, limits).count().max(1);
        let deleted = segments.get(start).is_some_and(|segment| segment.deleted() > 0);
        if end - start > 1 || deleted {
            return Some(start..end);
        }
        start = end;
    }
    None
}

/// The segments from `start` on that fit into one, each with the sum of the costs so far.
fn run(segments: &[Candidate], start: usize, limits: Limits) -> impl Iterator<Item = (usize, u64)> + '_ {
    let (mut rows, mut bytes, mut cost) = (0, 0, 0);
    let rest = segments.iter().enumerate().skip(start);
    rest.map_while(move |(number, segment)| {
        rows += segment.live;
        bytes += segment.live_bytes();
        cost += segment.cost();
        let joins = number == start || !segment.apart;
        (joins && rows <= limits.rows && bytes <= limits.scalar_bytes).then_some((number, cost))
    })
}

/// The run whose merging costs least for each segment that goes.
fn cheapest(segments: &[Candidate], limits: Limits) -> Option<Range<usize>> {
    let mut best: Option<(u64, Range<usize>)> = None;
    for start in 0..segments.len() {
        for (last, cost) in run(segments, start, limits).filter(|(last, _)| *last > start) {
            let price = cost / (last - start) as u64;
            if best.as_ref().is_none_or(|(least, _)| price < *least) {
                best = Some((price, start..last + 1));
            }
        }
    }
    best.map(|(_, range)| range)
}

/// A segment that is written anyway, with the neighbours on either side that are no larger than what is written so far.
fn with_small_neighbours(segments: &[Candidate], worn: usize, limits: Limits) -> Range<usize> {
    let mut range = worn..worn + 1;
    let fits = |range: &Range<usize>| run(segments, range.start, limits).count() >= range.len();
    let cost = |range: &Range<usize>| {
        segments.get(range.clone()).map_or(0, |run| run.iter().map(Candidate::cost).sum())
    };
    loop {
        let left = range.start.checked_sub(1).map(|start| (start, start..range.end));
        let right = (range.end < segments.len()).then_some((range.end, range.start..range.end + 1));
        let small = |(neighbour, wider): &(usize, Range<usize>)| {
            let neighbour = segments.get(*neighbour).map_or(u64::MAX, Candidate::cost);
            let so_far: u64 = cost(&range);
            neighbour <= so_far && fits(wider)
        };
        match left.filter(small).or_else(|| right.filter(small)) {
            Some((_, wider)) => range = wider,
            None => return range,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const LIMITS: Limits = Limits { rows: 1_000_000, scalar_bytes: 1 << 30 };

    #[derive(Clone, Debug)]
    enum Action {
        /// A checkpoint or a bulk load of so many rows.
        Append(u64),
        /// Deletes a share, in thousandths, of the live rows of one segment in a hundredth of the table.
        Delete(usize, u64),
        /// Deletes a share of all rows and puts as many: updates.
        Update(u64),
    }

    fn action() -> impl Strategy<Value = Action> {
        prop_oneof![
            6 => prop_oneof![1..100_u64, 1_000..20_000_u64, Just(10_000)].prop_map(Action::Append),
            1 => (400_000..2_000_000_u64).prop_map(Action::Append),
            2 => (0..100_usize, 1..1_000_u64).prop_map(|(at, share)| Action::Delete(at, share)),
            2 => (1..100_u64).prop_map(Action::Update),
        ]
    }

    #[derive(Default)]
    struct Simulated {
        segments: Vec<Candidate>,
        changed: u64,
        written: u64,
    }

    impl Simulated {
        fn append(&mut self, mut rows: u64) {
            self.changed += rows;
            while rows > 0 {
                let live = rows.min(LIMITS.rows);
                self.segments.push(Candidate { rows: live, live, scalar_bytes: live * 200, apart: false });
                rows -= live;
            }
        }

        fn compact(&mut self, choose: impl Fn(&[Candidate], Limits) -> Option<Range<usize>>) {
            let mut rounds = 0;
            while let Some(run) = choose(&self.segments, LIMITS) {
                let live: u64 = self.segments[run.clone()].iter().map(|segment| segment.live).sum();
                assert!(live <= LIMITS.rows && !run.is_empty());
                let merged = Candidate { rows: live, live, scalar_bytes: live * 200, apart: false };
                self.segments.splice(run, (live > 0).then_some(merged));
                self.written += live;
                rounds += 1;
                assert!(rounds < 1000, "it ends");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn whatever_happens_there_are_few_segments_and_rows_are_not_written_too_often(
            actions in vec(action(), 1..300)
        ) {
            let mut table = Simulated::default();
            for action in actions {
                match action {
                    Action::Append(rows) => table.append(rows),
                    Action::Delete(at, share) => {
                        let count = table.segments.len();
                        if let Some(segment) = table.segments.get_mut(at * count / 100) {
                            let deleted = segment.live * share / 1000;
                            segment.live -= deleted;
                            table.changed += deleted;
                        }
                    }
                    Action::Update(share) => {
                        let mut updated = 0;
                        for segment in &mut table.segments {
                            let deleted = segment.live * share / 1000;
                            segment.live -= deleted;
                            updated += deleted;
                        }
                        table.changed += updated;
                        table.append(updated);
                    }
                }
                table.compact(due);
                let full = table.segments.iter().filter(|segment| segment.is_full(LIMITS)).count();
                prop_assert!(table.segments.len() <= SEGMENTS + 2 * full);
                let (rows, live) = table.segments.iter().fold((0, 0), |(rows, live), segment| {
                    (rows + segment.rows, live + segment.live)
                });
                prop_assert!(rows * 2 <= live * 3, "a third of the space is wasted at most: {rows} of {live}");
            }
            prop_assert!(
                table.written <= 8 * table.changed,
                "{} rows written for {} changed", table.written, table.changed
            );
            table.compact(everything);
            let pairs = table.segments.windows(2);
            prop_assert!(pairs.clone().all(|pair| pair[0].live + pair[1].live > LIMITS.rows));
            prop_assert!(table.segments.iter().all(|segment| segment.deleted() == 0));
        }
    }

    #[test]
    fn a_large_segment_with_few_deletions_is_left_alone() {
        let segment = |rows, live| Candidate { rows, live, scalar_bytes: rows, apart: false };
        let mut segments = vec![segment(100_000, 70_000); 2];
        segments.extend(vec![segment(10_000, 9_000); 6]);
        assert_eq!(due(&segments, LIMITS), None);
        segments.push(segment(10_000, 10_000));
        assert_eq!(due(&segments, LIMITS), Some(2..9), "the small ones are merged");
        segments[0].live = 60_000;
        assert_eq!(due(&segments, LIMITS), Some(0..1), "40,000 rows of 100,000 are deleted");
    }

    #[test]
    fn segments_with_unsealed_rows_between_them_are_not_merged() {
        let segment = Candidate { rows: 10, live: 10, scalar_bytes: 10, apart: true };
        assert_eq!(due(&[segment; 20], LIMITS), None);
        assert_eq!(everything(&[segment; 20], LIMITS), None);
        let mut segments = [segment; 20];
        segments[7].apart = false;
        assert_eq!(due(&segments, LIMITS), Some(6..8));
        assert_eq!(everything(&segments, LIMITS), Some(6..8));
    }

    #[test]
    fn a_checkpoint_is_due_by_rows_bytes_entries_or_age() {
        let policy = CheckpointPolicy { rows: 10, bytes: 100, entries: 5, age: Duration::from_secs(3600) };
        let now = std::time::Instant::now();
        let used = |entries, bytes| JournalUse { entries, bytes, oldest: Some(now) };
        assert!(!policy.is_due(9, used(4, 99)));
        assert!(
            policy.is_due(10, used(1, 1)) && policy.is_due(1, used(1, 100)) && policy.is_due(0, used(5, 1))
        );
        let old = CheckpointPolicy { age: Duration::ZERO, ..policy };
        assert!(old.is_due(0, used(1, 1)));
        assert!(!old.is_due(0, JournalUse::default()), "there is nothing to seal");
    }
}
