//! Keys that rows of other tables are compared with.
//!
//! It holds the keys themselves and finds which of them a row has; whether that is good or bad is the caller's to say.
//! Invariant: a key with a null is in no set, and a row with a null has no key.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::{Array, ArrayRef, BooleanArray, Scalar, UInt32Array};
use arrow::buffer::NullBuffer;
use arrow::compute::kernels::cmp::{distinct, eq};
use arrow::compute::{and, cast, nullif, or, take};
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};

use super::encoder::canonical;
use crate::{Error, Result};

/// Keys that are compared with whole columns, one after the other, where there are no more of them.
const FEW_KEYS: usize = 8;

/// Rows whose keys are encoded at a time.
const STEP: usize = 1 << 16;

/// See the module.
#[derive(Debug)]
pub struct KeySet {
    converter: RowConverter,
    types: Vec<DataType>,
    /// Each key once.
    columns: Vec<ArrayRef>,
    numbers: HashMap<Box<[u8]>, u32>,
}

impl KeySet {
    /// The keys that rows have in these columns. A key is known by the number of the first row that has it.
    ///
    /// # Errors
    /// A schema error for a type that has no order.
    pub fn new(columns: Vec<ArrayRef>) -> Result<Self> {
        let types: Vec<DataType> = columns.iter().map(|column| column.data_type().clone()).collect();
        let fields = types.iter().cloned().map(SortField::new).collect();
        let converter = RowConverter::new(fields).map_err(failed)?;
        let mut set = Self { converter, types, columns, numbers: HashMap::new() };
        let columns = set.columns.clone();
        let mut numbers = HashMap::new();
        set.each_row(&columns, |row, key| {
            numbers.entry(key.into()).or_insert(row);
            ControlFlow::Continue(())
        })?;
        set.numbers = numbers;
        Ok(set)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The columns that the keys were made of.
    pub fn columns(&self) -> &[ArrayRef] {
        &self.columns
    }

    /// The numbers of the keys, in order.
    pub fn numbers(&self) -> Vec<u32> {
        let mut numbers: Vec<u32> = self.numbers.values().copied().collect();
        numbers.sort_unstable();
        numbers
    }

    /// The columns' rows of these numbers.
    pub fn rows(&self, numbers: Vec<u32>) -> Result<Vec<ArrayRef>> {
        let numbers = UInt32Array::from(numbers);
        let columns = self.columns.iter().map(|column| take(column, &numbers, None));
        columns.collect::<Result<_, _>>().map_err(failed)
    }

    /// Tells `found` of each row that has one of the keys: the row and the key's number. Columns of other types are
    /// cast to those of the keys; a value that does not fit is none of theirs.
    pub fn each_match(
        &self,
        columns: &[ArrayRef],
        mut found: impl FnMut(u32, u32) -> ControlFlow<()>,
    ) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let columns = self.typed(columns)?;
        let candidates = self.candidates(&columns);
        let columns = match &candidates {
            Some(rows) if rows.is_empty() => return Ok(()),
            Some(rows) => {
                let taken = columns.iter().map(|column| take(column, rows, None));
                taken.collect::<Result<Vec<_>, _>>().map_err(failed)?
            }
            None => columns,
        };
        self.each_row(&columns, |row, key| match self.numbers.get(key) {
            Some(number) => {
                let row = match &candidates {
                    Some(rows) => rows.values().get(row as usize).copied().unwrap_or_default(),
                    None => row,
                };
                found(row, *number)
            }
            None => ControlFlow::Continue(()),
        })
    }

    fn typed(&self, columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        columns.iter().zip(&self.types).map(|(column, wanted)| typed(column, wanted)).collect()
    }

    /// The rows that may have one of a few keys, found by comparing whole columns; `None` where that does not pay.
    fn candidates(&self, columns: &[ArrayRef]) -> Option<UInt32Array> {
        let rows = columns.first()?.len();
        let floats = self.types.iter().any(DataType::is_floating);
        if self.len() > FEW_KEYS || floats || rows <= FEW_KEYS {
            return None;
        }
        let mut any: Option<BooleanArray> = None;
        for number in self.numbers.values() {
            let mut all: Option<BooleanArray> = None;
            for (column, key) in columns.iter().zip(&self.columns) {
                let key = Scalar::new(key.slice(*number as usize, 1));
                let equal = eq(column, &key).ok()?;
                all = Some(match all {
                    Some(all) => and(&all, &equal).ok()?,
                    None => equal,
                });
            }
            let all = all?;
            any = Some(match any {
                Some(any) => or(&any, &all).ok()?,
                None => all,
            });
        }
        let any = any?;
        let set = (0..any.len()).filter(|row| any.is_valid(*row) && any.value(*row));
        Some(UInt32Array::from_iter_values(set.map(|row| row as u32)))
    }

