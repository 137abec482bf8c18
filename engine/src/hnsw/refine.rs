//! Refining: the lowest layer's lists chosen again, by nearness *and* direction.
//!
//! hnsw_rs chooses a new point's neighbours by the HNSW paper's heuristic, but when a list overflows it
//! keeps the nearest. In crowded regions lists then hold near twins alone, and searches get stuck. Here each
//! list is chosen again by the heuristic, from all that link to a node or from it, and their neighbours.
//!
//! It adds no node and touches no upper layer. Invariant: a list holds no node twice, not its own node, and
//! is sorted by distance.

use rayon::prelude::*;

use super::{build::Nodes, distance::BuildDistance, freeze::Links};

/// Nearest nodes of a pool that the heuristic looks at.
const POOL: usize = 160;

/// A node and its distance from the one whose list is made.
#[derive(Debug, Clone, Copy)]
struct Near {
    distance: f32,
    node: u32,
}

/// Chooses the lists of the lowest layer again, each of `most` nodes at most.
pub(super) fn refine(nodes: &Nodes, links: &mut [Links], most: usize) {
    let env = |name: &str, default: f32| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default);
    if env("REFINE", 1.0) == 0.0 { return; }
    let rounds = env("ROUNDS", 1.0) as usize;
    let hops = env("HOPS", 1.0) != 0.0;
    let distance = nodes.distance();
    let mut lists: Vec<Vec<u32>> = links.iter().map(|links| links.lowest().to_vec()).collect();
    for _ in 0..rounds {
        for wide in [hops, false] {
            let both = both_ways(&lists);
            lists = (0..lists.len() as u32)
                .into_par_iter()
                .map(|node| {
                    let mut pool = both.get(node as usize).cloned().unwrap_or_default();
                    if wide {
                        let hops = pool.iter().filter_map(|&it| lists.get(it as usize)).flatten().copied();
                        pool = pool.iter().copied().chain(hops).collect();
                    }
                    choose(nodes, &distance, node, pool, most, env("FILL", 0.0) as usize, env("ALPHA", 1.0))
                })
                .collect();
        }
    }
    for (links, list) in links.iter_mut().zip(lists) {
        if let Some(lowest) = links.layers.first_mut() {
            *lowest = list;
        }
    }
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

/// The paper's heuristic: a node of the pool is taken unless one already taken is nearer to it than `of` is.
fn choose(nodes: &Nodes, distance: &BuildDistance, of: u32, mut pool: Vec<u32>, most: usize, fill: usize, alpha: f32) -> Vec<u32> {
    pool.sort_unstable();
    pool.dedup();
    let between = |a: u32, b: u32| {
        let (a, b) = (a as usize, b as usize);
        distance.between(nodes.codes(a), nodes.scale(a), nodes.codes(b), nodes.scale(b))
    };
    let mut near: Vec<Near> = pool
        .into_iter()
        .filter(|&node| node != of)
        .map(|node| Near { distance: between(of, node), node })
        .collect();
    let order = |a: &Near, b: &Near| a.distance.total_cmp(&b.distance).then(a.node.cmp(&b.node));
    if near.len() > POOL {
        near.select_nth_unstable_by(POOL, order);
        near.truncate(POOL);
    }
    near.sort_unstable_by(order);
    let mut taken: Vec<Near> = Vec::with_capacity(most);
    let mut left: Vec<Near> = Vec::new();
    for candidate in near {
        if taken.len() >= most {
            break;
        }
        if taken.iter().all(|it| alpha * between(it.node, candidate.node) > candidate.distance) {
            taken.push(candidate);
        } else {
            left.push(candidate);
        }
    }
    for candidate in left { if taken.len() >= fill { break; } taken.push(candidate); }
    taken.sort_unstable_by(order);
    taken.into_iter().map(|it| it.node).collect()
}
