//! Many texts into one Arrow column.
//!
//! It knows no model. Invariant: row `i` of the result belongs to text `i`; NULL texts give NULL rows.

use std::sync::Arc;

use arrow::{
    array::{FixedSizeListArray, Float32Array},
    buffer::NullBuffer,
    datatypes::{DataType, Field},
    error::ArrowError,
};
use rayon::prelude::*;

use crate::{Error, Result};

/// Texts below which one thread does it alone: a text takes some 30 µs, handing out about as much.
const PARALLEL_TEXTS: usize = 16;

pub(super) fn embed_batch<F>(
    dimensions: usize,
    texts: &[Option<&str>],
    embed: F,
) -> Result<FixedSizeListArray>
where
    F: Fn(&str, &mut [f32]) -> Result<()> + Sync,
{
    let (size, elements) = size(texts.len(), dimensions)?;
    let mut values = vec![0.0f32; elements];
    let one = |(row, (text, out)): (usize, (&Option<&str>, &mut [f32]))| match text {
        Some(text) => embed(text, out).map_err(|error: Error| error.at_row(row as u64)),
        None => Ok(()),
    };
    if texts.len() < PARALLEL_TEXTS {
        texts.iter().zip(values.chunks_exact_mut(dimensions)).enumerate().try_for_each(one)?;
    } else {
        texts.par_iter().zip(values.par_chunks_exact_mut(dimensions)).enumerate().try_for_each(one)?;
    }
    column(size, values, texts.iter().map(Option::is_some))
}

/// Vectors that are there already, as a column.
pub(super) fn array<'a>(
    dimensions: usize,
    vectors: impl ExactSizeIterator<Item = Option<&'a [f32]>>,
) -> Result<FixedSizeListArray> {
    let (size, elements) = size(vectors.len(), dimensions)?;
    let mut values = Vec::with_capacity(elements);
    let mut valid = Vec::with_capacity(vectors.len());
    for vector in vectors {
        valid.push(vector.is_some());
        match vector {
            Some(vector) if vector.len() != dimensions => {
                return Err(Error::Dimensions { expected: dimensions, found: vector.len() });
            }
            Some(vector) => values.extend_from_slice(vector),
            None => values.resize(values.len() + dimensions, 0.0),
        }
    }
    column(size, values, valid.into_iter())
}

fn size(rows: usize, dimensions: usize) -> Result<(i32, usize)> {
    let too_big = || ArrowError::InvalidArgumentError(format!("{rows} rows of {dimensions}"));
    let size = i32::try_from(dimensions).map_err(|_| too_big())?;
    Ok((size, rows.checked_mul(dimensions).ok_or_else(too_big)?))
}

fn column(size: i32, values: Vec<f32>, valid: impl Iterator<Item = bool>) -> Result<FixedSizeListArray> {
    let valid = NullBuffer::from_iter(valid);
    let nulls = (valid.null_count() > 0).then_some(valid);
    let field = Arc::new(Field::new_list_field(DataType::Float32, true));
    Ok(FixedSizeListArray::try_new(field, size, Arc::new(Float32Array::from(values)), nulls)?)
}
