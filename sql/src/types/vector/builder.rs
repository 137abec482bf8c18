//! Makes columns of vectors, a row at a time.
//!
//! Invariant: each row that is there has at least one number, at most [`MAX_DIMENSIONS`], all of them finite, and as many
//! as the type says where it says so.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, Float16Array, Float32Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, FieldRef, Float16Type};

use bytes::BytesMut;

use super::{MAX_DIMENSIONS, VectorKind, dimensions_differ};
use crate::sqlstate::SqlState;
use crate::text::number::write_f32;
use crate::{Error, Result};

/// See the module.
pub(crate) struct Builder {
    kind: VectorKind,
    item: FieldRef,
    /// The dimensions of the type.
    expected: Option<usize>,
    numbers: Vec<f32>,
    lengths: Vec<usize>,
    valid: Vec<bool>,
}

impl Builder {
    /// Vectors as a field holds them; `None` for a field that holds others.
    pub(crate) fn of(field: &Field) -> Option<Self> {
        let kind = VectorKind::of(field)?;
        let (item, expected) = match field.data_type() {
            DataType::FixedSizeList(item, dimensions) => (item, usize::try_from(*dimensions).ok()),
            DataType::List(item) => (item, None),
            _ => return None,
        };
        let (numbers, lengths, valid) = (Vec::new(), Vec::new(), Vec::new());
        Some(Self { kind, item: item.clone(), expected, numbers, lengths, valid })
    }

    /// A NULL.
    pub(crate) fn push_null(&mut self) {
        // A list of a fixed size has a place for it.
        let filled = self.expected.unwrap_or(0);
        self.numbers.extend(std::iter::repeat_n(0.0, filled));
        self.lengths.push(filled);
        self.valid.push(false);
    }

    /// A vector of the numbers that `write` appends.
    ///
    /// # Errors
    /// What `write` gives; 22000 where there are none, or more or fewer than the type says, or one is not finite;
    /// 54000 where there are too many.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<f32>) -> Result<()>) -> Result<()> {
        let before = self.numbers.len();
        let length = write(&mut self.numbers).and_then(|()| self.checked(before));
        // Of a row at fault nothing is kept.
        let length = length.inspect_err(|_| self.numbers.truncate(before))?;
        self.lengths.push(length);
        self.valid.push(true);
        Ok(())
    }

    /// How many numbers there are behind a place, if a vector may have these.
    fn checked(&self, before: usize) -> Result<usize> {
        let written = self.numbers.get(before..).unwrap_or_default();
        check(self.kind, written.len())?;
        if let Some(expected) = self.expected.filter(|expected| *expected != written.len()) {
            return Err(dimensions_differ(expected, written.len()));
        }
        for number in written {
            check_element(self.kind, *number)?;
        }
        Ok(written.len())
    }

    /// All rows: a list of a fixed size where the type has dimensions.
    ///
    /// # Errors
    /// 22003 for a number that half precision cannot hold.
    pub(crate) fn finish(self) -> Result<ArrayRef> {
        let nulls = Some(NullBuffer::from(self.valid)).filter(|nulls| nulls.null_count() > 0);
        let numbers: ArrayRef = match self.kind {
            VectorKind::Vector => Arc::new(Float32Array::from(self.numbers)),
            VectorKind::Half => {
                let halves = self.numbers.into_iter().map(half).collect::<Result<Vec<_>>>()?;
                Arc::new(Float16Array::from(halves))
            }
        };
        Ok(match self.expected {
            Some(dimensions) => {
                let dimensions =
                    i32::try_from(dimensions).map_err(|_| Error::internal("too many dimensions"))?;
                Arc::new(FixedSizeListArray::try_new(self.item, dimensions, numbers, nulls)?)
            }
            None => {
                let offsets = OffsetBuffer::from_lengths(self.lengths);
                Arc::new(ListArray::try_new(self.item, offsets, numbers, nulls)?)
            }
        })
    }
}

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// A number in half precision.
fn half(number: f32) -> Result<Half> {
    let half = Half::from_f32(number);
    if half.is_infinite() { Err(out_of_range(VectorKind::Half, &shortest(number))) } else { Ok(half) }
}

/// A number as its text is printed.
fn shortest(number: f32) -> String {
    let mut text = BytesMut::new();
    write_f32(number, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A number as half precision keeps it, infinite where it holds none so large.
pub(crate) fn rounded(number: f32) -> f32 {
    Half::from_f32(number).to_f32()
}

/// The error for a number that the type cannot hold, in pgvector's words.
pub(crate) fn out_of_range(kind: VectorKind, number: &str) -> Error {
    let name = kind.name();
    Error::new(SqlState::NumericValueOutOfRange, format!("\"{number}\" is out of range for type {name}"))
}

/// Whether a vector can have so many dimensions.
fn check(kind: VectorKind, dimensions: usize) -> Result<()> {
    let name = kind.name();
    if dimensions == 0 {
        return Err(Error::new(SqlState::DataException, format!("{name} must have at least 1 dimension")));
    }
    if dimensions > MAX_DIMENSIONS {
        let message = format!("{name} cannot have more than {MAX_DIMENSIONS} dimensions");
        return Err(Error::new(SqlState::ProgramLimitExceeded, message));
    }
    Ok(())
}

fn check_element(kind: VectorKind, number: f32) -> Result<()> {
    let name = kind.name();
    if number.is_nan() {
        return Err(Error::new(SqlState::DataException, format!("NaN not allowed in {name}")));
    }
    if number.is_infinite() {
        return Err(Error::new(SqlState::DataException, format!("infinite value not allowed in {name}")));
    }
    Ok(())
}
