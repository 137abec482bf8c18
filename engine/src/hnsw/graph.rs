//! A frozen graph: bytes, checked once, read in place.
//!
//! It holds no vectors and no locks, and never changes. The bytes may be a memory map. Invariant: after
//! [`Graph::open`] every neighbour is a node of its layer and every row is one of the vectors', none twice;
//! and even if the bytes change underneath, reading them is bounds-checked.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use roaring::RoaringBitmap;

use super::{
    HnswParams,
    codes::{Quantizer, Scale},
    layout::{Header, Layout, NONE, damaged},
};
use crate::{Error, Metric, Result, kernels};

/// An HNSW graph, ready to be searched. Its clones share their bytes.
#[derive(Debug, Clone)]
pub struct Graph {
    bytes: Bytes,
    header: Header,
    layout: Layout,
    quantizer: Quantizer,
    /// The node of each row, [`NONE`] where it has none; made when it is first asked for.
    nodes_of_rows: Arc<OnceLock<Vec<u32>>>,
}

impl Graph {
    /// Opens what a [`BuiltGraph`](super::BuiltGraph) wrote, checking all of its structure.
    ///
    /// What checksums are for stays undetected: a changed code, or a neighbour changed to another node,
    /// costs recall, never more.
    ///
    /// # Errors
    /// [`Error::Graph`] with the place of the damage; [`Error::GraphVersion`] for a newer format.
    pub fn open(bytes: Bytes) -> Result<Graph> {
        let header = Header::read(&bytes)?;
        let layout = header
            .layout()
            .filter(|layout| layout.len == bytes.len())
            .ok_or_else(|| damaged(bytes.len(), "its length is not what its header says"))?;
        let centre = floats(section(&bytes, &layout.centre)).collect::<Vec<f32>>();
        let quantizer = Quantizer { metric: header.metric, centre, factor: header.factor };
        let graph = Graph { bytes, header, layout, quantizer, nodes_of_rows: Arc::default() };
        graph.check_numbers()?;
        graph.check_neighbours()?;
        graph.check_rows()?;
        Ok(graph)
    }

    /// The metric it was built for, and the only one it answers.
    pub fn metric(&self) -> Metric {
        self.header.metric
    }

    /// Rows of the vectors it was built over, those that cannot be found (NULL, zero) included.
    pub fn len(&self) -> usize {
        self.header.rows as usize
    }

    /// Whether it was built over no rows.
    pub fn is_empty(&self) -> bool {
        self.header.rows == 0
    }

    /// Elements in each vector.
    pub fn dimensions(&self) -> usize {
        self.header.dimensions as usize
    }

    /// What it was built with.
    pub fn params(&self) -> HnswParams {
        self.header.params
    }

    /// Rows that can be found: all but NULL ones and, for cosine distance, zero vectors.
    pub fn indexed_rows(&self) -> usize {
        self.header.indexed_rows as usize
    }

    /// Nodes: rows with the same codes share one.
    pub fn nodes(&self) -> usize {
        self.header.nodes() as usize
    }

    pub(super) fn quantizer(&self) -> &Quantizer {
        &self.quantizer
    }

    /// The highest layer.
    pub(super) fn top_layer(&self) -> usize {
        self.header.layers.len().saturating_sub(1)
    }

    /// The codes of a node as they are kept, padding included; empty past the last node.
    #[inline]
    pub(super) fn codes(&self, node: u32) -> &[u8] {
        let (start, stride) = (node as usize * self.code_stride(), self.code_stride());
        self.all_codes().get(start..start + stride).unwrap_or_default()
    }

    /// What belongs to a node's codes.
    #[inline]
    pub(super) fn scale(&self, node: u32) -> Scale {
        let start = self.layout.scales.start + node as usize * 8;
        let number = |start| float(self.bytes.get(start..start + 4));
        Scale { scale: number(start), squared_norm: number(start + 4) }
    }

    /// The codes of all nodes, each [`Graph::code_stride`] after the one before and padded.
    #[inline]
    pub(super) fn all_codes(&self) -> &[u8] {
        section(&self.bytes, &self.layout.codes)
    }

    /// Codes that are compared for each node: the dimensions and the padding.
    pub(super) fn padded_dimensions(&self) -> usize {
        self.header.padded_dimensions()
    }

    /// Bytes from one node's codes to the next one's.
    #[inline]
    pub(super) fn code_stride(&self) -> usize {
        self.header.code_stride()
    }

    /// Nodes that reach a layer: those of the numbers below this.
    #[inline]
    pub(super) fn nodes_of(&self, layer: usize) -> u32 {
        self.header.layers.get(layer).copied().unwrap_or(0)
    }

