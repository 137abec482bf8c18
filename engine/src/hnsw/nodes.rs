//! Rows to distinct codes: what a graph is built over.
//!
//! Invariant: no two nodes have the same codes and scale. A list of neighbours keeps the nearest, so of many equal points each
//! would know its equals alone, and they would be lost.

use std::collections::HashMap;

use twox_hash::XxHash3_64;

use super::{
    codes::{Quantizer, Scale},
    distance::BuildDistance,
    layout::ALIGN,
};
use crate::{Error, Metric, Result, Vectors, check_vector, row::RowBuffer, vectors::is_zero};

/// Codes are padded to a multiple of this, as in a frozen graph.
const CODE_ALIGN: usize = ALIGN as usize;

/// Rows between two questions whether to go on: some milliseconds' work.
const STEP: u32 = 4096;

/// The distinct codes of some vectors, and the rows that have them. A node is a position in these lists.
#[derive(Debug)]
pub(super) struct Nodes {
    pub(super) quantizer: Quantizer,
    /// The codes of each node, padded with zeros to `stride`.
    pub(super) codes: Vec<i8>,
    pub(super) stride: usize,
    pub(super) scales: Vec<Scale>,
    /// The rows of each node, ascending.
    pub(super) rows: Vec<Vec<u32>>,
    /// All rows, those without a node included.
    pub(super) total_rows: u32,
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The codes of a node.
    pub(super) fn codes(&self, node: usize) -> &[i8] {
        let start = node * self.stride;
        self.codes.get(start..start + self.quantizer.centre.len()).unwrap_or_default()
    }

    /// The codes of a node with their padding.
    pub(super) fn padded(&self, node: usize) -> &[i8] {
        self.codes.get(node * self.stride..(node + 1) * self.stride).unwrap_or_default()
    }

    /// The scale of a node.
    pub(super) fn scale(&self, node: usize) -> Scale {
        self.scales.get(node).copied().unwrap_or(Scale { scale: 0.0, squared_norm: 0.0 })
    }

    /// The distance that nodes are linked by.
    pub(super) fn distance(&self) -> BuildDistance {
        let greatest = self.scales.iter().fold(0.0f32, |most, scale| most.max(scale.squared_norm));
        BuildDistance { metric: self.quantizer.metric, greatest_squared_norm: greatest }
    }

    /// Quantises all rows that can be found. NULL rows are left out, and zero vectors for cosine distance.
    /// `go_on` is asked now and then.
    pub(super) fn gather(
        vectors: &Vectors<'_>,
        metric: Metric,
        go_on: &dyn Fn() -> Result<()>,
    ) -> Result<Self> {
        let quantizer = Quantizer::fit(vectors, metric)?;
        let total_rows = u32::try_from(vectors.len())
            .map_err(|_| Error::TooManyRows { rows: vectors.len() as u64, most: u64::from(u32::MAX) - 1 })?;
        let stride = vectors.dimensions().next_multiple_of(CODE_ALIGN);
        let (mut codes, scales, rows) = (Vec::new(), Vec::new(), Vec::new());
        // Growing would copy them, and hold both copies for a while. Where there is not so much memory it may yet suffice.
        let _grows = codes.try_reserve_exact(vectors.len().saturating_mul(stride));
        let mut nodes = Self { quantizer, codes, stride, scales, rows, total_rows };
        let mut by_hash: HashMap<u64, Vec<u32>> = HashMap::new();
        let mut codes = vec![0i8; vectors.dimensions()];
        let mut bytes = Vec::with_capacity(codes.len() + 4);
        let (mut fetched, mut widened) = (RowBuffer::default(), Vec::new());
        for row in 0..total_rows {
            if row % STEP == 0 {
                go_on()?;
            }
            let Some(values) = vectors.fetch(row as usize, &mut fetched)? else { continue };
            let values = values.widen(&mut widened);
            check_vector(values, vectors.dimensions(), None).map_err(|error| error.at_row(u64::from(row)))?;
            if metric == Metric::Cosine && is_zero(values) {
                continue;
            }
            let scale = nodes.quantizer.encode(values, &mut codes);
            bytes.clear();
            bytes.extend(codes.iter().map(|code| code.cast_unsigned()));
            bytes.extend(scale.scale.to_le_bytes());
            let same_hash = by_hash.entry(XxHash3_64::oneshot(&bytes)).or_default();
            let equal =
                |&&node: &&u32| nodes.codes(node as usize) == codes && nodes.scale(node as usize) == scale;
            if let Some(rows) =
                same_hash.iter().find(equal).and_then(|&node| nodes.rows.get_mut(node as usize))
            {
                rows.push(row);
                continue;
            }
            same_hash.push(nodes.rows.len() as u32);
            nodes.codes.extend_from_slice(&codes);
            nodes.codes.resize(nodes.rows.len() * stride + stride, 0);
            nodes.scales.push(scale);
            nodes.rows.push(vec![row]);
        }
        Ok(nodes)
    }
}
