//! A graph's bytes changed or cut: an error or worse neighbours, never a panic, a hang or a wrong row.

use bytes::Bytes;
use muster_engine::{
    CodeBits, Error, Graph, HnswParams, Metric, Part, SearchOptions, Vectors, build_graph, search,
};

use crate::data::clustered;

const DIMENSIONS: usize = 4;

const PLAIN: HnswParams = HnswParams { m: 3, ef_construction: 10, code_bits: CodeBits::Eight, list_rows: 1 };
const COARSE: HnswParams = HnswParams { code_bits: CodeBits::Four, ..PLAIN };
const LISTS: HnswParams = HnswParams { list_rows: 4, ..COARSE };

/// Enough rows that a search goes through the graph with ef 1.
fn small(params: &HnswParams) -> (Vec<f32>, Vec<u8>) {
    let mut values = clustered(120, DIMENSIONS, 3, 0.5, 40);
    values.extend_from_within(..20 * DIMENSIONS);
    let vectors = Vectors::new(&values, DIMENSIONS, None).unwrap();
    let bytes = build_graph(&vectors, Metric::L2, params, &|_, _| true).unwrap().to_bytes();
    (values, bytes)
}

/// Opens and, if that works, searches; the result has to be sound.
fn open_and_search(values: &[f32], bytes: Vec<u8>) -> Result<(), Error> {
    let graph = Graph::open(Bytes::from(bytes))?;
    let vectors = Vectors::new(values, DIMENSIONS, None)?;
    let part = Part { vectors, allowed: None, graph: Some(&graph) };
    let options = SearchOptions { metric: Metric::L2, k: 3, ef: 1, exact: false };
    let (hits, _) = search(&[part], &[0.3, -0.2, 0.9, 0.1], &options)?;
    assert_eq!(hits.len(), 3);
    let mut rows: Vec<u32> = hits.iter().map(|hit| hit.row).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), 3, "no row twice");
    assert!(rows.iter().all(|&row| (row as usize) < vectors.len()));
    Ok(())
}

#[test]
fn every_byte_flipped_in_several_ways() {
    flip_every_byte(&PLAIN);
}

#[test]
fn every_byte_flipped_where_codes_have_four_bits() {
    flip_every_byte(&COARSE);
}

#[test]
fn every_byte_flipped_where_there_are_lists() {
    flip_every_byte(&LISTS);
}

fn flip_every_byte(params: &HnswParams) {
    let (values, bytes) = small(params);
    open_and_search(&values, bytes.clone()).unwrap();
    let (mut refused, mut searched) = (0, 0);
    for position in 0..bytes.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut bytes = bytes.clone();
            bytes[position] ^= change;
            match open_and_search(&values, bytes) {
                Ok(()) => searched += 1,
                Err(_) => refused += 1,
            }
        }
    }
    println!("{refused} refused, {searched} searched");
    assert!(refused > 0 && searched > 0);
}

#[test]
fn cut_at_every_length() {
    for params in [PLAIN, COARSE, LISTS] {
        cut(&params);
    }
}

fn cut(params: &HnswParams) {
    let (values, bytes) = small(params);
    for len in 0..bytes.len() {
        let error = open_and_search(&values, bytes[..len].to_vec()).unwrap_err();
        assert!(matches!(error, Error::Graph { .. }), "{len}: {error}");
    }
    let longer = [bytes, vec![0; 64]].concat();
    assert!(matches!(open_and_search(&values, longer), Err(Error::Graph { .. })));
}

#[test]
fn absurd_counts_allocate_nothing() {
    for params in [PLAIN, LISTS] {
        absurd_counts(&params);
    }
}

fn absurd_counts(params: &HnswParams) {
    let (values, bytes) = small(params);
    for field in 0..28 {
        for value in [u32::MAX, u32::MAX - 1, 1 << 31, 0x00ff_ffff] {
            let mut bytes = bytes.clone();
            bytes[8 + 4 * field..12 + 4 * field].copy_from_slice(&value.to_le_bytes());
            // Fields past the last layer's count are padding; a factor is only a worse factor.
            if let Err(error) = open_and_search(&values, bytes) {
                let expected = matches!(
                    error,
                    Error::Graph { .. } | Error::GraphVersion { .. } | Error::GraphMismatch { .. }
                );
                assert!(expected, "{error}");
            }
        }
    }
}

#[test]
fn a_newer_version_says_so() {
    let (_, mut bytes) = small(&PLAIN);
    bytes[8..12].copy_from_slice(&4u32.to_le_bytes());
    let error = Graph::open(Bytes::from(bytes)).unwrap_err();
    assert!(matches!(error, Error::GraphVersion { found: 4, newest: 3 }));
}

#[test]
fn bytes_at_odd_addresses_are_read_alike() {
    let (values, bytes) = small(&PLAIN);
    let mut shifted = vec![0];
    shifted.extend(bytes);
    let graph = Graph::open(Bytes::from(shifted).slice(1..)).unwrap();
    let part = Part {
        vectors: Vectors::new(&values, DIMENSIONS, None).unwrap(),
        allowed: None,
        graph: Some(&graph),
    };
    let options = SearchOptions { metric: Metric::L2, k: 3, ef: 1, exact: false };
    assert_eq!(search(&[part], &[0.3, -0.2, 0.9, 0.1], &options).unwrap().0.len(), 3);
}
