//! Index files: written beside a segment, and named in the manifest by a commit of their own.
//!
//! Invariant: the manifest names a file only once it is durable, and the file it replaces goes with its last reader.

use std::sync::Arc;

use super::{Inner, edits};
use crate::segment::index_file::{IndexContent, IndexFile};
use crate::{Error, IndexId, Part, Result, SegmentId, Snapshot, Table};

impl Inner {
    pub(super) fn put_index_file(
        &self,
        name: &str,
        segment: SegmentId,
        index: IndexId,
        content: &IndexContent<'_>,
    ) -> Result<()> {
        let base = self.snapshot.load_full();
        let (table, _) = find(&base, name, segment, index)?;
        let id = table.definition().id;
        let file = IndexFile::write(&self.folder, id, segment, index, self.new_file(), content)?;
        let file = Arc::new(file);

        let mut writer = self.lock_writer();
        self.make_writable(&mut writer)?;
        let mut next = Snapshot::clone(&self.snapshot.load());
        let (table, part) = find(&next, name, segment, index)?;
        if table.definition().id != id {
            return Err(Error::NoSuchSegment { table: name.into(), segment: segment.0 });
        }
        let (replaced, mut indexes): (Vec<_>, Vec<_>) =
            part.indexes().iter().cloned().partition(|existing| existing.record().index == index);
        indexes.push(file.clone());
        let part = part.with_indexes(indexes);
        let edit = edits::segment(table.definition(), &part)?;
        let others = table.parts().filter(|other| other.segment_id() != Some(segment)).cloned();
        let changed = table.with_parts(others.chain([part.clone()]).collect());
        next.version += 1;
        next.tables.insert(name.into(), Arc::new(changed));
        let published = self.publish(&mut writer, next, edit.as_slice());
        if published.is_ok() {
            replaced.iter().for_each(|file| file.file().doom());
        }
        if published.is_ok() || writer.failure.is_some() {
            file.file().keep();
        }
        // Until now searches compared with all of the rows; with the index they look at few.
        if let Some(segment) = part.as_segment() {
            segment.unmap_vectors();
        }
        published.map(drop)
    }
}

fn find<'a>(
    snapshot: &'a Snapshot,
    name: &str,
    segment: SegmentId,
    index: IndexId,
) -> Result<(&'a Arc<Table>, &'a Part)> {
    let table = snapshot.table(name).ok_or_else(|| Error::NoSuchTable { table: name.into() })?;
    if !table.definition().indexes.iter().any(|existing| existing.id == index) {
        return Err(Error::NoSuchIndex { table: name.into(), index: index.to_string() });
    }
    let part = table.segments().iter().find(|part| part.segment_id() == Some(segment));
    let part = part.ok_or_else(|| Error::NoSuchSegment { table: name.into(), segment: segment.0 })?;
    Ok((table, part))
}
