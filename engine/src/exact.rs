//! Exact search: the query's distance to every allowed row.
//!
//! It uses no index, so it is the truth that indexes are measured against, and the way for small parts,
//! unsealed rows and narrow filters. Invariant: the rows found do not depend on how the scan was split.

use rayon::prelude::*;
use roaring::RoaringBitmap;

use crate::{Hit, Vectors, distance::QueryDistance, hit::TopK};

/// Rows are scanned in runs of this many, the unit of parallel work.
const RUN: usize = 4096;

/// Elements below which a scan stays on its thread: at about 10 ns a row of 768, handing out costs more.
const PARALLEL_ELEMENTS: usize = 8 << 20;

/// Scans the allowed rows of a part; returns the `k` nearest and the number of rows compared.
pub(crate) fn scan(
    part: u32,
    vectors: &Vectors<'_>,
    allowed: Option<&RoaringBitmap>,
    query: &QueryDistance<'_>,
    k: usize,
) -> (TopK, u64) {
    let len = vectors.len();
    let matches = allowed.map_or(len, |allowed| usize::try_from(allowed.len()).unwrap_or(len)).min(len);
    if matches.saturating_mul(vectors.dimensions()) < PARALLEL_ELEMENTS {
        return scan_run(part, vectors, allowed, query, k, 0, len);
    }
    (0..len.div_ceil(RUN))
        .into_par_iter()
        .map(|run| {
            let start = run * RUN;
            scan_run(part, vectors, allowed, query, k, start, len.min(start + RUN))
        })
        .reduce(
            || (TopK::new(k, matches), 0),
            |(mut top, compared), (other, more)| {
                top.merge(other);
                (top, compared + more)
            },
        )
}

fn scan_run(
    part: u32,
    vectors: &Vectors<'_>,
    allowed: Option<&RoaringBitmap>,
    query: &QueryDistance<'_>,
    k: usize,
    start: usize,
    end: usize,
) -> (TopK, u64) {
    let mut top = TopK::new(k, end - start);
    let mut compared = 0;
    let mut visit = |row: u32| {
        if let Some(values) = vectors.get(row as usize) {
            compared += 1;
            top.push(Hit { part, row, distance: query.to(values) });
        }
    };
    // Vectors::new keeps the number of rows below u32::MAX.
    let (start, end) = (start as u32, end as u32);
    match allowed {
        Some(allowed) => allowed.range(start..end).for_each(&mut visit),
        None => (start..end).for_each(&mut visit),
    }
    (top, compared)
}
