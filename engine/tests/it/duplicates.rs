//! Equal vectors, few or thousands: they cost no recall, and come back in the order of their rows.

use muster_engine::{HnswParams, Metric, Part, SearchOptions, Strategy, Vectors};
use roaring::RoaringBitmap;

use crate::data::{clustered, find, graph, graph_of, recall};

#[test]
fn all_rows_equal() {
    let one = clustered(1, 24, 1, 1.0, 30);
    let values = one.repeat(5000);
    let vectors = Vectors::new(&values, 24, None).unwrap();
    let lists = HnswParams { list_rows: 16, ..HnswParams::default() };
    for (metric, params) in Metric::ALL.into_iter().flat_map(|it| [(it, HnswParams::default()), (it, lists)])
    {
        let graph = graph_of(&vectors, metric, &params);
        assert_eq!((graph.len(), graph.nodes(), graph.indexed_rows()), (5000, 1, 5000));
        let part = Part { vectors, allowed: None, graph: Some(&graph) };
        let options = SearchOptions { metric, k: 7, ef: 40, exact: false };
        let (found, _) = find(part, &[0.5; 24], options);
        assert_eq!(found.iter().map(|hit| hit.row).collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
        let allowed = RoaringBitmap::from_iter((10..5000).step_by(3));
        let (found, _) = find(Part { allowed: Some(&allowed), ..part }, &[0.5; 24], options);
        assert_eq!(found.iter().map(|hit| hit.row).collect::<Vec<_>>(), [10, 13, 16, 19, 22, 25, 28]);
    }
}

#[test]
fn thousands_of_rows_repeat_among_others() {
    let mut values = clustered(3000, 24, 30, 0.5, 31);
    let queries = clustered(50, 24, 30, 0.5, 31);
    // Three vectors a thousand times each, as popular titles are.
    for row in 0..3000 {
        let copied = values[(row % 3) * 24..(row % 3 + 1) * 24].to_vec();
        values.extend(copied);
    }
    let vectors = Vectors::new(&values, 24, None).unwrap();
    for metric in Metric::ALL {
        let graph = graph(&vectors, metric);
        assert!(graph.nodes() <= 3000);
        let part = Part { vectors, allowed: None, graph: Some(&graph) };
        let mut total = 0.0;
        for query in queries.chunks_exact(24) {
            let options = SearchOptions { metric, k: 20, ef: 40, exact: false };
            let (found, stats) = find(part, query, options);
            assert_eq!((found.len(), stats.strategy), (20, Strategy::Graph));
            let mut rows: Vec<u32> = found.iter().map(|hit| hit.row).collect();
            rows.sort_unstable();
            rows.dedup();
            assert_eq!(rows.len(), 20, "no row twice");
            total += recall(&found, &find(part, query, SearchOptions { exact: true, ..options }).0);
        }
        assert!(total / 50.0 >= 0.95, "{metric}: {}", total / 50.0);
    }
}
