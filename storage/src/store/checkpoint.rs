//! A checkpoint: seals a table's unsealed rows into segments, and trims its part of the journal.
//!
//! Files are written without the writer's lock; commits go on meanwhile. Invariant: rows keep their ids, and readers see
//! the same rows before and after.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::bulk_load::SEGMENT_BYTES;
use super::{Inner, edits};
use crate::journal::Edit;
use crate::segment::Segment;
use crate::{Error, Part, Result, Snapshot, Table, chunk};

impl Inner {
    pub(super) fn checkpoint(&self, name: &str) -> Result<()> {
        let _one_at_a_time = self.checkpointing.lock();
        let base = self.snapshot.load_full();
        let no_such_table = || Error::NoSuchTable { table: name.into() };
        let table = base.table(name).ok_or_else(no_such_table)?;
        if !table.is_journaled() {
            return Ok(());
        }
        let sealed = self.seal(table)?;
        let end = table
            .chunks()
            .iter()
            .map(|part| part.first_row_id() + part.rows() as u64)
            .max()
            .unwrap_or_default();

        let mut writer = self.writer.lock();
        self.make_writable(&mut writer)?;
        let mut next = Snapshot::clone(&self.snapshot.load());
        let current = next.table(name).filter(|current| current.definition().id == table.definition().id);
        let current = current.ok_or_else(no_such_table)?.clone();
        if current.rewritten() > base.version {
            // Altered meanwhile: the entries of what was sealed are written anew, and would be replayed again.
            return Ok(());
        }
        let definition = current.definition();
        let constraints = current.encoders().len();

        let mut parts: Vec<Part> = current.segments().to_vec();
        let mut changes = Vec::new();
        let mut added = Vec::new();
        for segment in sealed {
            let deleted = deletions(&current, &segment);
            let part = Part::segment(definition, segment, deleted, Vec::new());
            changes.extend(edits::segment(definition, &part)?);
            added.push(part);
        }
        parts.extend(added.iter().cloned());
        for part in &mut parts {
            changes.extend(edits::deletions(definition.id, part)?);
            *part = part.with_stored_deletions();
        }
        let mut unsealed = Vec::new();
        for part in current.chunks() {
            // A chunk may have grown, at its end, since the rows were sealed.
            let sealed_rows = end.saturating_sub(part.first_row_id());
            match part.as_chunk() {
                Some(_) if sealed_rows == 0 => unsealed.push(part.clone()),
                Some(rows) if sealed_rows < part.rows() as u64 => {
                    unsealed.push(chunk::tail(
                        &definition.schema,
                        part,
                        rows,
                        sealed_rows as usize,
                        constraints,
                    ));
                }
                _ => {}
            }
        }
        let mut sealed_table = current.with_parts(parts.into_iter().chain(unsealed).collect());
        // Entries that came after the base still have to be replayed.
        sealed_table.set_journaled(next.version > base.version);
        changes.push(edits::table(definition, sealed_table.next_row_id())?);
        changes.push(Edit::Trim { table: definition.id, version: base.version });
        next.version += 1;
        next.tables.insert(name.into(), Arc::new(sealed_table));
        let published = self.publish(&mut writer, next, &changes);
        self.settle(&writer, published.is_ok(), added.iter());
        published.map(drop)
    }

    /// Writes a table's chunks into segments; a run of rows that are all deleted is left out.
    fn seal(&self, table: &Table) -> Result<Vec<Segment>> {
        let mut segments = Vec::new();
        let mut writer = None;
        let mut first_row_id = 0;
        for part in table.chunks() {
            let Some(chunk) = part.as_chunk().filter(|_| part.live_rows() > 0) else { continue };
            let mut start = 0;
            while start < part.rows() {
                let id = part.first_row_id() + start as u64;
                // A segment has no gaps: one begins after each.
                let ends = writer.take_if(|open: &mut crate::segment::writer::SegmentWriter| {
                    let gap = first_row_id + open.rows() as u64 != id;
                    gap || open.rows() >= self.segment_rows || open.scalar_bytes() >= SEGMENT_BYTES
                });
                if let Some(open) = ends {
                    segments.push(open.finish(&self.cache)?.at(first_row_id));
                }
                let open = match &mut writer {
                    Some(open) => open,
                    none => {
                        first_row_id = id;
                        none.insert(self.segment_writer(table)?)
                    }
                };
                let length = (part.rows() - start).min(self.segment_rows.saturating_sub(open.rows()));
                open.append(&chunk.rows.slice(start, length))?;
                start += length;
            }
        }
        if let Some(open) = writer {
            segments.push(open.finish(&self.cache)?.at(first_row_id));
        }
        if !segments.is_empty() {
            self.folder.sync()?;
        }
        Ok(segments)
    }
}

/// Which rows of a new segment the table's chunks have as deleted by now.
fn deletions(table: &Table, segment: &Segment) -> RoaringBitmap {
    let first = segment.record().first_row_id;
    let rows = segment.rows() as u64;
    let mut deleted = RoaringBitmap::new();
    for part in table.chunks() {
        let ids = part.deleted().iter().map(|position| part.first_row_id() + u64::from(position));
        let positions = ids.filter_map(|id| id.checked_sub(first)).filter(|position| *position < rows);
        deleted.extend(positions.filter_map(|position| u32::try_from(position).ok()));
    }
    deleted
}
