//! Making every node of the lowest layer reachable from the entry point.
//!
//! hnsw_rs keeps each point's nearest neighbours when a list overflows, so a tight cluster can end up
//! knowing only itself, and nobody knowing it. Here such nodes get a link from one that is reachable.
//!
//! It improves nothing else. Invariant: a node reachable before stays so; a list never outgrows its stride.

use std::collections::VecDeque;

/// Links what breadth-first search from node 0 does not reach. `lists` are the nodes' neighbours.
///
/// A lost node was linked *to* its neighbours when it was inserted, so those of them that are reachable are
/// the natural ones to link back. A full list gives up its farthest link that breadth-first search did not
/// need, so nothing is lost instead.
pub(super) fn connect(lists: &mut [Vec<u32>], stride: usize) {
    let mut tree = Tree { parent: vec![None; lists.len()], queue: VecDeque::new() };
    if lists.is_empty() {
        return;
    }
    tree.reach(0, 0);
    tree.grow(lists);
    let mut linked = 0u64;
    // A lost node may first become reachable through another, so this goes on while it helps.
    loop {
        let before = linked;
        for lost in 0..lists.len() as u32 {
            if tree.reached(lost) {
                continue;
            }
            let neighbours = lists.get(lost as usize).cloned().unwrap_or_default();
            let mut neighbours = neighbours.into_iter();
            if neighbours.any(|from| tree.reached(from) && tree.link(lists, stride, from, lost)) {
                linked += 1;
                tree.grow(lists);
            }
        }
        if linked == before {
            break;
        }
    }
    // What is left knows only other lost nodes: whole clusters. Any reachable node may take them in.
    let mut host = 0u32;
    for lost in 0..lists.len() as u32 {
        while !tree.reached(lost) && (host as usize) < lists.len() {
            if tree.reached(host) && tree.link(lists, stride, host, lost) {
                linked += 1;
                tree.grow(lists);
            } else {
                host += 1;
            }
        }
    }
    if linked > 0 {
        tracing::debug!(linked, nodes = lists.len(), "linked nodes that could not be reached");
    }
}

/// The tree of a breadth-first search: who was reached from whom.
struct Tree {
    parent: Vec<Option<u32>>,
    queue: VecDeque<u32>,
}

impl Tree {
    fn reached(&self, node: u32) -> bool {
        self.parent.get(node as usize).is_some_and(Option::is_some)
    }

    fn reach(&mut self, node: u32, from: u32) {
        if let Some(parent @ None) = self.parent.get_mut(node as usize) {
            *parent = Some(from);
            self.queue.push_back(node);
        }
    }

    fn grow(&mut self, lists: &[Vec<u32>]) {
        while let Some(node) = self.queue.pop_front() {
            for &neighbour in lists.get(node as usize).into_iter().flatten() {
                self.reach(neighbour, node);
            }
        }
    }

    /// Adds the link `from` → `to`, if there is room or a link that the tree can do without.
    fn link(&mut self, lists: &mut [Vec<u32>], stride: usize, from: u32, to: u32) -> bool {
        let Some(list) = lists.get_mut(from as usize) else { return false };
        if list.len() >= stride {
            let spare = |&it: &u32| self.parent.get(it as usize).copied().flatten() != Some(from) || it == 0;
            let Some(position) = list.iter().rposition(spare) else { return false };
            list.remove(position);
        }
        list.push(to);
        self.reach(to, from);
        true
    }
}
