//! Inner products of int8 codes: of two vectors, and of a query with many at a time.
//!
//! AVX-512 VNNI multiplies unsigned by signed bytes, so one side is moved by 128 and the surplus taken off again:
//! `(a + 128)·b - 128·Σb`. Other machines take SimSIMD's kernels (AVX2, NEON, portable). Invariant: sums are exact,
//! so all of them give the same number.

use simsimd::SpatialSimilarity;

/// Vectors whose codes are asked for ahead of the one that is multiplied: memory answers in about the time that three take.
pub(super) const AHEAD: usize = 4;

/// A query's codes, ready for [`Query::dots`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    codes: &'a [i8],
    /// What moving the other side by 128 adds.
    surplus: i32,
}

/// The sum of some codes.
pub(crate) fn sum(codes: &[i8]) -> i32 {
    codes.iter().map(|&code| i32::from(code)).sum()
}

/// Bytes as the codes that they are.
#[inline]
pub(crate) fn signed(bytes: &[u8]) -> &[i8] {
    // SAFETY: i8 has the size, alignment and valid bit patterns of u8; length and lifetime stay.
    unsafe { std::slice::from_raw_parts(bytes.as_ptr().cast::<i8>(), bytes.len()) }
}

impl<'a> Query<'a> {
    /// `codes` may be padded with zeros to the stride of those it is compared with.
    pub(crate) fn new(codes: &'a [i8]) -> Self {
        Self::of_sum(codes, sum(codes))
    }

    /// The same where the codes' [`sum`] is known.
    pub(crate) fn of_sum(codes: &'a [i8], sum: i32) -> Self {
        Self { codes, surplus: 128 * sum }
    }

    /// Appends the inner products with the vectors of these numbers, each `stride` codes in `codes`. A number past the end
    /// gives 0.
    pub(crate) fn dots(&self, codes: &[i8], stride: usize, numbers: &[u32], out: &mut Vec<i32>) {
        #[cfg(target_arch = "x86_64")]
        if self.codes.len() == stride && stride.is_multiple_of(64) && has_vnni() {
            // SAFETY: the processor has AVX-512 with BW and VNNI, checked on the line above.
            return unsafe { x86::dots(self, codes, stride, numbers, out) };
        }
        out.extend(numbers.iter().map(|&number| {
            let start = number as usize * stride;
            codes.get(start..start + stride).map_or(0, |codes| dot(self.codes, codes))
        }));
    }
}

/// Inner product of two vectors of codes.
#[inline]
pub(crate) fn dot(a: &[i8], b: &[i8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if has_vnni() {
        // SAFETY: the processor has AVX-512 with BW and VNNI, checked on the line above.
        return unsafe { x86::dot(a, b) };
    }
    let len = a.len().min(b.len());
    let (a, b) = (a.get(..len).unwrap_or(a), b.get(..len).unwrap_or(b));
    <i8 as SpatialSimilarity>::dot(a, b).unwrap_or(0.0) as i32
}

#[cfg(target_arch = "x86_64")]
#[inline]
pub(super) fn has_vnni() -> bool {
    std::arch::is_x86_feature_detected!("avx512vnni") && std::arch::is_x86_feature_detected!("avx512bw")
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512i, _MM_HINT_T0, _mm_prefetch, _mm512_add_epi32, _mm512_dpbusd_epi32, _mm512_loadu_si512,
        _mm512_maskz_loadu_epi8, _mm512_reduce_add_epi32, _mm512_set1_epi8, _mm512_setzero_si512,
        _mm512_sub_epi32, _mm512_xor_si512,
    };

    use super::{AHEAD, Query};

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn load(codes: &[i8; 64]) -> __m512i {
        // SAFETY: 64 codes are the 64 bytes that are read.
        unsafe { _mm512_loadu_si512(codes.as_ptr().cast::<__m512i>()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn load_rest(codes: &[i8]) -> __m512i {
        let mask = u64::MAX.checked_shr(64 - codes.len().min(63) as u32).unwrap_or(0);
        // SAFETY: the mask has a bit for each code that there is; other bytes are not read.
        unsafe { _mm512_maskz_loadu_epi8(mask, codes.as_ptr()) }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn dot(a: &[i8], b: &[i8]) -> i32 {
        let len = a.len().min(b.len());
        let (a, b) = (a.get(..len).unwrap_or(a), b.get(..len).unwrap_or(b));
        let moved = _mm512_set1_epi8(-128);
        let (mut sum, mut surplus) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<64>(), b.as_chunks::<64>());
        for (a, b) in a_blocks.iter().zip(b_blocks) {
            let b = load(b);
            sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(load(a), moved), b);
            surplus = _mm512_dpbusd_epi32(surplus, moved, b);
        }
        if !a_rest.is_empty() {
            let b = load_rest(b_rest);
            sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(load_rest(a_rest), moved), b);
            surplus = _mm512_dpbusd_epi32(surplus, moved, b);
        }
        _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, surplus))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn dots(query: &Query<'_>, codes: &[i8], stride: usize, numbers: &[u32], out: &mut Vec<i32>) {
        let place = |number: u32| number as usize * stride..(number as usize + 1) * stride;
        let moved = _mm512_set1_epi8(-128);
        let fetch = |number: u32| {
            for line in codes.get(place(number)).unwrap_or_default().chunks(64) {
                _mm_prefetch::<_MM_HINT_T0>(line.as_ptr());
            }
        };
        numbers.iter().take(AHEAD).copied().for_each(fetch);
        let (query_blocks, _) = query.codes.as_chunks::<64>();
        for (at, &number) in numbers.iter().enumerate() {
            if let Some(&ahead) = numbers.get(at + AHEAD) {
                fetch(ahead);
            }
            let Some(row) = codes.get(place(number)) else {
                out.push(0);
                continue;
            };
            let (row_blocks, _) = row.as_chunks::<64>();
            let mut sums = [_mm512_setzero_si512(); 4];
            let (row_fours, row_rest) = row_blocks.as_chunks::<4>();
            let (query_fours, query_rest) = query_blocks.as_chunks::<4>();
            for (row, query) in row_fours.iter().zip(query_fours) {
                for ((sum, row), query) in sums.iter_mut().zip(row).zip(query) {
                    *sum = _mm512_dpbusd_epi32(*sum, _mm512_xor_si512(load(row), moved), load(query));
                }
            }
            for ((sum, row), query) in sums.iter_mut().zip(row_rest).zip(query_rest) {
                *sum = _mm512_dpbusd_epi32(*sum, _mm512_xor_si512(load(row), moved), load(query));
            }
            let [a, b, c, d] = sums;
            let sum = _mm512_add_epi32(_mm512_add_epi32(a, b), _mm512_add_epi32(c, d));
            out.push(_mm512_reduce_add_epi32(sum) - query.surplus);
        }
    }
}
