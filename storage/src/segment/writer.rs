//! Writes one segment's files.
//!
//! It is not the commit that makes them part of a table. Invariant: dropped before it is finished, or finished and not
//! kept, it leaves no files.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::SchemaRef;

use crate::cache::ColumnCache;
use crate::definition::vector_shape;
use crate::lazy::Lazy;
use crate::row_ids::RowIds;
use crate::segment::file_writer::FileWriter;
use crate::segment::folder::Folder;
use crate::segment::parquet_file::ParquetWriter;
use crate::segment::record::{ParquetRecord, SegmentRecord, VectorsRecord};
use crate::segment::vec_file::VecWriter;
use crate::segment::{Scalars, Segment, Vectors, name, scalar_columns};
use crate::{Error, Result, SegmentId, TableDefinition, TableId};

/// A segment being written.
#[derive(Debug)]
pub(crate) struct SegmentWriter {
    id: SegmentId,
    /// Where single rows are kept later.
    rows_place: (Folder, TableId),
    schema: SchemaRef,
    layout: u32,
    scalars: Vec<usize>,
    parquet: Option<ParquetWriter>,
    vectors: Vec<(usize, VecWriter)>,
    rows: usize,
    scalar_bytes: usize,
}

impl SegmentWriter {
    /// Starts a segment of a table as it is defined now.
    pub(crate) fn create(folder: &Folder, definition: &TableDefinition, id: SegmentId) -> Result<Self> {
        let (table, schema) = (definition.id, definition.schema.clone());
        let scalars = scalar_columns(&schema);
        let mut parquet = None;
        if !scalars.is_empty() {
            let fields: Vec<_> = scalars
                .iter()
                .filter_map(|column| schema.fields().get(*column))
                .map(|field| &**field)
                .collect();
            parquet =
                Some(ParquetWriter::create(FileWriter::create(folder, &name::parquet(table, id))?, &fields)?);
        }
        let mut vectors = Vec::new();
        for (column, field) in schema.fields().iter().enumerate() {
            if let Some(shape) = vector_shape(field) {
                let name = name::vectors(table, id, column);
                vectors.push((column, VecWriter::create(folder, &name, shape)?));
            }
        }
        let layout = definition.layouts.current();
        let rows_place = (folder.clone(), table);
        Ok(Self { id, rows_place, schema, layout, scalars, parquet, vectors, rows: 0, scalar_bytes: 0 })
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of the scalar columns in memory, as Arrow has them.
    pub(crate) fn scalar_bytes(&self) -> usize {
        self.scalar_bytes
    }

    /// Appends rows that have been checked against the schema.
    pub(crate) fn append(&mut self, rows: &RecordBatch) -> Result<()> {
        if let Some(parquet) = &mut self.parquet {
            let columns: Vec<_> =
                self.scalars.iter().filter_map(|column| rows.columns().get(*column)).cloned().collect();
            for column in &columns {
                self.scalar_bytes += column.to_data().get_slice_memory_size().unwrap_or_default();
            }
            parquet.append(columns, rows.num_rows())?;
        }
        for (column, writer) in &mut self.vectors {
            match rows.columns().get(*column).and_then(|column| column.as_fixed_size_list_opt()) {
                Some(vectors) => writer.append(vectors)?,
                None => return Err(Error::schema("", format!("column {column} holds no vectors"))),
            }
        }
        self.rows += rows.num_rows();
        Ok(())
    }

    /// Syncs the files. The folder's names are left to the caller, who may have several segments.
    pub(crate) fn finish(self, cache: &ColumnCache) -> Result<Segment> {
        let rows = u32::try_from(self.rows).map_err(|_| Error::schema("", "a segment has too many rows"))?;
        let mut record = SegmentRecord {
            id: self.id,
            first_row_id: 0,
            rows,
            gaps: false,
            scalar_bytes: Some(self.scalar_bytes as u64),
            layout: self.layout,
            parquet: None,
            vectors: Vec::new(),
            indexes: Vec::new(),
        };
        let mut parquet = None;
        if let Some(writer) = self.parquet {
            let finished = writer.finish()?;
            let stored = ParquetRecord { length: finished.length, checksums: finished.sums };
            record.parquet = Some(stored.clone());
            parquet = Some(Scalars::new(stored, finished.owned, self.scalars, self.rows_place));
        }
        let mut vectors = Vec::new();
        for (column, writer) in self.vectors {
            let (finished, root) = writer.finish()?;
            let stored = VectorsRecord { column, length: finished.length, root };
            record.vectors.push(stored.clone());
            vectors.push(Vectors {
                record: stored,
                file: Arc::clone(&finished.owned),
                open: Lazy::default(),
                rows: Lazy::default(),
            });
        }
        let ids = RowIds::contiguous(0, self.rows);
        Ok(Segment { record, ids, schema: self.schema, cache: cache.clone(), parquet, vectors })
    }
}

impl Segment {
    /// Places a finished segment in its table: its rows have these ids, which are as many.
    pub(crate) fn at(mut self, ids: RowIds) -> Self {
        self.record.first_row_id = ids.first();
        self.record.gaps = ids.has_gaps();
        self.ids = ids;
        self
    }
}
