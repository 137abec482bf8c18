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
    let too_big = || ArrowError::InvalidArgumentError(format!("{} rows of {dimensions}", texts.len()));
    let size = i32::try_from(dimensions).map_err(|_| too_big())?;
    let elements = texts.len().checked_mul(dimensions).ok_or_else(too_big)?;
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
    let nulls =
        texts.iter().any(Option::is_none).then(|| NullBuffer::from_iter(texts.iter().map(Option::is_some)));
    let field = Arc::new(Field::new_list_field(DataType::Float32, true));
    Ok(FixedSizeListArray::try_new(field, size, Arc::new(Float32Array::from(values)), nulls)?)
}
