//! A `.vec` file: one vector column of one segment, as fixed-width little-endian rows.
//!
//! It is read without a copy, over the memory map. It does not know what the vectors mean. Invariant: row `i` stands at
//! `64 + i * dimensions * 4`; a null row is all zeros and is told by the validity bitmap after the rows.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, AsArray, FixedSizeListArray, Float32Array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{Field, FieldRef, Float32Type};

use crate::segment::container::{self, Container, ContainerWriter, Kind};
use crate::segment::file_writer::Finished;
use crate::segment::folder::{Folder, OwnedFile};
use crate::{Error, Result};

// The rows are mapped, not decoded.
#[cfg(target_endian = "big")]
compile_error!(
    "vector files are little-endian and are mapped as they are: big-endian machines are not supported"
);

/// A vector column being written.
#[derive(Debug)]
pub(crate) struct VecWriter {
    file: ContainerWriter,
    dimensions: usize,
    validity: Vec<bool>,
    nulls: usize,
}

impl VecWriter {
    pub(crate) fn create(folder: &Folder, name: &str, dimensions: usize) -> Result<Self> {
        let file = ContainerWriter::create(folder, name, Kind::Vectors)?;
        Ok(Self { file, dimensions, validity: Vec::new(), nulls: 0 })
    }

    /// Appends rows. The caller has checked the dimensions and that no element of a row is null.
    pub(crate) fn append(&mut self, rows: &FixedSizeListArray) -> Result<()> {
        let zeros = vec![0.0_f32; if rows.null_count() > 0 { self.dimensions } else { 0 }];
        let values = rows.values().as_primitive::<Float32Type>().values();
        // `values` is the whole child array; a slice of the parent starts at its offset in it.
        let start = rows.value_offset(0) as usize;
        if rows.null_count() == 0 {
            let end = start + rows.len() * self.dimensions;
            self.file.append(little_endian(values.get(start..end).unwrap_or_default()))?;
        } else {
            for row in 0..rows.len() {
                let from = start + row * self.dimensions;
                let value = if rows.is_null(row) {
                    zeros.as_slice()
                } else {
                    values.get(from..from + self.dimensions).unwrap_or_default()
                };
                self.file.append(little_endian(value))?;
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
        let shape = self.dimensions as u64 | u64::from(self.nulls > 0) << 32;
        self.file.finish([self.validity.len() as u64, shape])
    }
}

fn little_endian(values: &[f32]) -> &[u8] {
    // SAFETY: any bytes are valid as u8, the length is the slice's, and big-endian machines do not compile this file.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// Maps a vector column; `field` says how it is to look.
pub(crate) fn open(
    file: &OwnedFile,
    field: &Field,
    rows: usize,
    dimensions: usize,
    length: u64,
    root: u64,
) -> Result<FixedSizeListArray> {
    let container = container::open(file, Kind::Vectors, length, root)?;
    array(file.path(), &container, field, rows, dimensions)
}

fn array(
    path: &Path,
    container: &Container,
    field: &Field,
    rows: usize,
    dimensions: usize,
) -> Result<FixedSizeListArray> {
    let [stored_rows, shape] = container.attributes;
    let has_nulls = shape >> 32 != 0;
    let values = rows.checked_mul(dimensions);
    let row_bytes = values.and_then(|values| values.checked_mul(4)).unwrap_or(usize::MAX);
    let validity_bytes = if has_nulls { rows.div_ceil(8) } else { 0 };
    let fits = row_bytes.checked_add(validity_bytes) == Some(container.body.len());
    if stored_rows != rows as u64 || shape & 0xffff_ffff != dimensions as u64 || !fits {
        let detail = format!("{stored_rows} rows are not the {rows} rows of {dimensions} that belong here");
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
    let values = Float32Array::new(ScalarBuffer::from(bytes), None);
    let item: FieldRef = match field.data_type() {
        arrow::datatypes::DataType::FixedSizeList(item, _) => item.clone(),
        _ => return Err(Error::corrupt(path, 0, "the column is no vector column")),
    };
    FixedSizeListArray::try_new(item, dimensions as i32, Arc::new(values), nulls)
        .map_err(|error| Error::arrow(path, error))
}
