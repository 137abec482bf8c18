//! Refining: all lists of neighbours chosen again, by nearness *and* direction.
//!
//! hnsw_rs chooses a new point's neighbours by the HNSW paper's heuristic, but when a list overflows it
//! keeps the nearest. In crowded regions lists then hold near twins alone, and searches get stuck. Here each
//! list is chosen again by the heuristic, from all that link to a node or from it, and their neighbours.
//!
//! It adds no node and moves none to another layer. Invariant: a list holds no node twice, not its own node, and
//! is sorted by distance.

use rayon::prelude::*;

use super::{HnswParams, build::Nodes, distance::BuildDistance, freeze::Links};
use crate::Result;

/// Nearest nodes of a pool that the heuristic looks at.
const POOL: usize = 96;

/// How much farther than `of` a taken node may be and still shadow a candidate. 1 is the paper's rule; a
/// little more keeps more long links. By trial on real titles under `hash-v1` at ef 40: hnsw_rs's own lists
/// find 0.90, lists chosen with 1.1 and then filled 0.93 and more, with 1.2 and not filled 0.89.
const SLACK: f32 = 1.1;

/// A node and its distance from the one whose list is made.
#[derive(Debug, Clone, Copy)]
struct Near {
    distance: f32,
    node: u32,
}

/// Chooses the lists of every layer again, each no longer than its layer allows.
///
/// Each layer twice: from neighbours and their neighbours, then from the links so made and their reverse.
/// `go_on` is asked in between.
pub(super) fn refine(
    nodes: &Nodes,
    links: &mut [Links],
    params: &HnswParams,
    go_on: &dyn Fn() -> Result<()>,
) -> Result<()> {
    let distance = nodes.distance();
    let layers = links.iter().map(|links| links.layers.len()).max().unwrap_or(0);
    for layer in 0..layers {
        let most = if layer == 0 { 2 * params.m } else { params.m };
        let of = |links: &Links| links.layers.get(layer).cloned().unwrap_or_default();
        let mut lists: Vec<Vec<u32>> = links.iter().map(of).collect();
        for hops in [true, false] {
            go_on()?;
            let both = both_ways(&lists);
            let again = |direct: &Vec<u32>| -> Vec<u32> {
                let further = direct.iter().filter(|_| hops).filter_map(|&it| lists.get(it as usize));
                direct.iter().chain(further.flatten()).copied().collect()
            };
            let choose = |(node, (own, direct)): (usize, (&Vec<u32>, &Vec<u32>))| {
                choose(nodes, &distance, node as u32, own, again(direct), most)
            };
            lists = lists.par_iter().zip(&both).enumerate().map(choose).collect();
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

/// The paper's heuristic: a candidate is taken unless one already taken is clearly nearer to it than `of` is.
/// Places left are for the nearest of those not taken.
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
    let between = |a: u32, b: u32| {
        let (a, b) = (a as usize, b as usize);
        distance.between(nodes.codes(a), nodes.scale(a), nodes.codes(b), nodes.scale(b))
    };
    let measured = |node: u32| Near { distance: between(of, node), node };
    let order = |a: &Near, b: &Near| a.distance.total_cmp(&b.distance).then(a.node.cmp(&b.node));
    let others = pool.into_iter().filter(|&node| node != of && !own.contains(&node));
    let mut near: Vec<Near> = others.map(measured).collect();
    if near.len() > POOL {
        near.select_nth_unstable_by(POOL, order);
        near.truncate(POOL);
    }
    near.extend(own.iter().copied().map(measured));
    near.sort_unstable_by(order);
    let mut taken: Vec<Near> = Vec::with_capacity(most);
    let mut left: Vec<Near> = Vec::new();
    for candidate in near {
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
    taken.sort_unstable_by(order);
    taken.into_iter().map(|it| it.node).collect()
}
