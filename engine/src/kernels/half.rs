//! Sums over an `f32` query and a row of half precision, which is widened in registers.
//!
//! SimSIMD compares half precision with half precision alone; a query keeps its 24 bits here. The loops run over
//! fixed lanes, compiled for AVX-512 and for AVX2 with F16C; elsewhere the `half` crate widens a block, and the
//! compiler makes NEON of the same loops. Invariant: all compilations add in the same order, so that every machine
//! gets the same bits.

use half::{f16, slice::HalfFloatSliceExt};

/// Accumulators in flight, as in [`l1`](super::l1).
const LANES: usize = 32;

/// Inner product of a query and a row.
#[inline]
pub(crate) fn dot(query: &[f32], row: &[f16]) -> f64 {
    sum::<Dot>(query, row)
}

/// Squared length of a row.
#[inline]
pub(crate) fn squares(row: &[f16]) -> f64 {
    sum::<Squares>(&[], row)
}

/// Squared Euclidean distance of a query and a row.
#[inline]
pub(crate) fn squared_l2(query: &[f32], row: &[f16]) -> f64 {
    sum::<SquaredL2>(query, row)
}

/// Sum of absolute differences of a query and a row.
#[inline]
pub(crate) fn l1(query: &[f32], row: &[f16]) -> f64 {
    sum::<L1>(query, row)
}

/// The elements of a row as `f32`; of different lengths, the common beginning.
pub(crate) fn widen(row: &[f16], wide: &mut [f32]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("f16c") {
        // SAFETY: the processor has AVX2 and F16C, checked on the line above.
        return unsafe { x86::widen(row, wide) };
    }
    wide.iter_mut().zip(row).for_each(|(wide, half)| *wide = half.to_f32());
}

/// What is summed up for each pair of elements.
trait Term {
    /// Whether the query counts.
    const PAIRED: bool = true;
    fn term(query: f32, row: f32) -> f32;
}

struct Dot;
struct Squares;
struct SquaredL2;
struct L1;

impl Term for Dot {
    #[inline(always)]
    fn term(query: f32, row: f32) -> f32 {
        query * row
    }
}

impl Term for Squares {
    const PAIRED: bool = false;
    #[inline(always)]
    fn term(_: f32, row: f32) -> f32 {
        row * row
    }
}

impl Term for SquaredL2 {
    #[inline(always)]
    fn term(query: f32, row: f32) -> f32 {
        (query - row) * (query - row)
    }
}

impl Term for L1 {
    #[inline(always)]
    fn term(query: f32, row: f32) -> f32 {
        (query - row).abs()
    }
}

#[inline]
fn sum<T: Term>(query: &[f32], row: &[f16]) -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, checked on the line above.
            return unsafe { x86::sum_avx512::<T>(query, row) };
        }
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("f16c") {
            // SAFETY: the processor has AVX2 and F16C, checked on the line above.
            return unsafe { x86::sum_avx2::<T>(query, row) };
        }
    }
    sum_portable::<T>(query, row)
}

/// The loop, over blocks that `$widen` turns into `f32`.
macro_rules! sum_lanes {
    ($term:ty, $query:expr, $row:expr, $widen:expr) => {{
        let (query, row): (&[f32], &[f16]) = ($query, $row);
        let len = if <$term>::PAIRED { query.len().min(row.len()) } else { row.len() };
        let row = row.get(..len).unwrap_or(row);
        let (row_blocks, row_rest) = row.as_chunks::<LANES>();
        let (query_blocks, query_rest) = query.get(..len).unwrap_or_default().as_chunks::<LANES>();
        let mut sums = [0.0f32; LANES];
        for (number, row) in row_blocks.iter().enumerate() {
            let row: [f32; LANES] = $widen(row);
            let query = query_blocks.get(number).unwrap_or(&[0.0; LANES]);
            for ((sum, row), query) in sums.iter_mut().zip(row).zip(query) {
                *sum += <$term>::term(*query, row);
            }
        }
        for (number, (sum, row)) in sums.iter_mut().zip(row_rest).enumerate() {
            *sum += <$term>::term(query_rest.get(number).copied().unwrap_or(0.0), row.to_f32());
        }
        sums.iter().map(|&sum| f64::from(sum)).sum::<f64>()
    }};
}

