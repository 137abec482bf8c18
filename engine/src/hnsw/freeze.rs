//! Freezing: linked nodes into the bytes of a [`Graph`](super::Graph), written from front to back.
//!
//! It links nothing new but what would be lost (see [`connect`]). Invariant: nodes are numbered by the
//! layer they reach, highest first, so each layer is the nodes `0..n`, and node 0 is the entry point.

use std::io::{self, Write};

use super::{
    HnswParams,
    codes::Scale,
    connect::connect,
    layout::{HEADER, Header, Layout, NONE},
    nodes::Nodes,
};
use crate::{Error, Result};

/// The neighbours of one node in each layer that it reaches, the lowest first, nearest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    pub(super) layers: Vec<Vec<u32>>,
}

impl Links {
    /// The neighbours in the lowest layer.
    pub(super) fn lowest(&self) -> &[u32] {
        self.layers.first().map_or(&[], Vec::as_slice)
    }
}

/// A graph that was built and is to be written: [`Graph::open`](super::Graph::open) reads what it writes.
///
/// What it writes is not in memory a second time.
#[derive(Debug)]
pub struct BuiltGraph {
    nodes: Nodes,
    /// The points, where nodes stand for lists of them.
    lists: Option<Lists>,
    /// The nodes by their numbers in what is written.
    order: Vec<u32>,
    /// The neighbours of each layer's nodes, the lowest layer first, all by their numbers in what is written.
    layers: Vec<Vec<Vec<u32>>>,
    header: Header,
    layout: Layout,
}

/// The points of a graph with lists.
#[derive(Debug)]
struct Lists {
    points: Nodes,
    /// The points by their numbers in what is written: list after list.
    order: Vec<u32>,
    /// Where the points of each node's list end, by the nodes' numbers.
    ends: Vec<u32>,
}

impl BuiltGraph {
    /// Numbers the nodes and connects what is lost.
    pub(super) fn new(nodes: Nodes, mut links: Vec<Links>, params: &HnswParams) -> Result<Self> {
        let order = order(&links);
        let mut numbers = vec![NONE; order.len()];
        for (number, &node) in order.iter().enumerate() {
            if let Some(slot) = numbers.get_mut(node as usize) {
                *slot = number as u32;
            }
        }
        // From here on nodes go by their new numbers.
        let mut layers: Vec<Vec<Vec<u32>>> = Vec::new();
        for &node in &order {
            let own = links.get_mut(node as usize).map(|links| std::mem::take(&mut links.layers));
            for (layer, mut list) in own.into_iter().flatten().enumerate() {
                list.retain_mut(|it| numbers.get(*it as usize).map(|&number| *it = number).is_some());
                match layers.get_mut(layer) {
                    Some(lists) => lists.push(list),
                    None => layers.push(vec![list]),
                }
            }
        }
        if layers.is_empty() {
            layers.push(Vec::new());
        }
        let header = Header {
            metric: nodes.quantizer.metric,
            dimensions: nodes.quantizer.centre.len() as u32,
            params: *params,
            rows: nodes.total_rows,
            indexed_rows: indexed_rows(&nodes),
            points: nodes.len() as u32,
            factor: nodes.quantizer.factor,
            layers: layers.iter().map(|lists| lists.len() as u32).collect(),
        };
        if let Some(lowest) = layers.first_mut() {
            connect(lowest, header.stride(0));
        }
        let layout = layout(&header)?;
        Ok(Self { nodes, lists: None, order, layers, header, layout })
    }

    /// Gives each node, by the number that it has in what is written, a list of points.
    pub(super) fn with_lists(self, points: Nodes, lists: &[Vec<u32>], params: &HnswParams) -> Result<Self> {
        let ends = lists.iter().scan(0, |end, list| {
            *end += list.len() as u32;
            Some(*end)
        });
        let (ends, order) = (ends.collect(), lists.iter().flatten().copied().collect());
        let header = Header {
            params: *params,
            rows: points.total_rows,
            indexed_rows: indexed_rows(&points),
            points: points.len() as u32,
            ..self.header
        };
        let layout = layout(&header)?;
        Ok(Self { lists: Some(Lists { points, order, ends }), header, layout, ..self })
    }

    /// The neighbours in the lowest layer of each node, nearest first, by their numbers in what is written.
    pub(super) fn lowest(&self) -> &[Vec<u32>] {
        self.layers.first().map_or(&[], Vec::as_slice)
    }

