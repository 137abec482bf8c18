//! Payment card numbers: 13 to 19 digits, in one run or in the groups of a card, with Luhn's checksum.
//!
//! One in ten numbers has that checksum by chance, parcels' numbers among them. So the beginning must be one of a card network, or
//! a word about cards must be beside.

use super::cue::{beside, is_labelled};
use super::scan::{Run, Scan};
use super::{Found, PII_CARD};
use crate::validate::mask;

const CUES: &[&str] = &[
    "card",
    "visa",
    "mastercard",
    "amex",
    "american express",
    "discover",
    "credit",
    "debit",
    "cvv",
    "cvc",
    "ccn",
    "cc#",
    "cc #",
    "pan",
];
const NEAR: (usize, usize) = (40, 30);

/// How the digits of cards are grouped in print.
const GROUPS: &[&[usize]] = &[
    &[4, 4, 4, 4, 1],
    &[4, 4, 4, 4, 2],
    &[4, 4, 4, 4, 3],
    &[4, 4, 4, 4],
    &[4, 6, 5],
    &[4, 6, 4],
    &[4, 4, 4, 1],
    &[4, 4, 4, 2],
    &[4, 4, 4, 3],
];

pub(super) fn find(scan: &Scan<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(rest) = scan.runs.get(next..)
        && !rest.is_empty()
    {
        match card(scan, next, rest) {
            Some((groups, digits)) => {
                found.push(Found { rule: &PII_CARD, mask: mask::last_four(&digits) });
                next += groups;
            }
            None => next += 1,
        }
    }
    found
}

/// The number of groups and the digits of the card number that begins with the run at `first`.
fn card(scan: &Scan<'_>, first: usize, rest: &[Run]) -> Option<(usize, String)> {
    let whole: &[usize] = &[rest.first()?.len()];
    std::iter::once(whole).chain(GROUPS.iter().copied()).find_map(|lengths| {
        let runs = rest.get(..lengths.len())?;
        let is_grouped = runs.iter().map(Run::len).eq(lengths.iter().copied())
            && runs.windows(2).all(|pair| matches!(pair, [left, right] if is_separated(scan, left, right)));
        let digits: String = runs.iter().map(|run| scan.slice(run.start, run.end)).collect();
        if !is_grouped || !(13..=19).contains(&digits.len()) || !has_luhn_checksum(&digits) {
            return None;
        }
        let last = first + lengths.len() - 1;
        if !scan.stands_alone(first, last, None) || goes_on(scan, first, last) {
            return None;
        }
        let place = (runs.first()?.start, runs.last()?.end);
        let is_card = (is_of_network(&digits) && !is_labelled(scan, place.0))
            || beside(scan, place, CUES, NEAR).is_some();
        is_card.then_some((lengths.len(), digits))
    })
}

fn is_separated(scan: &Scan<'_>, left: &Run, right: &Run) -> bool {
    matches!(scan.separator(left, right), Some(b' ' | b'-' | b'.'))
}

/// Whether more groups of four follow or go before, as in the numbers of parcels.
fn goes_on(scan: &Scan<'_>, first: usize, last: usize) -> bool {
    let joined = |left: Option<usize>, right: usize, of_four: fn(&Run, &Run) -> bool| {
        left.and_then(|left| scan.runs.get(left))
            .zip(scan.runs.get(right))
            .is_some_and(|(left, right)| of_four(left, right) && scan.separator(left, right) == Some(b' '))
    };
    joined(first.checked_sub(1), first, |left, _| left.len() == 4)
        || joined(Some(last), last + 1, |_, right| right.len() == 4)
}

/// Luhn's checksum: from the right, every second digit counts double, less nine where that is more than nine.
fn has_luhn_checksum(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| match (place % 2, u32::from(byte - b'0')) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether a number begins as, and is as long as, those of Visa, Mastercard, American Express, Discover, Diners Club, JCB,
/// UnionPay or Maestro (ISO/IEC 7812 issuer ranges, as the networks publish them).
fn is_of_network(digits: &str) -> bool {
    let prefix =
        |length: usize| digits.get(..length).and_then(|prefix| prefix.parse::<u32>().ok()).unwrap_or(0);
    match digits.len() {
        15 if matches!(prefix(2), 34 | 37) => true,
        14 if matches!(prefix(3), 300..=305 | 309) || matches!(prefix(2), 36 | 38 | 39) => true,
        13 | 16 | 19 if prefix(1) == 4 => true,
        16 if matches!(prefix(2), 51..=55) || matches!(prefix(4), 2221..=2720) => true,
        16..=19 => {
            matches!(prefix(4), 3528..=3589 | 6011)
                || matches!(prefix(3), 644..=649)
                || matches!(prefix(2), 62 | 65)
                || is_maestro(prefix(4))
        }
        13..=15 => is_maestro(prefix(4)),
        _ => false,
    }
}

fn is_maestro(prefix: u32) -> bool {
    matches!(prefix, 5018 | 5020 | 5038 | 5893 | 6304 | 6759 | 6761..=6763)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(text: &str) -> Vec<String> {
        find(&Scan::new(text)).into_iter().map(|found| found.mask).collect()
    }

    #[test]
    fn cards_of_the_networks_are_found() {
        for text in [
            "4111111111111111",
            "4111 1111 1111 1111",
            "4111-1111-1111-1111.",
            "5555555555554444",
            "2223003122003222",
            "3782 822463 10005",
            "378282246310005",
            "6011000990139424",
            "3056 930902 5904",
            "30569309025904",
            "3530111333300000",
            "6200000000000005",
            "4222222222222",
            "4111 1111 1111 1111 12/27",
            "4111 1111 1111 1111 123",
            "x4111.1111.1111.1111x",
        ] {
            assert_eq!(masks(text).len(), 1, "{text}");
        }
        assert_eq!(masks("4111 1111 1111 1111"), ["************1111"]);
    }

    #[test]
    fn other_numbers_with_the_checksum_need_a_word_about_cards() {
        assert!(masks("1234567812345670").is_empty());
        assert_eq!(masks("card 1234567812345670").len(), 1);
        assert!(masks("tracking 4111111111111111").is_empty());
    }

    #[test]
    fn what_is_no_card_is_not_found() {
        for text in [
            "4111 1111 1111 1112",
            "411111111111",
            "41111111111111111111",
            "4111 11111111 1111",
            "9400 1000 0000 0000 0000 00",
            "4111 1111 1111 1111 4111",
            "0000000000000000",
            "+4111111111111111",
            "4111-1111-1111-1111-1",
            "555-123-4567",
        ] {
            assert!(masks(text).is_empty(), "{text}");
        }
    }
}
