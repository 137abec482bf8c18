//! Slices that hold on to no more than they show, as far as memory is counted.
//!
//! A batch is a slice of a segment's columns. Arrow counts the whole buffers behind a slice, so a sort that keeps a few
//! batches would be charged a whole segment for each. Vectors are shown again through buffers of their own extent, without
//! copying them; other columns are copied, which is little. Invariant: the rows are the same.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, MutableArrayData, make_array,
};
use arrow::buffer::{Buffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Float32Type};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};
use bytes::Bytes;

/// A slice whose buffers are at most this many times its size is left as it is.
const TOLERATED: usize = 2;

/// The same rows, counted by their own size.
pub(super) fn narrow(batch: RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(column).collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options)
}

fn column(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let data = array.to_data();
    // Arrow does not say how much of its items a slice of lists shows.
    let list = matches!(array.data_type(), DataType::List(_) | DataType::LargeList(_));
    if !list && array.get_array_memory_size() <= TOLERATED * data.get_slice_memory_size()? {
        return Ok(array.clone());
    }
    if let DataType::FixedSizeList(item, dimensions) = array.data_type()
        && item.data_type() == &DataType::Float32
        && let Some(list) = array.as_fixed_size_list_opt()
        && let Some(values) = list.values().as_primitive_opt::<Float32Type>()
        && values.null_count() == 0
    {
        let start = usize::try_from(list.value_offset(0)).unwrap_or_default();
        let length = list.len() * usize::try_from(*dimensions).unwrap_or_default();
        let shown =
            values.values().inner().slice_with_length(start * size_of::<f32>(), length * size_of::<f32>());
        let values =
            Float32Array::new(ScalarBuffer::from(Buffer::from(Bytes::from_owner(Shown(shown)))), None);
        let nulls = list.nulls().map(|nulls| nulls.iter().collect::<NullBuffer>());
        return Ok(Arc::new(FixedSizeListArray::try_new(
            item.clone(),
            *dimensions,
            Arc::new(values),
            nulls,
        )?));
    }
    let mut copy = MutableArrayData::new(vec![&data], false, data.len());
    copy.try_extend(0, 0, data.len())?;
    Ok(make_array(copy.freeze()))
}

/// Keeps the buffer of which it shows a part.
struct Shown(Buffer);

impl AsRef<[u8]> for Shown {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, ListArray, StringArray};
    use arrow::datatypes::{Field, Int64Type};

    use super::*;

    #[test]
    fn slices_show_the_same_rows_and_count_no_more_than_they_are() {
        let rows = 10_000_usize;
        let item = Arc::new(Field::new("item", DataType::Float32, true));
        let values = Float32Array::from_iter_values((0..rows * 4).map(|value| value as f32));
        let nulls: NullBuffer = (0..rows).map(|row| row % 3 != 0).collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(0..rows as i64)),
            Arc::new(
                (0..rows).map(|row| (row % 5 != 0).then(|| format!("row {row}"))).collect::<StringArray>(),
            ),
            Arc::new(FixedSizeListArray::new(item, 4, Arc::new(values), Some(nulls))),
            Arc::new(ListArray::from_iter_primitive::<Int64Type, _, _>(
                (0..rows).map(|row| Some(vec![Some(row as i64); row % 4])),
            )),
        ];
        for array in columns {
            let slice = array.slice(777, 100);
            let narrowed = column(&slice).unwrap();
            assert_eq!(&narrowed, &slice);
            let (before, after) = (slice.get_array_memory_size(), narrowed.get_array_memory_size());
            assert!(after < before / 10, "{}: {after} of {before} bytes", array.data_type());
            assert_eq!(&column(&array).unwrap(), &array);
        }
    }
}