    /// The node that has a number in what is written.
    pub(super) fn node(&self, number: usize) -> Option<usize> {
        self.order.get(number).map(|&node| node as usize)
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// The writer's.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { nodes, lists, order, layers, header, layout } = self;
        let mut out = Counted { out, written: 0 };
        let mut bytes = Vec::with_capacity(HEADER);
        header.write(&mut bytes);
        out.append(&bytes)?;
        for number in &nodes.quantizer.centre {
            out.append(&number.to_le_bytes())?;
        }
        out.pad_to(layout.codes.start)?;
        for &node in order {
            out.append(nodes.kept(node as usize))?;
        }
        out.pad_to(layout.scales.start)?;
        for &node in order {
            out.append_scale(nodes.search_scale(node as usize))?;
        }
        for ((layer, lists), place) in layers.iter().enumerate().zip(&layout.neighbours) {
            out.pad_to(place.start)?;
            let stride = header.stride(layer);
            for list in lists {
                bytes.clear();
                let filled = list.iter().copied().chain(std::iter::repeat(NONE)).take(stride);
                bytes.extend(filled.flat_map(u32::to_le_bytes));
                out.append(&bytes)?;
            }
        }
        out.pad_to(layout.list_ends.start)?;
        for end in lists.iter().flat_map(|lists| &lists.ends) {
            out.append(&end.to_le_bytes())?;
        }
        // Without lists, nodes are what there is of points.
        let (points, points_order) = lists.as_ref().map_or((nodes, order), |it| (&it.points, &it.order));
        let rows = || points_order.iter().filter_map(|&point| points.rows.get(point as usize));
        out.pad_to(layout.row_ends.start)?;
        let mut end = 0u32;
        for rows in rows() {
            end += rows.len() as u32;
            out.append(&end.to_le_bytes())?;
        }
        out.pad_to(layout.rows.start)?;
        for row in rows().flatten() {
            out.append(&row.to_le_bytes())?;
        }
        out.pad_to(layout.lists.start)?;
        if let Some(Lists { points, order, ends }) = lists {
            let mut start = 0;
            for &end in ends {
                let list = order.get(start..end as usize).unwrap_or_default();
                start = end as usize;
                for &point in list {
                    out.append(points.kept(point as usize))?;
                }
                for &point in list {
                    out.append_scale(points.search_scale(point as usize))?;
                }
            }
        }
        out.pad_to(layout.len)
    }

    /// What [`BuiltGraph::write`] writes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.layout.len);
        // A vector takes all that is written.
        let _infallible = self.write(&mut bytes);
        bytes
    }
}

fn indexed_rows(points: &Nodes) -> u32 {
    points.rows.iter().map(Vec::len).sum::<usize>() as u32
}

fn layout(header: &Header) -> Result<Layout> {
    let most = (usize::MAX / header.code_stride()) as u64;
    header.layout().ok_or(Error::TooManyRows { rows: u64::from(header.rows), most })
}

/// A writer that knows how far it is.
struct Counted<'a> {
    out: &'a mut dyn Write,
    written: usize,
}

impl Counted<'_> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len();
        self.out.write_all(bytes)
    }

    fn append_scale(&mut self, scale: Scale) -> io::Result<()> {
        self.append(&scale.scale.to_le_bytes())?;
        self.append(&scale.squared_norm.to_le_bytes())
    }

    /// Zeros up to a place.
    fn pad_to(&mut self, place: usize) -> io::Result<()> {
        const ZEROS: [u8; 64] = [0; 64];
        while let Some(zeros) = ZEROS.get(..place.saturating_sub(self.written).min(ZEROS.len()))
            && !zeros.is_empty()
        {
            self.append(zeros)?;
        }
        Ok(())
    }
}

/// Layers above the lowest that say which nodes belong together: the nodes of the third are some in four thousand.
const GROUPING: usize = 3;

/// Times that a node without a neighbour in the layer above takes over that of a neighbour.
const PASSES: usize = 4;

/// Nodes by the layers they reach, the most first; of those that reach the same, neighbours together. What searches for like
/// things look at lies in few pages then.
fn order(links: &[Links]) -> Vec<u32> {
    let reaches = |node: u32| links.get(node as usize).map_or(0, |links| links.layers.len());
    let above: Vec<Vec<u32>> = (0..GROUPING).map(|layer| nearest_above(links, layer)).collect();
    let group = |node: u32| {
        let mut group = [NONE; GROUPING];
        let mut at = node;
        // The highest layer's node comes first.
        for (place, above) in group.iter_mut().rev().zip(&above) {
            at = above.get(at as usize).copied().unwrap_or(NONE);
            *place = at;
        }
        group
    };
    let mut order: Vec<u32> = (0..links.len() as u32).collect();
    order.sort_by_cached_key(|&node| (std::cmp::Reverse(reaches(node)), group(node)));
    order
}

/// For each node of a layer one near to it that reaches the layer above; [`NONE`] where none is found.
fn nearest_above(links: &[Links], layer: usize) -> Vec<u32> {
    let reaches = |node: u32| links.get(node as usize).map_or(0, |links| links.layers.len());
    let neighbours = |node: u32| {
        let links = links.get(node as usize).and_then(|links| links.layers.get(layer));
        links.map_or(&[][..], Vec::as_slice)
    };
    let direct = |node: u32| match reaches(node) {
        reached if reached > layer + 1 => node,
        _ => neighbours(node).iter().copied().find(|&it| reaches(it) > layer + 1).unwrap_or(NONE),
    };
    let mut above: Vec<u32> = (0..links.len() as u32).map(direct).collect();
    for _ in 0..PASSES {
        let of = |node: u32| above.get(node as usize).copied().unwrap_or(NONE);
        let next = (0..links.len() as u32).map(|node| match of(node) {
            NONE => neighbours(node).iter().map(|&it| of(it)).find(|&it| it != NONE).unwrap_or(NONE),
            known => known,
        });
        above = next.collect();
    }
    above
}
