//! Rows to distinct codes: what a graph is built over.
//!
//! Invariant: no two nodes have the same codes and scale. A list of neighbours keeps the nearest, so of many equal points each
//! would know its equals alone, and they would be lost.

use std::borrow::Cow;
use std::collections::HashMap;

use twox_hash::XxHash3_64;

use super::{
    CodeBits,
    codes::{Quantizer, Scale, halve},
    distance::BuildDistance,
    layout::code_stride,
};
use crate::kernels::{codes::signed, nibbles};
use crate::{Error, Metric, Result, Vectors, check_vector, row::RowBuffer, vectors::is_zero};

/// Rows between two questions whether to go on: some milliseconds' work.
const STEP: u32 = 4096;

/// The distinct codes of some vectors, and the rows that have them. A node is a position in these lists.
#[derive(Debug)]
pub(super) struct Nodes {
    pub(super) quantizer: Quantizer,
    pub(super) code_bits: CodeBits,
    /// The codes of each node as a graph keeps them, `stride` bytes each.
    pub(super) codes: Vec<u8>,
    pub(super) stride: usize,
    /// What belongs to the codes while nodes are linked.
    pub(super) scales: Vec<Scale>,
    /// What searches multiply the codes with, where it is something else.
    search_scales: Vec<f32>,
    /// The rows of each node, ascending.
    pub(super) rows: Vec<Vec<u32>>,
    /// All rows, those without a node included.
    pub(super) total_rows: u32,
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Some of them: each stands for a row of its position among these.
    pub(super) fn some(&self, chosen: &[usize]) -> Self {
        Self {
            quantizer: self.quantizer.clone(),
            code_bits: self.code_bits,
            codes: chosen.iter().flat_map(|&node| self.kept(node)).copied().collect(),
            stride: self.stride,
            scales: chosen.iter().map(|&node| self.scale(node)).collect(),
            search_scales: chosen.iter().filter_map(|&node| self.search_scales.get(node)).copied().collect(),
            rows: (0..chosen.len() as u32).map(|row| vec![row]).collect(),
            total_rows: chosen.len() as u32,
        }
    }

    /// The codes of a node as a graph keeps them.
    pub(super) fn kept(&self, node: usize) -> &[u8] {
        self.codes.get(node * self.stride..(node + 1) * self.stride).unwrap_or_default()
    }

    /// The codes of a node, one a byte, with their padding.
    pub(super) fn codes(&self, node: usize) -> Cow<'_, [i8]> {
        match self.code_bits {
            CodeBits::Eight => Cow::Borrowed(signed(self.kept(node))),
            CodeBits::Four => Cow::Owned(nibbles::unpack(self.kept(node)).flatten().collect()),
        }
    }

    /// The scale that a node is linked by.
    pub(super) fn scale(&self, node: usize) -> Scale {
        self.scales.get(node).copied().unwrap_or(Scale { scale: 0.0, squared_norm: 0.0 })
    }

    /// The scale that a node is searched by.
    pub(super) fn search_scale(&self, node: usize) -> Scale {
        let linked = self.scale(node);
        let searched = self.search_scales.get(node).filter(|_| self.quantizer.metric != Metric::L1);
        // It makes inner products come out right, and nothing else.
        Scale { scale: searched.copied().unwrap_or(linked.scale), ..linked }
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
        code_bits: CodeBits,
        go_on: &dyn Fn() -> Result<()>,
    ) -> Result<Self> {
        let quantizer = Quantizer::fit(vectors, metric)?;
        let total_rows = u32::try_from(vectors.len())
            .map_err(|_| Error::TooManyRows { rows: vectors.len() as u64, most: u64::from(u32::MAX) - 1 })?;
        let stride = code_stride(vectors.dimensions(), code_bits);
        let (mut codes, scales, rows) = (Vec::new(), Vec::new(), Vec::new());
        // Growing would copy them, and hold both copies for a while. Where there is not so much memory it may yet suffice.
        let _grows = codes.try_reserve_exact(vectors.len().saturating_mul(stride));
        let search_scales = Vec::new();
        let mut nodes = Self { quantizer, code_bits, codes, stride, scales, search_scales, rows, total_rows };
        let mut by_hash: HashMap<u64, Vec<u32>> = HashMap::new();
        let mut codes = vec![0i8; vectors.dimensions()];
        let mut bytes = Vec::with_capacity(stride + 4);
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
            let (scale, searched) = match code_bits {
                CodeBits::Eight => {
                    bytes.extend(codes.iter().map(|code| code.cast_unsigned()));
                    bytes.resize(stride, 0);
                    (scale, None)
                }
                CodeBits::Four => {
                    let halved = halve(&codes, scale, &mut bytes);
                    (halved.linked, Some(halved.searched))
                }
            };
            bytes.extend(scale.scale.to_le_bytes());
            let same_hash = by_hash.entry(XxHash3_64::oneshot(&bytes)).or_default();
            let kept = bytes.get(..stride).unwrap_or_default();
            let equal =
                |&&node: &&u32| nodes.kept(node as usize) == kept && nodes.scale(node as usize) == scale;
            if let Some(rows) =
                same_hash.iter().find(equal).and_then(|&node| nodes.rows.get_mut(node as usize))
            {
                rows.push(row);
                continue;
            }
            same_hash.push(nodes.rows.len() as u32);
            nodes.codes.extend_from_slice(kept);
            nodes.scales.push(scale);
            nodes.search_scales.extend(searched);
            nodes.rows.push(vec![row]);
        }
        Ok(nodes)
    }
}
