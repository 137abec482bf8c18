//! Freezing: linked nodes into the bytes of a [`Graph`](super::Graph).
//!
//! It links nothing new but what would be lost (see [`connect`]). Invariant: nodes are numbered by the
//! layer they reach, highest first, so each layer is the nodes `0..n`, and node 0 is the entry point.

use super::{
    HnswParams,
    connect::connect,
    layout::{Header, NONE},
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

/// Writes nodes and links.
pub(super) fn freeze(nodes: &Nodes, links: &[Links], params: &HnswParams) -> Result<Vec<u8>> {
    let order = order(links);
    let mut numbers = vec![NONE; order.len()];
    for (number, &node) in order.iter().enumerate() {
        if let Some(slot) = numbers.get_mut(node as usize) {
            *slot = number as u32;
        }
    }
    // From here on nodes go by their new numbers.
    let mut layers: Vec<Vec<Vec<u32>>> = Vec::new();
    let renumber =
        |list: &Vec<u32>| list.iter().filter_map(|&it| numbers.get(it as usize).copied()).collect();
    for &node in &order {
        for (layer, list) in links.get(node as usize).iter().flat_map(|it| it.layers.iter().enumerate()) {
            match layers.get_mut(layer) {
                Some(lists) => lists.push(renumber(list)),
                None => layers.push(vec![renumber(list)]),
            }
        }
    }
    if layers.is_empty() {
        layers.push(Vec::new());
    }
    let indexed_rows = nodes.rows.iter().map(Vec::len).sum::<usize>() as u32;
    let header = Header {
        metric: nodes.quantizer.metric,
        dimensions: nodes.quantizer.centre.len() as u32,
        params: *params,
        rows: nodes.total_rows,
        indexed_rows,
        factor: nodes.quantizer.factor,
        layers: layers.iter().map(|lists| lists.len() as u32).collect(),
    };
    if let Some(lowest) = layers.first_mut() {
        connect(lowest, header.stride(0));
    }
    write(nodes, &order, &layers, &header)
}

/// Nodes by the layers they reach, the most first; those of the lowest alone breadth first from the entry
/// point, so that what a search visits together lies together.
fn order(links: &[Links]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..links.len() as u32).collect();
    let reaches = |node: u32| links.get(node as usize).map_or(0, |links| links.layers.len());
    order.sort_by_key(|&node| std::cmp::Reverse(reaches(node)));
    let upper = order.partition_point(|&node| reaches(node) > 1);
    let mut placed = vec![false; links.len()];
    let mut sorted = Vec::with_capacity(links.len());
    let mut place = |node: u32, sorted: &mut Vec<u32>| {
        if placed.get_mut(node as usize).is_some_and(|placed| !std::mem::replace(placed, true)) {
            sorted.push(node);
        }
    };
    order.iter().take(upper).for_each(|&node| place(node, &mut sorted));
    // Every node is a start, in case some cannot be reached.
    let mut next = 0;
    for &start in &order {
        place(start, &mut sorted);
        while let Some(&node) = sorted.get(next) {
            next += 1;
            let neighbours = links.get(node as usize).map_or(&[][..], Links::lowest);
            neighbours.iter().for_each(|&neighbour| place(neighbour, &mut sorted));
        }
    }
    sorted
}

fn write(nodes: &Nodes, order: &[u32], layers: &[Vec<Vec<u32>>], header: &Header) -> Result<Vec<u8>> {
    let layout = header.layout().ok_or_else(|| Error::TooManyRows {
        rows: u64::from(header.rows),
        most: (usize::MAX / header.code_stride()) as u64,
    })?;
    let mut bytes = Vec::with_capacity(layout.len);
    header.write(&mut bytes);
    bytes.extend(nodes.quantizer.centre.iter().flat_map(|x| x.to_le_bytes()));
    bytes.resize(layout.codes.start, 0);
    for &node in order {
        let end = bytes.len() + header.code_stride();
        bytes.extend(nodes.codes(node as usize).iter().map(|code| code.cast_unsigned()));
        bytes.resize(end, 0);
    }
    bytes.resize(layout.scales.start, 0);
    for &node in order {
        let scale = nodes.scale(node as usize);
        bytes.extend([scale.scale, scale.squared_norm].iter().flat_map(|x| x.to_le_bytes()));
    }
    for ((layer, lists), place) in layers.iter().enumerate().zip(&layout.neighbours) {
        bytes.resize(place.start, 0);
        let stride = header.stride(layer);
        for list in lists {
            let filled = list.iter().copied().chain(std::iter::repeat(NONE)).take(stride);
            bytes.extend(filled.flat_map(u32::to_le_bytes));
        }
    }
    let rows = || order.iter().filter_map(|&node| nodes.rows.get(node as usize));
    bytes.resize(layout.row_ends.start, 0);
    let ends = rows().scan(0u32, |end, rows| {
        *end += rows.len() as u32;
        Some(*end)
    });
    bytes.extend(ends.flat_map(u32::to_le_bytes));
    bytes.resize(layout.rows.start, 0);
    bytes.extend(rows().flatten().flat_map(|row| row.to_le_bytes()));
    bytes.resize(layout.len, 0);
    Ok(bytes)
}
