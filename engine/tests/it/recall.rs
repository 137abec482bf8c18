//! Graphs against exact search on generated vectors, from no rows to thousands.

use arrow::buffer::NullBuffer;
use muster_engine::{
    CodeBits, Hit, HnswParams, Metric, Part, SearchOptions, Strategy, Vectors, build_graph, search,
};

use crate::data::{clustered, find, graph, graph_of, recall};

/// Mean recall over queries from the same distribution.
fn mean_recall(
    values: &[f32],
    queries: &[f32],
    dimensions: usize,
    metric: Metric,
    ef: usize,
    code_bits: CodeBits,
) -> f64 {
    let vectors = Vectors::new(values, dimensions, None).unwrap();
    let graph = graph_of(&vectors, metric, &HnswParams { code_bits, ..HnswParams::default() });
    assert_eq!(graph.params().code_bits, code_bits);
    let part = Part { vectors, allowed: None, graph: Some(&graph) };
    let queries = queries.chunks_exact(dimensions);
    let count = queries.len();
    let total: f64 = queries
        .map(|query| {
            let options = SearchOptions { metric, k: 10, ef, exact: false };
            let (found, stats) = find(part, query, options);
            assert_eq!((found.len(), stats.strategy), (10, Strategy::Graph));
            assert!(found.is_sorted());
            recall(&found, &find(part, query, SearchOptions { exact: true, ..options }).0)
        })
        .sum();
    total / count as f64
}

#[test]
fn all_metrics_find_95_percent_at_ef_40() {
    all_metrics_find(64, CodeBits::Eight, 0.95);
}

#[test]
fn all_metrics_find_90_percent_at_ef_40_by_codes_of_four_bits() {
    // Of 64 dimensions there are fewer errors to even out than of hundreds; 200 are not whole blocks of codes.
    all_metrics_find(64, CodeBits::Four, 0.9);
    all_metrics_find(200, CodeBits::Four, 0.95);
}

fn all_metrics_find(dimensions: usize, code_bits: CodeBits, least: f64) {
    let all = clustered(6100, dimensions, 60, 0.4, 7);
    let (values, queries) = all.split_at(6000 * dimensions);
    for metric in Metric::ALL {
        let mean = mean_recall(values, queries, dimensions, metric, 40, code_bits);
        println!("{metric}: {mean:.4}");
        assert!(mean >= least, "{metric}: {mean}");
    }
}

#[test]
fn vectors_that_hardly_differ_are_found_by_codes_of_four_bits() {
    // Of two dimensions there are some fifty codes, of which each stands for hundreds of rows; so do those around one centre.
    for (dimensions, clusters, spread) in [(2, 1, 1.0), (64, 1, 0.001)] {
        let all = clustered(20_050, dimensions, clusters, spread, 12);
        let (values, queries) = all.split_at(20_000 * dimensions);
        let mean = mean_recall(values, queries, dimensions, Metric::Cosine, 40, CodeBits::Four);
        println!("{dimensions} dimensions: {mean:.4}");
        assert!(mean >= 0.9, "{dimensions} dimensions: {mean}");
    }
}

#[test]
fn codes_of_four_bits_take_half_of_the_bytes() {
    let values = clustered(2000, 768, 20, 0.5, 11);
    let vectors = Vectors::new(&values, 768, None).unwrap();
    let size = |code_bits| {
        let params = HnswParams { code_bits, ..HnswParams::default() };
        build_graph(&vectors, Metric::Cosine, &params, &|_, _| true).unwrap().to_bytes().len()
    };
    let (whole, half) = (size(CodeBits::Eight), size(CodeBits::Four));
    assert_eq!(whole - half, 2000 * 384, "{whole} bytes, {half} with half of the codes");
}

#[test]
fn vectors_far_from_the_origin_and_of_any_magnitude_are_found() {
    let all = clustered(3100, 32, 30, 0.4, 8);
    for (shift, factor) in [(1000.0, 1.0), (0.0, 1e30), (0.0, 1e-30)] {
        let moved: Vec<f32> = all.iter().map(|x| x * factor + shift).collect();
        let (values, queries) = moved.split_at(3000 * 32);
        for metric in [Metric::L2, Metric::L1, Metric::Cosine] {
            if shift != 0.0 && metric == Metric::Cosine {
                continue; // All directions are the same then.
            }
            let vectors = Vectors::new(values, 32, None).unwrap();
            let graph = graph(&vectors, metric);
            let part = Part { vectors, allowed: None, graph: Some(&graph) };
            let mut ids = 0;
            for query in queries.chunks_exact(32) {
                let options = SearchOptions { metric, k: 10, ef: 40, exact: false };
                let exact = find(part, query, SearchOptions { exact: true, ..options }).0;
                ids += find(part, query, options).0.iter().filter(|hit| exact.contains(hit)).count();
            }
            assert!(ids >= 950, "{metric} + {shift} * {factor}: {ids} of 1000");
        }
    }
}

