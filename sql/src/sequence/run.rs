//! The values of a sequence, by steps from where it was last set.

use serde::{Deserialize, Serialize};

use crate::catalog::sequence::Counting;

/// Where a sequence was set, and how it counts from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Grows each time that the sequence is set: steps are counted anew.
    pub(super) generation: u64,
    pub(super) value: i64,
    /// Whether the value itself was given: then the next one is the first.
    pub(super) called: bool,
    pub(super) counting: Counting,
}

impl Position {
    /// The value of a step, counted from 0; `None` past the end.
    pub(super) fn at(&self, step: u64) -> Option<i64> {
        let Counting { increment, least, most, cycle } = self.counting;
        let (increment, least, most) = (i128::from(increment), i128::from(least), i128::from(most));
        let first = i128::from(self.value) + if self.called { increment } else { 0 };
        let step = i128::from(step);
        let value = first + step * increment;
        let (end, again) = if increment > 0 { (most, least) } else { (least, most) };
        let is_past = |value: i128| if increment > 0 { value > end } else { value < end };
        if !is_past(value) {
            return i64::try_from(value).ok();
        }
        if !cycle {
            return None;
        }
        let before = if is_past(first) { 0 } else { (end - first) / increment + 1 };
        let round = (end - again) / increment + 1;
        i64::try_from(again + (step - before) % round * increment).ok()
    }

    /// The last value given after so many steps; `None` before the first.
    pub(super) fn last(&self, steps: u64) -> Option<i64> {
        match steps.checked_sub(1) {
            Some(step) => self.at(step),
            None => self.called.then_some(self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(value: i64, called: bool, counting: [i64; 3], cycle: bool) -> Vec<Option<i64>> {
        let [increment, least, most] = counting;
        let counting = Counting { increment, least, most, cycle };
        let position = Position { generation: 0, value, called, counting };
        (0..6).map(|step| position.at(step)).collect()
    }

    fn some(values: &[i64]) -> Vec<Option<i64>> {
        values.iter().copied().map(Some).chain(std::iter::repeat(None)).take(6).collect()
    }

    #[test]
    fn values_follow_the_increment_to_the_end() {
        assert_eq!(values(1, false, [1, 1, 4], false), some(&[1, 2, 3, 4]));
        assert_eq!(values(1, true, [2, 1, 6], false), some(&[3, 5]));
        assert_eq!(values(-1, false, [-2, -6, -1], false), some(&[-1, -3, -5]));
        assert_eq!(values(4, true, [1, 1, 4], false), some(&[]));
        assert_eq!(values(i64::MAX, true, [1, 1, i64::MAX], false), some(&[]));
    }

    #[test]
    fn a_cycle_begins_again_at_the_other_end() {
        assert_eq!(values(3, false, [1, 1, 4], true), some(&[3, 4, 1, 2, 3, 4]));
        assert_eq!(values(4, true, [1, 1, 4], true), some(&[1, 2, 3, 4, 1, 2]));
        assert_eq!(values(-2, false, [-1, -3, -1], true), some(&[-2, -3, -1, -2, -3, -1]));
        let ends = values(i64::MIN, false, [i64::MAX, i64::MIN, i64::MAX], true);
        assert_eq!(ends, some(&[i64::MIN, -1, i64::MAX - 1, i64::MIN, -1, i64::MAX - 1]));
    }
}
