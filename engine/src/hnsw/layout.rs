//! Where things are in a frozen graph's bytes. The format's description is `docs/graph-format.md` in the repository.
//!
//! It reads and writes the header and computes the sections; it does not look into them. Invariant: the
//! sections of a [`Layout`] follow one another, 64-byte aligned, and end exactly at [`Layout::len`].

use std::ops::Range;

use super::{CodeBits, HnswParams};
use crate::{Error, Metric, Result, kernels::nibbles};

/// The first bytes of a graph.
pub(super) const MAGIC: [u8; 8] = *b"MUSTERGR";
/// The newest version read. Each is written only where what it added is used; others are what versions before read as well.
pub(super) const VERSION: u32 = LISTS;
/// The version that says how many bits codes have.
const BITS: u32 = 2;
/// The version that has lists.
const LISTS: u32 = 3;
/// Where the header says how many bits codes have, as a number of fields; the fields of lists are behind it.
const CODE_BITS: usize = 9 + MOST_LAYERS;
/// Sections begin at multiples of this: a cache line.
pub(super) const ALIGN: u64 = 64;
/// Bytes of the header: its fields, rounded up to [`ALIGN`].
pub(super) const HEADER: usize = 128;
/// Layers there can be; hnsw_rs has no more.
pub(super) const MOST_LAYERS: usize = 16;
/// Bytes of a scale: the scale and the squared length.
pub(super) const SCALE: usize = 8;
/// In a list of neighbours, "no more".
pub(super) const NONE: u32 = u32::MAX;

/// What the header says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Header {
    pub(super) metric: Metric,
    pub(super) dimensions: u32,
    pub(super) params: HnswParams,
    /// Rows of the vectors, those left out included.
    pub(super) rows: u32,
    /// Rows that nodes stand for.
    pub(super) indexed_rows: u32,
    /// Distinct codes of rows: points. Without lists each is a node.
    pub(super) points: u32,
    /// What the quantiser multiplies with.
    pub(super) factor: f32,
    /// For each layer, the number of nodes that reach it: nodes `0..n`. The first is the number of nodes.
    pub(super) layers: Vec<u32>,
}

/// Where the sections are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) centre: Range<usize>,
    pub(super) codes: Range<usize>,
    pub(super) scales: Range<usize>,
    /// The neighbour lists of each layer, the lowest first.
    pub(super) neighbours: Vec<Range<usize>>,
    /// Where the points of each node's list end; empty without lists.
    pub(super) list_ends: Range<usize>,
    /// Where the rows of each point end.
    pub(super) row_ends: Range<usize>,
    pub(super) rows: Range<usize>,
    /// The lists, one after the other: the codes of a list's points, then their scales. Empty without lists.
    pub(super) lists: Range<usize>,
    /// Length of all.
    pub(super) len: usize,
}

impl Header {
    /// Neighbours a node keeps in a layer.
    pub(super) fn stride(&self, layer: usize) -> usize {
        if layer == 0 { 2 * self.params.m } else { self.params.m }
    }

    /// Bytes from one node's codes to the next one's.
    pub(super) fn code_stride(&self) -> usize {
        code_stride(self.dimensions as usize, self.params.code_bits)
    }

    /// Codes that are compared for each node: the dimensions and the padding.
    pub(super) fn padded_dimensions(&self) -> usize {
        self.code_stride() * 8 / self.params.code_bits.number()
    }

    /// Number of nodes.
    pub(super) fn nodes(&self) -> u32 {
        self.layers.first().copied().unwrap_or(0)
    }

    /// Whether nodes stand for lists.
    pub(super) fn has_lists(&self) -> bool {
        self.params.list_rows > 1
    }

    /// Bytes that a list has for each of its points.
    pub(super) fn point_size(&self) -> usize {
        self.code_stride() + SCALE
    }

    /// The sections, or `None` where their sizes pass what can be addressed.
    pub(super) fn layout(&self) -> Option<Layout> {
        let mut at = HEADER as u64;
        let mut section = |count: u64, size: u64| {
            let start = at;
            let end = count.checked_mul(size)?.checked_add(start)?;
            at = end.checked_next_multiple_of(ALIGN)?;
            Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
        };
        let nodes = u64::from(self.nodes());
        let centre = section(u64::from(self.dimensions), 4)?;
        let codes = section(nodes, self.code_stride() as u64)?;
        let scales = section(nodes, SCALE as u64)?;
        let mut neighbours = Vec::with_capacity(self.layers.len());
        for (layer, &count) in self.layers.iter().enumerate() {
            neighbours.push(section(u64::from(count), 4 * self.stride(layer) as u64)?);
        }
        let points = u64::from(self.points);
        let (listed, in_lists) = if self.has_lists() { (nodes, points) } else { (0, 0) };
        let list_ends = section(listed, 4)?;
        let row_ends = section(points, 4)?;
        let rows = section(u64::from(self.indexed_rows), 4)?;
        let lists = section(in_lists, self.point_size() as u64)?;
        let len = usize::try_from(at).ok()?;
        Some(Layout { centre, codes, scales, neighbours, list_ends, row_ends, rows, lists, len })
    }

