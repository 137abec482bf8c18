//! Compaction: replaces a run of neighbouring segments by one without their deleted rows.
//!
//! The rows are written without the writer's lock; one commit then takes the old segments out of the manifest and puts
//! the new one in, with what was deleted meanwhile. Which run is `policy`'s. Invariant: rows keep their ids, readers see
//! the same rows before and after, and the files of old segments go with their last reader.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use arrow::array::Array;
use roaring::RoaringBitmap;

use super::activity::{count, note};
use super::apply::Dropped;
use super::bulk_load::SEGMENT_BYTES;
use super::checkpoint::live_rows;
use super::pace::Pace;
use super::policy::{self, Candidate, Limits};
use super::{Inner, edits};
use crate::journal::Edit;
use crate::segment::Segment;
use crate::segment::index_file::IndexFile;
use crate::segment::writer::SegmentWriter;
use crate::{Error, Part, Result, Snapshot, Table};

/// Rows that are read and written at a time: with 768 dimensions, 12 MB of vectors.
const BLOCK: usize = 4096;

/// How much a compaction does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// What is due by the number of segments and the share of deleted rows, at the pace of
    /// [`Options`](crate::Options).
    AsDue,
    /// What is due, as fast as it goes.
    Hurried,
    /// Everything: no deleted row stays, and neighbours that fit into one segment become one. As fast as it goes.
    Full,
}

impl Inner {
    /// Compacts a table until nothing is left to do.
    pub(super) fn compact(&self, name: &str, effort: Effort, continues: &dyn Fn() -> bool) -> Result<()> {
        let _hurry = (effort != Effort::AsDue).then(|| Hurry::of(self));
        let _one_at_a_time = self.compacting.lock();
        while let Some((table, run)) = self.choose(name, effort)? {
            let rate = self.compaction_rate.filter(|_| effort == Effort::AsDue);
            self.replace(&table, run, &mut Pace::new(self, rate, continues))?;
        }
        Ok(())
    }

    /// Whether a compaction is due.
    pub(super) fn is_compaction_due(&self, table: &Table) -> bool {
        policy::due(&candidates(table), self.limits()).is_some()
    }

    fn choose(&self, name: &str, effort: Effort) -> Result<Option<(Arc<Table>, Range<usize>)>> {
        let snapshot = self.snapshot.load_full();
        let table = snapshot.table(name).ok_or_else(|| Error::NoSuchTable { table: name.into() })?;
        let candidates = candidates(table);
        let run = match effort {
            Effort::AsDue | Effort::Hurried => policy::due(&candidates, self.limits()),
            Effort::Full => policy::everything(&candidates, self.limits()),
        };
        Ok(run.map(|run| (table.clone(), run)))
    }

    fn limits(&self) -> Limits {
        Limits { rows: self.segment_rows as u64, scalar_bytes: SEGMENT_BYTES as u64 }
    }

    /// Replaces a run of the segments of `table`.
    fn replace(&self, table: &Table, run: Range<usize>, pace: &mut Pace<'_>) -> Result<()> {
        let started = Instant::now();
        let old = table.segments().get(run).unwrap_or_default();
        let new = self.write_live_rows(table, old, pace)?;
        let new: Vec<_> = new.into_iter().map(|segment| self.warm(table, segment)).collect::<Result<_>>()?;
        pace.step(0)?;
        let new = new.into_iter().map(|part| self.indexed(table, part, pace)).collect::<Result<Vec<_>>>()?;
        pace.step(0)?;

        let mut writer = self.lock_writer();
        self.make_writable(&mut writer)?;
        let mut next = Snapshot::clone(&self.snapshot.load());
        let name = &table.definition().name;
        let current = next.table(name).filter(|current| has_all(table, old, current));
        // Dropped, truncated or redefined meanwhile: what was written is of no use.
        let Some(current) = current.cloned() else { return Ok(()) };
        let definition = current.definition();
        let mut kept = Vec::with_capacity(current.segments().len());
        let mut replaced = Vec::with_capacity(old.len());
        let mut changes = Vec::new();
        for part in current.parts() {
            match old.iter().find(|old| part.segment_id().is_some() && old.segment_id() == part.segment_id())
            {
                Some(base) => replaced.push((base, part.clone())),
                None => kept.push(part.clone()),
            }
        }
        for id in replaced.iter().filter_map(|(_, part)| part.segment_id()) {
            changes.push(Edit::DropSegment { table: definition.id, id });
        }
        let mut added = Vec::with_capacity(new.len());
        for part in new {
            let part = part.with_deletions(deleted_meanwhile(&replaced, &part));
            changes.extend(edits::segment(definition, &part)?);
            changes.extend(edits::row_ids(definition.id, &part)?);
            changes.extend(edits::deletions(definition.id, &part)?);
            added.push(part.with_stored_deletions());
        }
        changes.push(edits::table(definition, current.next_row_id())?);
        let compacted = current.with_parts(kept.into_iter().chain(added.iter().cloned()).collect());
        next.version += 1;
        next.tables.insert(name.clone(), Arc::new(compacted));
        let published = self.publish(&mut writer, next, &changes);
        self.settle(&writer, published.is_ok(), added.iter());
        drop(writer);
        published?;
        let rows = |parts: &[Part]| parts.iter().map(|part| part.rows() as u64).sum::<u64>();
        count(&self.counts.compactions, 1);
        count(&self.counts.segments_replaced, replaced.len() as u64);
        count(&self.counts.rows_compacted, rows(&added));
        count(&self.counts.rows_dropped, rows(old) - rows(&added));
        count(&self.counts.bytes_written, added.iter().map(Part::file_bytes).sum());
        note(&self.counts.last_compaction, started);
        replaced.into_iter().for_each(|(_, part)| Dropped::Part(part).doom());
        Ok(())
    }

