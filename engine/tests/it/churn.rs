//! Recall does not drift: after many inserts, updates and deletes it is that of a fresh build.
//!
//! Parts are kept as a store keeps segments: rows are sealed by the thousand, a part a third of whose rows are deleted is written
//! anew, and too many are merged. `MUSTER_CHURN=200000,50000` says how many changes over how many rows.

use muster_engine::{Graph, Metric, Part, SearchOptions, Vectors, search};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use roaring::RoaringBitmap;

use crate::data::{clustered, graph, recall, rng};

const DIMENSIONS: usize = 48;
const MOST_PARTS: usize = 8;
const METRIC: Metric = Metric::Cosine;

struct Segment {
    values: Vec<f32>,
    live: RoaringBitmap,
    graph: Graph,
}

impl Segment {
    fn new(values: Vec<f32>) -> Self {
        let vectors = Vectors::new(&values, DIMENSIONS, None).unwrap();
        let (graph, live) = (graph(&vectors, METRIC), (0..vectors.len() as u32).collect());
        Self { values, live, graph }
    }

    fn rows(&self) -> usize {
        self.values.len() / DIMENSIONS
    }

    fn live_values(&self) -> impl Iterator<Item = f32> {
        let row = |row: u32| &self.values[row as usize * DIMENSIONS..(row as usize + 1) * DIMENSIONS];
        self.live.iter().flat_map(row).copied()
    }
}

struct Table {
    segments: Vec<Segment>,
    unsealed: Vec<f32>,
    sealed_at: usize,
}

impl Table {
    fn insert(&mut self, vector: &[f32]) {
        self.unsealed.extend(vector);
        if self.unsealed.len() < self.sealed_at * DIMENSIONS {
            return;
        }
        self.segments.push(Segment::new(std::mem::take(&mut self.unsealed)));
        let worn = |it: &Segment| it.live.len() as usize * 3 <= it.rows() * 2;
        for worn in self.segments.iter_mut().filter(|it| worn(it)) {
            *worn = Segment::new(worn.live_values().collect());
        }
        if self.segments.len() > MOST_PARTS {
            self.segments.sort_by_key(|it| it.live.len());
            let merged = self.segments.drain(..MOST_PARTS / 2).collect::<Vec<_>>();
            let values = merged.iter().flat_map(Segment::live_values).collect();
            self.segments.push(Segment::new(values));
        }
    }

    fn delete(&mut self, rng: &mut ChaCha8Rng) {
        let live: u64 = self.segments.iter().map(|it| it.live.len()).sum();
        let mut place = rng.random_range(0..live);
        for segment in &mut self.segments {
            if place < segment.live.len() {
                let row = segment.live.select(place as u32).unwrap();
                segment.live.remove(row);
                return;
            }
            place -= segment.live.len();
        }
    }

    fn recall(&self, queries: &[f32]) -> f64 {
        let mut parts: Vec<Part<'_>> = self
            .segments
            .iter()
            .map(|it| Part {
                vectors: Vectors::new(&it.values, DIMENSIONS, None).unwrap(),
                allowed: Some(&it.live),
                graph: Some(&it.graph),
            })
            .collect();
        let vectors = Vectors::new(&self.unsealed, DIMENSIONS, None).unwrap();
        parts.push(Part { vectors, allowed: None, graph: None });
        let queries = queries.chunks_exact(DIMENSIONS);
        let (options, count) = (SearchOptions { metric: METRIC, k: 10, ef: 40, exact: false }, queries.len());
        let each = queries.map(|query| {
            let exact = search(&parts, query, &SearchOptions { exact: true, ..options }).unwrap().0;
            recall(&search(&parts, query, &options).unwrap().0, &exact)
        });
        each.sum::<f64>() / count as f64
    }
}

#[test]
fn recall_after_many_changes_is_that_of_a_fresh_build() {
    let sizes = std::env::var("MUSTER_CHURN").unwrap_or_else(|_| "12000,4000".to_owned());
    let (changes, rows) = sizes.split_once(',').unwrap();
    let (changes, rows): (usize, usize) = (changes.parse().unwrap(), rows.parse().unwrap());
    let all = clustered(rows + changes + 200, DIMENSIONS, 200, 0.7, 50);
    let (queries, all) = all.split_at(200 * DIMENSIONS);
    let mut vectors = all.chunks_exact(DIMENSIONS);
    let mut table = Table { segments: Vec::new(), unsealed: Vec::new(), sealed_at: (rows / 8).max(100) };
    vectors.by_ref().take(rows).for_each(|vector| table.insert(vector));
    let mut rng = rng(51);
    for _ in 0..changes {
        match rng.random_range(0..3) {
            0 => table.insert(vectors.next().unwrap()),
            1 => table.delete(&mut rng),
            _ => {
                table.delete(&mut rng);
                table.insert(vectors.next().unwrap());
            }
        }
    }
    let after = table.recall(queries);
    let live = table.segments.iter().flat_map(Segment::live_values).chain(table.unsealed.iter().copied());
    let fresh = Table { segments: vec![Segment::new(live.collect())], unsealed: Vec::new(), sealed_at: 1 };
    let fresh = fresh.recall(queries);
    println!("{changes} changes over {rows} rows: recall@10 {after:.4}, of a fresh build {fresh:.4}");
    assert!(after >= fresh - 0.01, "{after} after the changes, {fresh} of a fresh build");
}
