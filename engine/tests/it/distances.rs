//! Distances against sums in `f64`, from subnormal to nearly infinite, and what names they have.

use muster_engine::{Error, Metric};
use proptest::prelude::*;

fn reference(metric: Metric, a: &[f32], b: &[f32]) -> f64 {
    let pairs = || a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)));
    let dot: f64 = pairs().map(|(a, b)| a * b).sum();
    match metric {
        Metric::Cosine => {
            let length = |v: &[f32]| v.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
            1.0 - dot / (length(a) * length(b))
        }
        Metric::L2 => pairs().map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt(),
        Metric::L1 => pairs().map(|(a, b)| (a - b).abs()).sum(),
        Metric::InnerProduct => -dot,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn agree_with_f64_at_any_magnitude(
        (a, b) in (1usize..100).prop_flat_map(|len| {
            let values = || proptest::collection::vec(-1.0f32..1.0, len);
            (values(), values())
        }),
        exponent in -40i32..37,
    ) {
        let scale = 10f64.powi(exponent);
        let scaled = |v: &[f32]| v.iter().map(|&x| (f64::from(x) * scale) as f32).collect::<Vec<f32>>();
        let (a, b) = (scaled(&a), scaled(&b));
        for metric in Metric::ALL {
            let (found, expected) = (metric.distance(&a, &b), reference(metric, &a, &b));
            if expected.is_nan() {
                prop_assert!(found.is_nan());
                continue;
            }
            // Relative to the greatest the sum could be, and to f32's least step near zero.
            let size = match metric {
                Metric::Cosine => 1.0,
                Metric::InnerProduct => a.len() as f64 * scale * scale,
                _ => a.len() as f64 * scale,
            };
            if expected.abs() > f64::from(f32::MAX) {
                prop_assert!(f64::from(found) == expected.signum() * f64::INFINITY);
            } else {
                let error = (f64::from(found) - expected).abs();
                prop_assert!(error <= size * 1e-5 + 1e-44, "{metric}: {found} for {expected}");
            }
        }
    }
}

#[test]
fn extremes_are_numbers() {
    let (most, least) = (vec![f32::MAX; 40], vec![f32::MIN; 40]);
    assert_eq!(Metric::Cosine.distance(&most, &most), 0.0);
    assert_eq!(Metric::Cosine.distance(&most, &least), 2.0);
    assert_eq!(Metric::L2.distance(&most, &most), 0.0);
    assert_eq!(Metric::L2.distance(&most, &least), f32::INFINITY);
    assert_eq!(Metric::InnerProduct.distance(&most, &least), f32::INFINITY);
    assert_eq!(Metric::InnerProduct.distance(&[f32::MAX, f32::MAX], &[f32::MAX, f32::MIN]), 0.0);
    let subnormal = vec![f32::from_bits(1); 40];
    assert!(Metric::Cosine.distance(&subnormal, &subnormal).abs() < 1e-6);
    assert!(Metric::Cosine.distance(&[0.0; 4], &[1.0; 4]).is_nan());
}

#[test]
fn names_are_read_back() {
    for metric in Metric::ALL {
        assert_eq!(metric.to_string().parse::<Metric>().unwrap(), metric);
    }
    assert_eq!("COSINE".parse::<Metric>().unwrap(), Metric::Cosine);
    assert!(matches!("hamming".parse::<Metric>(), Err(Error::UnknownMetric { .. })));
}
