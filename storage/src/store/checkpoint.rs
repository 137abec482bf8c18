//! A checkpoint: seals a table's unsealed rows into segments, then trims its part of the journal.
//!
//! Files are written without the writer's lock, and the journal is trimmed in small steps; commits go on meanwhile. What
//! a crash leaves untrimmed is not replayed, and the next checkpoint trims it. Invariant: rows keep their ids, and
//! readers see the same rows before and after.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use roaring::RoaringBitmap;

use super::activity::{count, note};
use super::bulk_load::SEGMENT_BYTES;
use super::{Inner, edits};
use crate::journal::Edit;
use crate::keys::lookup;
use crate::row_ids::RowIds;
use crate::segment::Segment;
use crate::segment::writer::SegmentWriter;
use crate::{Error, Part, Result, Snapshot, Table, TableId, chunk};

impl Inner {
    pub(super) fn checkpoint(&self, name: &str) -> Result<()> {
        let _one_at_a_time = self.checkpointing.lock();
        // Before the snapshot is taken: the journal may be written anew, and its entries get other versions.
        self.make_writable(&mut self.lock_writer())?;
        let base = self.snapshot.load_full();
        let table = base.table(name).ok_or_else(|| Error::NoSuchTable { table: name.into() })?;
        if table.journal().entries > 0 {
            self.seal(&base, table)?;
        }
        if let Err(error) = self.trim(table.definition().id) {
            self.untrimmed.store(true, Ordering::Relaxed);
            return Err(error);
        }
        self.shrink_journal()
    }

    /// Makes segments of a table's chunks, as they are in `base`, by one commit.
    fn seal(&self, base: &Snapshot, table: &Table) -> Result<()> {
        let started = Instant::now();
        let name = &table.definition().name;
        let sealed = self.write_chunks(table)?;
        let end = table.chunks().iter().map(|part| part.ids().end()).max().unwrap_or_default();
        // Made now, the indexes over keys need not be made by a commit, which others would wait for.
        let sealed: Vec<_> =
            sealed.into_iter().map(|segment| self.warm(table, segment)).collect::<Result<_>>()?;

        let mut writer = self.lock_writer();
        self.make_writable(&mut writer)?;
        let mut next = Snapshot::clone(&self.snapshot.load());
        let current = next.table(name).filter(|current| current.definition().id == table.definition().id);
        let current = current.ok_or_else(|| Error::NoSuchTable { table: name.into() })?.clone();
        if current.rewritten() > base.version {
            // Altered meanwhile: the entries of what was sealed are written anew, and would be replayed again.
            return Ok(());
        }
        let definition = current.definition();

        let mut parts: Vec<Part> = current.segments().to_vec();
        let mut changes = Vec::new();
        let mut added = Vec::new();
        for part in sealed {
            let part = part.altered(table.definition(), definition)?;
            let part = part.with_deletions(deletions(&current, &part));
            changes.extend(edits::segment(definition, &part)?);
            changes.extend(edits::row_ids(definition.id, &part)?);
            added.push(part);
        }
        parts.extend(added.iter().cloned());
        for part in &mut parts {
            changes.extend(edits::deletions(definition.id, part)?);
            *part = part.with_stored_deletions();
        }
        let unsealed = current.chunks().iter().filter_map(|part| unsealed(&current, part, end));
        let mut sealed_table = current.with_parts(parts.into_iter().chain(unsealed).collect());
        sealed_table.set_journal(current.journal().after(table.journal(), started));
        changes.push(edits::table(definition, sealed_table.next_row_id())?);
        changes.push(Edit::Sealed { table: definition.id, version: base.version });
        next.version += 1;
        next.tables.insert(name.clone(), Arc::new(sealed_table));
        let published = self.publish(&mut writer, next, &changes);
        self.settle(&writer, published.is_ok(), added.iter());
        drop(writer);
        published?;
        count(&self.counts.checkpoints, 1);
        count(&self.counts.rows_sealed, added.iter().map(|part| part.rows() as u64).sum());
        count(&self.counts.bytes_written, added.iter().map(Part::file_bytes).sum());
        note(&self.counts.last_checkpoint, started);
        Ok(())
    }