#[test]
fn few_rows_are_answered_exactly() {
    for rows in [0, 1, 2, 31, 32, 33, 100] {
        let values = clustered(rows, 16, 4, 0.5, 9);
        let vectors = Vectors::new(&values, 16, None).unwrap();
        for metric in Metric::ALL {
            let graph = graph(&vectors, metric);
            assert_eq!((graph.len(), graph.dimensions(), graph.metric()), (rows, 16, metric));
            let part = Part { vectors, allowed: None, graph: Some(&graph) };
            let query = clustered(1, 16, 1, 1.0, 10);
            for k in [1, 10, 1000] {
                let options = SearchOptions { metric, k, ef: 40, exact: false };
                let (found, _) = find(part, &query, options);
                assert_eq!(found, find(part, &query, SearchOptions { exact: true, ..options }).0);
                assert_eq!(found.len(), k.min(rows));
            }
        }
    }
}

#[test]
fn dimensions_from_one_to_the_most() {
    for (dimensions, rows) in [(1, 700), (2, 700), (3, 700), (15, 300), (17, 300), (16_000, 60)] {
        // No two rows have one direction, also of a single number: then there are two directions alone.
        let values = clustered(rows, dimensions, 4, 0.5, 12);
        let queries = clustered(3, dimensions, 3, 1.0, 13);
        let vectors = Vectors::new(&values, dimensions, None).unwrap();
        for metric in Metric::ALL {
            let graph = graph(&vectors, metric);
            let part = Part { vectors, allowed: None, graph: Some(&graph) };
            for query in queries.chunks_exact(dimensions) {
                let options = SearchOptions { metric, k: 10, ef: 40, exact: false };
                let (found, _) = find(part, query, options);
                let (exact, _) = find(part, query, SearchOptions { exact: true, ..options });
                let distances = |hits: &[Hit]| hits.iter().map(|hit| hit.distance).collect::<Vec<_>>();
                assert_eq!(distances(&found), distances(&exact), "{metric}, {dimensions} dimensions");
            }
        }
    }
}

#[test]
fn null_rows_and_zero_vectors_are_never_found() {
    let mut values = clustered(2000, 16, 20, 0.5, 11);
    for row in (0..2000).step_by(10) {
        values[row * 16..(row + 1) * 16].fill(0.0);
    }
    let nulls = NullBuffer::from_iter((0..2000).map(|row| row % 7 != 3));
    let vectors = Vectors::new(&values, 16, Some(&nulls)).unwrap();
    for metric in Metric::ALL {
        let graph = graph(&vectors, metric);
        let part = Part { vectors, allowed: None, graph: Some(&graph) };
        for (k, exact) in [(10, false), (10, true), (5000, false), (5000, true)] {
            let (found, _) = find(part, &[0.1; 16], SearchOptions { metric, k, ef: 40, exact });
            let findable =
                (0..2000).filter(|row| row % 7 != 3 && (metric != Metric::Cosine || row % 10 != 0));
            assert_eq!(found.len(), k.min(findable.count()));
            assert!(found.iter().all(|hit| hit.row % 7 != 3));
            assert!(metric != Metric::Cosine || found.iter().all(|hit| hit.row % 10 != 0));
        }
    }
}

#[test]
fn parts_are_searched_as_one() {
    let values = clustered(4000, 16, 20, 0.5, 12);
    let whole = Part { vectors: Vectors::new(&values, 16, None).unwrap(), allowed: None, graph: None };
    let (first, second) = values.split_at(3000 * 16);
    let [first, second] = [first, second].map(|values| Vectors::new(values, 16, None).unwrap());
    let graph = graph(&first, Metric::L2);
    let parts = [
        Part { vectors: first, allowed: None, graph: Some(&graph) },
        Part { vectors: Vectors::new(&[], 16, None).unwrap(), allowed: None, graph: None },
        Part { vectors: second, allowed: None, graph: None },
    ];
    let options = SearchOptions { metric: Metric::L2, k: 20, ef: 100, exact: false };
    let query = &values[..16];
    let (found, stats) = search(&parts, query, &options).unwrap();
    assert_eq!(stats.strategy, Strategy::Mixed);
    assert!(stats.visited > 1000 && stats.reranked >= 20);
    let (exact, _) = search(&[whole], query, &SearchOptions { exact: true, ..options }).unwrap();
    let rows = found.iter().map(|hit| hit.row + 3000 * u32::from(hit.part == 2)).collect::<Vec<_>>();
    assert_eq!(rows, exact.iter().map(|hit| hit.row).collect::<Vec<_>>());
    assert_eq!(search(&[], query, &options).unwrap().0, []);
}
