//! The HNSW index: built by hnsw_rs on codes of eight or four bits, frozen into flat bytes, searched without locks.
//!
//! ```text
//! vectors ──quantise──▶ codes ──hnsw_rs──▶ linked points ──freeze──▶ bytes ──open──▶ Graph ──beam──▶ nodes
//!   │        (codes)    one node for       (build)         (freeze)  (layout)       (graph)         │
//!   │                   equal codes                                                                 ▼
//!   └──────────────────────────── f32 distances of the nodes' rows (rerank) ◀───────────────────────┘
//! ```
//!
//! It is not the place where a query decides between graph and exact search (see
//! [`search`](crate::search())). Invariant: a graph is a derived thing; whatever is wrong with one, it can be
//! built again from its vectors.

mod beam;
mod build;
mod codes;
mod connect;
mod distance;
mod expand;
mod freeze;
mod graph;
mod layout;
mod lists;
mod lowest;
mod nodes;
mod params;
mod promote;
mod refine;
mod rerank;
mod visited;

pub use self::{
    build::build_graph,
    freeze::BuiltGraph,
    graph::{Graph, ReadIndex},
    params::{CodeBits, HnswParams},
};
pub(crate) use self::{
    expand::{compared, search as search_lists},
    rerank::GraphSearch,
};
