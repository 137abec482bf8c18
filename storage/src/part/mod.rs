//! A part of a table as a snapshot sees it: a segment or a chunk of unsealed rows, and which of its rows are deleted.
//!
//! It is what readers scan. It does not leave deleted rows out: positions stay what they are. Invariant: it is immutable,
//! and a clone costs a few reference counts.

mod vectors;

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use roaring::{RoaringBitmap, RoaringTreemap};

use crate::chunk::Chunk;
use crate::content::Content;
use crate::keys::{KeyEncoder, KeyIndex, Lookups, lookup};
use crate::layout::{Source, assembled, without_nulls};
use crate::lazy::Lazy;
use crate::row_ids::RowIds;
use crate::segment::Segment;
use crate::segment::index_file::{IndexFile, IndexReader};
use crate::segment::record::SegmentRecord;
use crate::{Error, IndexId, KeyConstraint, Result, SegmentId, TableDefinition};

/// A segment or an unsealed chunk, with the rows that are deleted in its snapshot.
#[derive(Clone, Debug)]
pub struct Part {
    rows: Rows,
    schema: SchemaRef,
    /// Where the columns are in the segment, when its layout is not today's.
    sources: Option<Arc<Vec<Source>>>,
    ids: RowIds,
    deleted: Arc<RoaringBitmap>,
    /// How many of the deleted rows the manifest's bitmap has; deletions only grow.
    stored_deletions: u64,
    indexes: Arc<Vec<Arc<IndexFile>>>,
    /// For each constraint, in the definition's order; shared by all snapshots that have the part.
    keys: Arc<Vec<Arc<Lazy<Arc<KeyIndex>>>>>,
    /// Over other columns; shared likewise.
    lookups: Arc<Lookups>,
}

#[derive(Clone, Debug)]
enum Rows {
    Sealed(Arc<Segment>),
    Unsealed(Arc<Chunk>),
}

impl Part {
    pub(crate) fn segment(
        definition: &TableDefinition,
        segment: Segment,
        deleted: RoaringBitmap,
        indexes: Vec<Arc<IndexFile>>,
    ) -> Self {
        let ids = segment.ids().clone();
        let sources = definition.layouts.sources(segment.record().layout).map(Arc::new);
        let rows = Rows::Sealed(Arc::new(segment));
        let constraints = definition.keys.len();
        let part = Self::new(rows, definition.schema.clone(), ids, deleted, indexes, constraints);
        Self { sources, ..part }
    }

    /// The same rows under another definition of the table.
    pub(crate) fn altered(&self, old: &TableDefinition, new: &TableDefinition) -> Result<Self> {
        let failed = |error| Error::arrow(Path::new("rows"), error);
        let mut part = self.clone();
        match &self.rows {
            Rows::Sealed(segment) => {
                part.sources = new.layouts.sources(segment.record().layout).map(Arc::new);
            }
            Rows::Unsealed(chunk) => {
                let columns = match new.layouts.sources(old.layouts.current()) {
                    None => chunk.rows.columns().to_vec(),
                    Some(sources) => {
                        let stored = |position: usize| chunk.rows.columns().get(position).cloned();
                        assembled(&sources, self.rows(), stored)?
                    }
                };
                let fields = new.schema.fields().iter();
                let columns = fields.zip(columns).map(|(field, column)| without_nulls(field, column));
                let columns = columns.collect::<Result<Vec<_>, _>>().map_err(failed)?;
                let options = RecordBatchOptions::new().with_row_count(Some(self.rows()));
                let rows = RecordBatch::try_new_with_options(new.schema.clone(), columns, &options);
                part.rows = Rows::Unsealed(Arc::new(Chunk::new(rows.map_err(failed)?)));
            }
        }
        let kept = |key: &KeyConstraint| {
            let number = old.keys.iter().position(|other| {
                other.name == key.name
                    && other.columns.len() == key.columns.len()
                    && other.nulls_distinct == key.nulls_distinct
            });
            number.and_then(|number| self.keys.get(number)).cloned().unwrap_or_default()
        };
        part.keys = Arc::new(new.keys.iter().map(kept).collect());
        // Positions of columns mean others now.
        part.lookups = Arc::default();
        part.schema = new.schema.clone();
        let indexes = self.indexes.iter();
        let indexes = indexes.filter(|file| new.indexes.iter().any(|index| index.id == file.record().index));
        part.indexes = Arc::new(indexes.cloned().collect());
        Ok(part)
    }

