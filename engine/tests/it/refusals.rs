//! What the engine refuses, and that it says which row, element or parameter it was.

use std::sync::Arc;

use arrow::{
    array::{FixedSizeListArray, Float32Array},
    buffer::NullBuffer,
    datatypes::{DataType, Field},
};
use muster_engine::{
    Error, Graph, HnswParams, Metric, Part, Row, SearchOptions, Vectors, build_graph, check_rows,
    check_vector, search,
};

use crate::data::{clustered, graph};

const OPTIONS: SearchOptions = SearchOptions { metric: Metric::Cosine, k: 1, ef: 40, exact: false };

#[test]
fn vectors_of_the_wrong_size_not_finite_or_zero() {
    assert!(matches!(check_vector(&[1.0], 2, None), Err(Error::Dimensions { expected: 2, found: 1 })));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        assert!(matches!(check_vector(&[1.0, bad], 2, None), Err(Error::NotFinite { position: 1 })));
    }
    assert!(matches!(check_vector(&[0.0, -0.0], 2, Some(Metric::Cosine)), Err(Error::ZeroVector)));
    check_vector(&[0.0, -0.0], 2, Some(Metric::L2)).unwrap();
    check_vector(&[f32::MAX, f32::MIN, f32::MIN_POSITIVE], 3, Some(Metric::Cosine)).unwrap();
}

#[test]
fn an_error_names_the_row() {
    let values = [1.0, 0.0, f32::NAN, 0.0];
    let vectors = Vectors::new(&values, 2, None).unwrap();
    let error = check_rows(&vectors, None, 100).unwrap_err();
    assert_eq!(error.to_string(), "row 101: element 0 of the vector is NaN or infinite");
    let nulls = NullBuffer::from(vec![true, false]);
    check_rows(&Vectors::new(&values, 2, Some(&nulls)).unwrap(), None, 0).unwrap();
}

#[test]
fn batches_that_are_no_vectors() {
    assert!(matches!(Vectors::new(&[1.0; 3], 2, None), Err(Error::Shape { .. })));
    assert!(matches!(Vectors::new(&[], 0, None), Err(Error::Shape { .. })));
    let nulls = NullBuffer::from(vec![true]);
    assert!(matches!(Vectors::new(&[1.0; 4], 2, Some(&nulls)), Err(Error::Shape { .. })));
    let field = Arc::new(Field::new_list_field(DataType::Float32, true));
    let elements = Float32Array::from(vec![Some(1.0), Some(2.0), Some(3.0), None]);
    let array = FixedSizeListArray::try_new(field, 2, Arc::new(elements), None).unwrap();
    let error = Vectors::from_array(&array).unwrap_err();
    assert_eq!(error.to_string(), "row 1: element 1 of the vector is NULL");
}

#[test]
fn a_sliced_array_gives_its_own_rows() {
    let field = Arc::new(Field::new_list_field(DataType::Float32, true));
    let elements = Float32Array::from_iter_values((0..10).map(|x| x as f32));
    let nulls = NullBuffer::from(vec![true, true, false, true, true]);
    let array = FixedSizeListArray::try_new(field, 2, Arc::new(elements), Some(nulls)).unwrap().slice(1, 3);
    let vectors = Vectors::from_array(&array).unwrap();
    assert_eq!((vectors.len(), vectors.dimensions(), vectors.null_count()), (3, 2, 1));
    assert_eq!(vectors.get(0), Some(Row::Single(&[2.0, 3.0])));
    assert_eq!((vectors.get(1), vectors.get(3)), (None, None));
    assert_eq!(vectors.get(2), Some(Row::Single(&[6.0, 7.0])));
}

#[test]
fn queries_and_parameters_out_of_range() {
    let values = clustered(4, 8, 1, 1.0, 1);
    let part = Part { vectors: Vectors::new(&values, 8, None).unwrap(), allowed: None, graph: None };
    let query = |query: &[f32], options: SearchOptions| search(&[part], query, &options).unwrap_err();
    assert!(matches!(query(&[1.0; 7], OPTIONS), Error::Dimensions { expected: 8, found: 7 }));
    assert!(matches!(query(&[0.0; 8], OPTIONS), Error::ZeroVector));
    assert!(matches!(query(&[f32::NAN; 8], OPTIONS), Error::NotFinite { position: 0 }));
    assert!(matches!(
        query(&[1.0; 8], SearchOptions { k: 0, ..OPTIONS }),
        Error::Parameter { name: "k", .. }
    ));
    assert!(matches!(
        query(&[1.0; 8], SearchOptions { ef: 0, ..OPTIONS }),
        Error::Parameter { name: "ef", .. }
    ));
}

#[test]
fn building_with_bad_parameters_or_rows_or_when_cancelled() {
    let values = clustered(3000, 8, 10, 1.0, 1);
    let vectors = Vectors::new(&values, 8, None).unwrap();
    let build = |m, ef_construction| {
        build_graph(
            &vectors,
            Metric::L2,
            &HnswParams { m, ef_construction, ..HnswParams::default() },
            &|_, _| true,
        )
        .unwrap_err()
    };
    assert!(matches!(build(1, 200), Error::Parameter { name: "m", .. }));
    assert!(matches!(build(101, 1000), Error::Parameter { name: "m", .. }));
    assert!(matches!(build(16, 31), Error::Parameter { name: "ef_construction", least: 32, .. }));
    assert!(matches!(build(16, 1001), Error::Parameter { name: "ef_construction", most: 1000, .. }));

    let bad = [1.0, 2.0, f32::INFINITY, 1.0];
    let vectors_with_bad = Vectors::new(&bad, 2, None).unwrap();
    let error = build_graph(&vectors_with_bad, Metric::L2, &HnswParams::default(), &|_, _| true).unwrap_err();
    assert!(matches!(error, Error::Row { row: 1, .. }));

    let half = |done, total| done < total / 2;
    let error = build_graph(&vectors, Metric::L2, &HnswParams::default(), &half).unwrap_err();
    assert!(matches!(error, Error::Cancelled));
}

#[test]
fn a_graph_of_other_vectors_or_another_metric() {
    let values = clustered(100, 8, 10, 1.0, 1);
    let vectors = Vectors::new(&values, 8, None).unwrap();
    let fewer = Vectors::new(&values[8..], 8, None).unwrap();
    let graph: Graph = graph(&vectors, Metric::L2);
    let find = |vectors, metric| {
        let part = Part { vectors, allowed: None, graph: Some(&graph) };
        search(&[part], &[1.0; 8], &SearchOptions { metric, ..OPTIONS })
    };
    assert!(matches!(find(fewer, Metric::L2), Err(Error::GraphMismatch { .. })));
    assert!(matches!(find(vectors, Metric::Cosine), Err(Error::GraphMetric { .. })));
    find(vectors, Metric::L2).unwrap();
}
