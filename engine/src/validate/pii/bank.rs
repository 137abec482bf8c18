//! Routing numbers of American banks, with their checksum, beside a word about accounts.

use super::cue::{beside, is_labelled};
use super::scan::Scan;
use super::{Found, PII_BANK_ACCOUNT};
use crate::validate::mask;

const CUES: &[&str] =
    &["routing", "aba", "rtn", "account", "acct", "a/c", "direct deposit", "bank", "checking", "savings"];
const NEAR: (usize, usize) = (40, 40);

/// The weights of the nine digits in the checksum.
const WEIGHTS: [u32; 9] = [3, 7, 1, 3, 7, 1, 3, 7, 1];

pub(super) fn find(scan: &Scan<'_>) -> Vec<Found> {
    let runs = scan.runs.iter().enumerate().filter(|(_, run)| run.len() == 9);
    runs.filter(|(position, run)| {
        is_routing_number(scan.slice(run.start, run.end))
            && scan.stands_alone(*position, *position, None)
            && !is_labelled(scan, run.start)
            && beside(scan, (run.start, run.end), CUES, NEAR).is_some()
    })
    .map(|(_, run)| Found { rule: &PII_BANK_ACCOUNT, mask: mask::last_four(scan.slice(run.start, run.end)) })
    .collect()
}

/// Whether nine digits are a routing number: of a Federal Reserve district, a thrift, an electronic one or traveller's cheques,
/// with a weighted sum that ten divides.
fn is_routing_number(digits: &str) -> bool {
    let district = digits.get(..2).and_then(|district| district.parse::<u8>().ok());
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte - b'0') * weight).sum();
    matches!(district, Some(1..=12 | 21..=32 | 61..=72 | 80)) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routing_number_needs_its_checksum_and_a_cue() {
        let count = |text: &str| find(&Scan::new(text)).len();
        for text in
            ["Routing 021000021", "account: 1234567, 021000021 routing", "ABA# 011401533", "021000021 (bank)"]
        {
            assert_eq!(count(text), 1, "{text}");
        }
        for text in [
            "021000021",
            "Routing 021000022",
            "routing 991000028",
            "account order 021000021",
            "Routing 0210000210",
            "account 021-000-021",
            "the bank is closed. Badge 021000021",
        ] {
            assert_eq!(count(text), 0, "{text}");
        }
    }
}
