//! A `.vec` file: one vector column of one segment, as fixed-width little-endian rows.
//!
//! It is read without a copy, over the memory map. It does not know what the vectors mean. Invariant: row `i` stands at
//! `64 + i * dimensions * width`, where a number is 4 bytes wide, or 2 in half precision; a null row is all zeros and is
//! told by the validity bitmap after the rows.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float16Array, Float32Array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Float16Type, Float32Type};

use crate::definition::VectorShape;
use crate::segment::container::{self, Container, ContainerWriter, Kind};
use crate::segment::file_writer::Finished;
use crate::segment::folder::{Folder, OwnedFile};
use crate::{Error, Result};

// The rows are mapped, not decoded.
#[cfg(target_endian = "big")]
compile_error!(
    "vector files are little-endian and are mapped as they are: big-endian machines are not supported"
);

/// In a file's second attribute, above the dimensions: the file has null rows.
const NULLS: u64 = 1 << 32;
/// In a file's second attribute: its numbers are of half precision.
const HALF: u64 = 1 << 33;

/// A vector column being written.
#[derive(Debug)]
pub(crate) struct VecWriter {
    file: ContainerWriter,
    shape: VectorShape,
    validity: Vec<bool>,
    nulls: usize,
}

impl VecWriter {
    pub(crate) fn create(folder: &Folder, name: &str, shape: VectorShape) -> Result<Self> {
        let file = ContainerWriter::create(folder, name, Kind::Vectors)?;
        Ok(Self { file, shape, validity: Vec::new(), nulls: 0 })
    }

    /// Appends rows. The caller has checked their shape and that no element of a row is null.
    pub(crate) fn append(&mut self, rows: &FixedSizeListArray) -> Result<()> {
        let row_bytes = self.shape.row_bytes();
        let zeros = vec![0_u8; if rows.null_count() > 0 { row_bytes } else { 0 }];
        let values = bytes(rows.values());
        // `values` is the whole child array; a slice of the parent starts at its offset in it.
        let start = rows.value_offset(0) as usize * self.shape.width;
        if rows.null_count() == 0 {
            let end = start + rows.len() * row_bytes;
            self.file.append(values.get(start..end).unwrap_or_default())?;
        } else {
            for row in 0..rows.len() {
                let from = start + row * row_bytes;
                let value = if rows.is_null(row) {
                    zeros.as_slice()
                } else {
                    values.get(from..from + row_bytes).unwrap_or_default()
                };
                self.file.append(value)?;
            }
        }
        self.validity.extend((0..rows.len()).map(|row| rows.is_valid(row)));
        self.nulls += rows.null_count();
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<(Finished, u64)> {
        if self.nulls > 0 {
            self.file.append(BooleanBuffer::from(self.validity.as_slice()).inner().as_slice())?;
        }
        let nulls = if self.nulls > 0 { NULLS } else { 0 };
        self.file.finish([self.validity.len() as u64, attribute(self.shape) | nulls])
    }
}

/// A file's second attribute, but for its nulls.
fn attribute(shape: VectorShape) -> u64 {
    shape.dimensions as u64 | if shape.width == size_of::<u16>() { HALF } else { 0 }
}

/// The bytes of a vector column's numbers: those of memory are those of the file, for both are little-endian.
fn bytes(values: &ArrayRef) -> &[u8] {
    match values.data_type() {
        DataType::Float16 => values.as_primitive::<Float16Type>().values().inner().as_slice(),
        _ => values.as_primitive::<Float32Type>().values().inner().as_slice(),
    }
}

/// Maps a vector column; `field` says how it is to look.
pub(crate) fn open(
    file: &OwnedFile,
    field: &Field,
    rows: usize,
    shape: VectorShape,
    length: u64,
    root: u64,
) -> Result<FixedSizeListArray> {
    let container = container::open(file, Kind::Vectors, length, root)?;
    array(file.path(), &container, field, rows, shape)
}

fn array(
    path: &Path,
    container: &Container,
    field: &Field,
    rows: usize,
    shape: VectorShape,
) -> Result<FixedSizeListArray> {
    let [stored_rows, stored_shape] = container.attributes;
    let has_nulls = stored_shape & NULLS != 0;
    let row_bytes = rows.saturating_mul(shape.row_bytes());
    let validity_bytes = if has_nulls { rows.div_ceil(8) } else { 0 };
    let fits = row_bytes.checked_add(validity_bytes) == Some(container.body.len());
    if stored_rows != rows as u64 || stored_shape & !NULLS != attribute(shape) || !fits {
        let VectorShape { dimensions, width } = shape;
        let detail = format!(
            "{stored_rows} rows are not the {rows} rows of {dimensions} numbers of {width} bytes that belong here"
        );
        return Err(Error::corrupt(path, container::HEADER as u64, detail));
    }
    let nulls = has_nulls.then(|| {
        let bits = Buffer::from(container.body.slice(row_bytes..));
        NullBuffer::new(BooleanBuffer::new(bits, 0, rows))
    });
    let mut bytes = Buffer::from(container.body.slice(..row_bytes));
    if bytes.as_ptr().align_offset(align_of::<f32>()) != 0 {
        // A map is aligned to a page; a buffer in memory need not be.
        bytes = Buffer::from(bytes.as_slice());
    }
    column(path, field.data_type(), bytes, nulls)
}

/// A vector column of this type over bytes as a file has them, aligned for its numbers.
pub(crate) fn column(
    path: &Path,
    data_type: &DataType,
    bytes: Buffer,
    nulls: Option<NullBuffer>,
) -> Result<FixedSizeListArray> {
    let DataType::FixedSizeList(item, dimensions) = data_type else {
        return Err(Error::corrupt(path, 0, "the column is no vector column"));
    };
    let values: ArrayRef = match item.data_type() {
        DataType::Float16 => Arc::new(Float16Array::new(ScalarBuffer::from(bytes), None)),
        _ => Arc::new(Float32Array::new(ScalarBuffer::from(bytes), None)),
    };
    FixedSizeListArray::try_new(item.clone(), *dimensions, values, nulls)
        .map_err(|error| Error::arrow(path, error))
}
