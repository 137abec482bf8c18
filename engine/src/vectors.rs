//! Borrowed rows of vectors, and the checks that everything below relies on.
//!
//! It owns nothing and converts nothing: rows are read where Arrow or a memory map has them.
//! Invariant: `elements` holds exactly `len * dimensions` elements, and `nulls`, if any, has `len` bits.

use arrow::{
    array::{Array, ArrowPrimitiveType, AsArray, FixedSizeListArray, PrimitiveArray},
    buffer::NullBuffer,
    datatypes::{DataType, Float16Type, Float32Type},
};
use half::f16;

use crate::{Error, Metric, Result, Row, kernels, row::RowBuffer};

/// Rows of vectors, row after row, all of the same dimensions; a row may be NULL.
#[derive(Debug, Clone, Copy)]
pub struct Vectors<'a> {
    elements: Elements<'a>,
    dimensions: usize,
    len: usize,
    nulls: Option<&'a NullBuffer>,
    reader: Option<&'a dyn ReadRow>,
}

/// Reads single rows from where they are stored.
///
/// Rows that lie in a memory map become resident with their pages and the pages around them when they are touched; a search that
/// wants a dozen of them, here and there, rather has them copied.
pub trait ReadRow: std::fmt::Debug + Sync {
    /// Fills `bytes` with the elements of a row that is not NULL, little-endian.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read_row(&self, row: u32, bytes: &mut [u8]) -> std::io::Result<()>;
}

/// All rows, one after the other.
#[derive(Debug, Clone, Copy)]
enum Elements<'a> {
    Single(&'a [f32]),
    Half(&'a [f16]),
}

impl Elements<'_> {
    fn len(&self) -> usize {
        match self {
            Elements::Single(values) => values.len(),
            Elements::Half(values) => values.len(),
        }
    }
}

impl<'a> Vectors<'a> {
    /// Rows out of a flat slice of `rows * dimensions` elements.
    ///
    /// # Errors
    /// [`Error::Shape`] when the lengths do not fit together, or there are no dimensions;
    /// [`Error::TooManyRows`] past `u32::MAX - 1` rows.
    pub fn new(values: &'a [f32], dimensions: usize, nulls: Option<&'a NullBuffer>) -> Result<Self> {
        Self::of(Elements::Single(values), dimensions, nulls)
    }

    /// Rows of half precision out of a flat slice; otherwise as [`Vectors::new`].
    ///
    /// # Errors
    /// As [`Vectors::new`].
    pub fn half(values: &'a [f16], dimensions: usize, nulls: Option<&'a NullBuffer>) -> Result<Self> {
        Self::of(Elements::Half(values), dimensions, nulls)
    }

    fn of(elements: Elements<'a>, dimensions: usize, nulls: Option<&'a NullBuffer>) -> Result<Self> {
        if dimensions == 0 {
            return Err(Error::Shape { reason: "vectors have at least one dimension".into() });
        }
        let (len, rest) = (elements.len() / dimensions, elements.len() % dimensions);
        if rest != 0 {
            let reason = format!("{} elements are no whole number of {dimensions}-vectors", elements.len());
            return Err(Error::Shape { reason });
        }
        if let Some(nulls) = nulls.filter(|nulls| nulls.len() != len) {
            let reason = format!("{} null bits for {len} rows", nulls.len());
            return Err(Error::Shape { reason });
        }
        if len >= u32::MAX as usize {
            return Err(Error::TooManyRows { rows: len as u64, most: u64::from(u32::MAX) - 1 });
        }
        Ok(Self { elements, dimensions, len, nulls, reader: None })
    }

    /// Rows out of an Arrow column of `Float32` or `Float16` elements, sliced or not.
    ///
    /// # Errors
    /// [`Error::Shape`] when the elements are neither; [`Error::Row`] with [`Error::NullElement`] when a row
    /// that is not NULL has a NULL element.
    pub fn from_array(array: &'a FixedSizeListArray) -> Result<Self> {
        let elements = match array.values().data_type() {
            DataType::Float32 => Elements::Single(elements::<Float32Type>(array)?),
            DataType::Float16 => Elements::Half(elements::<Float16Type>(array)?),
            other => {
                let reason = format!("elements are {other}, not Float32 or Float16");
                return Err(Error::Shape { reason });
            }
        };
        let dimensions = usize::try_from(array.value_length()).map_err(|_| outside())?;
        Self::of(elements, dimensions, array.nulls())
    }

    /// The same rows, which graphs are built over, and of which graph searches look at some, by `reader`.
    #[must_use]
    pub fn with_reader(self, reader: &'a dyn ReadRow) -> Self {
        Self { reader: Some(reader), ..self }
    }

