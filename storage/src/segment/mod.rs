//! Segments: immutable slices of a table, in files.
//!
//! A [`Segment`] is one Parquet file for the scalar columns and one `.vec` file for each vector column. It is not what a
//! reader sees of it: deletions and index files belong to a [`Part`](crate::Part). Invariant: its files never change,
//! and none of their bytes is used before its checksum was checked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use arrow::array::{Array, ArrayRef, FixedSizeListArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

use crate::cache::ColumnCache;
use crate::checksum::verify_blocks;
use crate::definition::vector_shape;
use crate::lazy::Lazy;
use crate::row_ids::RowIds;
use crate::segment::folder::{Folder, OwnedFile};
use crate::segment::parquet_file::ParquetFile;
use crate::segment::record::{ParquetRecord, SegmentRecord, VectorsRecord};
use crate::segment::row_file::RowFile;
use crate::segment::vector_rows::VectorRows;
use crate::{Error, Result, SegmentId, TableId};

pub(crate) mod container;
pub(crate) mod file_writer;
pub(crate) mod folder;
pub(crate) mod index_file;
pub(crate) mod name;
pub(crate) mod parquet_file;
pub(crate) mod record;
pub(crate) mod row_file;
pub(crate) mod scan;
pub(crate) mod stored_file;
pub(crate) mod vec_file;
pub(crate) mod vector_rows;
pub(crate) mod writer;

/// Of this many rows one that is wanted makes decoding all of them worth while.
const MANY: usize = 16;

/// Counts files of single rows, so that one that is made anew is not removed with the one before.
static ROW_FILES: AtomicU64 = AtomicU64::new(0);

/// Where decoded columns stay.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    Cached,
    Nowhere,
}

/// A segment's files, opened as they are needed.
#[derive(Debug)]
pub(crate) struct Segment {
    /// Without its index files, which can change.
    record: SegmentRecord,
    ids: RowIds,
    schema: SchemaRef,
    cache: ColumnCache,
    parquet: Option<Scalars>,
    vectors: Vec<Vectors>,
}

#[derive(Debug)]
struct Scalars {
    record: ParquetRecord,
    file: Arc<OwnedFile>,
    /// Positions of the file's columns in the schema.
    columns: Vec<usize>,
    open: Lazy<ParquetFile>,
    /// The columns that have been decoded once, for as long as somebody has them: one that is not in the cache any more has not
    /// stayed there.
    decoded: parking_lot::Mutex<BTreeMap<usize, Weak<dyn Array>>>,
    /// Single rows, once columns have not stayed in the cache; `None` inside where there can be no such file.
    rows: Lazy<Option<Arc<RowFile>>>,
    /// Where that file is made.
    rows_place: (Folder, TableId),
    /// Held while decoding, so that many readers of a cold column decode it once.
    decoding: parking_lot::Mutex<()>,
}

#[derive(Debug)]
struct Vectors {
    record: VectorsRecord,
    file: Arc<OwnedFile>,
    open: Lazy<FixedSizeListArray>,
    rows: Lazy<VectorRows>,
}

impl Scalars {
    fn new(
        record: ParquetRecord,
        file: Arc<OwnedFile>,
        columns: Vec<usize>,
        rows_place: (Folder, TableId),
    ) -> Self {
        let (open, rows, decoded, decoding) = Default::default();
        Self { record, file, columns, open, decoded, rows, rows_place, decoding }
    }
}

impl Segment {
    /// A segment as the manifest describes it.
    pub(crate) fn named(
        folder: &Folder,
        cache: &ColumnCache,
        table: TableId,
        schema: SchemaRef,
        record: SegmentRecord,
        ids: RowIds,
    ) -> Self {
        let parquet = record.parquet.clone().map(|stored| {
            let file = folder.named(&name::parquet(table, record.id));
            Scalars::new(stored, file, scalar_columns(&schema), (folder.clone(), table))
        });
        let vectors = record.vectors.iter().map(|stored| Vectors {
            file: folder.named(&name::vectors(table, record.id, stored.column)),
            record: stored.clone(),
            open: Lazy::default(),
            rows: Lazy::default(),
        });
        let vectors = vectors.collect();
        Self { record, ids, schema, cache: cache.clone(), parquet, vectors }
    }

    pub(crate) fn id(&self) -> SegmentId {
        self.record.id
    }

    pub(crate) fn record(&self) -> &SegmentRecord {
        &self.record
    }

    pub(crate) fn ids(&self) -> &RowIds {
        &self.ids
    }

    pub(crate) fn rows(&self) -> usize {
        self.record.rows as usize
    }

    /// The files, for being kept or doomed.
    pub(crate) fn files(&self) -> impl Iterator<Item = &OwnedFile> {
        let vectors = self.vectors.iter().map(|vectors| &*vectors.file);
        self.parquet.iter().map(|scalars| &*scalars.file).chain(vectors)
    }

