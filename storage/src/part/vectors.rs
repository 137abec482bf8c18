//! The vector columns of a part.

use std::path::Path;

use arrow::array::{AsArray, FixedSizeListArray};

use super::{Part, Rows};
use crate::definition::vector_shape;
use crate::layout::{self, Source};
use crate::segment::Segment;
use crate::segment::vector_rows::VectorRows;
use crate::{Error, Result};

impl Part {
    /// A vector column by its position in the table's schema, of all rows, deleted ones included.
    pub fn vectors(&self, column: usize) -> Result<FixedSizeListArray> {
        self.vectors_by(column, Segment::vectors)
    }

    /// The same for one who reads all of it once: a segment's rows stay in memory no longer than the array.
    pub fn vectors_apart(&self, column: usize) -> Result<FixedSizeListArray> {
        self.vectors_by(column, Segment::vectors_apart)
    }

    fn vectors_by(
        &self,
        column: usize,
        of_segment: impl Fn(&Segment, usize) -> Result<FixedSizeListArray>,
    ) -> Result<FixedSizeListArray> {
        let field = self.schema.fields().get(column).filter(|field| vector_shape(field).is_some());
        if field.is_none() {
            return Err(Error::schema("", format!("column {column} is no vector column")));
        }
        match &self.rows {
            Rows::Sealed(segment) => match self.sources.as_ref().and_then(|sources| sources.get(column)) {
                None => of_segment(segment, column),
                Some(Source::Stored(position)) => of_segment(segment, *position),
                Some(Source::Value(value)) => {
                    let vectors = layout::repeated(value, self.rows())
                        .map_err(|error| Error::arrow(Path::new("rows"), error))?;
                    let vectors = vectors.as_fixed_size_list_opt().cloned();
                    vectors.ok_or_else(|| Error::schema("", format!("column {column} holds no vectors")))
                }
            },
            Rows::Unsealed(chunk) => {
                let vectors =
                    chunk.rows.columns().get(column).and_then(|column| column.as_fixed_size_list_opt());
                vectors.cloned().ok_or_else(|| Error::schema("", format!("column {column} holds no vectors")))
            }
        }
    }

    /// Single rows of a vector column of a segment, by its position in the table's schema; `None` where its rows are not in
    /// a file of their own.
    pub fn vector_rows(&self, column: usize) -> Result<Option<VectorRows>> {
        let Some(segment) = self.as_segment() else { return Ok(None) };
        match self.sources.as_ref().and_then(|sources| sources.get(column)) {
            None => segment.vector_rows(column).map(Some),
            Some(Source::Stored(position)) => segment.vector_rows(*position).map(Some),
            Some(Source::Value(_)) => Ok(None),
        }
    }
}
