//! Time of a search in the process against recall, for each width of the beam, and under filters:
//! `beam FOLDER DIMENSIONS BITS[/ROWS] [ef ...]`, one thread; BITS are those of the codes, 4 or 8, ROWS those of a list.
//!
//! The folder holds `base.f32` and `queries.f32`, raw little-endian numbers, as the peers read them; the graph is kept there.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a program that measures")]

use std::{path::Path, time::Instant};

use muster_engine::{
    CodeBits, Graph, Hit, HnswParams, Metric, Part, SearchOptions, Vectors, build_graph, search,
};
use rayon::prelude::*;
use roaring::RoaringBitmap;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, dimensions) = (Path::new(&arguments[0]), arguments[1].parse::<usize>().unwrap());
    let mut widths: Vec<usize> = arguments[3..].iter().map(|it| it.parse().unwrap()).collect();
    if widths.is_empty() {
        widths = vec![10, 16, 24, 32, 40, 64, 96, 128, 200, 300];
    }
    let (base, queries) = (read(&folder.join("base.f32")), read(&folder.join("queries.f32")));
    let vectors = Vectors::new(&base, dimensions, None).unwrap();
    let (bits, list_rows) = arguments[2].split_once('/').unwrap_or((&arguments[2], "1"));
    let code_bits = CodeBits::from_number(bits.parse().unwrap()).unwrap();
    let kept = folder.join(format!("graph-{bits}-{list_rows}"));
    let params = HnswParams { code_bits, list_rows: list_rows.parse().unwrap(), ..HnswParams::default() };
    let bytes = std::fs::read(&kept).unwrap_or_else(|_| {
        let start = Instant::now();
        let built = build_graph(&vectors, Metric::Cosine, &params, &|_, _| true).unwrap();
        let bytes = built.to_bytes();
        println!("built in {:.1} s, {} MB", start.elapsed().as_secs_f64(), bytes.len() / 1_000_000);
        std::fs::write(&kept, &bytes).unwrap();
        bytes
    });
    let graph = Graph::open(bytes.into()).unwrap();
    let part = Part { vectors, allowed: None, graph: Some(&graph) };
    let queries: Vec<&[f32]> = queries.chunks_exact(dimensions).collect();
    println!("{} rows, {} nodes", vectors.len(), graph.nodes());
    let options = |ef| SearchOptions { metric: Metric::Cosine, k: 10, ef, exact: false };
    let exact = SearchOptions { exact: true, ..options(1) };
    let truth: Vec<Vec<Hit>> =
        queries.par_iter().map(|query| search(&[part], query, &exact).unwrap().0).collect();
    println!("{:>5} {:>10} {:>9} {:>9} {:>9}", "ef", "recall@10", "us/query", "visited", "reranked");
    for ef in widths {
        let mut best = (f64::MAX, 0.0, 0, 0);
        for _ in 0..7 {
            let (mut time, mut total, mut visited, mut reranked) = (0.0, 0.0, 0, 0);
            for (query, truth) in queries.iter().zip(&truth) {
                let start = Instant::now();
                let (found, stats) = search(&[part], query, &options(ef)).unwrap();
                time += start.elapsed().as_secs_f64();
                total += recall(&found, truth);
                visited += stats.visited;
                reranked += stats.reranked;
            }
            if time < best.0 {
                best = (time, total, visited, reranked);
            }
        }
        let count = queries.len() as f64;
        let (micros, visited, reranked) =
            (best.0 * 1e6 / count, best.2 as f64 / count, best.3 as f64 / count);
        println!("{ef:>5} {:>10.4} {micros:>9.1} {visited:>9.0} {reranked:>9.1}", best.1 / count);
    }
    println!(
        "{:>8} {:>9} {:>10} {:>9} {:>9} {:>7} {:>12}",
        "share", "matches", "recall@10", "us/query", "visited", "exact", "us if exact"
    );
    for share in [0.0001, 0.001, 0.01, 0.03, 0.1, 0.2, 0.5, 0.99] {
        for farthest in [false, true] {
            let (mut time, mut scan, mut total, mut visited, mut scanned) = (0.0, 0.0, 0.0, 0, 0);
            let queries = queries.get(..50).unwrap_or(&queries);
            for query in queries {
                let allowed = allowed(part, query, share, farthest);
                let part = Part { allowed: Some(&allowed), ..part };
                let start = Instant::now();
                let truth = search(&[part], query, &exact).unwrap().0;
                scan += start.elapsed().as_secs_f64();
                let start = Instant::now();
                let (found, stats) = search(&[part], query, &options(40)).unwrap();
                time += start.elapsed().as_secs_f64();
                total += recall(&found, &truth);
                visited += stats.visited;
                scanned += usize::from(stats.strategy != muster_engine::Strategy::Graph);
            }
            let count = queries.len() as f64;
            println!(
                "{share:>8} {:>9} {:>10.4} {:>9.1} {:>9.0} {scanned:>7} {:>12.1}",
                if farthest { "farthest" } else { "random" },
                total / count,
                time * 1e6 / count,
                visited as f64 / count,
                scan * 1e6 / count
            );
        }
    }
}

fn allowed(part: Part<'_>, query: &[f32], share: f64, farthest: bool) -> RoaringBitmap {
    let rows = part.vectors.len();
    let count = ((rows as f64 * share) as usize).max(1);
    if !farthest {
        // A multiple that is prime to the number of rows: spread evenly, in no order that data has.
        return (0..count).map(|it| (it * 7_919 % rows) as u32).collect();
    }
    let all = SearchOptions { metric: Metric::Cosine, k: rows, ef: 1, exact: true };
    let hits = search(&[part], query, &all).unwrap().0;
    hits.iter().rev().take(count).map(|hit| hit.row).collect()
}

fn recall(found: &[Hit], truth: &[Hit]) -> f64 {
    let limit = truth.last().map_or(0.0, |hit| hit.distance + hit.distance.abs() * 1e-6 + 1e-6);
    found.iter().filter(|hit| hit.distance <= limit).count() as f64 / truth.len().max(1) as f64
}

fn read(path: &Path) -> Vec<f32> {
    std::fs::read(path).unwrap().as_chunks::<4>().0.iter().map(|it| f32::from_le_bytes(*it)).collect()
}
