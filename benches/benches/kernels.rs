//! What one distance costs, for each metric and some common dimensions, from the cache and from memory.
#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use muster_benches::data;
use muster_engine::{Embedder, HashEmbedder, Metric, Part, SearchOptions, Vectors, search};

fn distances(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("distance");
    for dimensions in [384, 768, 1536] {
        let data = data::clustered(2, dimensions, 1, 1.0);
        let (a, b) = data.base.split_at(dimensions);
        for metric in Metric::ALL {
            group.bench_function(BenchmarkId::new(metric.name(), dimensions), |bencher| {
                bencher.iter(|| metric.distance(black_box(a), black_box(b)));
            });
        }
    }
    group.finish();
}

fn scan(criterion: &mut Criterion) {
    let rows = 20_000;
    let data = data::clustered(rows, 768, 10, 1.0);
    let Ok(vectors) = Vectors::new(&data.base, data.dimensions, None) else { return };
    let query = data.queries.get(..data.dimensions).unwrap_or_default();
    let mut group = criterion.benchmark_group("exact scan");
    group.sample_size(20).throughput(Throughput::Elements(rows as u64));
    for metric in Metric::ALL {
        let options = SearchOptions { metric, k: 10, ef: 10, exact: true };
        group.bench_function(metric.name(), |bencher| {
            let parts = [Part { vectors, allowed: None, graph: None }];
            bencher.iter(|| search(black_box(&parts), query, &options));
        });
    }
    group.finish();
}

fn embed(criterion: &mut Criterion) {
    const PROFILE: &str = "Maria Alvarez is an experienced forklift operator based in Detroit, MI with 7 years in \
        the trade. Skilled in pallet jacks, reach trucks and inventory counts. Holds OSHA 10 and forklift \
        certificates and is available for night shifts.";
    let Ok(embedder) = HashEmbedder::new(HashEmbedder::DEFAULT_DIMENSIONS) else { return };
    let mut out = vec![0.0; embedder.dimensions()];
    let mut group = criterion.benchmark_group("hash-v1");
    group.throughput(Throughput::Elements(1));
    for (name, text) in [("title", "Forklift Driver"), ("profile", PROFILE)] {
        group.bench_function(name, |bencher| bencher.iter(|| embedder.embed(black_box(text), &mut out)));
    }
    group.finish();
}

criterion_group!(benches, distances, scan, embed);
criterion_main!(benches);
