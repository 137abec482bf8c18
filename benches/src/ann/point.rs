//! What is said of one measurement: one system's line at one beam width, the medians of all rounds.

use serde::Serialize;

use super::pass::Pass;
use super::percentile::{median, percentile};
use super::problem::Problem;
use super::system::Line;

/// See the module. Times are in microseconds.
#[derive(Debug, Clone, Serialize)]
pub struct Point {
    /// The system's line.
    pub line: Line,
    /// The beam's width; `None` for exact search.
    pub ef: Option<usize>,
    /// Mean share of the 10 true neighbours found.
    pub recall: f64,
    /// Searches a second.
    pub qps: f64,
    /// Time of one thread for a search: the mean, or that of a search in a batch where that is less. In process only.
    pub time: Option<f64>,
    /// Half of the searches took no longer.
    pub p50: f64,
    /// 99 of 100 searches took no longer.
    pub p99: f64,
    /// Searches that were timed, in all rounds.
    pub searches: usize,
    /// Answers of fewer than 10 rows, in all rounds.
    pub short: usize,
}

impl Point {
    /// Of all rounds of one measurement. `None` of none.
    #[must_use]
    pub fn of(line: &Line, ef: Option<usize>, passes: &[Pass], problem: &Problem) -> Option<Self> {
        let of_rounds = |value: &dyn Fn(&Pass) -> Option<f64>| {
            median(&passes.iter().filter_map(value).collect::<Vec<f64>>())
        };
        let micros = |pass: &Pass, share: f64| percentile(&pass.nanos, share).map(|nanos| nanos as f64 / 1e3);
        let time = line.connections.is_none().then(|| {
            of_rounds(&|pass| {
                let single = 1.0 / pass.rate();
                Some(pass.batch.map_or(single, |batch| batch.min(single)) * 1e6)
            })
        });
        let time = time.flatten();
        Some(Self {
            line: line.clone(),
            ef,
            recall: of_rounds(&|pass| Some(pass.recall(problem)))?,
            qps: match time {
                Some(time) => 1e6 / time,
                None => of_rounds(&|pass| Some(pass.rate()))?,
            },
            time,
            p50: of_rounds(&|pass| micros(pass, 0.5))?,
            p99: of_rounds(&|pass| micros(pass, 0.99))?,
            searches: passes.iter().map(|pass| pass.nanos.len()).sum(),
            short: passes.iter().map(Pass::short).sum(),
        })
    }
}
