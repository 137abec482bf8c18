//! Building: rows to distinct codes, codes into hnsw_rs, its links out again.
//!
//! It is the only place that knows hnsw_rs. Invariant: hnsw_rs gets no two equal points. Its neighbour
//! lists keep the nearest, so of many equal points each would know its equals alone, and they would be lost.

use std::collections::HashMap;

use hnsw_rs::prelude::Hnsw;
use rayon::prelude::*;
use twox_hash::XxHash3_64;

use super::{
    HnswParams,
    codes::{Quantizer, Scale},
    distance::{BuildDistance, with_trailer},
    freeze::{Links, freeze},
    layout::MOST_LAYERS,
    refine::refine,
};
use crate::{Error, Metric, Result, Vectors, check_vector, vectors::is_zero};

/// Points inserted between two reports of progress, for each thread: some tenths of a second's work.
const CHUNK: usize = 256;

/// The distinct codes of some vectors, and the rows that have them. A node is a position in these lists.
#[derive(Debug)]
pub(super) struct Nodes {
    pub(super) quantizer: Quantizer,
    pub(super) codes: Vec<i8>,
    pub(super) scales: Vec<Scale>,
    /// The rows of each node, ascending.
    pub(super) rows: Vec<Vec<u32>>,
    /// All rows, those without a node included.
    pub(super) total_rows: u32,
}

impl Nodes {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The codes of a node.
    pub(super) fn codes(&self, node: usize) -> &[i8] {
        let dimensions = self.quantizer.centre.len();
        self.codes.get(node * dimensions..(node + 1) * dimensions).unwrap_or_default()
    }

    /// The scale of a node.
    pub(super) fn scale(&self, node: usize) -> Scale {
        self.scales.get(node).copied().unwrap_or(Scale { scale: 0.0, squared_norm: 0.0 })
    }

    /// The distance that nodes are linked by.
    pub(super) fn distance(&self) -> BuildDistance {
        let greatest = self.scales.iter().fold(0.0f32, |most, scale| most.max(scale.squared_norm));
        BuildDistance { metric: self.quantizer.metric, greatest_squared_norm: greatest }
    }

    /// Quantises all rows that can be found. NULL rows are left out, and zero vectors for cosine distance.
    fn gather(vectors: &Vectors<'_>, metric: Metric) -> Result<Self> {
        let quantizer = Quantizer::fit(vectors, metric);
        let total_rows = u32::try_from(vectors.len())
            .map_err(|_| Error::TooManyRows { rows: vectors.len() as u64, most: u64::from(u32::MAX) - 1 })?;
        let mut nodes =
            Self { quantizer, codes: Vec::new(), scales: Vec::new(), rows: Vec::new(), total_rows };
        let mut by_hash: HashMap<u64, Vec<u32>> = HashMap::new();
        let mut codes = vec![0i8; vectors.dimensions()];
        let mut bytes = Vec::with_capacity(codes.len() + 4);
        let mut widened = Vec::new();
        for row in 0..total_rows {
            let Some(values) = vectors.get(row as usize) else { continue };
            let values = values.widen(&mut widened);
            check_vector(values, vectors.dimensions(), None).map_err(|error| error.at_row(u64::from(row)))?;
            if metric == Metric::Cosine && is_zero(values) {
                continue;
            }
            let scale = nodes.quantizer.encode(values, &mut codes);
            bytes.clear();
            bytes.extend(codes.iter().map(|code| code.cast_unsigned()));
            bytes.extend(scale.scale.to_le_bytes());
            let same_hash = by_hash.entry(XxHash3_64::oneshot(&bytes)).or_default();
            let equal =
                |&&node: &&u32| nodes.codes(node as usize) == codes && nodes.scale(node as usize) == scale;
            if let Some(rows) =
                same_hash.iter().find(equal).and_then(|&node| nodes.rows.get_mut(node as usize))
            {
                rows.push(row);
                continue;
            }
            same_hash.push(nodes.rows.len() as u32);
            nodes.codes.extend_from_slice(&codes);
            nodes.scales.push(scale);
            nodes.rows.push(vec![row]);
        }
        Ok(nodes)
    }
}

/// Builds an index over some vectors, on all cores; returns the frozen graph's bytes, for [`Graph::open`].
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
    progress: &(dyn Fn(u64, u64) -> bool + Sync),
) -> Result<Vec<u8>> {
    params.check()?;
    let total = vectors.len() as u64;
    let report = |done: u64| if progress(done, total) { Ok(()) } else { Err(Error::Cancelled) };
    report(0)?;
    let nodes = Nodes::gather(vectors, metric)?;
    let mut links = link(&nodes, params, &report)?;
    refine(&nodes, &mut links, params, &|| report(total))?;
    let bytes = freeze(&nodes, &links, params)?;
    report(total)?;
    Ok(bytes)
}

/// Lets hnsw_rs link the nodes.
fn link(nodes: &Nodes, params: &HnswParams, report: &dyn Fn(u64) -> Result<()>) -> Result<Vec<Links>> {
    let distance = nodes.distance();
    let hnsw =
        Hnsw::<i8, BuildDistance>::new(params.m, nodes.len(), MOST_LAYERS, params.ef_construction, distance);
    let insert = |&node: &usize| {
        let point = with_trailer(nodes.codes(node), nodes.scale(node));
        hnsw.insert((&point, node));
    };
    let order = shuffled(nodes.len());
    // The first alone: points inserted at once while there is no entry point would all stay without links.
    let (first, rest) = order.split_at(order.len().min(1));
    first.iter().for_each(insert);
    let indexed: usize = nodes.rows.iter().map(Vec::len).sum();
    let mut done = u64::from(nodes.total_rows) - indexed as u64;
    for chunk in rest.chunks(CHUNK * rayon::current_num_threads().max(1)) {
        chunk.par_iter().for_each(insert);
        done += chunk.iter().filter_map(|&node| nodes.rows.get(node)).map(Vec::len).sum::<usize>() as u64;
        report(done)?;
    }
    Ok(links(&hnsw, nodes.len()))
}

/// Reads the links out of hnsw_rs.
fn links(hnsw: &Hnsw<'_, i8, BuildDistance>, count: usize) -> Vec<Links> {
    let mut links = vec![Links::default(); count];
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
                links.layers = neighbours.map(reaching).collect();
            }
        }
    }
    links
}

/// The nodes in an order that has nothing to do with theirs, the same each time. Sorted rows would let the
/// graph grow from one corner, with few links between what comes early and late.
fn shuffled(count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut state = 0x6d75_7374_6572_u64;
    for last in (1..count).rev() {
        state = XxHash3_64::oneshot(&state.to_le_bytes());
        order.swap(last, ((u128::from(state) * (last as u128 + 1)) >> 64) as usize);
    }
    order
}