    pub(crate) fn chunk(
        schema: SchemaRef,
        first_row_id: u64,
        chunk: Chunk,
        deleted: RoaringBitmap,
        constraints: usize,
    ) -> Self {
        let ids = RowIds::contiguous(first_row_id, chunk.rows.num_rows());
        Self::new(Rows::Unsealed(Arc::new(chunk)), schema, ids, deleted, Vec::new(), constraints)
    }

    fn new(
        rows: Rows,
        schema: SchemaRef,
        ids: RowIds,
        deleted: RoaringBitmap,
        indexes: Vec<Arc<IndexFile>>,
        constraints: usize,
    ) -> Self {
        let keys = Arc::new((0..constraints).map(|_| Arc::default()).collect());
        let (deleted, indexes) = (Arc::new(deleted), Arc::new(indexes));
        let lookups = Arc::default();
        Self { rows, schema, sources: None, ids, deleted, stored_deletions: 0, indexes, keys, lookups }
    }

    /// How many rows it has, deleted ones included.
    pub fn rows(&self) -> usize {
        match &self.rows {
            Rows::Sealed(segment) => segment.rows(),
            Rows::Unsealed(chunk) => chunk.rows.num_rows(),
        }
    }

    /// Positions of the deleted rows, counted from 0 within the part.
    pub fn deleted(&self) -> &RoaringBitmap {
        &self.deleted
    }

    /// How many rows are not deleted.
    pub fn live_rows(&self) -> usize {
        self.rows() - self.deleted.len() as usize
    }

    /// The row id of the row at position 0; the others follow in order, with gaps where deleted rows were dropped.
    pub fn first_row_id(&self) -> u64 {
        self.ids.first()
    }

    /// The row id of the row at a position below [`Part::rows`].
    pub fn row_id(&self, position: u32) -> u64 {
        self.ids.get(position)
    }

    /// The row ids of the rows at these positions; for many rows, faster than one by one.
    pub fn row_ids(&self, positions: &RoaringBitmap) -> RoaringTreemap {
        self.ids.at(positions)
    }

    /// The position of a row id, if its row is in the part.
    pub fn position(&self, row_id: u64) -> Option<u32> {
        self.ids.position(row_id)
    }

    /// What tells the part's rows from all others that this process has seen: what was true of them stays true.
    pub fn content(&self) -> Content {
        match &self.rows {
            Rows::Sealed(segment) => Content::Segment(segment.id()),
            Rows::Unsealed(chunk) => Content::Chunk(chunk.number),
        }
    }

    /// The segment's number; `None` for a chunk of unsealed rows.
    pub fn segment_id(&self) -> Option<SegmentId> {
        self.as_segment().map(|segment| segment.id())
    }

    /// Columns by their positions in the table's schema, of all rows, deleted ones included.
    ///
    /// Scalar columns of a segment are decoded once and cached; vector columns are views of a memory map.
    pub fn columns(&self, projection: &[usize]) -> Result<RecordBatch> {
        let columns = self.read(projection, self.rows(), Segment::columns, |column| Ok(column.clone()))?;
        self.batch(projection, columns, self.rows())
    }

    /// The rows at some positions, deleted or not, in this order: columns by their positions in the table's schema.
    ///
    /// It costs the rows, not the segment: where scalar columns do not stay in the cache, rows are kept in a file of their own.
    pub fn rows_at(&self, projection: &[usize], positions: &[u32]) -> Result<RecordBatch> {
        let wanted = UInt32Array::from(positions.to_vec());
        let of_segment = |segment: &Segment, columns: &[usize]| segment.rows_at(columns, positions);
        let of_chunk = |column: &ArrayRef| {
            take(column, &wanted, None).map_err(|error| Error::arrow(Path::new("rows"), error))
        };
        let columns = self.read(projection, positions.len(), of_segment, of_chunk)?;
        self.batch(projection, columns, positions.len())
    }

