//! The four distances between vectors, and one query's distance to many rows.
//!
//! It is not the instructions themselves (see [`kernels`](crate::kernels)) and it validates nothing.
//! Invariant: for finite vectors of equal length the result is a number, except where cosine distance
//! meets a zero vector; overflow and underflow of `f32` sums are caught and computed again in `f64`.

use std::{fmt, str::FromStr};

use crate::{Error, Result, Row, kernels};

/// How far apart two vectors are. Smaller is nearer, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// `1 - cos`: 0 for the same direction, 1 for a right angle, 2 for opposite. NaN for a zero vector.
    Cosine,
    /// Euclidean distance, with the square root.
    L2,
    /// Sum of absolute differences.
    L1,
    /// The negative inner product, as pgvector's `<#>`.
    InnerProduct,
}

impl Metric {
    /// All metrics, in the order of their codes on disk.
    pub const ALL: [Metric; 4] = [Metric::Cosine, Metric::L2, Metric::L1, Metric::InnerProduct];

    /// The distance between two vectors of equal length. SIMD is chosen at run time.
    ///
    /// Of vectors of different lengths, the common beginning is compared.
    pub fn distance(self, a: &[f32], b: &[f32]) -> f32 {
        let (a, b) = common(a, b);
        QueryDistance::new(self, a).to_f64(b) as f32
    }

    /// The name, as [`FromStr`] reads it.
    pub const fn name(self) -> &'static str {
        match self {
            Metric::Cosine => "cosine",
            Metric::L2 => "l2",
            Metric::L1 => "l1",
            Metric::InnerProduct => "ip",
        }
    }

    /// The number that stands for this metric in files.
    pub(crate) const fn code(self) -> u32 {
        match self {
            Metric::Cosine => 0,
            Metric::L2 => 1,
            Metric::L1 => 2,
            Metric::InnerProduct => 3,
        }
    }

    /// The metric of a number in a file.
    pub(crate) fn from_code(code: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.code() == code)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Metric {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| Error::UnknownMetric { name: name.to_owned() })
    }
}

/// One query, ready to be compared with many rows: what depends on the query alone is computed once.
#[derive(Debug, Clone, Copy)]
pub struct QueryDistance<'a> {
    metric: Metric,
    query: &'a [f32],
    squared_norm: f64,
}

impl<'a> QueryDistance<'a> {
    /// The query under a metric.
    pub fn new(metric: Metric, query: &'a [f32]) -> Self {
        let squared_norm = if metric == Metric::Cosine { kernels::dot(query, query) } else { 0.0 };
        Self { metric, query, squared_norm }
    }

    /// The distance of `row` from the query.
    #[inline]
    pub(crate) fn to(&self, row: Row<'_>) -> f64 {
        debug_assert_eq!(self.query.len(), row.len(), "vectors of one column have one length");
        match row {
            Row::Single(row) => self.to_f64(row),
            Row::Half(row) => self.with(
                row,
                kernels::half::dot,
                |row, _| kernels::half::squares(row),
                kernels::half::squared_l2,
                kernels::half::l1,
            ),
        }
    }

    /// The same with the digits that the sums have beyond `f32`. Of vectors of different lengths, the common
    /// beginning is compared.
    #[inline]
    pub fn to_f64(&self, row: &[f32]) -> f64 {
        self.with(row, kernels::dot, kernels::dot, kernels::squared_l2, kernels::l1)
    }

    /// The distance of a row of any kind of element.
    #[inline(always)]
    fn with<T: Copy + Into<f64>>(
        &self,
        row: &[T],
        dot: impl Fn(&[f32], &[T]) -> f64,
        squares: impl Fn(&[T], &[T]) -> f64,
        squared_l2: impl Fn(&[f32], &[T]) -> f64,
        l1: impl Fn(&[f32], &[T]) -> f64,
    ) -> f64 {
        let (query, row) = common(self.query, row);
        match self.metric {
            Metric::Cosine => {
                let norms = self.squared_norm * squares(row, row);
                // Outside this range the f32 sums may have lost bits to underflow, or overflowed.
                if !(1e-20..1e20).contains(&norms) || query.len() != self.query.len() {
                    return cosine_f64(query, row);
                }
                1.0 - (dot(query, row) / norms.sqrt()).clamp(-1.0, 1.0)
            }
            Metric::L2 => {
                let squared = squared_l2(query, row);
                if !(1e-20..1e30).contains(&squared) {
                    return l2_f64(query, row);
                }
                squared.sqrt()
            }
            Metric::L1 => l1(query, row),
            Metric::InnerProduct => {
                let dot = dot(query, row);
                if !dot.is_finite() {
                    return -(pairs(query, row).map(|(a, b)| a * b).sum::<f64>());
                }
                -dot
            }
        }
    }
}

fn common<'a, T>(a: &'a [f32], b: &'a [T]) -> (&'a [f32], &'a [T]) {
    let len = a.len().min(b.len());
    (a.get(..len).unwrap_or(a), b.get(..len).unwrap_or(b))
}

fn pairs<'a, T: Copy + Into<f64>>(a: &'a [f32], b: &'a [T]) -> impl Iterator<Item = (f64, f64)> + 'a {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a), b.into()))
}

#[cold]
fn cosine_f64<T: Copy + Into<f64>>(a: &[f32], b: &[T]) -> f64 {
    let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (a, b) in pairs(a, b) {
        dot += a * b;
        aa += a * a;
        bb += b * b;
    }
    // Two roots, not the root of the product: that would underflow for subnormal vectors.
    1.0 - (dot / (f64::sqrt(aa) * f64::sqrt(bb))).clamp(-1.0, 1.0)
}

#[cold]
fn l2_f64<T: Copy + Into<f64>>(a: &[f32], b: &[T]) -> f64 {
    pairs(a, b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}
