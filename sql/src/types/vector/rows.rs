//! The numbers of a column of vectors, row after row, whichever of Arrow's lists holds them.
//!
//! Invariant: a row that is there has as many numbers as the vector has dimensions, none of them NULL.

use arrow::array::{Array, ArrayRef, AsArray, Float32Array};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Float32Type};
use datafusion::error::{DataFusionError, Result};

/// See the module. Half precision is widened.
pub(crate) struct Rows {
    values: Float32Array,
    extents: Extents,
    nulls: Option<NullBuffer>,
    len: usize,
}

enum Extents {
    Fixed {
        first: usize,
        dimensions: usize,
    },
    Offsets(arrow::buffer::OffsetBuffer<i32>),
    /// All rows are NULL.
    None,
}

impl Rows {
    /// The rows of an array of vectors, or of NULLs.
    ///
    /// # Errors
    /// An internal error when it is neither: the planner lets nothing else through.
    pub(crate) fn new(array: &ArrayRef) -> Result<Self> {
        let (nulls, len) = (array.logical_nulls(), array.len());
        let (values, extents) = match array.data_type() {
            DataType::Null => {
                let values = Float32Array::from(Vec::<f32>::new());
                return Ok(Self { values, extents: Extents::None, nulls, len });
            }
            DataType::FixedSizeList(_, dimensions) => {
                let list = array.as_fixed_size_list();
                let first = usize::try_from(list.value_offset(0)).unwrap_or_default();
                let dimensions = usize::try_from(*dimensions).unwrap_or_default();
                (list.values(), Extents::Fixed { first, dimensions })
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                (list.values(), Extents::Offsets(list.offsets().clone()))
            }
            other => return Err(DataFusionError::Internal(format!("{other} is no vector"))),
        };
        let values = arrow::compute::cast(values, &DataType::Float32)?;
        let values = values.as_primitive::<Float32Type>().clone();
        Ok(Self { values, extents, nulls, len })
    }

    /// One row; `None` is NULL.
    pub(crate) fn get(&self, row: usize) -> Option<&[f32]> {
        if row >= self.len || self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            return None;
        }
        let (from, to) = match &self.extents {
            Extents::None => return None,
            Extents::Fixed { first, dimensions } => {
                let from = first + row * dimensions;
                (from, from + dimensions)
            }
            Extents::Offsets(offsets) => {
                let offset = |at: usize| offsets.get(at).and_then(|offset| usize::try_from(*offset).ok());
                (offset(row)?, offset(row + 1)?)
            }
        };
        self.values.values().get(from..to)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{FixedSizeListArray, ListArray};

    use super::*;

    #[test]
    fn slices_begin_where_they_begin() {
        let rows = || [Some(vec![Some(1.0), Some(2.0)]), None, Some(vec![Some(5.0), Some(6.0)])];
        let fixed = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows(), 2);
        let lists = ListArray::from_iter_primitive::<Float32Type, _, _>(rows());
        for array in [Arc::new(fixed) as ArrayRef, Arc::new(lists)] {
            let rows = Rows::new(&array.slice(1, 2)).unwrap();
            assert_eq!((rows.get(0), rows.get(1), rows.get(2)), (None, Some([5.0, 6.0].as_slice()), None));
        }
    }
}
