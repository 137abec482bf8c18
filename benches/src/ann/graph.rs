//! The engine's graph alone, in process: no SQL, no snapshot, no rows fetched.

use std::time::Instant;

use anyhow::Result;
use muster_engine::{Graph, HnswParams, Metric, Part, SearchOptions, search};

use super::args::K;
use super::pass::Pass;
use super::problem::Problem;
use super::system::{Built, GRAPH, Line, System};
use crate::measure;

/// Queries before the clock starts.
pub(super) const WARM_UP: usize = 50;

/// See the module.
pub(super) struct GraphAlone<'a> {
    built: Built,
    problem: &'a Problem,
    graph: Graph,
}

impl<'a> GraphAlone<'a> {
    /// Builds the graph; rayon's threads are those of the machine.
    pub(super) fn build(problem: &'a Problem) -> Result<Self> {
        let (graph, _, time) = measure::build(&problem.data, Metric::Cosine, &HnswParams::default())?;
        let built = Built {
            name: GRAPH.into(),
            version: env!("CARGO_PKG_VERSION").into(),
            seconds: time.as_secs_f64(),
        };
        Ok(Self { built, problem, graph })
    }
}

impl System for GraphAlone<'_> {
    fn built(&self) -> &Built {
        &self.built
    }

    fn lines(&self) -> Vec<Line> {
        vec![Line::in_process(&self.built.name)]
    }

    fn measure(&mut self, _line: &Line, ef: usize) -> Result<Pass> {
        let part = Part { vectors: self.problem.vectors()?, allowed: None, graph: Some(&self.graph) };
        let options = SearchOptions { metric: Metric::Cosine, k: K, ef, exact: false };
        for query in self.problem.queries().take(WARM_UP) {
            search(&[part], query, &options)?;
        }
        let mut pass = Pass::default();
        for (number, query) in self.problem.queries().enumerate() {
            let start = Instant::now();
            let (hits, _) = search(&[part], query, &options)?;
            pass.nanos.push(start.elapsed().as_nanos() as u64);
            pass.answers.push((number, hits.iter().map(|hit| i64::from(hit.row)).collect()));
        }
        pass.seconds = pass.nanos.iter().sum::<u64>() as f64 / 1e9;
        Ok(pass)
    }
}
