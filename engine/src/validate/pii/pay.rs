//! Pay amounts beside a word that says so.
//!
//! An amount with a currency counts with a cue in its sentence; a bare number only directly behind a cue (`pay rate: 21.50`) or before
//! `per hour`. Prices without such a word, and numbers of boxes, hours and people, are no pay.

use super::cue::beside;
use super::scan::{Run, Scan};

/// What makes an amount of money pay.
const CUES: &[&str] = &[
    "salary",
    "salaries",
    "wage",
    "pay rate",
    "payrate",
    "rate of pay",
    "hourly",
    "compensation",
    "starting pay",
    "base pay",
    "per hour",
    "an hour",
    "/hr",
    "/hour",
    "/h",
    "per year",
    "a year",
    "/yr",
    "/year",
    "per annum",
    "annually",
    "annual pay",
];
const NEAR: (usize, usize) = (40, 30);

/// What a bare number is pay behind.
const BEFORE: &[&str] =
    &["salary", "wage", "wages", "pay rate", "payrate", "rate of pay", "hourly rate", "hourly pay"];

/// What a bare number is pay before.
const AFTER: &[&str] = &["per hour", "an hour", "/hr", "/hour"];

/// The cue beside the first pay amount of a text.
pub(super) fn find(scan: &Scan<'_>) -> Option<&'static str> {
    scan.runs.iter().find_map(|run| {
        let end = end_of_amount(scan, run)?;
        let before = scan.lower.get(..run.start).unwrap_or_default();
        let after = scan.lower.get(end..).unwrap_or_default();
        if has_currency(before, after) {
            return beside(scan, (run.start, end), CUES, NEAR);
        }
        let following = after.trim_start_matches([' ', '-']);
        let cue = AFTER.iter().copied().find(|cue| following.starts_with(cue));
        cue.or_else(|| cue_before(before).filter(|_| end - run.start > 1 && !after.starts_with('%')))
    })
}

/// Where the amount that begins with a run ends, with its thousands, decimals and `k`; `None` inside of one.
fn end_of_amount(scan: &Scan<'_>, run: &Run) -> Option<usize> {
    let before = scan.slice(0, run.start);
    if before.ends_with([',', '.'])
        && before.trim_end_matches([',', '.']).ends_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    let rest = scan.lower.get(run.start..)?;
    let mut end = 0;
    for (offset, c) in rest.char_indices() {
        let is_inside = matches!(c, ',' | '.')
            && rest.get(offset + 1..).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit()));
        if !c.is_ascii_digit() && !is_inside {
            break;
        }
        end = offset + 1;
    }
    let thousands = rest.get(end..).is_some_and(|next| {
        next.strip_prefix('k').is_some_and(|next| !next.starts_with(|c: char| c.is_ascii_alphanumeric()))
    });
    Some(run.start + end + usize::from(thousands))
}

fn has_currency(before: &str, after: &str) -> bool {
    let before = before.trim_end_matches(' ');
    let after = after.trim_start_matches(' ');
    before.ends_with(['$', '€', '£'])
        || before.ends_with("usd")
        || ["usd", "dollars", "bucks", "$", "€"].iter().any(|currency| after.starts_with(currency))
}

/// The cue that a bare number follows, with nothing but `:`, `=` and small words between.
fn cue_before(before: &str) -> Option<&'static str> {
    let mut rest = before;
    // `is now at about`: more such words in a row are a sentence about something else.
    for _ in 0..=4 {
        rest = rest.trim_end_matches([' ', ':', '=', '(', '~']);
        let is_cue = |cue: &&&str| {
            rest.strip_suffix(**cue).is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric()))
        };
        if let Some(cue) = BEFORE.iter().find(is_cue) {
            return Some(cue);
        }
        rest = ["is", "of", "at", "to", "now", "about", "up", "will be"]
            .iter()
            .find_map(|word| rest.strip_suffix(word).filter(|rest| rest.ends_with(' ')))?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pay_is_found_beside_its_cue() {
        for text in [
            "Pay rate: $21.50",
            "the salary is $52,000",
            "$24/hr",
            "$24 an hour",
            "24.50 per hour",
            "pay rate 21",
            "wage of 18.75",
            "hourly rate is now up to 25",
            "$85k salary",
            "USD 30 hourly",
            "52,000 dollars a year",
            "salary: 52000",
            "25-per hour",
        ] {
            assert!(find(&Scan::new(text)).is_some(), "{text}");
        }
    }

    #[test]
    fn other_amounts_and_numbers_are_no_pay() {
        for text in [
            "Parking is $20",
            "the salary is paid on the 15th",
            "40 hours per week",
            "65 miles per hour",
            "2 shifts",
            "wages rose by 5%",
            "salary 5",
            "Bring $20. Salary is discussed later",
            "Pay the $20 deposit",
            "call 555-123-4567",
        ] {
            assert!(find(&Scan::new(text)).is_none(), "{text}: {:?}", find(&Scan::new(text)));
        }
    }
}
