//! A frozen graph: bytes, checked once, read in place.
//!
//! It holds no vectors and no locks, and never changes. The bytes may be a memory map. Invariant: after
//! [`Graph::open`] every neighbour is a node of its layer and every row is one of the vectors', none twice;
//! and even if the bytes change underneath, reading them is bounds-checked.

use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use roaring::RoaringBitmap;

use super::{
    HnswParams,
    codes::{Quantizer, Scale},
    layout::{Header, Layout, NONE, SCALE, damaged},
};
use crate::{Error, Metric, Result, kernels};

/// Reads parts of an index's bytes from where they are stored.
///
/// Lists lie beside one another, and most are not looked at for long: read, they take memory only while they are looked at; of a
/// memory map they would stay.
pub trait ReadIndex: std::fmt::Debug + Send + Sync {
    /// Fills `bytes` with those that begin so many behind the index's first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn read_index(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
}

/// An HNSW graph, ready to be searched. Its clones share their bytes.
#[derive(Debug, Clone)]
pub struct Graph {
    bytes: Bytes,
    /// What reads the lists; the bytes, where there is none.
    reader: Option<Arc<dyn ReadIndex>>,
    header: Header,
    layout: Layout,
    quantizer: Quantizer,
    /// The point of each row, [`NONE`] where it has none; made when it is first asked for.
    points_of_rows: Arc<OnceLock<Vec<u32>>>,
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
        let graph = Graph { bytes, reader: None, header, layout, quantizer, points_of_rows: Arc::default() };
        graph.check_numbers()?;
        graph.check_neighbours()?;
        graph.check_lists()?;
        graph.check_rows()?;
        Ok(graph)
    }

    /// The same graph, which reads its lists by `reader`.
    #[must_use]
    pub fn with_reader(self, reader: Arc<dyn ReadIndex>) -> Graph {
        Graph { reader: Some(reader), ..self }
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

    /// Nodes: rows with the same codes share one, and with lists so do those near to it.
    pub fn nodes(&self) -> usize {
        self.header.nodes() as usize
    }

    /// Distinct codes of rows. Without lists each is a node, of the same number.
    pub fn points(&self) -> usize {
        self.header.points as usize
    }

    /// Whether nodes stand for lists.
    pub(crate) fn has_lists(&self) -> bool {
        self.header.has_lists()
    }

    /// The points of a node's list.
    #[inline]
    pub(super) fn list(&self, node: u32) -> Range<u32> {
        let ends = section(&self.bytes, &self.layout.list_ends);
        let end = |node: usize| word(ends.get(4 * node..4 * node + 4));
        let start = (node as usize).checked_sub(1).map_or(0, end);
        start..end(node as usize).min(self.header.points)
    }

    /// The node that has a point in its list.
    pub(super) fn node_of_point(&self, point: u32) -> u32 {
        let (ends, _) = section(&self.bytes, &self.layout.list_ends).as_chunks::<4>();
        ends.partition_point(|end| u32::from_le_bytes(*end) <= point) as u32
    }

    /// Reads a list's points: the codes of all of them, [`Graph::code_stride`] bytes each, then the scales.
    ///
    /// # Errors
    /// [`Error::ReadIndex`].
    pub(super) fn read_list<'a>(&self, list: &Range<u32>, buffer: &'a mut Vec<u8>) -> Result<ListPoints<'a>> {
        let (size, count) = (self.header.point_size(), list.len());
        let start = self.layout.lists.start + list.start as usize * size;
        buffer.resize(count * size, 0);
        match &self.reader {
            Some(reader) => reader.read_index(start as u64, buffer),
            None => match self.bytes.get(start..start + count * size) {
                Some(bytes) => {
                    buffer.copy_from_slice(bytes);
                    Ok(())
                }
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            },
        }
        .map_err(|source| Error::ReadIndex { source })?;
        let (codes, scales) = buffer.split_at(count * self.code_stride());
        Ok(ListPoints { codes, scales })
    }

    pub(super) fn quantizer(&self) -> &Quantizer {
        &self.quantizer
    }

    /// The highest layer.
    pub(super) fn top_layer(&self) -> usize {
        self.header.layers.len().saturating_sub(1)
    }

    /// What belongs to a node's codes.
    #[inline]
    pub(super) fn scale(&self, node: u32) -> Scale {
        scale_at(section(&self.bytes, &self.layout.scales), node as usize)
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

    /// The rows that have a point's codes, ascending.
    #[inline]
    pub(super) fn rows(&self, point: u32) -> impl Iterator<Item = u32> + '_ {
        self.rows_of(point..point + 1)
    }

    /// The rows of some points that follow one another.
    #[inline]
    pub(super) fn rows_of(&self, points: Range<u32>) -> impl Iterator<Item = u32> + '_ {
        let ends = section(&self.bytes, &self.layout.row_ends);
        // A point's rows begin where those of the point before end.
        let end =
            |points: u32| (points as usize).checked_sub(1).map_or(0, |at| word(ends.get(4 * at..4 * at + 4)));
        let rows = section(&self.bytes, &self.layout.rows);
        words(rows.get(4 * end(points.start) as usize..4 * end(points.end) as usize).unwrap_or_default())
    }

    /// The point that stands for a row; `None` for a row that cannot be found.
    #[inline]
    pub(super) fn point_of(&self, row: u32) -> Option<u32> {
        let points = self.points_of_rows.get_or_init(|| {
            let mut points = vec![NONE; self.len()];
            for point in 0..self.header.points {
                for row in self.rows(point) {
                    if let Some(place) = points.get_mut(row as usize) {
                        *place = point;
                    }
                }
            }
            points
        });
        points.get(row as usize).copied().filter(|&point| point != NONE)
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

    fn check_lists(&self) -> Result<()> {
        let place = &self.layout.list_ends;
        let mut before = 0;
        for (node, end) in words(section(&self.bytes, place)).enumerate() {
            if end < before {
                return Err(damaged(place.start + 4 * node, "lists do not follow one another"));
            }
            before = end;
        }
        if self.has_lists() && before != self.header.points {
            return Err(damaged(place.end, "some points are in no list"));
        }
        Ok(())
    }

    fn check_rows(&self) -> Result<()> {
        let place = &self.layout.row_ends;
        let mut before = 0;
        for (point, end) in words(section(&self.bytes, place)).enumerate() {
            if end <= before || end > self.header.indexed_rows {
                return Err(damaged(place.start + 4 * point, "rows do not follow one another"));
            }
            before = end;
        }
        if before != self.header.indexed_rows {
            return Err(damaged(place.end, "some rows belong to no point"));
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

/// What was read of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListPoints<'a> {
    pub(super) codes: &'a [u8],
    scales: &'a [u8],
}

impl ListPoints<'_> {
    /// What belongs to the codes of the point at a position of the list.
    #[inline]
    pub(super) fn scale(&self, position: u32) -> Scale {
        scale_at(self.scales, position as usize)
    }
}

/// The scale at a position among others.
#[inline]
fn scale_at(scales: &[u8], position: usize) -> Scale {
    let start = position * SCALE;
    let number = |start| float(scales.get(start..start + 4));
    Scale { scale: number(start), squared_norm: number(start + 4) }
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