    /// Writes the live rows of neighbouring segments, into one unless they are too many bytes for it.
    fn write_live_rows(&self, table: &Table, old: &[Part], pace: &mut Pace<'_>) -> Result<Vec<Segment>> {
        let mut segments = Vec::new();
        let mut open: Option<(SegmentWriter, Vec<u64>)> = None;
        for part in old.iter().filter(|part| part.live_rows() > 0) {
            let mut ids = part.ids().without(part.deleted());
            part.each_block(BLOCK, |rows, position| {
                let rows = live_rows(&rows, &within(part.deleted(), position, rows.num_rows()))?;
                let full = open.take_if(|(writer, _)| {
                    let more = writer.rows() + rows.num_rows() > self.segment_rows;
                    more || writer.scalar_bytes() >= SEGMENT_BYTES
                });
                if let Some(full) = full {
                    segments.push(self.finish(full)?);
                }
                if rows.num_rows() == 0 {
                    return Ok(());
                }
                let (writer, written) = match &mut open {
                    Some(open) => open,
                    none => none.insert((self.segment_writer(table)?, Vec::new())),
                };
                writer.append(&rows)?;
                written.extend(ids.by_ref().take(rows.num_rows()));
                let sizes = rows.columns().iter().map(|column| column.to_data().get_slice_memory_size());
                pace.step(sizes.map(|size| size.unwrap_or_default() as u64).sum())
            })?;
        }
        if let Some(last) = open {
            segments.push(self.finish(last)?);
        }
        if !segments.is_empty() {
            self.folder.sync()?;
        }
        Ok(segments)
    }

    /// A new part with its index files, so that no search has to do without them.
    fn indexed(&self, table: &Table, part: Part, pace: &Pace<'_>) -> Result<Part> {
        let Some(segment) = part.segment_id() else { return Ok(part) };
        let id = table.definition().id;
        let mut files = Vec::new();
        self.indexer.make(table, &part, pace.continues(), &mut |index, content| {
            let file = IndexFile::write(&self.folder, id, segment, index, self.new_file(), content)?;
            files.push(Arc::new(file));
            Ok(())
        })?;
        Ok(part.with_indexes(files))
    }

    /// Whether somebody waits for a compaction to end.
    pub(super) fn is_hurried(&self) -> bool {
        self.hurried.load(Ordering::Relaxed) > 0
    }
}

/// Takes the brake off all compactions for as long as it lives.
struct Hurry<'a>(&'a Inner);

impl<'a> Hurry<'a> {
    fn of(store: &'a Inner) -> Self {
        store.hurried.fetch_add(1, Ordering::Relaxed);
        Self(store)
    }
}

impl Drop for Hurry<'_> {
    fn drop(&mut self) {
        self.0.hurried.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What the policy is to know of a table's segments.
fn candidates(table: &Table) -> Vec<Candidate> {
    /// Parquet's size in memory where it was not noted: more than it usually is, so that what is merged fits.
    const EXPANSION: u64 = 8;
    let mut before = 0;
    let segments = table.segments().iter().filter_map(|part| Some((part, part.as_segment()?.record())));
    let candidates = segments.map(|(part, record)| {
        let parquet = record.parquet.as_ref().map_or(0, |parquet| parquet.length);
        let first = part.first_row_id();
        let apart = table.chunks().iter().any(|chunk| (before..first).contains(&chunk.first_row_id()));
        before = part.ids().end();
        Candidate {
            rows: part.rows() as u64,
            live: part.live_rows() as u64,
            scalar_bytes: record.scalar_bytes.unwrap_or(parquet * EXPANSION),
            apart,
        }
    });
    candidates.collect()
}

/// Whether a table is the one it was and has all of these segments.
fn has_all(table: &Table, segments: &[Part], current: &Table) -> bool {
    let same = Arc::ptr_eq(current.definition(), table.definition());
    let has = |old: &Part| current.segments().iter().any(|part| part.segment_id() == old.segment_id());
    same && segments.iter().all(has)
}

/// Which rows of a new segment were deleted while it was written.
fn deleted_meanwhile(replaced: &[(&Part, Part)], new: &Part) -> RoaringBitmap {
    let later = replaced.iter().map(|(base, current)| current.row_ids(&(current.deleted() - base.deleted())));
    later.flatten().filter_map(|id| new.position(id)).collect()
}

/// The positions from `start` on, counted from there.
fn within(positions: &RoaringBitmap, start: usize, length: usize) -> RoaringBitmap {
    let (start, end) = (start as u32, (start + length) as u32);
    positions.range(start..end).map(|position| position - start).collect()
}