    /// Asks for a node's neighbours in a layer to be fetched into the cache.
    #[inline]
    pub(super) fn prefetch_neighbours(&self, layer: usize, node: u32) {
        let size = 4 * self.header.stride(layer);
        let start = self.layout.neighbours.get(layer).map_or(0, |it| it.start) + node as usize * size;
        kernels::prefetch(self.bytes.get(start..start + size).unwrap_or_default());
    }

    /// The neighbours of a node in a layer.
    #[inline]
    pub(super) fn neighbours(&self, layer: usize, node: u32) -> impl Iterator<Item = u32> + '_ {
        let size = 4 * self.header.stride(layer);
        let list = self.layout.neighbours.get(layer).and_then(|section| {
            let start = section.start + node as usize * size;
            self.bytes.get(start..start + size).filter(|_| start + size <= section.end)
        });
        words(list.unwrap_or_default()).take_while(|&neighbour| neighbour != NONE)
    }

    /// The rows a node stands for, ascending.
    #[inline]
    pub(super) fn rows(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let end = |node: usize| word(section(&self.bytes, &self.layout.row_ends).get(4 * node..4 * node + 4));
        let start = (node as usize).checked_sub(1).map_or(0, end);
        let rows = section(&self.bytes, &self.layout.rows);
        words(rows.get(4 * start as usize..4 * end(node as usize) as usize).unwrap_or_default())
    }

    /// The node that stands for a row; `None` for a row that cannot be found.
    #[inline]
    pub(super) fn node_of(&self, row: u32) -> Option<u32> {
        let nodes = self.nodes_of_rows.get_or_init(|| {
            let mut nodes = vec![NONE; self.len()];
            for node in 0..self.header.nodes() {
                for row in self.rows(node) {
                    if let Some(place) = nodes.get_mut(row as usize) {
                        *place = node;
                    }
                }
            }
            nodes
        });
        nodes.get(row as usize).copied().filter(|&node| node != NONE)
    }

    fn check_numbers(&self) -> Result<()> {
        for name in [&self.layout.centre, &self.layout.scales] {
            if let Some(position) = floats(section(&self.bytes, name)).position(|x| !x.is_finite()) {
                return Err(damaged(name.start + 4 * position, "a number is not finite"));
            }
        }
        Ok(())
    }

    fn check_neighbours(&self) -> Result<()> {
        for (place, &count) in self.layout.neighbours.iter().zip(&self.header.layers) {
            let bad = |neighbour| neighbour >= count && neighbour != NONE;
            if let Some(position) = words(section(&self.bytes, place)).position(bad) {
                return Err(damaged(place.start + 4 * position, "a neighbour is no node of its layer"));
            }
        }
        Ok(())
    }

    fn check_rows(&self) -> Result<()> {
        let place = &self.layout.row_ends;
        let mut before = 0;
        for (node, end) in words(section(&self.bytes, place)).enumerate() {
            if end <= before || end > self.header.indexed_rows {
                return Err(damaged(place.start + 4 * node, "rows do not follow one another"));
            }
            before = end;
        }
        if before != self.header.indexed_rows {
            return Err(damaged(place.end, "some rows belong to no node"));
        }
        let place = &self.layout.rows;
        let mut seen = RoaringBitmap::new();
        for (position, row) in words(section(&self.bytes, place)).enumerate() {
            if row >= self.header.rows || !seen.insert(row) {
                return Err(damaged(place.start + 4 * position, "a row is none, or is there twice"));
            }
        }
        Ok(())
    }

    /// Refuses vectors and a metric that this graph was not built over.
    pub(crate) fn check_fits(&self, rows: usize, dimensions: usize, metric: Metric) -> Result<()> {
        if metric != self.metric() {
            return Err(Error::GraphMetric { graph: self.metric(), query: metric });
        }
        if rows != self.len() || dimensions != self.dimensions() {
            let (own_rows, own) = (self.len(), self.dimensions());
            let reason = format!("{own_rows} rows of {own} dimensions, not {rows} of {dimensions}");
            return Err(Error::GraphMismatch { reason });
        }
        Ok(())
    }
}

fn section<'a>(bytes: &'a [u8], place: &Range<usize>) -> &'a [u8] {
    bytes.get(place.clone()).unwrap_or_default()
}

/// The little-endian numbers of a section. Alignment is no matter.
#[inline]
fn words(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word))
}

fn floats(bytes: &[u8]) -> impl Iterator<Item = f32> + '_ {
    words(bytes).map(f32::from_bits)
}

#[inline]
fn word(bytes: Option<&[u8]>) -> u32 {
    bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

#[inline]
fn float(bytes: Option<&[u8]>) -> f32 {
    f32::from_bits(word(bytes))
}