    /// Number of rows, NULL ones included.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Elements in each vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Whether the elements are of half precision.
    pub fn is_half(&self) -> bool {
        matches!(self.elements, Elements::Half(_))
    }

    /// The vector of a row; `None` when it is NULL, or past the end.
    #[inline]
    pub fn get(&self, row: usize) -> Option<Row<'a>> {
        if row >= self.len || self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        let place = row * self.dimensions..(row + 1) * self.dimensions;
        match self.elements {
            Elements::Single(values) => values.get(place).map(Row::Single),
            Elements::Half(values) => values.get(place).map(Row::Half),
        }
    }

    /// As [`Vectors::get`], by the reader if there is one.
    pub(crate) fn fetch<'b>(&self, row: usize, buffer: &'b mut RowBuffer) -> Result<Option<Row<'b>>>
    where
        'a: 'b,
    {
        let (Some(reader), Some(mapped)) = (self.reader, self.get(row)) else { return Ok(self.get(row)) };
        let fetched = match mapped {
            Row::Single(_) => buffer.single(self.dimensions, |bytes| reader.read_row(row as u32, bytes)),
            Row::Half(_) => buffer.half(self.dimensions, |bytes| reader.read_row(row as u32, bytes)),
        };
        fetched.map(Some).map_err(|source| Error::Read { row: row as u64, source })
    }

    /// Asks for the beginning of a row to be fetched into the cache; the processor goes on by itself from there.
    #[inline]
    pub(crate) fn prefetch(&self, row: usize) {
        const BYTES: usize = 1024;
        match self.get(row).filter(|_| self.reader.is_none()) {
            Some(Row::Single(row)) => kernels::prefetch(row.get(..BYTES / 4).unwrap_or(row)),
            Some(Row::Half(row)) => kernels::prefetch(row.get(..BYTES / 2).unwrap_or(row)),
            None => {}
        }
    }

    /// Number of NULL rows.
    pub fn null_count(&self) -> usize {
        self.nulls.map_or(0, NullBuffer::null_count)
    }
}

/// The elements of all rows of a column.
fn elements<T: ArrowPrimitiveType>(array: &FixedSizeListArray) -> Result<&[T::Native]> {
    let elements: &PrimitiveArray<T> = array.values().as_primitive_opt().ok_or_else(outside)?;
    let dimensions = usize::try_from(array.value_length()).map_err(|_| outside())?;
    let start = usize::try_from(array.value_offset(0)).map_err(|_| outside())?;
    let end = dimensions.checked_mul(array.len()).and_then(|n| n.checked_add(start)).ok_or_else(outside)?;
    if let Some(nulls) = elements.nulls().filter(|nulls| nulls.null_count() > 0) {
        for position in start..end {
            let row = position.saturating_sub(start) / dimensions.max(1);
            if array.is_valid(row) && nulls.is_null(position) {
                let position = position.saturating_sub(start) % dimensions.max(1);
                return Err(Error::NullElement { position }.at_row(row as u64));
            }
        }
    }
    elements.values().get(start..end).ok_or_else(outside)
}

fn outside() -> Error {
    Error::Shape { reason: "list offsets lie outside the elements".into() }
}

/// Refuses a vector that could not be searched for, or found.
///
/// # Errors
/// [`Error::Dimensions`], [`Error::NotFinite`], or, for cosine distance, [`Error::ZeroVector`].
pub fn check_vector(values: &[f32], dimensions: usize, metric: Option<Metric>) -> Result<()> {
    if values.len() != dimensions {
        return Err(Error::Dimensions { expected: dimensions, found: values.len() });
    }
    // One branch-free pass first: x * 0 is 0 for finite x and NaN otherwise.
    if values.iter().map(|x| x * 0.0).sum::<f32>() != 0.0
        && let Some(position) = values.iter().position(|x| !x.is_finite())
    {
        return Err(Error::NotFinite { position });
    }
    if metric == Some(Metric::Cosine) && is_zero(values) {
        return Err(Error::ZeroVector);
    }
    Ok(())
}

/// Refuses rows as [`check_vector`] does; NULL rows pass. Rows are counted from `first_row` in the error.
///
/// # Errors
/// [`Error::Row`] with the first bad row's number and what is wrong with it.
pub fn check_rows(vectors: &Vectors<'_>, metric: Option<Metric>, first_row: u64) -> Result<()> {
    let mut buffer = Vec::new();
    for row in 0..vectors.len() {
        if let Some(values) = vectors.get(row) {
            check_vector(values.widen(&mut buffer), vectors.dimensions(), metric)
                .map_err(|error| error.at_row(first_row.saturating_add(row as u64)))?;
        }
    }
    Ok(())
}

/// Whether every element is zero, of either sign.
pub(crate) fn is_zero(values: &[f32]) -> bool {
    values.iter().all(|&x| x == 0.0)
}
