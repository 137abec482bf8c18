//! Reads a segment from front to back in blocks, for those who write its rows elsewhere.
//!
//! It is not how queries read: nothing is kept in the cache, which it would fill with rows that are about to be replaced, and
//! no page of a vector file becomes resident.
//! Invariant: the blocks together are the segment's rows, in order, in the columns of its schema.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, FixedSizeListArray};

use crate::definition::{VectorShape, vector_shape};
use crate::segment::Segment;
use crate::segment::parquet_file::Blocks;
use crate::segment::vector_rows::VectorRows;
use crate::{Error, Result};

/// A segment being read.
#[derive(Debug)]
pub(crate) struct Scan<'a> {
    segment: &'a Segment,
    scalars: Option<Blocks>,
    vectors: Vec<ScannedVectors>,
    rows: usize,
    done: usize,
}

/// A vector column being read.
#[derive(Debug)]
struct ScannedVectors {
    column: usize,
    shape: VectorShape,
    mapped: FixedSizeListArray,
    rows: VectorRows,
}

impl Segment {
    /// Starts to read all columns, at most `rows` rows at a time.
    pub(crate) fn scan(&self, rows: usize) -> Result<Scan<'_>> {
        let rows = rows.max(1);
        let scalars = match &self.parquet {
            Some(scalars) => {
                let (path, columns) = (scalars.file.path(), &scalars.columns);
                let fields = columns.iter().filter_map(|column| self.schema.fields().get(*column)).cloned();
                Some(self.parquet_file(scalars)?.blocks(path, fields.collect(), rows)?)
            }
            None => None,
        };
        let columns = self.vectors.iter().map(|vectors| vectors.record.column);
        let vectors = columns.map(|column| self.scan_vectors(column)).collect::<Result<_>>()?;
        Ok(Scan { segment: self, scalars, vectors, rows, done: 0 })
    }

    fn scan_vectors(&self, column: usize) -> Result<ScannedVectors> {
        let shape = self.schema.fields().get(column).and_then(|field| vector_shape(field));
        let shape = shape.ok_or_else(|| self.damaged("a vector column is none"))?;
        Ok(ScannedVectors { column, shape, mapped: self.vectors(column)?, rows: self.vector_rows(column)? })
    }
}

impl Scan<'_> {
    /// The columns of the next rows, and how many rows they are; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(Vec<ArrayRef>, usize)>> {
        let left = self.segment.rows() - self.done;
        let mut block = match &mut self.scalars {
            Some(scalars) => scalars.next()?,
            None => None,
        };
        let length = match &block {
            Some(scalars) => scalars.first().map_or(0, |column| column.len()),
            None if self.scalars.is_some() => 0,
            None => left.min(self.rows),
        };
        if left == 0 && length == 0 {
            return Ok(None);
        }
        if length == 0 || length > left {
            return Err(self.segment.damaged("the file of the scalar columns has another number of rows"));
        }
        let positions = self.segment.parquet.iter().flat_map(|scalars| scalars.columns.iter().copied());
        let mut columns: Vec<(usize, ArrayRef)> = positions.zip(block.take().unwrap_or_default()).collect();
        for vectors in &self.vectors {
            let rows = vectors.rows.block(&vectors.mapped, vectors.shape, self.done..self.done + length)?;
            columns.push((vectors.column, Arc::new(rows)));
        }
        columns.sort_by_key(|(column, _)| *column);
        if columns.len() != self.segment.schema.fields().len() {
            return Err(Error::schema("", "a segment lacks columns of its schema"));
        }
        self.done += length;
        Ok(Some((columns.into_iter().map(|(_, column)| column).collect(), length)))
    }
}
