//! How the metrics of two baselines differ.

use std::collections::BTreeMap;
use std::fmt;

/// What became of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriftStatus {
    /// It is the same number.
    Same,
    /// It changed by no more than the tolerance.
    Within,
    /// It changed by more.
    Drift,
    /// It was not measured before.
    New,
    /// It is not measured any more.
    Gone,
    /// It was zero: no change is a share of that.
    FromZero,
}

impl DriftStatus {
    /// The name, as SQL shows it.
    pub const fn name(self) -> &'static str {
        match self {
            DriftStatus::Same => "same",
            DriftStatus::Within => "within",
            DriftStatus::Drift => "drift",
            DriftStatus::New => "new",
            DriftStatus::Gone => "gone",
            DriftStatus::FromZero => "from_zero",
        }
    }
}

impl fmt::Display for DriftStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One metric of two baselines.
#[derive(Debug, Clone, PartialEq)]
pub struct Drift {
    /// Its name.
    pub metric: String,
    /// What it was.
    pub baseline: Option<f64>,
    /// What it is.
    pub current: Option<f64>,
    /// What it is more; `None` where one of the two is missing.
    pub delta: Option<f64>,
    /// The same as a share of the baseline's magnitude: 0.25 is a quarter more. `None` from zero, too.
    pub change: Option<f64>,
    /// What became of it.
    pub status: DriftStatus,
}

/// Compares two baselines: one entry a metric that either has, by name. A change of `tolerance`, a share of the baseline, is
/// within it. Of a metric that is given twice, the last number counts.
pub fn drift<'a>(
    baseline: impl IntoIterator<Item = (&'a str, f64)>,
    current: impl IntoIterator<Item = (&'a str, f64)>,
    tolerance: f64,
) -> Vec<Drift> {
    let mut metrics: BTreeMap<&str, (Option<f64>, Option<f64>)> = BTreeMap::new();
    for (metric, value) in baseline {
        metrics.entry(metric).or_default().0 = Some(value);
    }
    for (metric, value) in current {
        metrics.entry(metric).or_default().1 = Some(value);
    }
    let of = |(metric, (baseline, current)): (&str, (Option<f64>, Option<f64>))| {
        let delta = baseline.zip(current).map(|(before, now)| now - before);
        let change = baseline.zip(delta).filter(|(before, _)| *before != 0.0);
        let change = change.map(|(before, delta)| delta / before.abs());
        let status = match (baseline, current) {
            (None, _) => DriftStatus::New,
            (_, None) => DriftStatus::Gone,
            (Some(before), Some(now)) if before == now => DriftStatus::Same,
            (Some(0.0), Some(_)) => DriftStatus::FromZero,
            _ if change.is_some_and(|change| change.abs() <= tolerance) => DriftStatus::Within,
            _ => DriftStatus::Drift,
        };
        Drift { metric: metric.to_string(), baseline, current, delta, change, status }
    };
    metrics.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_case() {
        let before =
            [("a", 10.0), ("b", 10.0), ("c", 10.0), ("d", 0.0), ("e", 0.0), ("f", 1.0), ("n", -10.0)];
        let now = [("a", 10.0), ("b", 12.0), ("c", 12.1), ("d", 0.0), ("e", 3.0), ("g", 0.0), ("n", -8.0)];
        let found: Vec<_> = drift(before, now, 0.2)
            .into_iter()
            .map(|it| (it.metric, it.delta, it.change, it.status.name()))
            .collect();
        let expected = [
            ("a", Some(0.0), Some(0.0), "same"),
            ("b", Some(2.0), Some(0.2), "within"),
            ("c", Some(12.1 - 10.0), Some((12.1 - 10.0) / 10.0), "drift"),
            ("d", Some(0.0), None, "same"),
            ("e", Some(3.0), None, "from_zero"),
            ("f", None, None, "gone"),
            ("g", None, None, "new"),
            ("n", Some(2.0), Some(0.2), "within"),
        ];
        assert_eq!(
            found,
            expected.map(|(name, delta, change, status)| (name.to_string(), delta, change, status))
        );
    }
}
