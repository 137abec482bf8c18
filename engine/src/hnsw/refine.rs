//! Refining: all lists of neighbours chosen again, by nearness *and* direction.
//!
//! hnsw_rs chooses a new point's neighbours by the HNSW paper's heuristic, but when a list overflows it
//! keeps the nearest. In crowded regions lists then hold near twins alone, and searches get stuck. Here each
//! list is chosen again by the heuristic, from all that link to a node or from it, and their neighbours.
//!
//! It adds no node and moves none to another layer. Invariant: a list holds no node twice, not its own node, and
//! is sorted by distance.

use std::{cmp::Ordering, ops::RangeBounds};

use rayon::prelude::*;

use super::{
    HnswParams,
    distance::{BuildDistance, Origin},
    freeze::Links,
    nodes::Nodes,
};
use crate::Result;

/// Nearest nodes of a pool that the heuristic looks at.
const POOL: usize = 96;

/// Nodes whose lists are chosen between two questions whether to go on: less than a tenth of a second's work.
const STEP: usize = 2048;

/// How much farther than `of` a taken node may be and still shadow a candidate. 1 is the paper's rule; a
/// little more keeps more long links. By trial on real titles under `hash-v1` at ef 40: hnsw_rs's own lists
/// find 0.90, lists chosen with 1.1 and then filled 0.93 and more, with 1.2 and not filled 0.89.
const SLACK: f32 = 1.1;

/// A node and its distance from the one whose list is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Near {
    pub(super) distance: f32,
    pub(super) node: u32,
}

impl Near {
    /// All of these nodes, in their order.
    pub(super) fn all(origin: &Origin<'_>, nodes: &[u32]) -> Vec<Self> {
        let (mut dots, mut distances) = (Vec::new(), Vec::with_capacity(nodes.len()));
        origin.to(nodes, &mut dots, &mut distances);
        nodes.iter().zip(distances).map(|(&node, distance)| Self { distance, node }).collect()
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.distance.total_cmp(&other.distance).then(self.node.cmp(&other.node))
    }
}

/// Chooses the lists of some layers again, each no longer than its layer allows, once for each of `passes`: `true` from
/// neighbours and their neighbours, `false` from the links that there are and their reverse.
///
/// `go_on` is asked some times a second.
pub(super) fn refine(
    nodes: &Nodes,
    links: &mut [Links],
    layers: impl RangeBounds<usize>,
    passes: &[bool],
    params: &HnswParams,
    go_on: &dyn Fn() -> Result<()>,
) -> Result<()> {
    let distance = nodes.distance();
    let all = links.iter().map(|links| links.layers.len()).max().unwrap_or(0);
    for layer in (0..all).filter(|layer| layers.contains(layer)) {
        let most = if layer == 0 { 2 * params.m } else { params.m };
        let of = |links: &Links| links.layers.get(layer).cloned().unwrap_or_default();
        let mut lists: Vec<Vec<u32>> = links.iter().map(of).collect();
        for &hops in passes {
            let both = both_ways(&lists);
            let again = |direct: &Vec<u32>| -> Vec<u32> {
                let further = direct.iter().filter(|_| hops).filter_map(|&it| lists.get(it as usize));
                direct.iter().chain(further.flatten()).copied().collect()
            };
            let choose = |(node, (own, direct)): (u32, (&Vec<u32>, &Vec<u32>))| {
                choose(nodes, &distance, node, own, again(direct), most)
            };
            let mut chosen = Vec::with_capacity(lists.len());
            for start in (0..lists.len()).step_by(STEP) {
                go_on()?;
                let end = lists.len().min(start + STEP);
                let (own, direct) = (lists.get(start..end), both.get(start..end));
                let (own, direct) = (own.unwrap_or_default(), direct.unwrap_or_default());
                let numbers = start as u32..end as u32;
                let step = numbers.into_par_iter().zip(own.par_iter().zip(direct)).map(choose);
                chosen.extend(step.collect::<Vec<_>>());
            }
            lists = chosen;
        }
        for (links, list) in links.iter_mut().zip(lists) {
            if let Some(kept) = links.layers.get_mut(layer) {
                *kept = list;
            }
        }
    }
    Ok(())
}

/// For each node, those it links to and those that link to it.
fn both_ways(lists: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut both = lists.to_vec();
    for (node, list) in lists.iter().enumerate() {
        for &to in list {
            if let Some(back) = both.get_mut(to as usize) {
                back.push(node as u32);
            }
        }
    }
    both
}

/// The list of a node, chosen by [`select`].
///
/// Candidates are the links that there are, `own`, however long: they may be the only ones out of a cluster.
/// To them come the nearest of `pool`.
fn choose(
    nodes: &Nodes,
    distance: &BuildDistance,
    of: u32,
    own: &[u32],
    mut pool: Vec<u32>,
    most: usize,
) -> Vec<u32> {
    pool.sort_unstable();
    pool.dedup();
    pool.retain(|node| *node != of && !own.contains(node));
    let from = Origin::new(nodes, distance, of);
    let mut near = Near::all(&from, &pool);
    if near.len() > POOL {
        near.select_nth_unstable_by(POOL, Near::order);
        near.truncate(POOL);
    }
    near.extend(Near::all(&from, own));
    near.sort_unstable_by(Near::order);
    select(nodes, distance, &near, most).into_iter().map(|it| it.node).collect()
}

/// The paper's heuristic: a candidate is taken unless one already taken is clearly nearer to it than the node whose list
/// it is. Places left are for the nearest of those not taken. `near` and the result are sorted by distance.
pub(super) fn select(nodes: &Nodes, distance: &BuildDistance, near: &[Near], most: usize) -> Vec<Near> {
    let between = |a: u32, b: u32| distance.of_nodes(nodes, a, b);
    let mut taken: Vec<Near> = Vec::with_capacity(most);
    let mut left: Vec<Near> = Vec::new();
    for &candidate in near {
        if taken.len() >= most {
            break;
        }
        if taken.iter().all(|it| SLACK * between(it.node, candidate.node) > candidate.distance) {
            taken.push(candidate);
        } else {
            left.push(candidate);
        }
    }
    let room = most.saturating_sub(taken.len());
    taken.extend(left.into_iter().take(room));
    taken.sort_unstable_by(Near::order);
    taken
}
