//! Half precision: rows of 2-byte elements give what the same numbers give as `f32`.

use std::sync::Arc;

use arrow::{
    array::{Array, FixedSizeListArray, Float16Array, Float32Array},
    datatypes::Field,
};
use half::f16;
use muster_engine::{Error, Metric, Part, Row, SearchOptions, Strategy, Vectors, check_rows};

use crate::data::{clustered, find, graph, recall};

fn halves(values: &[f32]) -> Vec<f16> {
    values.iter().map(|&value| f16::from_f32(value)).collect()
}

#[test]
fn exact_search_over_half_precision_is_search_over_the_rounded_numbers() {
    for dimensions in [1, 3, 31, 32, 33, 100] {
        let stored = halves(&clustered(200, dimensions, 5, 0.5, 30));
        let rounded: Vec<f32> = stored.iter().map(|it| it.to_f32()).collect();
        let query = clustered(1, dimensions, 1, 1.0, 31);
        let half =
            Part { vectors: Vectors::half(&stored, dimensions, None).unwrap(), allowed: None, graph: None };
        let single = Part { vectors: Vectors::new(&rounded, dimensions, None).unwrap(), ..half };
        for metric in Metric::ALL {
            let options = SearchOptions { metric, k: 200, ef: 1, exact: true };
            let (found, expected) = (find(half, &query, options).0, find(single, &query, options).0);
            assert_eq!(found.len(), 200);
            for (found, expected) in found.iter().zip(&expected) {
                let size = expected.distance.abs().max(1.0);
                assert!((found.distance - expected.distance).abs() <= 1e-5 * size, "{metric}: {found:?}");
            }
        }
    }
}

#[test]
fn graphs_over_half_precision_find_what_is_near() {
    let all = halves(&clustered(3100, 48, 30, 0.4, 32));
    let (values, queries) = all.split_at(3000 * 48);
    let vectors = Vectors::half(values, 48, None).unwrap();
    for metric in Metric::ALL {
        let graph = graph(&vectors, metric);
        let part = Part { vectors, allowed: None, graph: Some(&graph) };
        let mut total = 0.0;
        for query in queries.chunks_exact(48) {
            let query: Vec<f32> = query.iter().map(|it| it.to_f32()).collect();
            let options = SearchOptions { metric, k: 10, ef: 40, exact: false };
            let (found, stats) = find(part, &query, options);
            assert_eq!(stats.strategy, Strategy::Graph);
            total += recall(&found, &find(part, &query, SearchOptions { exact: true, ..options }).0);
        }
        assert!(total >= 97.0, "{metric}: {total} of 100");
    }
}

#[test]
fn arrow_columns_of_either_precision_are_rows_and_others_are_refused() {
    let column = |elements: Arc<dyn Array>| {
        let field = Arc::new(Field::new_list_field(elements.data_type().clone(), true));
        FixedSizeListArray::new(field, 2, elements, None)
    };
    let half = column(Arc::new(Float16Array::from(halves(&[1.0, 2.5, -3.0, 0.5, 9.0, 7.0]))));
    let sliced = half.slice(1, 2);
    let vectors = Vectors::from_array(&sliced).unwrap();
    assert_eq!(vectors.get(0), Some(Row::Half(&halves(&[-3.0, 0.5]))));
    assert_eq!(vectors.get(1).unwrap().to_vec(), [9.0, 7.0]);
    let infinite = column(Arc::new(Float16Array::from(vec![f16::ONE, f16::INFINITY])));
    let refused = check_rows(&Vectors::from_array(&infinite).unwrap(), None, 5);
    assert!(matches!(refused, Err(Error::Row { row: 5, .. })));
    let single = column(Arc::new(Float32Array::from(vec![1.0, 2.0])));
    assert_eq!(Vectors::from_array(&single).unwrap().get(0), Some(Row::Single(&[1.0, 2.0])));
    let null = column(Arc::new(Float16Array::from(vec![Some(f16::ONE), None])));
    assert!(matches!(Vectors::from_array(&null), Err(Error::Row { row: 0, .. })));
    let double = column(Arc::new(arrow::array::Float64Array::from(vec![1.0, 2.0])));
    assert!(matches!(Vectors::from_array(&double), Err(Error::Shape { .. })));
}
