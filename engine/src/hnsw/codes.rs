//! Quantisation: `f32` vectors to int8 codes, each with a scale and a squared length.
//!
//! It is not the distance between codes (see `distance`). A vector `v` becomes `t = (v - centre) * factor`,
//! then `codes = round(t * 127 / max|t|)`, so that `t ≈ codes * scale`. The scale is the vector's own: one
//! outlier costs the others nothing. The centre (of L2 and L1, which do not change when all vectors move)
//! is the mean, so that vectors far from the origin still use all 256 steps.
//!
//! Invariant: scales and squared lengths are finite and not negative; a code is never -128.

use crate::{Metric, Result, Vectors, kernels::nibbles, row::RowBuffer};

/// Magnitudes between these need no factor: their squares are far from `f32`'s limits.
const MODERATE: std::ops::Range<f64> = 1e-12..1e12;

/// How the vectors of one graph become codes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantizer {
    pub(super) metric: Metric,
    /// What is subtracted from each vector first.
    pub(super) centre: Vec<f32>,
    /// What each vector is multiplied with then; 1 but for extreme magnitudes.
    pub(super) factor: f32,
}

/// What belongs to a code vector besides its codes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// `codes * scale` approximates the vector; for cosine distance it approximates its direction.
    pub(super) scale: f32,
    /// The squared length of `codes * scale`.
    pub(super) squared_norm: f32,
}

/// Shares of the greatest code that is taken for the greatest of four bits; what lies beyond it becomes the greatest. Most
/// elements are small: finer steps for them are worth more than the few largest.
const CLIPS: [f32; 5] = [1.0, 0.85, 0.7, 0.55, 0.4];

/// What belongs to codes of four bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halved {
    /// `codes * scale` is as long as the vector: while nodes are linked, each is at no distance from itself.
    pub(super) linked: Scale,
    /// With this scale the inner product of `codes * scale` and the vector comes out right, and so that with vectors near to
    /// it: what searches take.
    pub(super) searched: f32,
}

/// Codes of eight bits as codes of four, appended as [`nibbles::pack`] has them.
pub(super) fn halve(codes: &[i8], scale: Scale, packed: &mut Vec<u8>) -> Halved {
    let most = codes.iter().map(|code| code.unsigned_abs()).max().unwrap_or(0);
    let greatest = f32::from(nibbles::GREATEST);
    // Adding it leaves no bits for fractions: rounding that every machine does on many numbers at a time.
    const ROUNDS: f32 = 12_582_912.0;
    let round =
        |code: i8, steps: f32| ((f32::from(code) * steps + ROUNDS) - ROUNDS).clamp(-greatest, greatest);
    // How near the halved codes are to the direction of the whole ones, and what they are multiplied with.
    let (mut nearest, mut steps, mut factor, mut length) = (f32::NEG_INFINITY, 0.0, 0.0, 0.0);
    for clip in CLIPS {
        let candidate = greatest / (f32::from(most) * clip).max(1.0);
        let (mut dot, mut own, mut whole) = (0.0f32, 0.0f32, 0.0f32);
        for &code in codes {
            let (code, rounded) = (f32::from(code), round(code, candidate));
            dot += code * rounded;
            own += rounded * rounded;
            whole += code * code;
        }
        let cosine = dot / (own * whole).sqrt();
        if cosine > nearest {
            (nearest, steps, factor, length) = (cosine, candidate, whole / dot, own.sqrt());
        }
    }
    nibbles::pack(codes.iter().map(|&code| round(code, steps) as i8), packed);
    let linked = if length > 0.0 { scale.squared_norm.sqrt() / length } else { 0.0 };
    let linked = Scale { scale: linked, squared_norm: scale.squared_norm };
    Halved { linked, searched: scale.scale * factor }
}

impl Quantizer {
    /// Learns centre and factor from all vectors.
    ///
    /// # Errors
    /// [`Error::Read`](crate::Error::Read).
    pub(super) fn fit(vectors: &Vectors<'_>, metric: Metric) -> Result<Self> {
        let mut centre = vec![0.0f32; vectors.dimensions()];
        let (mut fetched, mut buffer) = (RowBuffer::default(), Vec::new());
        if matches!(metric, Metric::Cosine) {
            return Ok(Self { metric, centre, factor: 1.0 });
        }
        if matches!(metric, Metric::L2 | Metric::L1) {
            let mut sums = vec![0.0f64; vectors.dimensions()];
            let mut count = 0.0f64;
            for row in 0..vectors.len() {
                let Some(values) = vectors.fetch(row, &mut fetched)? else { continue };
                count += 1.0;
                for (sum, &value) in sums.iter_mut().zip(values.widen(&mut buffer)) {
                    *sum += f64::from(value);
                }
            }
            for (centre, sum) in centre.iter_mut().zip(sums) {
                *centre = (sum / count.max(1.0)) as f32;
            }
        }
        let mut greatest = 0.0f64;
        for row in 0..vectors.len() {
            let Some(values) = vectors.fetch(row, &mut fetched)? else { continue };
            for (&value, &centre) in values.widen(&mut buffer).iter().zip(&centre) {
                greatest = greatest.max((f64::from(value) - f64::from(centre)).abs());
            }
        }
        // The reciprocal of a subnormal would be infinite.
        let factor = if greatest == 0.0 || MODERATE.contains(&greatest) {
            1.0
        } else {
            (1.0 / greatest).clamp(f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX)) as f32
        };
        Ok(Self { metric, centre, factor })
    }

    /// Writes the codes of `values` into `codes`, and returns what belongs to them.
    pub(super) fn encode(&self, values: &[f32], codes: &mut [i8]) -> Scale {
        let moved = |value: f32, centre: f32| (f64::from(value) - f64::from(centre)) * f64::from(self.factor);
        let greatest =
            values.iter().zip(&self.centre).fold(0.0f64, |most, (&v, &c)| most.max(moved(v, c).abs()));
        let steps = if greatest > 0.0 { 127.0 / greatest } else { 0.0 };
        let mut squares = 0.0f64;
        for ((code, &value), &centre) in codes.iter_mut().zip(values).zip(&self.centre) {
            // A float to integer cast saturates, and takes NaN (subnormal queries) to 0.
            let rounded = ((moved(value, centre) * steps).round() as i8).max(-127);
            *code = rounded;
            squares += f64::from(rounded) * f64::from(rounded);
        }
        if squares == 0.0 {
            return Scale { scale: 0.0, squared_norm: 0.0 };
        }
        if self.metric == Metric::Cosine {
            return Scale { scale: (1.0 / squares.sqrt()) as f32, squared_norm: 1.0 };
        }
        let scale = greatest / 127.0;
        // A query may lie far outside what the graph's vectors span: keep its numbers finite.
        let limit = |x: f64| x.min(f64::from(f32::MAX) / 16.0) as f32;
        Scale { scale: limit(scale), squared_norm: limit(scale * scale * squares) }
    }
}
