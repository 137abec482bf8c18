//! Social Security numbers, and the taxpayer numbers that look like them.
//!
//! `AAA-GG-SSSS` with one separator (hyphen, space, dot) at both places counts wherever it stands alone; nine bare digits count
//! beside a cue only. A phone number is no such number: its groups are others, or it belongs to something longer.

use super::cue::{beside, is_labelled};
use super::scan::Scan;
use super::{Found, PII_ITIN, PII_SSN};
use crate::validate::Rule;

const SSN_CUES: &[&str] = &[
    "ssn",
    "s.s.n",
    "ss#",
    "ss #",
    "ss no",
    "ss number",
    "social security",
    "social sec",
    "soc sec",
    "soc. sec",
    "social #",
    "social number",
    "social is",
    "seguro social",
];
const ITIN_CUES: &[&str] = &["itin", "i.t.i.n", "taxpayer id", "taxpayer identification", "tax id"];

/// How far a cue may be, in bytes, before and after the number.
const NEAR: (usize, usize) = (40, 30);

pub(super) fn find(scan: &Scan<'_>) -> Vec<Found> {
    let mut found = Vec::new();
    for (first, groups) in scan.runs.windows(3).enumerate() {
        let [area, group, serial] = groups else { continue };
        if (area.len(), group.len(), serial.len()) != (3, 2, 4) {
            continue;
        }
        let Some(separator @ (b'-' | b' ' | b'.')) = scan.separator(area, group) else { continue };
        if scan.separator(group, serial) != Some(separator)
            || !scan.stands_alone(first, first + 2, Some(separator))
        {
            continue;
        }
        let part = |run: &super::scan::Run| scan.slice(run.start, run.end);
        let Some(rule) = rule_of(part(area), part(group), part(serial)) else { continue };
        let place = (area.start, serial.end);
        if is_labelled(scan, area.start) && beside(scan, place, cues_of(rule), NEAR).is_none() {
            continue;
        }
        found.push(Found { rule, mask: mask(part(serial)) });
    }
    for (position, run) in scan.runs.iter().enumerate().filter(|(_, run)| run.len() == 9) {
        let part = |from: usize, to: usize| scan.slice(run.start + from, run.start + to);
        let Some(rule) = rule_of(part(0, 3), part(3, 5), part(5, 9)) else { continue };
        if scan.stands_alone(position, position, None)
            && !is_labelled(scan, run.start)
            && beside(scan, (run.start, run.end), cues_of(rule), NEAR).is_some()
        {
            found.push(Found { rule, mask: mask(part(5, 9)) });
        }
    }
    found
}

/// Which of the two a number is, if it is one that is given out.
fn rule_of(area: &str, group: &str, serial: &str) -> Option<&'static Rule> {
    if area.starts_with('9') {
        let group: u8 = group.parse().ok()?;
        return matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99).then_some(&PII_ITIN);
    }
    (area != "000" && area != "666" && group != "00" && serial != "0000").then_some(&PII_SSN)
}

fn cues_of(rule: &Rule) -> &'static [&'static str] {
    if *rule == PII_ITIN { ITIN_CUES } else { SSN_CUES }
}

fn mask(serial: &str) -> String {
    format!("***-**-{serial}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        find(&Scan::new(text)).iter().map(|found| found.rule.id).collect()
    }

    #[test]
    fn numbers_that_stand_alone_are_found() {
        for text in [
            "123-45-6789",
            "SSN 123-45-6789.",
            "(123 45 6789)",
            "is 123.45.6789, ok",
            "ssn123-45-6789",
            "5 123-45-6789",
            "SSN: 123456789",
            "my social security number is 123456789",
            "123456789 is my SSN",
            "candidate_ssn=123456789",
            "Social Security No. 123456789",
            "SSN ref 123-45-6789",
            "#123-45-6789",
            "1, 123-45-6789, 2",
        ] {
            assert_eq!(rules(text), ["pii.ssn"], "{text}");
        }
        assert_eq!(rules("123-45-6789/987 and 321-54-9876"), ["pii.ssn"]);
        assert_eq!(rules("912-70-1234, ITIN 912701234"), ["pii.itin", "pii.itin"]);
    }

    #[test]
    fn what_almost_looks_like_one_is_not() {
        for text in [
            "Call 555-123-4567",
            "48226-1234",
            "123-45 6789",
            "123-456789",
            "123 45-6789",
            "000-12-3456",
            "666-12-3456",
            "123-00-4567",
            "123-45-0000",
            "900-12-3456",
            "912-93-1234",
            "1-123-45-6789",
            "123-45-6789-1",
            "0123-45-6789",
            "123-45-67890",
            "10.123.45.6789",
            "+1 123-45-6789",
            "(313) 123-45-6789",
            "1 123 45 6789",
            "123 45 6789 1",
            "Order 123-45-6789",
            "INV-123-45-6789",
            "tracking no. 123 45 6789",
            "123456789",
            "order 123456789 (no SSN)",
            "assn 123456789",
            "123--45--6789",
            "12-25-2024",
            "2024-12-2512",
        ] {
            assert!(rules(text).is_empty(), "{text}: {:?}", rules(text));
        }
    }

    #[test]
    fn only_the_serial_is_shown() {
        let found = find(&Scan::new("123-45-6789"));
        assert_eq!(found.first().map(|found| found.mask.as_str()), Some("***-**-6789"));
    }
}