    /// Columns of `rows` rows, as `of_segment` and `of_chunk` give them.
    fn read(
        &self,
        projection: &[usize],
        rows: usize,
        of_segment: impl Fn(&Segment, &[usize]) -> Result<Vec<ArrayRef>>,
        of_chunk: impl Fn(&ArrayRef) -> Result<ArrayRef>,
    ) -> Result<Vec<ArrayRef>> {
        match &self.rows {
            Rows::Sealed(segment) => match &self.sources {
                None => of_segment(segment, projection),
                Some(sources) => {
                    let sources: Vec<Source> =
                        projection.iter().filter_map(|column| sources.get(*column)).cloned().collect();
                    let stored = sources.iter().filter_map(|source| match source {
                        Source::Stored(position) => Some(*position),
                        Source::Value(_) => None,
                    });
                    let positions: Vec<usize> = stored.collect();
                    let arrays = of_segment(segment, &positions)?;
                    assembled(&sources, rows, |position| {
                        let place = positions.iter().position(|other| *other == position)?;
                        arrays.get(place).cloned()
                    })
                }
            },
            Rows::Unsealed(chunk) => {
                let columns = projection.iter().filter_map(|column| chunk.rows.columns().get(*column));
                columns.map(of_chunk).collect()
            }
        }
    }

    /// Columns as a batch of this part's schema.
    fn batch(&self, projection: &[usize], columns: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
        let failed = |error| Error::arrow(Path::new("rows"), error);
        let schema = Arc::new(self.schema.project(projection).map_err(failed)?);
        let columns = schema.fields().iter().zip(columns);
        let columns = columns.map(|(field, column)| without_nulls(field, column));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(failed)?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(schema, columns, &options).map_err(failed)
    }

    /// Reads a segment's rows from front to back, deleted ones included, at most `rows` at a time, and calls `each` with
    /// them and the position of the first. Nothing is left in the cache.
    pub(crate) fn each_block(
        &self,
        rows: usize,
        mut each: impl FnMut(RecordBatch, usize) -> Result<()>,
    ) -> Result<()> {
        let failed = |error| Error::arrow(Path::new("rows"), error);
        let Some(segment) = self.as_segment() else { return Ok(()) };
        let mut scan = segment.scan(rows)?;
        let mut position = 0;
        while let Some((stored, length)) = scan.next()? {
            let columns = match &self.sources {
                None => stored,
                Some(sources) => assembled(sources, length, |column| stored.get(column).cloned())?,
            };
            let columns = self.schema.fields().iter().zip(columns);
            let columns = columns.map(|(field, column)| without_nulls(field, column));
            let columns = columns.collect::<Result<Vec<_>, _>>().map_err(failed)?;
            let options = RecordBatchOptions::new().with_row_count(Some(length));
            let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
            each(batch.map_err(failed)?, position)?;
            position += length;
        }
        Ok(())
    }

    /// The bytes last given to [`Store::put_index_file`](crate::Store::put_index_file); `None` when there are none.
    ///
    /// They are memory-mapped, and checked against their checksums the first time. [`Error::Corrupt`] means that the file
    /// is damaged or gone: the index can be built again from the rows.
    pub fn index_file(&self, index: IndexId) -> Result<Option<Bytes>> {
        let file = self.indexes.iter().find(|file| file.record().index == index);
        file.map(|file| file.bytes()).transpose()
    }

    /// What reads the bytes of [`Part::index_file`] from their file, which was checked when they were first given out.
    pub fn index_reader(&self, index: IndexId) -> Result<Option<IndexReader>> {
        let file = self.indexes.iter().find(|file| file.record().index == index);
        file.map(|file| file.reader()).transpose()
    }

    /// Bytes of all its index files.
    pub fn index_bytes(&self) -> u64 {
        self.indexes.iter().map(|file| file.record().length).sum()
    }

