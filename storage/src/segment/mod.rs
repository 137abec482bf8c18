//! Segments: immutable slices of a table, in files.
//!
//! A [`Segment`] is one Parquet file for the scalar columns and one `.vec` file for each vector column. It is not what a
//! reader sees of it: deletions and index files belong to a [`Part`](crate::Part). Invariant: its files never change,
//! and none of their bytes is used before its checksum was checked.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray};
use arrow::datatypes::SchemaRef;

use crate::cache::ColumnCache;
use crate::checksum::verify_blocks;
use crate::definition::vector_shape;
use crate::lazy::Lazy;
use crate::row_ids::RowIds;
use crate::segment::folder::{Folder, OwnedFile};
use crate::segment::parquet_file::ParquetFile;
use crate::segment::record::{ParquetRecord, SegmentRecord, VectorsRecord};
use crate::segment::vector_rows::VectorRows;
use crate::{Error, Result, SegmentId, TableId};

pub(crate) mod container;
pub(crate) mod file_writer;
pub(crate) mod folder;
pub(crate) mod index_file;
pub(crate) mod name;
pub(crate) mod parquet_file;
pub(crate) mod record;
pub(crate) mod scan;
pub(crate) mod stored_file;
pub(crate) mod vec_file;
pub(crate) mod vector_rows;
pub(crate) mod writer;

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
        let parquet = record.parquet.clone().map(|stored| Scalars {
            record: stored,
            file: folder.named(&name::parquet(table, record.id)),
            columns: scalar_columns(&schema),
            open: Lazy::default(),
            decoding: parking_lot::Mutex::new(()),
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
        let decoded = if missing.is_empty() { Vec::new() } else { self.decode(&missing)? };
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

    fn decode(&self, missing: &[usize]) -> Result<Vec<(usize, ArrayRef)>> {
        let Some(scalars) = &self.parquet else {
            return Err(self.damaged("the scalar columns have no file"));
        };
        let _one_at_a_time = scalars.decoding.lock();
        let mut arrays = Vec::with_capacity(missing.len());
        let mut wanted = Vec::with_capacity(missing.len());
        for &column in missing {
            if let Some(array) = self.cache.get(self.record.id, column) {
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
            self.cache.insert(self.record.id, column, array.clone());
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