    /// Writes the live rows of a table's chunks into segments.
    fn write_chunks(&self, table: &Table) -> Result<Vec<Segment>> {
        let mut segments = Vec::new();
        let mut open: Option<(SegmentWriter, Vec<u64>)> = None;
        for part in table.chunks() {
            let Some(chunk) = part.as_chunk().filter(|_| part.live_rows() > 0) else { continue };
            let ids: Vec<u64> = part.ids().without(part.deleted()).collect();
            let rows = live_rows(&chunk.rows, part.deleted())?;
            let mut start = 0;
            while let Some(id) = ids.get(start) {
                // The ranges of segments do not overlap: one ends where an older one, a bulk load's, lies in between.
                let ends = open.take_if(|(writer, ids)| {
                    let between = ids.last().is_some_and(|last| has_segment_between(table, *last, *id));
                    between || writer.rows() >= self.segment_rows || writer.scalar_bytes() >= SEGMENT_BYTES
                });
                if let Some(full) = ends {
                    segments.push(self.finish(full)?);
                }
                let (writer, written) = match &mut open {
                    Some(open) => open,
                    none => none.insert((self.segment_writer(table)?, Vec::new())),
                };
                let length = (ids.len() - start).min(self.segment_rows.saturating_sub(writer.rows()));
                writer.append(&rows.slice(start, length))?;
                written.extend_from_slice(ids.get(start..start + length).unwrap_or_default());
                start += length;
            }
        }
        if let Some(last) = open {
            segments.push(self.finish(last)?);
        }
        if !segments.is_empty() {
            self.folder.sync()?;
        }
        Ok(segments)
    }

    /// Ends a segment whose rows have these ids, of which there is at least one.
    pub(super) fn finish(&self, (writer, ids): (SegmentWriter, Vec<u64>)) -> Result<Segment> {
        let segment = writer.finish(&self.cache)?;
        match RowIds::of(ids.into_iter()) {
            Some(ids) => Ok(segment.at(ids)),
            None => Err(Error::schema("", "a segment without rows")),
        }
    }

    /// A new segment as a part of its table, with the indexes over its keys made. The files are read for that, so what
    /// could not be read back is never named in the manifest.
    pub(super) fn warm(&self, table: &Table, segment: Segment) -> Result<Part> {
        let part = Part::segment(table.definition(), segment, RoaringBitmap::new(), Vec::new());
        for (number, encoder) in table.encoders().iter().enumerate() {
            part.key_index(number, encoder)?;
        }
        lookup::warm(table, &part)?;
        Ok(part)
    }

    /// Removes a table's sealed entries from the journal, step by step.
    pub(super) fn trim(&self, table: TableId) -> Result<()> {
        loop {
            let mut writer = self.lock_writer();
            self.make_writable(&mut writer)?;
            let Some(version) = writer.journal.extent().trim_step(table) else { return Ok(()) };
            // Nothing that anybody could see changes, so the version does not either.
            let same = Snapshot::clone(&self.snapshot.load());
            self.publish(&mut writer, same, &[Edit::Trim { table, version }])?;
        }
    }
}

/// The rows that are not deleted.
pub(super) fn live_rows(rows: &RecordBatch, deleted: &RoaringBitmap) -> Result<RecordBatch> {
    if deleted.is_empty() {
        return Ok(rows.clone());
    }
    let live: BooleanArray = (0..rows.num_rows() as u32).map(|row| Some(!deleted.contains(row))).collect();
    filter_record_batch(rows, &live).map_err(|error| Error::arrow(std::path::Path::new("rows"), error))
}

/// Whether a segment of the table has rows between these two.
fn has_segment_between(table: &Table, from: u64, to: u64) -> bool {
    let segments = table.segments();
    let after = segments.partition_point(|part| part.first_row_id() < from);
    segments.get(after).is_some_and(|part| part.first_row_id() < to)
}

/// Which rows of a new segment the table's chunks have as deleted by now.
fn deletions(table: &Table, part: &Part) -> RoaringBitmap {
    let ids = table.chunks().iter().map(|chunk| chunk.row_ids(chunk.deleted()));
    ids.flatten().filter_map(|id| part.position(id)).collect()
}

/// What is left of a chunk when rows with ids below `end` are sealed: it may have grown, at its end, meanwhile.
fn unsealed(table: &Table, part: &Part, end: u64) -> Option<Part> {
    let rows = part.as_chunk()?;
    match end.saturating_sub(part.first_row_id()) {
        0 => Some(part.clone()),
        sealed if sealed < part.rows() as u64 => {
            Some(chunk::tail(table.schema(), part, rows, sealed as usize, table.encoders().len()))
        }
        _ => None,
    }
}