    /// Bytes of the file of one index; `None` when there is none.
    pub fn bytes_of_index(&self, index: IndexId) -> Option<u64> {
        let file = self.indexes.iter().find(|file| file.record().index == index);
        file.map(|file| file.record().length)
    }

    pub(crate) fn as_segment(&self) -> Option<&Arc<Segment>> {
        match &self.rows {
            Rows::Sealed(segment) => Some(segment),
            Rows::Unsealed(_) => None,
        }
    }

    pub(crate) fn as_chunk(&self) -> Option<&Arc<Chunk>> {
        match &self.rows {
            Rows::Sealed(_) => None,
            Rows::Unsealed(chunk) => Some(chunk),
        }
    }

    pub(crate) fn indexes(&self) -> &[Arc<IndexFile>] {
        &self.indexes
    }

    pub(crate) fn with_indexes(&self, indexes: Vec<Arc<IndexFile>>) -> Self {
        Self { indexes: Arc::new(indexes), ..self.clone() }
    }

    pub(crate) fn lookups(&self) -> &Lookups {
        &self.lookups
    }

    /// The same part without what was made for indexes that the definition does not have.
    pub(crate) fn without_lookups_of_others(&self, definition: &TableDefinition) -> Self {
        Self { lookups: Arc::new(self.lookups.kept(definition)), ..self.clone() }
    }

    /// Whether the manifest does not know of all deletions.
    pub(crate) fn has_unstored_deletions(&self) -> bool {
        self.deleted.len() != self.stored_deletions
    }

    /// The same part, once the manifest has its deletions.
    pub(crate) fn with_stored_deletions(&self) -> Self {
        Self { stored_deletions: self.deleted.len(), ..self.clone() }
    }

    /// The same part with these deletions, none of which the manifest has.
    pub(crate) fn with_deletions(&self, deleted: RoaringBitmap) -> Self {
        Self { deleted: Arc::new(deleted), stored_deletions: 0, ..self.clone() }
    }

    /// The record of a segment for the manifest, with its index files.
    pub(crate) fn record(&self) -> Option<SegmentRecord> {
        let segment = self.as_segment()?;
        let indexes = self.indexes.iter().map(|file| file.record().clone()).collect();
        Some(SegmentRecord { indexes, ..segment.record().clone() })
    }

    /// Bytes of a segment's files, those of indexes not counted; 0 for a chunk.
    pub fn file_bytes(&self) -> u64 {
        self.as_segment().map_or(0, |segment| segment.file_bytes())
    }

    /// Marks a row deleted; `false` when it was.
    pub(crate) fn delete(&mut self, position: u32) -> bool {
        Arc::make_mut(&mut self.deleted).insert(position)
    }

    pub(crate) fn ids(&self) -> &RowIds {
        &self.ids
    }

    /// The columns of a constraint, for somebody who looks at all of them once.
    pub(crate) fn key_columns(&self, encoder: &KeyEncoder) -> Result<Vec<ArrayRef>> {
        let columns = &encoder.constraint().columns;
        let read = self.read(columns, self.rows(), Segment::columns_once, |column| Ok(column.clone()))?;
        Ok(self.batch(columns, read, self.rows())?.columns().to_vec())
    }

    /// The columns of a constraint at one position.
    pub(crate) fn key_at(&self, encoder: &KeyEncoder, position: u32) -> Result<Vec<ArrayRef>> {
        Ok(self.rows_at(&encoder.constraint().columns, &[position])?.columns().to_vec())
    }

    /// Whether the index over the keys of constraint number `number` is made already.
    pub(crate) fn has_key_index(&self, number: usize) -> bool {
        self.keys.get(number).is_some_and(|index| index.is_made())
    }

    /// The index over the keys of constraint number `number`, made at first use.
    pub(crate) fn key_index(&self, number: usize, encoder: &KeyEncoder) -> Result<Arc<KeyIndex>> {
        let make = || lookup::index_of(self, encoder);
        match self.keys.get(number) {
            Some(index) => index.get_or_try(make),
            None => make(),
        }
    }
}