    /// Bytes of its files.
    pub(crate) fn file_bytes(&self) -> u64 {
        let vectors: u64 = self.record.vectors.iter().map(|vectors| vectors.length).sum();
        self.record.parquet.as_ref().map_or(0, |parquet| parquet.length) + vectors
    }

    /// Lets the files go once nobody reads them, and the cached columns now.
    pub(crate) fn doom(&self) {
        self.files().for_each(OwnedFile::doom);
        self.cache.forget(self.record.id, self.schema.fields().len());
    }

    /// Columns by their positions in the schema.
    pub(crate) fn columns(&self, projection: &[usize]) -> Result<Vec<ArrayRef>> {
        self.read(projection, Keep::Cached)
    }

    /// The same, for somebody who looks at them once: what has to be decoded is not put into the cache.
    pub(crate) fn columns_once(&self, projection: &[usize]) -> Result<Vec<ArrayRef>> {
        self.read(projection, Keep::Nowhere)
    }

    /// The rows at some positions: columns by their positions in the schema.
    pub(crate) fn rows_at(&self, projection: &[usize], positions: &[u32]) -> Result<Vec<ArrayRef>> {
        let wanted = UInt32Array::from(positions.to_vec());
        let taken = |column: &ArrayRef| take(column, &wanted, None).map_err(|error| self.arrow(error));
        let many = positions.len().saturating_mul(MANY) >= self.rows();
        let file = match &self.parquet {
            Some(scalars) if !many && self.has_lost(scalars, projection) => self.row_file(scalars),
            _ => None,
        };
        let rows = file.and_then(|file| match file.read(positions) {
            Ok(rows) => Some(rows),
            Err(error) => {
                tracing::warn!("reading whole columns instead of single rows: {error}");
                let is_it =
                    |made: &Option<Arc<RowFile>>| made.as_ref().is_some_and(|made| Arc::ptr_eq(made, &file));
                self.parquet.iter().for_each(|scalars| scalars.rows.forget_if(is_it));
                None
            }
        });
        let Some((scalars, rows)) = self.parquet.as_ref().zip(rows) else {
            return self.columns(projection)?.iter().map(taken).collect();
        };
        let column = |column: &usize| match scalars.columns.iter().position(|stored| stored == column) {
            Some(position) => {
                rows.get(position).cloned().ok_or_else(|| self.damaged("a column is not in the file"))
            }
            None => taken(&(Arc::new(self.vectors(*column)?) as ArrayRef)),
        };
        projection.iter().map(column).collect()
    }

    /// Whether the cache has let one of these columns go.
    fn has_lost(&self, scalars: &Scalars, projection: &[usize]) -> bool {
        let decoded = scalars.decoded.lock();
        projection
            .iter()
            .any(|column| decoded.contains_key(column) && self.cache.get(self.record.id, *column).is_none())
    }

    /// The file of single rows, made at first use.
    fn row_file(&self, scalars: &Scalars) -> Option<Arc<RowFile>> {
        let make = || {
            let fields: Vec<_> = scalars
                .columns
                .iter()
                .filter_map(|column| self.schema.fields().get(*column))
                .cloned()
                .collect();
            if !RowFile::supports(&fields) {
                return Ok(None);
            }
            let blocks =
                self.parquet_file(scalars)?.blocks(scalars.file.path(), fields.clone(), row_file::STEP)?;
            let (folder, table) = &scalars.rows_place;
            let number = ROW_FILES.fetch_add(1, Ordering::Relaxed);
            let name = name::rows(*table, self.record.id, number);
            let file = RowFile::write(folder, &name, &fields, blocks)?;
            // Nobody decodes columns for single rows from here on: the pages of the map may go.
            scalars.open.forget();
            match file.rows() == self.rows() {
                true => Ok(Some(Arc::new(file))),
                false => Err(self.damaged("the file of the scalar columns has another number of rows")),
            }
        };
        let made = scalars.rows.get_or_try(|| {
            // The columns are where they were, and cost more.
            Ok::<_, Infallible>(make().unwrap_or_else(|error: Error| {
                tracing::warn!("segment {} gets no file of single rows: {error}", self.record.id);
                None
            }))
        });
        let Ok(made) = made;
        made
    }

    fn read(&self, projection: &[usize], keep: Keep) -> Result<Vec<ArrayRef>> {
        let mut columns = Vec::with_capacity(projection.len());
        let mut missing = Vec::new();
        for &column in projection {
            let array: Option<ArrayRef> = if self.is_vector(column) {
                Some(Arc::new(self.vectors(column)?))
            } else {
                self.cache.get(self.record.id, column)
            };
            if array.is_none() && !missing.contains(&column) {
                missing.push(column);
            }
            columns.push(array);
        }
        missing.sort_unstable();
        let decoded = if missing.is_empty() { Vec::new() } else { self.decode(&missing, keep)? };
        let find = |column: usize| {
            decoded.iter().find(|(found, _)| *found == column).map(|(_, array)| array.clone())
        };
        let complete = projection.iter().zip(columns).map(|(column, array)| array.or_else(|| find(*column)));
        complete.collect::<Option<Vec<_>>>().ok_or_else(|| self.damaged("a column is in none of its files"))
    }

