//! Filters from one row in ten thousand to nearly all: k rows come back, and the right ones.

use muster_engine::{Graph, Metric, Part, SearchOptions, Strategy, Vectors};
use rand::Rng;
use roaring::RoaringBitmap;

use crate::data::{clustered, find, graph, recall, rng};

const ROWS: usize = 10_000;
const DIMENSIONS: usize = 32;

struct Set {
    values: Vec<f32>,
    queries: Vec<f32>,
}

fn set() -> Set {
    let mut values = clustered(ROWS + 50, DIMENSIONS, 50, 0.5, 20);
    let queries = values.split_off(ROWS * DIMENSIONS);
    Set { values, queries }
}

/// Mean recall under a filter; asserts that k rows come back while k match, and only allowed ones.
fn filtered(set: &Set, graph: &Graph, allowed: &RoaringBitmap) -> (f64, Vec<Strategy>) {
    let vectors = Vectors::new(&set.values, DIMENSIONS, None).unwrap();
    let part = Part { vectors, allowed: Some(allowed), graph: Some(graph) };
    let (mut total, mut ways) = (0.0, Vec::new());
    for query in set.queries.chunks_exact(DIMENSIONS) {
        let options = SearchOptions { metric: Metric::L2, k: 10, ef: 40, exact: false };
        let (found, stats) = find(part, query, options);
        assert_eq!(found.len() as u64, allowed.len().min(10));
        assert!(found.iter().all(|hit| allowed.contains(hit.row)));
        total += recall(&found, &find(part, query, SearchOptions { exact: true, ..options }).0);
        ways.push(stats.strategy);
    }
    (total / ways.len() as f64, ways)
}

#[test]
fn random_filters_of_any_selectivity() {
    let set = set();
    let graph = graph(&Vectors::new(&set.values, DIMENSIONS, None).unwrap(), Metric::L2);
    let mut rng = rng(21);
    for share in [0.0001, 0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.9, 0.99] {
        let allowed: RoaringBitmap = (0..ROWS as u32).filter(|_| rng.random_bool(share)).collect();
        let (recall, ways) = filtered(&set, &graph, &allowed);
        println!("{share}: recall {recall:.4}, {:?}", ways[0]);
        assert!(recall >= 0.95, "{share}: {recall}");
        assert!(share < 0.5 || ways.iter().all(|&way| way == Strategy::Graph), "{share}");
        assert!(share > 0.01 || ways.iter().all(|&way| way == Strategy::Exact), "{share}");
    }
}

#[test]
fn filters_that_allow_only_what_is_far_away() {
    let set = set();
    let vectors = Vectors::new(&set.values, DIMENSIONS, None).unwrap();
    let graph = graph(&vectors, Metric::L2);
    // The farther half from the first query, so that the beam has to leave where it begins.
    let part = Part { vectors, allowed: None, graph: None };
    let options = SearchOptions { metric: Metric::L2, k: ROWS, ef: 1, exact: true };
    let by_distance = find(part, &set.queries[..DIMENSIONS], options).0;
    for keep in [5000, 3000, 1000, 11, 3] {
        let allowed: RoaringBitmap = by_distance[ROWS - keep..].iter().map(|hit| hit.row).collect();
        let (recall, _) = filtered(&set, &graph, &allowed);
        assert!(recall >= 0.95, "{keep}: {recall}");
    }
}

#[test]
fn filters_that_allow_nothing_everything_or_rows_that_do_not_exist() {
    let set = set();
    let graph = graph(&Vectors::new(&set.values, DIMENSIONS, None).unwrap(), Metric::L2);
    assert_eq!(filtered(&set, &graph, &RoaringBitmap::new()).0, 1.0);
    assert!(filtered(&set, &graph, &RoaringBitmap::from_iter(0..ROWS as u32)).0 >= 0.95);
    let vectors = Vectors::new(&set.values, DIMENSIONS, None).unwrap();
    let beyond = RoaringBitmap::from_iter([5, ROWS as u32, u32::MAX]);
    let part = Part { vectors, allowed: Some(&beyond), graph: Some(&graph) };
    let options = SearchOptions { metric: Metric::L2, k: 10, ef: 40, exact: false };
    let (found, stats) = find(part, &set.queries[..DIMENSIONS], options);
    assert_eq!(found.iter().map(|hit| hit.row).collect::<Vec<_>>(), [5]);
    assert_eq!((stats.visited, stats.filtered_out), (1, ROWS as u64 - 1));
}
