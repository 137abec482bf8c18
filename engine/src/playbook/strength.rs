//! How strongly a playbook lifts its answer: from its score, and from what those said who used it.
//!
//! Invariant: the strength is from 0 to 1. Without feedback, and where as many found it helpful as harmful, it is the score.
//! It grows with `helpful` and falls with `harmful`.

/// The most that a strength of 1 takes off a distance.
const MOST: f64 = 0.5;

/// As many opinions as are taken for granted to be divided: the first few that come in move the strength little.
const DOUBT: f64 = 4.0;

/// A playbook's strength, from 0 to 1.
///
/// With `n = (helpful - harmful) / (helpful + harmful + 4)`, which is between -1 and 1, it is `score + (1 - score) * n` where
/// `n` is positive, else `score * (1 + n)`: praise takes it towards 1, complaints towards 0, neither beyond.
///
/// A score outside of 0 to 1 is taken as the nearer end, a counter below 0 as 0.
///
/// ```
/// use muster_engine::playbook::strength;
///
/// assert_eq!(strength(0.5, 0, 0), 0.5);
/// assert_eq!(strength(0.5, 4, 0), 0.75);
/// assert_eq!(strength(0.5, 0, 4), 0.25);
/// ```
#[must_use]
pub fn strength(score: f64, helpful: i64, harmful: i64) -> f64 {
    let score = if score.is_nan() { 0.0 } else { score.clamp(0.0, 1.0) };
    let (helpful, harmful) = (helpful.max(0) as f64, harmful.max(0) as f64);
    let opinion = (helpful - harmful) / (helpful + harmful + DOUBT);
    let strength = if opinion > 0.0 { score + (1.0 - score) * opinion } else { score * (1.0 + opinion) };
    strength.clamp(0.0, 1.0)
}

/// What a distance is multiplied by: 1 for no strength, 0.5 for the greatest.
#[must_use]
pub fn boost(strength: f64) -> f64 {
    1.0 - MOST * strength
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_feedback_the_score_alone_counts() {
        assert_eq!(boost(strength(1.0, 0, 0)), 0.5);
        assert_eq!(boost(strength(0.5, 0, 0)), 0.75);
        assert_eq!(boost(strength(0.0, 0, 0)), 1.0);
        assert_eq!(strength(0.3, 7, 7), 0.3);
    }

    #[test]
    fn feedback_moves_it_within_bounds() {
        for score in [0.0, 0.2, 0.5, 1.0] {
            let mut before = strength(score, 0, 1_000_000);
            assert!(before >= 0.0);
            for (helpful, harmful) in
                [(0, 50), (0, 5), (0, 1), (0, 0), (1, 0), (5, 0), (50, 0), (i64::MAX, 0)]
            {
                let now = strength(score, helpful, harmful);
                assert!((0.0..=1.0).contains(&now) && now >= before, "{score} {helpful} {harmful}");
                before = now;
            }
        }
    }

    #[test]
    fn what_no_table_should_hold_stays_within_bounds() {
        assert_eq!(strength(f64::NAN, 3, 0), 3.0 / 7.0);
        assert_eq!(strength(7.0, -5, -9), 1.0);
        assert_eq!(strength(-1.0, i64::MIN, i64::MAX), 0.0);
    }
}
