//! Inner products of a query's int8 codes with codes of four bits, two a byte.
//!
//! A code `c` of -7 to 7 is stored as `c + 8`, so that AVX-512 VNNI takes it for the unsigned side as it is, and `8·Σq` comes off
//! again. A block of 64 bytes holds 128 codes: byte `i` the code `i` in its low half and the code `64 + i` in its high half, so both
//! halves lie in the order of the query. Other machines unpack a block and multiply it as int8 codes. Invariant: sums are
//! exact, so all of them give the same number.

use super::codes::{self, AHEAD};

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// Codes of a block.
pub(crate) const BLOCK_CODES: usize = 2 * BLOCK;

/// The greatest code; the least is its opposite.
pub(crate) const GREATEST: i8 = 7;

/// What is added to a code so that it is not negative.
const MOVED: i8 = 8;

/// Appends codes, as whole blocks; what is missing in the last is filled with zeros.
pub(crate) fn pack(codes: impl IntoIterator<Item = i8>, out: &mut Vec<u8>) {
    let nibble = |code: i8| (code.clamp(-GREATEST, GREATEST) + MOVED).cast_unsigned();
    const ZEROS: u8 = MOVED.cast_unsigned() << 4 | MOVED.cast_unsigned();
    let start = out.len();
    for (at, code) in codes.into_iter().enumerate() {
        let (block, within) = (at / BLOCK_CODES, at % BLOCK_CODES);
        if within == 0 {
            out.resize(out.len() + BLOCK, ZEROS);
        }
        if let Some(byte) = out.get_mut(start + block * BLOCK + within % BLOCK) {
            let code = nibble(code);
            *byte = if within < BLOCK { *byte & 0xf0 | code } else { *byte & 0x0f | code << 4 };
        }
    }
}

/// The codes of a packed vector, block by block.
pub(crate) fn unpack(packed: &[u8]) -> impl Iterator<Item = [i8; BLOCK_CODES]> + '_ {
    packed.as_chunks::<BLOCK>().0.iter().map(|block| {
        let mut codes = [0i8; BLOCK_CODES];
        let (low, high) = codes.split_at_mut(BLOCK);
        for ((low, high), &byte) in low.iter_mut().zip(high).zip(block) {
            *low = (byte & 0x0f).cast_signed() - MOVED;
            *high = (byte >> 4).cast_signed() - MOVED;
        }
        codes
    })
}

/// Inner product of two packed vectors.
#[inline]
pub(crate) fn dot(a: &[u8], b: &[u8]) -> i32 {
    #[cfg(target_arch = "x86_64")]
    if codes::has_vnni() {
        // SAFETY: the processor has AVX-512 with BW and VNNI, checked on the line above.
        return unsafe { x86::dot(a, b) };
    }
    dot_unpacked(a, b)
}

/// The same on any machine.
fn dot_unpacked(a: &[u8], b: &[u8]) -> i32 {
    unpack(a).zip(unpack(b)).map(|(a, b)| codes::dot(&a, &b)).sum()
}

/// A query's codes, ready for [`Query::dots`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Query<'a> {
    codes: &'a [i8],
    /// What moving the other side adds.
    surplus: i32,
}

impl<'a> Query<'a> {
    /// `codes` are padded with zeros to whole blocks.
    pub(crate) fn new(codes: &'a [i8]) -> Self {
        Self::of_sum(codes, codes::sum(codes))
    }

    /// The same where the codes' [`sum`](codes::sum) is known.
    pub(crate) fn of_sum(codes: &'a [i8], sum: i32) -> Self {
        Self { codes, surplus: i32::from(MOVED) * sum }
    }

    /// Appends the inner products with the vectors of these numbers, each `stride` bytes in `packed`. A number past the end gives 0.
    pub(crate) fn dots(&self, packed: &[u8], stride: usize, numbers: &[u32], out: &mut Vec<i32>) {
        #[cfg(target_arch = "x86_64")]
        if codes::has_vnni() {
            // SAFETY: the processor has AVX-512 with BW and VNNI, checked on the line above.
            return unsafe { x86::dots(self, packed, stride, numbers, out) };
        }
        self.dots_unpacked(packed, stride, numbers, out);
    }

    /// The same on any machine.
    pub(super) fn dots_unpacked(&self, packed: &[u8], stride: usize, numbers: &[u32], out: &mut Vec<i32>) {
        let (query, _) = self.codes.as_chunks::<BLOCK_CODES>();
        out.extend(numbers.iter().map(|&number| {
            let start = number as usize * stride;
            let row = packed.get(start..start + stride).unwrap_or_default();
            unpack(row).zip(query).map(|(row, query)| codes::dot(query, &row)).sum::<i32>()
        }));
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m512i, _MM_HINT_T0, _mm_prefetch, _mm512_add_epi32, _mm512_and_si512, _mm512_dpbusd_epi32,
        _mm512_loadu_si512, _mm512_reduce_add_epi32, _mm512_set1_epi8, _mm512_setzero_si512,
        _mm512_srli_epi16, _mm512_sub_epi8, _mm512_sub_epi32,
    };

