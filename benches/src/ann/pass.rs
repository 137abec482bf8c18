//! The raw result of one measurement: what was found, and how long each search took.

use super::args::K;
use super::problem::Problem;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Pass {
    /// Queries by their position, and the ids found; each query once or more.
    pub answers: Vec<(usize, Vec<i64>)>,
    /// Nanoseconds of each search, as its caller waited.
    pub nanos: Vec<u64>,
    /// Seconds that all of `nanos` took together; with one caller, their sum.
    pub seconds: f64,
    /// Seconds a search when many are given in one call, on one thread. For libraries that have such a call: it
    /// leaves out what Python adds to each.
    pub batch: Option<f64>,
}

impl Pass {
    /// Mean recall of the answers.
    #[must_use]
    pub fn recall(&self, problem: &Problem) -> f64 {
        let sum: f64 = self.answers.iter().map(|(query, ids)| problem.recall(*query, ids)).sum();
        sum / self.answers.len().max(1) as f64
    }

    /// Answers that have fewer than K rows.
    #[must_use]
    pub fn short(&self) -> usize {
        self.answers.iter().filter(|(_, ids)| ids.len() < K).count()
    }

    /// Searches a second, of all callers.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.nanos.len() as f64 / self.seconds
    }
}