    /// A vector column, over the memory map.
    pub(crate) fn vectors(&self, column: usize) -> Result<FixedSizeListArray> {
        let (stored, open) = self.stored_vectors(column)?;
        stored.open.get_or_try(open)
    }

    /// The same over a map of its own: what is read of it is resident only until it is dropped.
    pub(crate) fn vectors_apart(&self, column: usize) -> Result<FixedSizeListArray> {
        self.stored_vectors(column)?.1()
    }

    /// Lets the maps of vector columns go, and with them the pages that were read; they are mapped again where needed.
    pub(crate) fn unmap_vectors(&self) {
        self.vectors.iter().for_each(|vectors| vectors.open.forget());
    }

    /// A vector column's file, and how to map it.
    fn stored_vectors(
        &self,
        column: usize,
    ) -> Result<(&Vectors, impl Fn() -> Result<FixedSizeListArray> + '_)> {
        let field = self.schema.fields().get(column);
        let stored = self.vectors.iter().find(|vectors| vectors.record.column == column);
        let (Some((field, shape)), Some(stored)) =
            (field.and_then(|field| Some((field, vector_shape(field)?))), stored)
        else {
            return Err(self.damaged("a vector column has no file"));
        };
        let VectorsRecord { length, root, .. } = stored.record;
        Ok((stored, move || vec_file::open(&stored.file, field, self.rows(), shape, length, root)))
    }

    /// Single rows of a vector column.
    pub(crate) fn vector_rows(&self, column: usize) -> Result<VectorRows> {
        // Its checksums are verified when it is mapped first.
        self.vectors(column)?;
        let stored = self.vectors.iter().find(|vectors| vectors.record.column == column);
        let stored = stored.ok_or_else(|| self.damaged("a vector column has no file"))?;
        stored.rows.get_or_try(|| VectorRows::open(&stored.file))
    }

    fn is_vector(&self, column: usize) -> bool {
        self.schema.fields().get(column).is_some_and(|field| vector_shape(field).is_some())
    }

    fn decode(&self, missing: &[usize], keep: Keep) -> Result<Vec<(usize, ArrayRef)>> {
        let Some(scalars) = &self.parquet else {
            return Err(self.damaged("the scalar columns have no file"));
        };
        let _one_at_a_time = scalars.decoding.lock();
        let mut arrays = Vec::with_capacity(missing.len());
        let mut wanted = Vec::with_capacity(missing.len());
        for &column in missing {
            let held = || scalars.decoded.lock().get(&column).and_then(Weak::upgrade);
            if let Some(array) = self.cache.get(self.record.id, column).or_else(held) {
                arrays.push((column, array));
                continue;
            }
            let position = scalars.columns.iter().position(|stored| *stored == column);
            let (Some(position), Some(field)) = (position, self.schema.fields().get(column)) else {
                return Err(self.damaged("a column is not in the file"));
            };
            wanted.push((position, field.as_ref(), column));
        }
        if wanted.is_empty() {
            return Ok(arrays);
        }
        let path = scalars.file.path();
        let file = self.parquet_file(scalars)?;
        let fields: Vec<_> = wanted.iter().map(|(position, field, _)| (*position, *field)).collect();
        let decoded = file.read(path, &fields, self.rows())?;
        for (array, (_, _, column)) in decoded.into_iter().zip(wanted) {
            if keep == Keep::Cached {
                self.cache.insert(self.record.id, column, array.clone());
                scalars.decoded.lock().insert(column, Arc::downgrade(&array));
            }
            arrays.push((column, array));
        }
        Ok(arrays)
    }

    /// The Parquet file, mapped; all of it is checked the first time.
    fn parquet_file(&self, scalars: &Scalars) -> Result<ParquetFile> {
        let path = scalars.file.path();
        scalars.open.get_or_try(|| {
            let bytes = scalars.file.map(scalars.record.length)?;
            verify_blocks(&bytes, &scalars.record.checksums)
                .map_err(|offset| Error::corrupt(path, offset, "a block does not match its checksum"))?;
            ParquetFile::open(path, bytes)
        })
    }

    fn arrow(&self, error: ArrowError) -> Error {
        let path = self.files().next().map(|file| file.path().to_path_buf()).unwrap_or_default();
        Error::arrow(&path, error)
    }

    fn damaged(&self, detail: &str) -> Error {
        let path = self.files().next().map(|file| file.path().to_path_buf()).unwrap_or_default();
        Error::corrupt(&path, 0, format!("segment {}: {detail}", self.record.id))
    }
}

/// Positions of the columns that go into the Parquet file.
pub(crate) fn scalar_columns(schema: &SchemaRef) -> Vec<usize> {
    let fields = schema.fields().iter().enumerate();
    fields.filter(|(_, field)| vector_shape(field).is_none()).map(|(column, _)| column).collect()
}
