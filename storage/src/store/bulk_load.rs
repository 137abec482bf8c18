//! A bulk load: rows straight into segment files, which one commit at the end makes part of the table.
//!
//! It holds no lock while rows come in. Invariant: until [`BulkLoad::finish`] returns nothing of it is visible, and after
//! a crash or a drop nothing of it is left.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};

use super::{Inner, edits};
use crate::conform::conform;
use crate::keys::{KeyEncoder, unique};
use crate::row_ids::RowIds;
use crate::segment::Segment;
use crate::segment::folder::OwnedFile;
use crate::segment::writer::SegmentWriter;
use crate::{Error, Part, Result, SegmentId, Snapshot, Table};

/// Most bytes of the scalar columns of one segment: 32-bit string offsets must not overflow when it is decoded.
pub(super) const SEGMENT_BYTES: usize = 1 << 30;

/// A bulk load in progress. Dropping it aborts it and removes its files.
#[derive(Debug)]
pub struct BulkLoad {
    store: Arc<Inner>,
    /// As it was when the load began; its definition is what rows are checked against.
    table: Arc<Table>,
    writer: Option<SegmentWriter>,
    finished: Vec<Segment>,
    keys: Vec<LoadedKeys>,
    failure: Option<Error>,
}

/// The keys of one constraint that a load has brought so far.
#[derive(Debug, Default)]
struct LoadedKeys {
    /// The constraint's columns, batch by batch.
    batches: Vec<Vec<ArrayRef>>,
    /// Batch and row of each hash; of two keys with the same hash the later is in `collisions`.
    seen: HashMap<u64, (u32, u32)>,
    collisions: Vec<(u64, (u32, u32))>,
}

impl BulkLoad {
    pub(super) fn start(store: Arc<Inner>, table: &str) -> Result<Self> {
        let snapshot = store.snapshot.load_full();
        let table = snapshot.table(table).ok_or_else(|| Error::NoSuchTable { table: table.into() })?.clone();
        if table.definition().temporary {
            let detail = "a temporary table has no files to load into";
            return Err(Error::schema(&table.definition().name, detail));
        }
        let keys = table.encoders().iter().map(|_| LoadedKeys::default()).collect();
        Ok(Self { store, table, writer: None, finished: Vec::new(), keys, failure: None })
    }