fn sum_portable<T: Term>(query: &[f32], row: &[f16]) -> f64 {
    let widen = |block: &[f16; LANES]| {
        let mut wide = [0.0f32; LANES];
        block.convert_to_f32_slice(&mut wide);
        wide
    };
    sum_lanes!(T, query, row, widen)
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_cvtph_ps, _mm256_loadu_si256, _mm256_storeu_ps,
        _mm512_cvtph_ps, _mm512_storeu_ps,
    };

    use super::{LANES, Term, f16};

    #[target_feature(enable = "avx512f")]
    pub(super) fn sum_avx512<T: Term>(query: &[f32], row: &[f16]) -> f64 {
        sum_lanes!(T, query, row, widen_avx512)
    }

    #[target_feature(enable = "avx2,f16c")]
    pub(super) fn sum_avx2<T: Term>(query: &[f32], row: &[f16]) -> f64 {
        sum_lanes!(T, query, row, widen_avx2)
    }

    #[target_feature(enable = "avx2,f16c")]
    pub(super) fn widen(row: &[f16], wide: &mut [f32]) {
        let (from, from_rest) = row.as_chunks::<LANES>();
        let blocks = from.len().min(wide.len() / LANES);
        let (to, to_rest) = wide.split_at_mut(blocks * LANES);
        for (from, to) in from.iter().zip(to.as_chunks_mut::<LANES>().0) {
            *to = widen_avx2(from);
        }
        let rest = from.iter().skip(blocks).flatten().chain(from_rest);
        to_rest.iter_mut().zip(rest).for_each(|(wide, half)| *wide = half.to_f32());
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn widen_avx512(block: &[f16; LANES]) -> [f32; LANES] {
        let mut wide = [0.0f32; LANES];
        for (from, to) in block.as_chunks::<16>().0.iter().zip(wide.as_chunks_mut::<16>().0) {
            // SAFETY: 16 halves are the 32 bytes that are read, 16 floats the 64 bytes that are written.
            unsafe {
                let halves = _mm256_loadu_si256(from.as_ptr().cast::<__m256i>());
                _mm512_storeu_ps(to.as_mut_ptr(), _mm512_cvtph_ps(halves));
            }
        }
        wide
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    fn widen_avx2(block: &[f16; LANES]) -> [f32; LANES] {
        let mut wide = [0.0f32; LANES];
        for (from, to) in block.as_chunks::<8>().0.iter().zip(wide.as_chunks_mut::<8>().0) {
            // SAFETY: 8 halves are the 16 bytes that are read, 8 floats the 32 bytes that are written.
            unsafe {
                let halves = _mm_loadu_si128(from.as_ptr().cast::<__m128i>());
                _mm256_storeu_ps(to.as_mut_ptr(), _mm256_cvtph_ps(halves));
            }
        }
        wide
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every compilation that this machine can run.
    fn compilations<T: Term>(query: &[f32], row: &[f16]) -> Vec<f64> {
        let mut sums = vec![sum_portable::<T>(query, row), sum::<T>(query, row)];
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("f16c") {
            // SAFETY: the processor has AVX2 and F16C, checked on the line above.
            sums.push(unsafe { x86::sum_avx2::<T>(query, row) });
        }
        sums
    }

    fn check<T: Term>(query: &[f32], row: &[f16]) {
        let terms = row.iter().enumerate().map(|(at, row)| {
            let (a, b) = (f64::from(*query.get(at).unwrap_or(&0.0)), f64::from(*row));
            (a, b)
        });
        let (mut expected, mut size) = (0.0, 0.0);
        for (a, b) in terms {
            let term = f64::from(T::term(a as f32, b as f32));
            expected += term;
            size += term.abs();
        }
        let sums = compilations::<T>(query, row);
        for sum in &sums {
            assert_eq!(sum.to_bits(), sums[0].to_bits(), "the same bits everywhere");
            assert!((sum - expected).abs() <= 1e-5 * size + 1e-6, "{sum} is not {expected}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn half_kernels_agree_with_f64(
            elements in proptest::collection::vec((-100.0f32..100.0, -60_000.0f32..60_000.0), 0..200),
            skip in 0usize..4,
        ) {
            let query: Vec<f32> = elements.iter().map(|it| it.0).collect();
            let row: Vec<f16> = elements.iter().map(|it| f16::from_f32(it.1)).collect();
            let skip = skip.min(row.len());
            let (query, row) = (&query[skip..], &row[skip..]);
            check::<Dot>(query, row);
            check::<SquaredL2>(query, row);
            check::<L1>(query, row);
            check::<Squares>(&[], row);
            let mut wide = vec![0.0; row.len()];
            widen(row, &mut wide);
            prop_assert!(wide.iter().zip(row).all(|(wide, half)| *wide == half.to_f32()));
        }
    }
}
