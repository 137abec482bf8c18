//! Promoting: what no search would find becomes an entry to the graph.
//!
//! A search enters the lowest layer at a few nodes that narrow beams found in the layers above. In data of many separate
//! clusters such a beam may never come to one of them, and then no width of the beam in the lowest layer helps. So every
//! node that stands for its surroundings is searched for as a query would be; one that is lost, with all of its neighbours,
//! is put into the layer that searches look at as a whole. Invariant: that layer stays as small as searches want it.

use rayon::prelude::*;

use super::{
    HnswParams,
    beam::{ENTRIES, SCANNED, scan, walk},
    distance::{BuildDistance, Origin},
    freeze::Links,
    lowest::{ListLayer, Upper},
    nodes::Nodes,
    refine::{Near, select},
    visited::{Scratch, node},
};
use crate::Result;

/// Nodes searched for between two questions whether to go on: less than a tenth of a second's work.
const STEP: usize = 1024;

/// Promotes nodes until none of those looked for is lost, or the layer is full. `go_on` is asked some times a second.
pub(super) fn promote(
    nodes: &Nodes,
    links: &mut [Links],
    params: &HnswParams,
    go_on: &dyn Fn() -> Result<()>,
) -> Result<()> {
    let reaches_upper = |node: &u32| links.get(*node as usize).is_some_and(|links| links.layers.len() > 1);
    if !(0..links.len() as u32).any(|node| reaches_upper(&node)) {
        return Ok(());
    }
    let distance = nodes.distance();
    // The others have a neighbour that is looked for.
    let alone = |node: &u32| {
        let lowest = links.get(*node as usize).map_or(&[][..], Links::lowest);
        reaches_upper(node) || !lowest.iter().any(reaches_upper)
    };
    let asked: Vec<u32> = (0..links.len() as u32).filter(alone).collect();
    let mut lost = Vec::new();
    let upper = Upper::new(links);
    for step in asked.chunks(STEP) {
        go_on()?;
        let step = step.par_iter().copied();
        lost.par_extend(step.filter(|&node| is_lost(nodes, &distance, links, &upper, node)));
    }
    let (start, mut room) = (upper.start(), (SCANNED as usize).saturating_sub(upper.scanned().len()));
    let mut lost = lost.into_iter();
    while room > 0 {
        // One that was promoted before may stand for its whole cluster.
        let upper = Upper::new(links);
        let mut next = None;
        for node in lost.by_ref() {
            go_on()?;
            if is_lost(nodes, &distance, links, &upper, node) {
                next = Some(node);
                break;
            }
        }
        let Some(node) = next else { break };
        for layer in 1..=start {
            let chosen = neighbours(nodes, &distance, links, layer, node, params.m);
            if let Some(own) = links.get_mut(node as usize).filter(|own| own.layers.len() == layer) {
                own.layers.push(chosen);
            }
        }
        room -= 1;
    }
    Ok(())
}

/// Whether a search for a node finds neither it nor a neighbour of it.
fn is_lost(nodes: &Nodes, distance: &BuildDistance, links: &[Links], upper: &Upper<'_>, of: u32) -> bool {
    let from = Origin::new(nodes, distance, of);
    Scratch::with(|scratch| {
        let of_layer = |layer| ListLayer::new(links, layer, &from);
        scan(&of_layer(upper.start()), upper.scanned().iter().copied(), ENTRIES, scratch);
        for layer in (0..upper.start()).rev() {
            walk(&of_layer(layer), ENTRIES, scratch);
        }
        let near = links.get(of as usize).map_or(&[][..], Links::lowest);
        !scratch.found.iter().map(|&key| node(key)).any(|it| it == of || near.contains(&it))
    })
}

/// The neighbours of a node that comes into a layer.
fn neighbours(
    nodes: &Nodes,
    distance: &BuildDistance,
    links: &[Links],
    layer: usize,
    of: u32,
    most: usize,
) -> Vec<u32> {
    let there = (0u32..).zip(links).filter(|(it, links)| *it != of && links.layers.len() > layer);
    let there: Vec<u32> = there.map(|(it, _)| it).collect();
    let mut near = Near::all(&Origin::new(nodes, distance, of), &there);
    near.sort_unstable_by(Near::order);
    near.truncate(8 * most);
    select(nodes, distance, &near, most).into_iter().map(|it| it.node).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CodeBits, Metric, Vectors};

    /// Two clusters with no link between them, of which the first alone reaches the layer above.
    #[test]
    fn a_cluster_that_nothing_leads_to_gets_an_entry() {
        const OF_A_CLUSTER: u32 = 20;
        let value = |node: u32, at: u32| {
            let side = if node < OF_A_CLUSTER { 1.0 } else { -1.0 };
            if at == 0 { side } else { ((node * 7 + at * 3) % 11) as f32 / 100.0 }
        };
        let values: Vec<f32> =
            (0..2 * OF_A_CLUSTER).flat_map(|node| (0..8).map(move |at| value(node, at))).collect();
        let vectors = Vectors::new(&values, 8, None).unwrap();
        let nodes = Nodes::gather(&vectors, Metric::Cosine, CodeBits::Eight, &|| Ok(())).unwrap();
        let count = nodes.len() as u32;
        let second = (0..count).find(|&node| nodes.codes(node as usize).first() < Some(&0)).unwrap();
        let lowest = |node: u32| {
            let cluster = if node < second { 0..second } else { second..count };
            cluster.filter(|it| *it != node).collect()
        };
        let mut links: Vec<Links> = (0..count).map(|node| Links { layers: vec![lowest(node)] }).collect();
        links[0].layers.push(Vec::new());

        let upper = |links: &[Links]| -> Vec<u32> {
            let reaches = |node: &u32| links[*node as usize].layers.len() > 1;
            (0..count).filter(reaches).collect()
        };
        for _ in 0..2 {
            promote(&nodes, &mut links, &HnswParams::default(), &|| Ok(())).unwrap();
            let upper = upper(&links);
            assert!(matches!(upper[..], [0, entry] if entry >= second), "{upper:?}");
        }
        assert_eq!(links[upper(&links)[1] as usize].layers[1], [0]);
    }
}
