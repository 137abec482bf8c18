//! Building: rows to distinct codes, one in `m` of them into hnsw_rs, its links out again, and all of them linked in
//! the lowest layer.
//!
//! It is the only place that knows hnsw_rs, which links the upper layers. The lowest, where nearly all of the time
//! goes, is linked by the beam that also searches (see [`lowest`](super::lowest)). Invariant: hnsw_rs gets no two equal points.

use hnsw_rs::prelude::Hnsw;
use rayon::prelude::*;
use twox_hash::XxHash3_64;

use super::{
    Graph, HnswParams,
    distance::{BuildDistance, with_trailer},
    freeze::{BuiltGraph, Links},
    layout::MOST_LAYERS,
    lists, lowest,
    nodes::Nodes,
    promote::promote,
    refine::refine,
};
use crate::{Error, Metric, Result, Vectors};

/// Points inserted between two reports of progress, for each thread: less than a tenth of a second's work.
const CHUNK: usize = 64;

/// One in so many rows of the progress told stands for refining and freezing.
const REFINING: u64 = 8;

/// How many points find their list while one is linked.
const LINKING: usize = 8;

/// Builds an index over some vectors, on all cores. What it writes is for [`Graph::open`].
///
/// NULL rows are left out, and so are zero vectors for cosine distance: no search finds them.
/// `progress` is told the rows done and all rows, some times a second; when it returns `false`, building
/// stops. The same vectors give a graph of the same quality, not the same bytes: threads race.
///
/// # Errors
/// [`Error::Parameter`]; [`Error::Row`] for a vector that is not finite; [`Error::Cancelled`].
///
/// [`Graph::open`]: super::Graph::open
pub fn build_graph(
    vectors: &Vectors<'_>,
    metric: Metric,
    params: &HnswParams,
    progress: &dyn Fn(u64, u64) -> bool,
) -> Result<BuiltGraph> {
    params.check()?;
    let total = vectors.len() as u64;
    let report = |done: u64| if progress(done, total) { Ok(()) } else { Err(Error::Cancelled) };
    report(0)?;
    let points = Nodes::gather(vectors, metric, params.code_bits, &|| report(0))?;
    let order = shuffled(points.len());
    // So many rows are told to be done while nodes are linked; the rest is for what comes after.
    let linked = total - total / REFINING;
    let built = if params.list_rows == 1 {
        let all = points.len().max(1) as u64;
        let after = |done: usize| report(linked * done as u64 / all);
        link(points, &order, params, &after)?
    } else {
        let (candidates, _) = order.split_at(lists::candidates(points.len(), params));
        // Linking takes some times as long as finding the head that a point is nearest to.
        let most = LINKING * 2 * candidates.len();
        let after = |done: usize| report(linked * done as u64 / (most + points.len()).max(1) as u64);
        let single = HnswParams { list_rows: 1, ..*params };
        let of = |chosen: &[usize], before: usize| {
            link(points.some(chosen), &shuffled(chosen.len()), &single, &|done| {
                after(before + LINKING * done)
            })
        };
        let chosen = lists::heads(&of(candidates, 0)?);
        let heads: Vec<usize> = chosen.iter().filter_map(|&at| candidates.get(at)).copied().collect();
        let heads = of(&heads, LINKING * candidates.len())?;
        let graph = Graph::open(heads.to_bytes().into())?;
        let lists = lists::assign(&graph, &points, vectors, &|done| after(most + done))?;
        heads.with_lists(points, &lists, params)?
    };
    report(total)?;
    Ok(built)
}

/// Links all nodes. `after` is told how many are linked, some times a second.
fn link(
    nodes: Nodes,
    order: &[usize],
    params: &HnswParams,
    after: &dyn Fn(usize) -> Result<()>,
) -> Result<BuiltGraph> {
    let (upper, _) = order.split_at(nodes.len().div_ceil(params.m));
    let mut links = link_upper(&nodes, upper, params, after)?;
    refine(&nodes, &mut links, 1.., &[true, false], params, &|| after(upper.len()))?;
    lowest::link(&nodes, order, &mut links, params, after)?;
    refine(&nodes, &mut links, 0..1, &[false], params, &|| after(nodes.len()))?;
    promote(&nodes, &mut links, params, &|| after(nodes.len()))?;
    BuiltGraph::new(nodes, links, params)
}

/// Lets hnsw_rs link the nodes that reach layer 1: its lowest layer is the graph's second.
fn link_upper(
    nodes: &Nodes,
    upper: &[usize],
    params: &HnswParams,
    after: &dyn Fn(usize) -> Result<()>,
) -> Result<Vec<Links>> {
    let distance = nodes.distance();
    let (count, layers) = (upper.len(), MOST_LAYERS - 1);
    let hnsw = Hnsw::<i8, BuildDistance>::new(params.m, count, layers, params.ef_construction, distance);
    let insert = |&node: &usize| {
        let point = with_trailer(&nodes.codes(node), nodes.scale(node));
        hnsw.insert((&point, node));
    };
    // The first alone: points inserted at once while there is no entry point would all stay without links.
    let (first, rest) = upper.split_at(count.min(1));
    first.iter().for_each(insert);
    let mut done = first.len();
    for chunk in rest.chunks(CHUNK * rayon::current_num_threads().max(1)) {
        after(done)?;
        chunk.par_iter().for_each(insert);
        done += chunk.len();
    }
    Ok(links(&hnsw, nodes.len()))
}

/// Reads the links out of hnsw_rs.
fn links(hnsw: &Hnsw<'_, i8, BuildDistance>, count: usize) -> Vec<Links> {
    let mut links = vec![Links { layers: vec![Vec::new()] }; count];
    let points = hnsw.get_point_indexation();
    for layer in 0..=usize::from(hnsw.get_max_level_observed()) {
        for point in points.get_layer_iterator(layer) {
            // A point also keeps lists above its own layer, and may name points that do not reach a layer.
            let neighbours = point.get_neighborhood_id().into_iter().take(layer + 1).enumerate();
            let reaching = |(at, list): (usize, Vec<hnsw_rs::prelude::Neighbour>)| {
                let list = list.into_iter().filter(|it| usize::from(it.p_id.0) >= at);
                list.map(|it| it.d_id as u32).filter(|&it| it as usize != point.get_origin_id()).collect()
            };
            if let Some(links) = links.get_mut(point.get_origin_id()) {
                links.layers.extend(neighbours.map(reaching));
            }
        }
    }
    links
}

/// The nodes in an order that has nothing to do with theirs, the same each time. Sorted rows would let the
/// graph grow from one corner, with few links between what comes early and late.
pub(super) fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = 0x6d75_7374_6572_u64;
    for last in (1..count).rev() {
        state = XxHash3_64::oneshot(&state.to_le_bytes());
        order.swap(last, ((u128::from(state) * (last as u128 + 1)) >> 64) as usize);
    }
    order
}
