//! The inner loops: sums over two slices, with the instructions chosen at run time.
//!
//! They know nothing of metrics, scales or rows. Dot products and squared L2 of `f32` come from SimSIMD; what it
//! lacks is here, compiled once for each instruction set: L1, L1 of scaled codes, and `f32` against half precision.
//! Invariant: slices of different lengths are compared over the shorter length; nothing panics.

pub(crate) mod half;
mod l1;

pub(crate) use l1::{l1, l1_scaled};
use simsimd::SpatialSimilarity;

/// Inner product of two `f32` vectors.
#[inline]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    // SimSIMD refuses unequal lengths alone; callers cut to the common length first.
    <f32 as SpatialSimilarity>::dot(a, b).unwrap_or(f64::NAN)
}

/// Squared Euclidean distance of two `f32` vectors.
#[inline]
pub(crate) fn squared_l2(a: &[f32], b: &[f32]) -> f64 {
    <f32 as SpatialSimilarity>::sqeuclidean(a, b).unwrap_or(f64::NAN)
}

/// Inner product of two vectors of int8 codes.
#[inline]
pub(crate) fn dot_i8(a: &[i8], b: &[i8]) -> f64 {
    <i8 as SpatialSimilarity>::dot(a, b).unwrap_or(f64::NAN)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests;
