//! Tables as edits of the journal.
//!
//! It is the one place where what is in memory becomes what is stored. Invariant: [`whole`] describes a snapshot
//! completely, so a journal made of it is as good as the one that was lost.

use std::path::Path;

use roaring::RoaringTreemap;

use crate::journal::entry::{self, EncodedRows};
use crate::journal::{Edit, MAX_ENTRY, manifest};
use crate::{Error, Part, Result, Snapshot, Table, TableDefinition, TableId};

/// Stores a table's definition.
pub(super) fn table(definition: &TableDefinition, next_row_id: u64) -> Result<Edit> {
    let bytes = manifest::encode(definition, next_row_id);
    let bytes = bytes.map_err(|detail| Error::schema(&definition.name, detail))?;
    Ok(Edit::Table { id: definition.id, bytes })
}

/// Stores a segment's record; nothing for a chunk.
pub(super) fn segment(table: &TableDefinition, part: &Part) -> Result<Option<Edit>> {
    let Some(record) = part.record() else { return Ok(None) };
    let bytes = serde_json::to_vec(&record).map_err(|error| Error::schema(&table.name, error.to_string()))?;
    Ok(Some(Edit::Segment { table: table.id, id: record.id, bytes }))
}

/// Stores a segment's deletions where the manifest does not have them all.
pub(super) fn deletions(table: TableId, part: &Part) -> Result<Option<Edit>> {
    let Some(id) = part.segment_id().filter(|_| part.has_unstored_deletions()) else { return Ok(None) };
    let mut bytes = Vec::with_capacity(part.deleted().serialized_size());
    part.deleted()
        .serialize_into(&mut bytes)
        .map_err(|error| Error::io(Path::new("deletions"), "encode", error))?;
    Ok(Some(Edit::Deletions { table, id, bytes }))
}

/// Stores what a commit did to a table's rows.
pub(super) fn entry(
    table: &TableDefinition,
    version: u64,
    first_row_id: u64,
    deleted: &RoaringTreemap,
    rows: &[&EncodedRows],
) -> Result<Edit> {
    let size = rows.iter().map(|rows| rows.len() as u64).sum::<u64>() + deleted.serialized_size() as u64;
    if size > MAX_ENTRY {
        return Err(Error::TooLarge { table: table.name.clone(), bytes: size, limit: MAX_ENTRY });
    }
    let bytes = entry::encode(first_row_id, deleted, rows);
    let bytes = bytes.map_err(|error| Error::io(Path::new("entry"), "encode", error))?;
    Ok(Edit::Entry { table: table.id, version, bytes })
}

/// A whole snapshot. Its entries get versions of their own, so the snapshot moves on to the last of them.
pub(super) fn whole(snapshot: &mut Snapshot) -> Result<Vec<Edit>> {
    let mut edits = Vec::new();
    for ((kind, name), value) in snapshot.objects.iter() {
        let (kind, name) = (kind.clone(), name.clone());
        edits.push(Edit::Object { kind, name, value: Some(value.clone()) });
    }
    for (name, value) in snapshot.marks.iter() {
        edits.push(Edit::Mark { name: name.clone(), value: *value });
    }
    for stored in snapshot.tables.values().filter(|table| !table.definition().temporary) {
        let definition = stored.definition();
        edits.push(table(definition, stored.next_row_id())?);
        for part in stored.segments() {
            edits.extend(segment(definition, part)?);
            let unstored = part.with_deletions(part.deleted().clone());
            edits.extend(deletions(definition.id, &unstored)?);
        }
        edits.extend(entries(stored, &mut snapshot.version)?);
    }
    Ok(edits)
}

/// A table's unsealed rows as entries, each with a version of its own from the one given on.
pub(super) fn entries(table: &Table, version: &mut u64) -> Result<Vec<Edit>> {
    let definition = table.definition();
    let mut edits = Vec::new();
    for part in table.chunks() {
        *version += 1;
        edits.push(chunk(definition, *version, part)?);
    }
    let deleted = deleted_unsealed(table);
    if !deleted.is_empty() {
        *version += 1;
        edits.push(entry(definition, *version, 0, &deleted, &[])?);
    }
    Ok(edits)
}

fn chunk(definition: &TableDefinition, version: u64, part: &Part) -> Result<Edit> {
    let rows = match part.as_chunk() {
        Some(chunk) => {
            EncodedRows::new(&chunk.rows).map_err(|error| Error::arrow(Path::new("rows"), error))?
        }
        None => return Err(Error::schema(&definition.name, "a segment is no chunk")),
    };
    entry(definition, version, part.first_row_id(), &RoaringTreemap::new(), &[&rows])
}

fn deleted_unsealed(table: &Table) -> RoaringTreemap {
    let ids = |part: &Part| -> Vec<u64> {
        let first = part.first_row_id();
        part.deleted().iter().map(|position| first + u64::from(position)).collect()
    };
    table.chunks().iter().flat_map(ids).collect()
}
