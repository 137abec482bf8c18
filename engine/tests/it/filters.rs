//! Filters from one row in ten thousand to nearly all: k rows come back, and the right ones.

use muster_engine::{Graph, Metric, Part, SearchOptions, Strategy, Vectors};
use rand::Rng;
use roaring::RoaringBitmap;

use crate::data::{clustered, find, graph, recall, rng};

const ROWS: usize = 20_000;
const DIMENSIONS: usize = 32;
const QUERIES: usize = 30;
const SHARES: [f64; 7] = [0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99];

struct Set {
    values: Vec<f32>,
    queries: Vec<f32>,
    graph: Graph,
    metric: Metric,
    /// For each query, all rows by their distance.
    orders: Vec<Vec<u32>>,
}

impl Set {
    fn new(clusters: usize, metric: Metric) -> Self {
        let mut values = clustered(ROWS + QUERIES, DIMENSIONS, clusters, 0.5, 20);
        let queries = values.split_off(ROWS * DIMENSIONS);
        let graph = graph(&Vectors::new(&values, DIMENSIONS, None).unwrap(), metric);
        let mut set = Self { values, queries, graph, metric, orders: Vec::new() };
        set.orders = set.queries().map(|query| set.by_distance(query)).collect();
        set
    }

    fn part<'a>(&'a self, allowed: Option<&'a RoaringBitmap>) -> Part<'a> {
        let vectors = Vectors::new(&self.values, DIMENSIONS, None).unwrap();
        Part { vectors, allowed, graph: Some(&self.graph) }
    }

    fn queries(&self) -> impl Iterator<Item = &[f32]> {
        self.queries.chunks_exact(DIMENSIONS)
    }

    fn options(&self) -> SearchOptions {
        SearchOptions { metric: self.metric, k: 10, ef: 40, exact: false }
    }

    /// All rows, by their distance from a query.
    fn by_distance(&self, query: &[f32]) -> Vec<u32> {
        let options = SearchOptions { k: ROWS, exact: true, ..self.options() };
        find(self.part(None), query, options).0.iter().map(|hit| hit.row).collect()
    }

    /// Recall under a filter; asserts that k rows come back while k match, and only allowed ones.
    fn filtered(&self, query: &[f32], allowed: &RoaringBitmap) -> (f64, Strategy) {
        let part = self.part(Some(allowed));
        let (found, stats) = find(part, query, self.options());
        assert_eq!(found.len() as u64, allowed.len().min(10));
        assert!(found.iter().all(|hit| allowed.contains(hit.row)));
        let exact = find(part, query, SearchOptions { exact: true, ..self.options() }).0;
        (recall(&found, &exact), stats.strategy)
    }

    /// Mean recall of all queries, each under the filter that `of` makes of all rows by their distance.
    fn mean(&self, of: impl Fn(&[u32]) -> RoaringBitmap) -> (f64, Vec<Strategy>) {
        let queries = self.queries().zip(&self.orders);
        let each: Vec<_> = queries.map(|(query, order)| self.filtered(query, &of(order))).collect();
        let total: f64 = each.iter().map(|it| it.0).sum();
        (total / each.len() as f64, each.into_iter().map(|it| it.1).collect())
    }
}

/// Clustered and uniform.
fn sets() -> impl Iterator<Item = Set> {
    [
        (100, Metric::Cosine),
        (100, Metric::L2),
        (1, Metric::L2),
        (100, Metric::L1),
        (100, Metric::InnerProduct),
    ]
    .into_iter()
    .map(|(clusters, metric)| Set::new(clusters, metric))
}

#[test]
fn filters_of_any_selectivity_and_wherever_their_rows_lie() {
    for set in sets() {
        let mut rng = rng(21);
        // Of uniform vectors a beam of this width misses some without any filter.
        let (unfiltered, _) = set.mean(|_| RoaringBitmap::from_iter(0..ROWS as u32));
        let least = unfiltered.min(0.95);
        assert!(least >= 0.85, "{}: {unfiltered}", set.metric);
        for share in SHARES {
            let count = ((ROWS as f64 * share) as usize).max(1);
            let random: RoaringBitmap = (0..ROWS as u32).filter(|_| rng.random_bool(share)).collect();
            let (mean, ways) = set.mean(|_| random.clone());
            println!("{} {share}, random: {mean:.4} {:?}", set.metric, ways[0]);
            assert!(mean >= least, "{} {share}: {mean}", set.metric);
            assert!(share < 0.5 || ways.iter().all(|&way| way == Strategy::Graph), "{share}");
            assert!(share > 0.001 || ways.iter().all(|&way| way == Strategy::Exact), "{share}");
            // Nothing that is near matches: the beam has to leave where it begins.
            let (mean, _) = set.mean(|order| order.iter().rev().take(count).copied().collect());
            println!("{} {share}, the farthest: {mean:.4}", set.metric);
            assert!(mean >= least, "{} {share}, the farthest: {mean}", set.metric);
            let (mean, _) = set.mean(|order| order.iter().take(count).copied().collect());
            assert!(mean >= least, "{} {share}, the nearest: {mean}", set.metric);
        }
    }
}

#[test]
fn filters_that_allow_one_crowd_somewhere_else() {
    let set = Set::new(100, Metric::L2);
    let vectors = Vectors::new(&set.values, DIMENSIONS, None).unwrap();
    for seed in 0..5u64 {
        // The rows around one that has nothing to do with the query.
        let row = rng(60 + seed).random_range(0..ROWS);
        let centre = vectors.get(row).unwrap().to_vec();
        let crowd = set.by_distance(&centre);
        for count in [5, 200, 2000] {
            let allowed: RoaringBitmap = crowd.iter().take(count).copied().collect();
            let (mean, _) = set.mean(|_| allowed.clone());
            assert!(mean >= 0.95, "{seed} {count}: {mean}");
        }
    }
}

#[test]
fn filters_that_allow_nothing_everything_or_rows_that_do_not_exist() {
    let set = Set::new(50, Metric::L2);
    assert_eq!(set.mean(|_| RoaringBitmap::new()).0, 1.0);
    assert!(set.mean(|_| RoaringBitmap::from_iter(0..ROWS as u32)).0 >= 0.95);
    let beyond = RoaringBitmap::from_iter([5, ROWS as u32, u32::MAX]);
    let (found, stats) = find(set.part(Some(&beyond)), &set.queries[..DIMENSIONS], set.options());
    assert_eq!(found.iter().map(|hit| hit.row).collect::<Vec<_>>(), [5]);
    assert_eq!((stats.visited, stats.filtered_out), (1, ROWS as u64 - 1));
}