    /// Writes the header into the first [`HEADER`] bytes.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let code_bits = self.params.code_bits;
        let (version, added) = match code_bits {
            _ if self.has_lists() => {
                (LISTS, [code_bits.number() as u32, self.params.list_rows as u32, self.points])
            }
            CodeBits::Eight => (1, [0; 3]),
            CodeBits::Four => (BITS, [4, 0, 0]),
        };
        bytes.extend_from_slice(&MAGIC);
        let fields = [
            version,
            self.metric.code(),
            self.dimensions,
            self.params.m as u32,
            self.params.ef_construction as u32,
            self.rows,
            self.indexed_rows,
            self.factor.to_bits(),
            self.layers.len() as u32,
        ];
        let unused = std::iter::repeat_n(0, MOST_LAYERS.saturating_sub(self.layers.len()));
        let layers = self.layers.iter().copied().chain(unused);
        for field in fields.into_iter().chain(layers).chain(added) {
            bytes.extend_from_slice(&field.to_le_bytes());
        }
        bytes.resize(HEADER, 0);
    }

    /// Reads a header and refuses one that no graph can have.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let field = |index: usize| {
            let offset = MAGIC.len() + 4 * index;
            let bytes = bytes.get(offset..offset + 4).and_then(|field| field.try_into().ok());
            bytes.map(u32::from_le_bytes).ok_or_else(|| damaged(offset, "the header ends early"))
        };
        if bytes.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(damaged(0, "it does not begin as an index does"));
        }
        let version = field(0)?;
        if version > VERSION {
            return Err(Error::GraphVersion { found: version, newest: VERSION });
        }
        if version == 0 {
            return Err(damaged(8, "format version 0 does not exist"));
        }
        let metric = Metric::from_code(field(1)?).ok_or_else(|| damaged(12, "unknown metric"))?;
        let dimensions = field(2)?;
        let code_bits = match (version, field(CODE_BITS)?) {
            (1, _) => Some(CodeBits::Eight),
            (_, bits) => CodeBits::from_number(bits as usize),
        };
        let code_bits = code_bits.ok_or_else(|| damaged(108, "impossible size of codes"))?;
        let list_rows = if version < LISTS { 1 } else { field(CODE_BITS + 1)? as usize };
        let (m, ef_construction) = (field(3)? as usize, field(4)? as usize);
        let params = HnswParams { m, ef_construction, code_bits, list_rows };
        params.check().map_err(|error| damaged(20, &error.to_string()))?;
        let (rows, indexed_rows) = (field(5)?, field(6)?);
        let factor = f32::from_bits(field(7)?);
        let layer_count = field(8)? as usize;
        if dimensions == 0 || indexed_rows > rows || rows == u32::MAX {
            return Err(damaged(16, "impossible counts"));
        }
        if !(factor.is_finite() && factor > 0.0) {
            return Err(damaged(36, "impossible factor"));
        }
        if !(1..=MOST_LAYERS).contains(&layer_count) {
            return Err(damaged(40, "impossible number of layers"));
        }
        let layers = (0..layer_count).map(|layer| field(9 + layer)).collect::<Result<Vec<u32>>>()?;
        let nodes = layers.first().copied().unwrap_or(0);
        let points = if version < LISTS { nodes } else { field(CODE_BITS + 2)? };
        let header = Self { metric, dimensions, params, rows, indexed_rows, points, factor, layers };
        let empty_upper = header.layers.iter().skip(1).any(|&count| count == 0);
        if !header.layers.is_sorted_by(|a, b| a >= b)
            || empty_upper
            || nodes > points
            || points > indexed_rows
        {
            return Err(damaged(44, "impossible layers"));
        }
        if nodes == 0 && points > 0 || header.has_lists() != (version == LISTS) {
            return Err(damaged(112, "impossible lists"));
        }
        Ok(header)
    }
}

/// Bytes of a node's codes with their padding.
pub(super) fn code_stride(dimensions: usize, code_bits: CodeBits) -> usize {
    match code_bits {
        CodeBits::Eight => dimensions.next_multiple_of(ALIGN as usize),
        CodeBits::Four => dimensions.div_ceil(nibbles::BLOCK_CODES) * nibbles::BLOCK,
    }
}

/// An error that names the place.
pub(super) fn damaged(offset: usize, reason: &str) -> Error {
    Error::Graph { offset: offset as u64, reason: reason.to_owned() }
}
