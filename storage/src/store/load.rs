//! Puts a snapshot together from what the journal holds: tables from the manifest, then the entries replayed.
//!
//! Segment files are not opened here. Invariant: replaying an entry whose effects a segment or a bitmap already has
//! changes nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use roaring::RoaringBitmap;

use crate::cache::ColumnCache;
use crate::journal::{Contents, entry, manifest};
use crate::segment::Segment;
use crate::segment::folder::Folder;
use crate::segment::index_file::IndexFile;
use crate::segment::record::SegmentRecord;
use crate::{Error, Part, Result, SegmentId, Snapshot, Table, TableId};

/// Rows that replay gathers before it appends them: many entries of one row become one chunk.
const GATHERED_ROWS: usize = 1 << 14;

/// The snapshot that a journal describes.
pub(super) fn snapshot(
    contents: Contents,
    journal: &Path,
    folder: &Folder,
    cache: &ColumnCache,
) -> Result<Snapshot> {
    let damaged = |detail: String| Error::corrupt(journal, 0, detail);
    let Contents { state, tables, segments, deletions, entries, objects, marks } = contents;
    let mut deletions: BTreeMap<(TableId, SegmentId), Vec<u8>> = deletions.into_iter().collect();
    let mut by_id = BTreeMap::new();
    for (id, bytes) in tables {
        let (definition, next_row_id) = manifest::decode(&bytes).map_err(&damaged)?;
        if definition.id != id {
            return Err(damaged(format!("table {id} is stored as table {}", definition.id)));
        }
        by_id.insert(id, (definition, next_row_id, Vec::new()));
    }
    for (id, bytes) in segments {
        let record: SegmentRecord =
            serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        let deleted = match deletions.remove(&(id, record.id)) {
            Some(bytes) => RoaringBitmap::deserialize_from(bytes.as_slice())
                .map_err(|error| damaged(error.to_string()))?,
            None => RoaringBitmap::new(),
        };
        let absurd = record.first_row_id.checked_add(u64::from(record.rows)).is_none();
        if absurd || deleted.max().is_some_and(|position| position >= record.rows) {
            return Err(damaged(format!("segment {} has rows out of range", record.id)));
        }
        let Some((definition, _, parts)) = by_id.get_mut(&id) else {
            return Err(damaged(format!("segment {} belongs to no table", record.id)));
        };
        let Some(schema) = definition.layouts.schema(record.layout).cloned() else {
            return Err(damaged(format!("segment {} has a layout that the table never had", record.id)));
        };
        let indexes = record.indexes.iter().cloned();
        let indexes = indexes.map(|index| Arc::new(IndexFile::named(folder, id, record.id, index))).collect();
        let record = SegmentRecord { indexes: Vec::new(), ..record };
        let segment = Segment::named(folder, cache, id, schema, record);
        let part = Part::segment(definition, segment, deleted, indexes);
        parts.push(part.with_stored_deletions());
    }
    let mut tables = BTreeMap::new();
    for (id, (definition, next_row_id, parts)) in by_id {
        tables.insert(id, Replay::new(Table::new(definition, parts, next_row_id)?));
    }
    for (id, version, bytes) in entries {
        let Some(replay) = tables.get_mut(&id) else {
            return Err(damaged(format!("entry {version} belongs to no table")));
        };
        let entry = entry::decode(&bytes, replay.table.schema());
        let entry = entry.map_err(|detail| damaged(format!("entry {version}: {detail}")))?;
        let rows: u64 = entry.rows.iter().map(|rows| rows.num_rows() as u64).sum();
        if entry.first_row_id.checked_add(rows).is_none() {
            return Err(damaged(format!("entry {version} has rows out of range")));
        }
        replay.apply(entry)?;
    }
    let objects = objects.into_iter().map(|(key, bytes)| (key, Arc::new(bytes)));
    let mut snapshot = Snapshot {
        version: state.version,
        tables: BTreeMap::new(),
        objects: Arc::new(objects.collect()),
        marks: Arc::new(marks.into_iter().collect()),
        counters: state.counters,
    };
    for replay in tables.into_values() {
        let table = replay.finish()?;
        let name = table.definition().name.clone();
        if snapshot.tables.insert(name.clone(), Arc::new(table)).is_some() {
            return Err(damaged(format!("there are two tables \"{name}\"")));
        }
    }
    Ok(snapshot)
}

/// A table while its entries are replayed.
struct Replay {
    table: Table,
    gathered: Vec<RecordBatch>,
    first_row_id: u64,
    rows: usize,
}

impl Replay {
    fn new(table: Table) -> Self {
        Self { table, gathered: Vec::new(), first_row_id: 0, rows: 0 }
    }

    fn apply(&mut self, entry: entry::Entry) -> Result<()> {
        self.table.set_journaled(true);
        if !entry.deleted.is_empty() {
            self.flush()?;
            // Those that are not there were already gone when a bitmap was stored.
            self.table.delete(&entry.deleted);
        }
        if self.first_row_id + self.rows as u64 != entry.first_row_id || self.rows >= GATHERED_ROWS {
            self.flush()?;
            self.first_row_id = entry.first_row_id;
        }
        self.rows += entry.rows.iter().map(RecordBatch::num_rows).sum::<usize>();
        self.gathered.extend(entry.rows);
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows > 0 {
            let rows = concat_batches(self.table.schema(), &self.gathered)
                .map_err(|error| Error::arrow(Path::new("entries"), error))?;
            self.table.append_at(self.first_row_id, rows)?;
        }
        self.first_row_id += self.rows as u64;
        self.rows = 0;
        self.gathered.clear();
        Ok(())
    }

    fn finish(mut self) -> Result<Table> {
        self.flush()?;
        Ok(self.table)
    }
}
