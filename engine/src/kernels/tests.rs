//! Every kernel against a scalar sum in `f64`: odd lengths, unaligned slices, extreme codes.

use proptest::prelude::*;

use super::*;

/// Lengths with every remainder of every block size, and the common dimensions.
fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0usize..=70, 1 => Just(384), 1 => Just(768), 1 => Just(1536), 1 => 71usize..1000]
}

fn floats() -> impl Strategy<Value = (Vec<f32>, Vec<f32>, usize)> {
    (lengths(), 0usize..4).prop_flat_map(|(len, skip)| {
        let values = || proptest::collection::vec(-100.0f32..100.0, len + skip);
        (values(), values(), Just(skip))
    })
}

fn code_pairs() -> impl Strategy<Value = (Vec<i8>, Vec<i8>, usize)> {
    (lengths(), 0usize..4).prop_flat_map(|(len, skip)| {
        let code = || prop_oneof![8 => -127i8..=127, 1 => Just(127), 1 => Just(-127)];
        (
            proptest::collection::vec(code(), len + skip),
            proptest::collection::vec(code(), len + skip),
            Just(skip),
        )
    })
}

fn pairs<'a>(a: &'a [f32], b: &'a [f32]) -> impl Iterator<Item = (f64, f64)> + 'a {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)))
}

/// Whether a sum in `f32` of terms of this total magnitude may differ so much.
fn near(found: f64, expected: f64, magnitude: f64) -> bool {
    (found - expected).abs() <= 1e-5 * magnitude + 1e-6
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn f32_kernels_agree_with_f64((a, b, skip) in floats()) {
        let (a, b) = (&a[skip..], &b[skip..]);
        let products: f64 = pairs(a, b).map(|(a, b)| a * b).sum();
        let size: f64 = pairs(a, b).map(|(a, b)| (a * b).abs()).sum();
        prop_assert!(near(dot(a, b), products, size));
        let squares: f64 = pairs(a, b).map(|(a, b)| (a - b) * (a - b)).sum();
        prop_assert!(near(squared_l2(a, b), squares, squares));
        let differences: f64 = pairs(a, b).map(|(a, b)| (a - b).abs()).sum();
        prop_assert!(near(l1(a, b), differences, differences));
    }

    #[test]
    fn code_kernels_agree_with_exact_sums((a, b, skip) in code_pairs(), scales in (0.001f32..10.0, 0.001f32..10.0)) {
        let (a, b) = (&a[skip..], &b[skip..]);
        let products: i64 = a.iter().zip(b).map(|(&a, &b)| i64::from(a) * i64::from(b)).sum();
        prop_assert_eq!(i64::from(codes::dot(a, b)), products);
        let (sa, sb) = (f64::from(scales.0), f64::from(scales.1));
        let term = |(&a, &b): (&i8, &i8)| (f64::from(a) * sa - f64::from(b) * sb).abs();
        let differences: f64 = a.iter().zip(b).map(term).sum();
        let found = f64::from(l1_scaled(a, scales.0, b, scales.1));
        // Nearly equal terms cancel, so the error goes by their size, not their difference.
        let size: f64 = a.iter().zip(b).map(|(&a, &b)| (f64::from(a) * sa).abs() + (f64::from(b) * sb).abs()).sum();
        prop_assert!(near(found, differences, size));
    }
}

proptest! {
    #[test]
    fn a_query_is_multiplied_with_each_vector_alike(
        blocks in 1usize..14, rows in 1usize..20, odd in 0usize..2, seed in 0u64..1000,
    ) {
        // Strides that are multiples of 64 go through VNNI where there is one, others do not.
        let stride = 64 * blocks - odd * 7;
        let mut state = seed;
        let mut code = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % 255) as i16 as i8
        };
        let codes: Vec<i8> = (0..rows * stride).map(|_| code()).collect();
        let query: Vec<i8> = (0..stride).map(|_| code()).collect();
        let numbers: Vec<u32> = (0..rows as u32).rev().chain([rows as u32, 0]).collect();
        let mut dots = Vec::new();
        codes::Query::new(&query).dots(&codes, stride, &numbers, &mut dots);
        let expected = numbers.iter().map(|&number| {
            let row = codes.get(number as usize * stride..(number as usize + 1) * stride).unwrap_or_default();
            row.iter().zip(&query).map(|(&a, &b)| i32::from(a) * i32::from(b)).sum::<i32>()
        });
        prop_assert_eq!(dots, expected.collect::<Vec<_>>());
    }
}

#[test]
fn the_greatest_codes_of_the_longest_vectors_do_not_overflow() {
    let (a, b) = (vec![127i8; 16_000], vec![-127i8; 16_000]);
    assert_eq!(codes::dot(&a, &a), 16_000 * 127 * 127);
    assert_eq!(codes::dot(&a, &b), -16_000 * 127 * 127);
    for query in [&a, &b] {
        let mut dots = Vec::new();
        codes::Query::new(query).dots(&b, 16_000, &[0], &mut dots);
        assert_eq!(dots, [codes::dot(query, &b)]);
    }
}
