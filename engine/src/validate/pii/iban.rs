//! IBANs, in one run or in groups, of the countries and shapes of the registry, with their checksum.

use iban::Iban;

use super::scan::Scan;
use super::{Found, PII_IBAN};

/// The lengths of IBANs: Norway's, and the most that ISO 13616 allows.
const LENGTHS: std::ops::RangeInclusive<usize> = 15..=34;

pub(super) fn find(scan: &Scan<'_>) -> Vec<Found> {
    let bytes = scan.text.as_bytes();
    let mut found = Vec::new();
    let mut end = 0;
    for run in &scan.runs {
        // A country's two letters stand before the two digits of the checksum, and nothing before them.
        let Some(start) = run.start.checked_sub(2).filter(|start| *start >= end) else { continue };
        let is_start = bytes
            .get(start..run.start)
            .is_some_and(|country| country.iter().all(u8::is_ascii_alphabetic))
            && !start.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(|byte| is_word(*byte));
        if let Some((length, iban)) =
            is_start.then(|| longest(bytes.get(start..).unwrap_or_default())).flatten()
        {
            let (country, rest) = iban.split_at_checked(2).unwrap_or_default();
            let last = rest.get(rest.len().saturating_sub(4)..).unwrap_or_default();
            found.push(Found { rule: &PII_IBAN, mask: format!("{country}** **** {last}") });
            end = start + length;
        }
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// The IBAN at the beginning of these bytes, and how many of them it takes.
fn longest(bytes: &[u8]) -> Option<(usize, String)> {
    let mut compact = String::with_capacity(*LENGTHS.end());
    let mut position = 0;
    while compact.len() < *LENGTHS.end() {
        match bytes.get(position) {
            Some(byte) if byte.is_ascii_alphanumeric() => compact.push(char::from(byte.to_ascii_uppercase())),
            // One separator between groups.
            Some(b' ' | b'-') if bytes.get(position + 1).is_some_and(u8::is_ascii_alphanumeric) => {}
            _ => return None,
        }
        position += 1;
        let is_end = !bytes.get(position).is_some_and(|byte| is_word(*byte));
        if is_end && LENGTHS.contains(&compact.len()) && compact.parse::<Iban>().is_ok() {
            return Some((position, compact));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(text: &str) -> Vec<String> {
        find(&Scan::new(text)).into_iter().map(|found| found.mask).collect()
    }

    #[test]
    fn ibans_are_found_however_they_are_grouped() {
        for text in [
            "GB82WEST12345698765432",
            "IBAN: GB82 WEST 1234 5698 7654 32, please",
            "gb82-west-1234-5698-7654-32",
            "pay to GB82 WEST 1234 5698 7654 32 by Friday",
        ] {
            assert_eq!(masks(text), ["GB** **** 5432"], "{text}");
        }
        assert_eq!(
            masks("DE44500105175407324931 and NO93 8601 1117 947"),
            ["DE** **** 4931", "NO** **** 7947"]
        );
    }

    #[test]
    fn what_is_no_iban_is_not_found() {
        for text in [
            "GB82WEST12345698765433",
            "XX82WEST12345698765432",
            "GB82WEST1234569876543",
            "AGB82WEST12345698765432",
            "GB82WEST12345698765432X",
            "MI48226",
            "GB82  WEST 1234 5698 7654 32",
        ] {
            assert!(masks(text).is_empty(), "{text}");
        }
    }
}
