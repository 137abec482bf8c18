//! Borrowed rows of vectors, and the checks that everything below relies on.
//!
//! It owns nothing and converts nothing: rows are read where Arrow or a memory map has them.
//! Invariant: `values` holds exactly `len * dimensions` elements, and `nulls`, if any, has `len` bits.

use arrow::{
    array::{Array, FixedSizeListArray, Float32Array},
    buffer::NullBuffer,
};

use crate::{Error, Metric, Result};

/// Rows of vectors, row after row, all of the same dimensions; a row may be NULL.
#[derive(Debug, Clone, Copy)]
pub struct Vectors<'a> {
    values: &'a [f32],
    dimensions: usize,
    len: usize,
    nulls: Option<&'a NullBuffer>,
}

impl<'a> Vectors<'a> {
    /// Rows out of a flat slice of `rows * dimensions` elements.
    ///
    /// # Errors
    /// [`Error::Shape`] when the lengths do not fit together, or there are no dimensions;
    /// [`Error::TooManyRows`] past `u32::MAX - 1` rows.
    pub fn new(values: &'a [f32], dimensions: usize, nulls: Option<&'a NullBuffer>) -> Result<Self> {
        if dimensions == 0 {
            return Err(Error::Shape { reason: "vectors have at least one dimension".into() });
        }
        let (len, rest) = (values.len() / dimensions, values.len() % dimensions);
        if rest != 0 {
            let reason = format!("{} elements are no whole number of {dimensions}-vectors", values.len());
            return Err(Error::Shape { reason });
        }
        if let Some(nulls) = nulls.filter(|nulls| nulls.len() != len) {
            let reason = format!("{} null bits for {len} rows", nulls.len());
            return Err(Error::Shape { reason });
        }
        if len >= u32::MAX as usize {
            return Err(Error::TooManyRows { rows: len as u64, most: u64::from(u32::MAX) - 1 });
        }
        Ok(Self { values, dimensions, len, nulls })
    }

    /// Rows out of an Arrow column, sliced or not.
    ///
    /// # Errors
    /// [`Error::Shape`] when the elements are not `Float32`; [`Error::Row`] with [`Error::NullElement`]
    /// when a row that is not NULL has a NULL element.
    pub fn from_array(array: &'a FixedSizeListArray) -> Result<Self> {
        let Some(elements) = array.values().as_any().downcast_ref::<Float32Array>() else {
            let reason = format!("elements are {}, not Float32", array.values().data_type());
            return Err(Error::Shape { reason });
        };
        let shape = || Error::Shape { reason: "list offsets lie outside the elements".into() };
        let dimensions = usize::try_from(array.value_length()).map_err(|_| shape())?;
        let start = usize::try_from(array.value_offset(0)).map_err(|_| shape())?;
        let end = dimensions.checked_mul(array.len()).and_then(|n| n.checked_add(start)).ok_or_else(shape)?;
        if let Some(nulls) = elements.nulls().filter(|nulls| nulls.null_count() > 0) {
            for position in start..end {
                let row = position.saturating_sub(start) / dimensions.max(1);
                if array.is_valid(row) && nulls.is_null(position) {
                    let position = position.saturating_sub(start) % dimensions.max(1);
                    return Err(Error::NullElement { position }.at_row(row as u64));
                }
            }
        }
        let values = elements.values().get(start..end).ok_or_else(shape)?;
        Self::new(values, dimensions, array.nulls())
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

    /// The vector of a row; `None` when it is NULL, or past the end.
    #[inline]
    pub fn get(&self, row: usize) -> Option<&'a [f32]> {
        if row >= self.len || self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        let start = row * self.dimensions;
        self.values.get(start..start + self.dimensions)
    }

    /// Number of NULL rows.
    pub fn null_count(&self) -> usize {
        self.nulls.map_or(0, NullBuffer::null_count)
    }
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
    for row in 0..vectors.len() {
        if let Some(values) = vectors.get(row) {
            check_vector(values, vectors.dimensions(), metric)
                .map_err(|error| error.at_row(first_row.saturating_add(row as u64)))?;
        }
    }
    Ok(())
}

/// Whether every element is zero, of either sign.
pub(crate) fn is_zero(values: &[f32]) -> bool {
    values.iter().all(|&x| x == 0.0)
}
