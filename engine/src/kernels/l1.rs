//! L1 distance of `f32` vectors and of scaled int8 codes, compiled for AVX-512, AVX2 and portably.
//!
//! The loops are written over fixed lanes, which the compiler turns into vector instructions; there are
//! no intrinsics to keep in step. Invariant: all compilations add in the same order, so that every
//! machine gets the same bits.

/// Accumulators in flight. 32 `f32` are two AVX-512 or four AVX2 registers: enough to hide the latency of an add.
const LANES: usize = 32;

/// Sum of absolute differences of two `f32` vectors.
#[inline]
pub(crate) fn l1(a: &[f32], b: &[f32]) -> f64 {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, checked on the line above.
            return unsafe { l1_avx512(a, b) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, checked on the line above.
            return unsafe { l1_avx2(a, b) };
        }
    }
    l1_lanes(a, b)
}

/// Sum of absolute differences of two code vectors, each multiplied by its own scale.
#[inline]
pub(crate) fn l1_scaled(a: &[i8], a_scale: f32, b: &[i8], b_scale: f32) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F, checked on the line above.
            return unsafe { l1_scaled_avx512(a, a_scale, b, b_scale) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2, checked on the line above.
            return unsafe { l1_scaled_avx2(a, a_scale, b, b_scale) };
        }
    }
    l1_scaled_lanes(a, a_scale, b, b_scale)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn l1_avx512(a: &[f32], b: &[f32]) -> f64 {
    l1_lanes(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn l1_avx2(a: &[f32], b: &[f32]) -> f64 {
    l1_lanes(a, b)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn l1_scaled_avx512(a: &[i8], a_scale: f32, b: &[i8], b_scale: f32) -> f32 {
    l1_scaled_lanes(a, a_scale, b, b_scale)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn l1_scaled_avx2(a: &[i8], a_scale: f32, b: &[i8], b_scale: f32) -> f32 {
    l1_scaled_lanes(a, a_scale, b, b_scale)
}

#[inline(always)]
fn l1_lanes(a: &[f32], b: &[f32]) -> f64 {
    let len = a.len().min(b.len());
    let (a, b) = (a.get(..len).unwrap_or(a), b.get(..len).unwrap_or(b));
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (a - b).abs();
        }
    }
    for ((sum, a), b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += (a - b).abs();
    }
    sums.iter().map(|&sum| f64::from(sum)).sum()
}

#[inline(always)]
fn l1_scaled_lanes(a: &[i8], a_scale: f32, b: &[i8], b_scale: f32) -> f32 {
    let len = a.len().min(b.len());
    let (a, b) = (a.get(..len).unwrap_or(a), b.get(..len).unwrap_or(b));
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0f32; LANES];
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
            *sum += (f32::from(a) * a_scale - f32::from(b) * b_scale).abs();
        }
    }
    for ((sum, &a), &b) in sums.iter_mut().zip(a_rest).zip(b_rest) {
        *sum += (f32::from(a) * a_scale - f32::from(b) * b_scale).abs();
    }
    sums.iter().sum()
}