    use super::{AHEAD, BLOCK, MOVED, Query};

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn dot(a: &[u8], b: &[u8]) -> i32 {
        let (half, moved) = (_mm512_set1_epi8(0x0f), _mm512_set1_epi8(MOVED));
        let load = |block: &[u8; BLOCK]| {
            // SAFETY: a block is the 64 bytes that are read.
            unsafe { _mm512_loadu_si512(block.as_ptr().cast::<__m512i>()) }
        };
        let upper = |both| _mm512_and_si512(_mm512_srli_epi16::<4>(both), half);
        let (mut sum, mut surplus) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (a, b) in a.as_chunks::<BLOCK>().0.iter().zip(b.as_chunks::<BLOCK>().0) {
            let (a, b) = (load(a), load(b));
            let low = _mm512_sub_epi8(_mm512_and_si512(b, half), moved);
            let high = _mm512_sub_epi8(upper(b), moved);
            sum = _mm512_dpbusd_epi32(sum, _mm512_and_si512(a, half), low);
            sum = _mm512_dpbusd_epi32(sum, upper(a), high);
            surplus = _mm512_dpbusd_epi32(surplus, moved, low);
            surplus = _mm512_dpbusd_epi32(surplus, moved, high);
        }
        _mm512_reduce_add_epi32(_mm512_sub_epi32(sum, surplus))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    pub(super) fn dots(query: &Query<'_>, packed: &[u8], stride: usize, numbers: &[u32], out: &mut Vec<i32>) {
        let place = |number: u32| number as usize * stride..(number as usize + 1) * stride;
        let half = _mm512_set1_epi8(0x0f);
        let load = |bytes: *const u8| {
            // SAFETY: the callers below give the beginning of 64 bytes.
            unsafe { _mm512_loadu_si512(bytes.cast::<__m512i>()) }
        };
        let fetch = |number: u32| {
            for line in packed.get(place(number)).unwrap_or_default().chunks(BLOCK) {
                _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast::<i8>());
            }
        };
        numbers.iter().take(AHEAD).copied().for_each(fetch);
        let (query_blocks, _) = query.codes.as_chunks::<BLOCK>();
        let (query_pairs, _) = query_blocks.as_chunks::<2>();
        for (at, &number) in numbers.iter().enumerate() {
            if let Some(&ahead) = numbers.get(at + AHEAD) {
                fetch(ahead);
            }
            let Some(row) = packed.get(place(number)) else {
                out.push(0);
                continue;
            };
            let (mut lows, mut highs) = (_mm512_setzero_si512(), _mm512_setzero_si512());
            for (block, [low, high]) in row.as_chunks::<BLOCK>().0.iter().zip(query_pairs) {
                let both = load(block.as_ptr());
                let upper = _mm512_and_si512(_mm512_srli_epi16::<4>(both), half);
                lows =
                    _mm512_dpbusd_epi32(lows, _mm512_and_si512(both, half), load(low.as_ptr().cast::<u8>()));
                highs = _mm512_dpbusd_epi32(highs, upper, load(high.as_ptr().cast::<u8>()));
            }
            out.push(_mm512_reduce_add_epi32(_mm512_add_epi32(lows, highs)) - query.surplus);
        }
    }
}

#[cfg(test)]
#[allow(clippy::indexing_slicing, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_come_back_as_they_were_packed() {
        let codes: Vec<i8> = (0..300).map(|at| (at % 15) as i8 - 7).collect();
        let mut packed = Vec::new();
        pack(codes.iter().copied(), &mut packed);
        assert_eq!(packed.len(), 3 * BLOCK);
        let unpacked: Vec<i8> = unpack(&packed).flatten().collect();
        assert_eq!(unpacked[..300], codes[..]);
        assert!(unpacked[300..].iter().all(|&code| code == 0));
    }

    proptest! {
        #[test]
        fn a_query_is_multiplied_with_each_packed_vector_alike(
            dimensions in 1usize..900, rows in 1usize..20, seed in 0u64..1000,
        ) {
            let mut state = seed;
            let mut below = |limit: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                ((state >> 33) % limit) as i16
            };
            let vectors: Vec<Vec<i8>> =
                (0..rows).map(|_| (0..dimensions).map(|_| (below(15) - 7) as i8).collect()).collect();
            let mut query: Vec<i8> = (0..dimensions).map(|_| (below(255) - 127) as i8).collect();
            query.resize(dimensions.next_multiple_of(BLOCK_CODES), 0);
            let mut packed = Vec::new();
            vectors.iter().for_each(|vector| pack(vector.iter().copied(), &mut packed));
            let stride = packed.len() / rows;
            let numbers: Vec<u32> = (0..rows as u32).rev().chain([rows as u32, 0]).collect();
            let expected: Vec<i32> = numbers.iter().map(|&number| {
                let row = vectors.get(number as usize).map_or(&[][..], Vec::as_slice);
                row.iter().zip(&query).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
            }).collect();
            let (mut dots, mut unpacked) = (Vec::new(), Vec::new());
            Query::new(&query).dots(&packed, stride, &numbers, &mut dots);
            Query::new(&query).dots_unpacked(&packed, stride, &numbers, &mut unpacked);
            prop_assert_eq!(&dots, &expected);
            prop_assert_eq!(unpacked, expected);
            let (first, last) = (&packed[..stride], &packed[packed.len() - stride..]);
            let expected: i32 =
                vectors[0].iter().zip(&vectors[rows - 1]).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum();
            prop_assert_eq!(dot(first, last), expected);
            prop_assert_eq!(dot_unpacked(first, last), expected);
        }
    }

    #[test]
    fn the_greatest_codes_of_the_longest_vectors_do_not_overflow() {
        for code in [GREATEST, -GREATEST] {
            let mut packed = Vec::new();
            pack(vec![code; 16_000], &mut packed);
            let (query, mut dots) = (vec![-127i8; 16_000], Vec::new());
            Query::new(&query).dots(&packed, packed.len(), &[0], &mut dots);
            assert_eq!(dots, [-127 * 16_000 * i32::from(code)]);
        }
    }
}
