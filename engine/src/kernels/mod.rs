//! The inner loops: sums over two slices, with the instructions chosen at run time.
//!
//! They know nothing of metrics, scales or rows. Dot products and squared L2 of `f32` come from SimSIMD; what it
//! lacks is here, compiled once for each instruction set: inner products of codes, L1, and `f32` against half precision.
//! Invariant: slices of different lengths are compared over the shorter length; nothing panics.

pub(crate) mod codes;
pub(crate) mod half;
mod l1;
pub(crate) mod nibbles;

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

/// Asks for memory to be fetched into the cache.
#[inline]
pub(crate) fn prefetch<T>(memory: &[T]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        for offset in (0..size_of_val(memory)).step_by(64) {
            // SAFETY: prefetching has no effect but on caches; the offset is below the slice's length besides.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(memory.as_ptr().cast::<i8>().add(offset)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = memory;
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests;
