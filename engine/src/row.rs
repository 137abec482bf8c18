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
