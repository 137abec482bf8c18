//! How many distinct values there are, from their hashes, in 4 KiB: HyperLogLog (Flajolet and others, 2007).
//!
//! It is an estimate: within 2 % of thousands, exact or nearly so of few.

/// Bits of a hash that choose its register.
const BITS: u32 = 12;
const REGISTERS: usize = 1 << BITS;

/// See the module.
#[derive(Debug)]
pub(super) struct Distinct {
    /// For each register the longest run of leading zeros seen, plus one.
    longest: Vec<u8>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self { longest: vec![0; REGISTERS] }
    }
}

impl Distinct {
    pub(super) fn add(&mut self, hash: u64) {
        let register = (hash >> (64 - BITS)) as usize;
        // The bit that is set ends the run where all others are zero.
        let run = ((hash << BITS) | 1 << (BITS - 1)).leading_zeros() as u8 + 1;
        if let Some(longest) = self.longest.get_mut(register) {
            *longest = run.max(*longest);
        }
    }

    pub(super) fn estimate(&self) -> f64 {
        let registers = REGISTERS as f64;
        let sum: f64 = self.longest.iter().map(|longest| 2_f64.powi(-i32::from(*longest))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / sum;
        let empty = self.longest.iter().filter(|longest| **longest == 0).count();
        // Few values leave registers empty, which tells more.
        if raw <= 2.5 * registers && empty > 0 { registers * (registers / empty as f64).ln() } else { raw }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_close_whatever_the_number() {
        let mix = |mut x: u64| {
            x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            x ^ (x >> 31)
        };
        for count in [0_u64, 1, 2, 10, 100, 1000, 20_000, 300_000] {
            let mut distinct = Distinct::default();
            for round in 0..3 {
                (1..=count).for_each(|value| distinct.add(mix(value.wrapping_mul(0x9e37_79b9_7f4a_7c15))));
                let estimate = distinct.estimate();
                let error = (estimate - count as f64).abs();
                assert!(error <= 0.5 + count as f64 * 0.05, "{count}, round {round}: {estimate}");
            }
        }
    }
}
