//! One stored vector: a slice of `f32`, or of half precision.
//!
//! It borrows and converts nothing by itself; distances are computed from either (see
//! [`distance`](crate::Metric)). Invariant: widening half precision is exact, so a row has one value for each element.

use half::f16;

use crate::kernels;

/// The elements of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row<'a> {
    /// 4 bytes an element, as `vector` columns have them.
    Single(&'a [f32]),
    /// 2 bytes an element, as `halfvec` columns have them.
    Half(&'a [f16]),
}

impl<'a> Row<'a> {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Row::Single(values) => values.len(),
            Row::Half(values) => values.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The elements as `f32`: where they are, or written into `buffer`, which grows to their number once.
    pub fn widen<'b>(&self, buffer: &'b mut Vec<f32>) -> &'b [f32]
    where
        'a: 'b,
    {
        match self {
            Row::Single(values) => values,
            Row::Half(values) => {
                buffer.resize(values.len(), 0.0);
                kernels::half::widen(values, buffer);
                buffer
            }
        }
    }

    /// The elements as a vector of their own.
    pub fn to_vec(&self) -> Vec<f32> {
        let mut buffer = Vec::new();
        self.widen(&mut buffer).to_vec()
    }
}

/// Room for one row of either kind, kept for the next one.
#[derive(Debug, Default)]
pub(crate) struct RowBuffer {
    single: Vec<f32>,
    half: Vec<f16>,
}

impl RowBuffer {
    /// A row whose bytes, little-endian, are written by `fill`.
    pub(crate) fn single(
        &mut self,
        elements: usize,
        fill: impl FnOnce(&mut [u8]) -> std::io::Result<()>,
    ) -> std::io::Result<Row<'_>> {
        self.single.resize(elements, 0.0);
        fill(bytes_of(&mut self.single))?;
        Ok(Row::Single(&self.single))
    }

    /// The same in half precision.
    pub(crate) fn half(
        &mut self,
        elements: usize,
        fill: impl FnOnce(&mut [u8]) -> std::io::Result<()>,
    ) -> std::io::Result<Row<'_>> {
        self.half.resize(elements, f16::ZERO);
        fill(bytes_of(&mut self.half))?;
        Ok(Row::Half(&self.half))
    }
}

/// A number of any bits: what may be written to as bytes.
trait Number {}
impl Number for f32 {}
impl Number for f16 {}

#[cfg(target_endian = "big")]
compile_error!("rows are stored little-endian and are read as they are");

fn bytes_of<T: Number>(values: &mut [T]) -> &mut [u8] {
    // SAFETY: the length is the slice's in bytes, u8 needs no alignment, and any bytes are a Number.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast::<u8>(), size_of_val(values)) }
}
