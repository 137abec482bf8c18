//! Graphs whose nodes stand for lists: few nodes, and rows that are found all the same.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use bytes::Bytes;
use muster_engine::{
    CodeBits, Error, Graph, HnswParams, Metric, Part, ReadIndex, SearchOptions, Strategy, Vectors,
    build_graph, search, search_within,
};
use roaring::RoaringBitmap;

use crate::data::{clustered, find, graph_of, recall};

const DIMENSIONS: usize = 64;
const LISTS: HnswParams = HnswParams { m: 16, ef_construction: 64, code_bits: CodeBits::Four, list_rows: 16 };

fn options(metric: Metric) -> SearchOptions {
    SearchOptions { metric, k: 10, ef: 40, exact: false }
}

#[test]
fn a_tenth_of_the_nodes_finds_nine_tenths_of_the_nearest() {
    let all = clustered(6100, DIMENSIONS, 60, 0.4, 7);
    let (values, queries) = all.split_at(6000 * DIMENSIONS);
    let vectors = Vectors::new(values, DIMENSIONS, None).unwrap();
    for metric in [Metric::Cosine, Metric::L2, Metric::L1] {
        let graph = graph_of(&vectors, metric, &LISTS);
        assert!(graph.nodes() < graph.points() / 8, "{} of {}", graph.nodes(), graph.points());
        let part = Part { vectors, allowed: None, graph: Some(&graph) };
        let total: f64 = queries
            .chunks_exact(DIMENSIONS)
            .map(|query| {
                let (found, stats) = find(part, query, options(metric));
                assert_eq!((found.len(), stats.strategy), (10, Strategy::Graph));
                recall(&found, &find(part, query, SearchOptions { exact: true, ..options(metric) }).0)
            })
            .sum();
        println!("{metric}: {:.4}", total / 100.0);
        assert!(total / 100.0 >= 0.9, "{metric}: {}", total / 100.0);
    }
}

#[test]
fn every_row_is_found_by_its_own_vector() {
    // Clusters of one, of few and of many: what is far from every head is in a list, too.
    let mut values = clustered(2000, DIMENSIONS, 700, 0.3, 8);
    values.extend(clustered(3000, DIMENSIONS, 2, 0.1, 9));
    let vectors = Vectors::new(&values, DIMENSIONS, None).unwrap();
    for (list_rows, ef) in [(16, 40), (16, 4), (3, 4), (256, 40)] {
        let graph = graph_of(&vectors, Metric::Cosine, &HnswParams { list_rows, ..LISTS });
        let part = Part { vectors, allowed: None, graph: Some(&graph) };
        let lost = values.chunks_exact(DIMENSIONS).zip(0u32..).filter(|(own, row)| {
            let (found, _) = find(part, own, SearchOptions { k: 1, ef, ..options(Metric::Cosine) });
            found.first().is_none_or(|hit| hit.row != *row)
        });
        assert_eq!(lost.count(), 0, "list_rows {list_rows}, ef {ef}");
    }
}

#[test]
fn parts_are_searched_as_if_they_were_one() {
    let all = clustered(12_100, DIMENSIONS, 60, 0.4, 11);
    let (values, queries) = all.split_at(12_000 * DIMENSIONS);
    let whole = Vectors::new(values, DIMENSIONS, None).unwrap();
    let graph = graph_of(&whole, Metric::L2, &LISTS);
    let of_part: Vec<_> = values
        .chunks(2000 * DIMENSIONS)
        .map(|values| {
            let vectors = Vectors::new(values, DIMENSIONS, None).unwrap();
            (vectors, graph_of(&vectors, Metric::L2, &LISTS))
        })
        .collect();
    // The second in three rows is allowed, and none of the last part.
    let allowed = RoaringBitmap::from_iter((1..2000).step_by(3));
    let none = RoaringBitmap::new();
    for filtered in [false, true] {
        let parts: Vec<Part<'_>> = (0..)
            .zip(&of_part)
            .map(|(number, (vectors, graph))| Part {
                vectors: *vectors,
                allowed: filtered.then_some(if number == 5 { &none } else { &allowed }),
                graph: Some(graph),
            })
            .collect();
        let one = [Part { vectors: whole, allowed: None, graph: Some(&graph) }];
        let (mut total, mut visited, mut visited_in_one) = (0.0, 0, 0);
        for query in queries.chunks_exact(DIMENSIONS) {
            let (found, stats) = search(&parts, query, &options(Metric::L2)).unwrap();
            let exact = SearchOptions { exact: true, ..options(Metric::L2) };
            assert_eq!((found.len(), stats.strategy), (10, Strategy::Graph));
            total += recall(&found, &search(&parts, query, &exact).unwrap().0);
            visited += stats.visited;
            visited_in_one += search(&one, query, &options(Metric::L2)).unwrap().1.visited;
        }
        println!("filtered {filtered}: {:.4}, {visited} of {visited_in_one}", total / 100.0);
        assert!(total / 100.0 >= 0.9, "filtered {filtered}: {}", total / 100.0);
        // Six parts have six times as many heads to walk to, and as many points to compare.
        assert!(visited < 3 * visited_in_one, "{visited}, {visited_in_one} in one part");
    }
    // Each row is found by its own vector, in whichever part it is.
    let parts: Vec<Part<'_>> = of_part
        .iter()
        .map(|(vectors, graph)| Part { vectors: *vectors, allowed: None, graph: Some(graph) })
        .collect();
    for (row, own) in values.chunks_exact(DIMENSIONS).enumerate().step_by(7) {
        let (found, _) = search(&parts, own, &SearchOptions { k: 1, ef: 4, ..options(Metric::L2) }).unwrap();
        assert_eq!(found.first().map(|hit| hit.part as usize * 2000 + hit.row as usize), Some(row));
    }
}