    /// Calls `each` with each row that has no null, and its key.
    fn each_row(
        &self,
        columns: &[ArrayRef],
        mut each: impl FnMut(u32, &[u8]) -> ControlFlow<()>,
    ) -> Result<()> {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut nulls = None;
        for column in columns {
            nulls = NullBuffer::union(nulls.as_ref(), column.logical_nulls().as_ref());
        }
        for start in (0..rows).step_by(STEP) {
            let length = STEP.min(rows - start);
            let step: Vec<_> = columns.iter().map(|column| canonical(&column.slice(start, length))).collect();
            let keys = self.converter.convert_columns(&step).map_err(failed)?;
            for (row, key) in keys.iter().enumerate() {
                let row = start + row;
                if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row))
                    && each(row as u32, key.data()).is_break()
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// A column as one of another type. A value that the type does not have is null: it is equal to none of that type.
pub(crate) fn typed(column: &ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    let given = column.data_type();
    if given == wanted {
        return Ok(column.clone());
    }
    let typed = cast(column, wanted).map_err(failed)?;
    // A cast may round, and cut off a time of day.
    let back = cast(&typed, given).map_err(failed)?;
    let other = distinct(&back, column).map_err(failed)?;
    if other.true_count() == 0 {
        return Ok(typed);
    }
    nullif(&typed, &other).map_err(failed)
}

fn failed(error: arrow::error::ArrowError) -> Error {
    Error::arrow(Path::new("keys"), error)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int32Array, Int64Array, StringArray};

    use super::*;

    fn matches(set: &KeySet, columns: &[ArrayRef]) -> Vec<(u32, u32)> {
        let mut all = Vec::new();
        set.each_match(columns, |row, key| {
            all.push((row, key));
            ControlFlow::Continue(())
        })
        .unwrap();
        all
    }

    #[test]
    fn a_null_is_no_key_and_has_none() {
        let set =
            KeySet::new(vec![Arc::new(Int32Array::from(vec![Some(1), None, Some(2), Some(1)]))]).unwrap();
        assert_eq!((set.len(), set.numbers()), (2, vec![0, 2]));
        let column: ArrayRef = Arc::new(Int32Array::from(vec![None, Some(2), Some(3), Some(1)]));
        assert_eq!(matches(&set, &[column]), [(1, 2), (3, 0)]);
    }

    #[test]
    fn few_keys_and_many_find_the_same() {
        let few = KeySet::new(vec![
            Arc::new(Int32Array::from(vec![1, 2])),
            Arc::new(StringArray::from(vec!["a", "b"])),
        ])
        .unwrap();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from((0..40).map(|row| row % 4).collect::<Vec<_>>())),
            Arc::new(StringArray::from((0..40).map(|row| ["a", "b"][row % 2]).collect::<Vec<_>>())),
        ];
        // (1, b), (2, a) and the like are no keys.
        assert!(matches(&few, &columns).is_empty());
        let found: Vec<_> = (0..40).filter(|row| row % 4 == 1).map(|row| (row, 0)).collect();
        let swapped: Vec<ArrayRef> = vec![
            columns[0].clone(),
            Arc::new(StringArray::from((0..40).map(|row| ["b", "a"][row % 2]).collect::<Vec<_>>())),
        ];
        assert_eq!(
            matches(&few, &swapped).iter().filter(|(_, key)| *key == 0).copied().collect::<Vec<_>>(),
            found
        );
        assert_eq!(matches(&few, &swapped).len(), 20);
    }

    #[test]
    fn what_does_not_fit_the_keys_type_is_none_of_them() {
        let set = KeySet::new(vec![Arc::new(Int32Array::from(vec![1]))]).unwrap();
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 1 << 40]));
        assert_eq!(matches(&set, &[column]), [(0, 0)]);
        let column: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 1.25]));
        assert_eq!(matches(&set, &[column]), [(0, 0)]);
    }
}