    /// Adds rows. After an error the load can only be dropped: it is all or nothing.
    pub fn push(&mut self, rows: RecordBatch) -> Result<()> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        let pushed = self.try_push(rows);
        if let Err(error) = &pushed {
            self.failure = Some(error.clone());
        }
        pushed
    }

    fn try_push(&mut self, rows: RecordBatch) -> Result<()> {
        let definition = self.table.definition().clone();
        let rows = conform(&definition, &rows)?;
        for (encoder, keys) in self.table.encoders().iter().zip(&mut self.keys) {
            let columns = unique::key_columns(encoder, &rows);
            if let Some(row) = keys.add(encoder, columns.clone())? {
                return Err(unique::duplicate(&definition, encoder, &columns, row));
            }
        }
        let mut start = 0;
        while start < rows.num_rows() {
            let writer = match &mut self.writer {
                Some(writer) => writer,
                none => none.insert(self.store.segment_writer(&self.table)?),
            };
            let length = (rows.num_rows() - start).min(self.store.segment_rows.saturating_sub(writer.rows()));
            writer.append(&rows.slice(start, length))?;
            start += length;
            if writer.rows() >= self.store.segment_rows || writer.scalar_bytes() >= SEGMENT_BYTES {
                self.seal()?;
            }
        }
        Ok(())
    }

    fn seal(&mut self) -> Result<()> {
        if let Some(writer) = self.writer.take() {
            self.finished.push(writer.finish(&self.store.cache)?);
        }
        Ok(())
    }

    /// Makes all rows part of the table, durably, or none.
    pub fn finish(mut self) -> Result<Arc<Snapshot>> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        self.seal()?;
        let store = self.store.clone();
        if self.finished.is_empty() {
            return Ok(store.snapshot.load_full());
        }
        store.folder.sync()?;

        let name = self.table.definition().name.clone();
        // Most of the looking up is done before the lock is taken; rows never change and deletions only grow.
        let mut checked = 0;
        if let Some(table) = store.snapshot.load().table(&name) {
            self.check(table, 0)?;
            checked = table.next_row_id();
        }
        let mut writer = store.lock_writer();
        store.make_writable(&mut writer)?;
        let mut next = Snapshot::clone(&store.snapshot.load());
        let table = match next.table(&name) {
            Some(table) if Arc::ptr_eq(table.definition(), self.table.definition()) => table.clone(),
            Some(table) if table.definition().id == self.table.definition().id => {
                let detail = "it was altered while rows were loaded".into();
                return Err(Error::Conflict { table: name, detail });
            }
            _ => return Err(Error::NoSuchTable { table: name }),
        };
        self.check(&table, checked)?;

        let definition = table.definition();
        let mut parts: Vec<_> = table.parts().cloned().collect();
        let mut first_row_id = table.next_row_id();
        let mut changes = Vec::new();
        let mut added = Vec::new();
        for segment in self.finished.drain(..) {
            let ids = RowIds::contiguous(first_row_id, segment.rows());
            first_row_id = ids.end();
            let part = Part::segment(definition, segment.at(ids), Default::default(), Vec::new());
            changes.extend(edits::segment(definition, &part)?);
            added.push(part);
        }
        changes.push(edits::table(definition, first_row_id)?);
        parts.extend(added.iter().cloned());
        let mut loaded = table.with_parts(parts);
        next.version += 1;
        loaded.set_changed(next.version);
        next.tables.insert(name, Arc::new(loaded));
        let published = store.publish(&mut writer, next, &changes);
        store.settle(&writer, published.is_ok(), added.iter());
        published
    }

    /// Looks for the loaded keys in those parts of the table that have rows with ids from `from` on.
    fn check(&self, table: &Table, from: u64) -> Result<()> {
        for part in table.parts().filter(|part| part.ids().end() > from) {
            for (number, (encoder, keys)) in table.encoders().iter().zip(&self.keys).enumerate() {
                for columns in &keys.batches {
                    let encoded = encoder.encode(columns)?;
                    let mut hashed = encoder.hash(columns, &encoded, 0);
                    hashed.sort_unstable();
                    if let Some((row, _)) = unique::taken(part, number, encoder, &hashed, &encoded)? {
                        return Err(unique::duplicate(table.definition(), encoder, columns, row));
                    }
                }
            }
        }
        Ok(())
    }
}

impl LoadedKeys {
    /// Adds the keys of a batch, or returns the first row whose key is there already.
    fn add(&mut self, encoder: &KeyEncoder, columns: Vec<ArrayRef>) -> Result<Option<u32>> {
        let keys = encoder.encode(&columns)?;
        let hashed = encoder.hash(&columns, &keys, 0);
        let batch = self.batches.len() as u32;
        self.batches.push(columns);
        for (hash, row) in hashed {
            let Some(first) = self.seen.get(&hash).copied() else {
                self.seen.insert(hash, (batch, row));
                continue;
            };
            let others = self.collisions.iter().filter(|(other, _)| *other == hash).map(|(_, place)| *place);
            let places: Vec<_> = std::iter::once(first).chain(others).collect();
            for place in places {
                if self.key(encoder, place)?.as_deref() == Some(keys.row(row as usize).data()) {
                    return Ok(Some(row));
                }
            }
            self.collisions.push((hash, (batch, row)));
        }
        Ok(None)
    }

    fn key(&self, encoder: &KeyEncoder, (batch, row): (u32, u32)) -> Result<Option<Vec<u8>>> {
        let Some(columns) = self.batches.get(batch as usize) else { return Ok(None) };
        let single: Vec<_> = columns.iter().map(|column| column.slice(row as usize, 1)).collect();
        Ok(Some(encoder.encode(&single)?.row(0).data().to_vec()))
    }
}

impl Inner {
    pub(super) fn segment_writer(&self, table: &Table) -> Result<SegmentWriter> {
        let definition = table.definition();
        let id = SegmentId(self.new_file());
        SegmentWriter::create(&self.folder, definition, id)
    }

    /// Decides about new segments' files after their commit: they stay unless it is certain that no manifest names them.
    pub(super) fn settle<'a>(
        &self,
        writer: &super::Writer,
        published: bool,
        parts: impl Iterator<Item = &'a Part>,
    ) {
        if published || writer.failure.is_some() {
            for part in parts {
                part.as_segment().into_iter().flat_map(|segment| segment.files()).for_each(OwnedFile::keep);
                part.indexes().iter().for_each(|index| index.file().keep());
            }
        }
    }
}