#[test]
fn rows_that_are_too_far_are_left_out_and_no_others() {
    let values = clustered(6000, DIMENSIONS, 60, 0.4, 12);
    let (first, second) = values.split_at(4000 * DIMENSIONS);
    let [first, second] = [first, second].map(|part| Vectors::new(part, DIMENSIONS, None).unwrap());
    for params in [LISTS, HnswParams { list_rows: 1, ..LISTS }] {
        let graphs = [&first, &second].map(|part| graph_of(part, Metric::Cosine, &params));
        // The second has its graph later.
        for graph in [None, Some(&graphs[1])] {
            let parts = [
                Part { vectors: first, allowed: None, graph: Some(&graphs[0]) },
                Part { vectors: second, allowed: None, graph },
            ];
            for query in values.chunks_exact(DIMENSIONS).step_by(97) {
                let (found, _) = search(&parts, query, &options(Metric::Cosine)).unwrap();
                for limit in [-0.1, 0.0, found[3].distance, found[9].distance, 2.0] {
                    let (within, _) = search_within(&parts, query, &options(Metric::Cosine), limit).unwrap();
                    let expected = found.iter().filter(|hit| hit.distance <= limit);
                    // What was found without a limit is found with it: codes are compared all the same.
                    assert!(expected.clone().all(|hit| within.contains(hit)), "{limit}");
                    assert!(within.iter().all(|hit| hit.distance <= limit), "{limit}");
                    assert!(within.len() <= 10);
                }
            }
        }
    }
}

#[test]
fn as_many_rows_come_as_match() {
    let values = clustered(4000, DIMENSIONS, 40, 0.4, 10);
    let vectors = Vectors::new(&values, DIMENSIONS, None).unwrap();
    let graph = graph_of(&vectors, Metric::Cosine, &LISTS);
    for every in [1, 2, 7, 50, 300, 1999] {
        let allowed = RoaringBitmap::from_iter((0..4000).step_by(every));
        let part = Part { vectors, allowed: Some(&allowed), graph: Some(&graph) };
        let mut total = 0.0;
        for query in values.chunks_exact(DIMENSIONS).step_by(173) {
            for k in [1, 10, 1000] {
                let options = SearchOptions { k, ..options(Metric::Cosine) };
                let (found, _) = find(part, query, options);
                assert_eq!(found.len() as u64, allowed.len().min(k as u64), "every {every}, k {k}");
                assert!(found.iter().all(|hit| allowed.contains(hit.row)));
                if k == 10 {
                    total += recall(&found, &find(part, query, SearchOptions { exact: true, ..options }).0);
                }
            }
        }
        assert!(total / 24.0 >= 0.9, "every {every}: {}", total / 24.0);
    }
}

#[test]
fn no_rows_one_and_few() {
    for rows in [0, 1, 2, 15, 16, 17, 33] {
        let values = clustered(rows, DIMENSIONS, 3, 0.5, 11);
        let vectors = Vectors::new(&values, DIMENSIONS, None).unwrap();
        let graph = graph_of(&vectors, Metric::L2, &LISTS);
        assert_eq!((graph.len(), graph.points()), (rows, rows));
        let part = Part { vectors, allowed: None, graph: Some(&graph) };
        assert_eq!(find(part, &[0.5; DIMENSIONS], options(Metric::L2)).0.len(), rows.min(10));
    }
}

/// Counts what is read, and fails when it is told to.
#[derive(Debug)]
struct Reader {
    bytes: Bytes,
    read: AtomicUsize,
    broken: AtomicBool,
}

impl ReadIndex for Reader {
    fn read_index(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        if self.broken.load(Relaxed) {
            return Err(io::Error::other("the disk is gone"));
        }
        self.read.fetch_add(bytes.len(), Relaxed);
        let start = offset as usize;
        bytes.copy_from_slice(&self.bytes[start..start + bytes.len()]);
        Ok(())
    }
}

#[test]
fn lists_are_read_by_the_reader() {
    let values = clustered(3000, DIMENSIONS, 30, 0.4, 12);
    let vectors = Vectors::new(&values, DIMENSIONS, None).unwrap();
    let bytes: Bytes = build_graph(&vectors, Metric::Cosine, &LISTS, &|_, _| true).unwrap().to_bytes().into();
    let reader =
        Arc::new(Reader { bytes: bytes.clone(), read: AtomicUsize::new(0), broken: AtomicBool::new(false) });
    let mapped = Graph::open(bytes).unwrap();
    let read = mapped.clone().with_reader(reader.clone());
    let query = &values[..DIMENSIONS];
    let of = |graph| Part { vectors, allowed: None, graph: Some(graph) };
    let (found, _) = find(of(&read), query, options(Metric::Cosine));
    assert_eq!(found, find(of(&mapped), query, options(Metric::Cosine)).0);
    let bytes_read = reader.read.load(Relaxed);
    assert!(bytes_read > 0 && bytes_read < 3000 * (DIMENSIONS / 2), "{bytes_read}");
    reader.broken.store(true, Relaxed);
    let error = search(&[of(&read)], query, &options(Metric::Cosine)).unwrap_err();
    assert!(matches!(error, Error::ReadIndex { .. }), "{error}");
}
