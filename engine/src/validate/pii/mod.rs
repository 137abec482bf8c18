//! Numbers that must not leave: identity, cards, accounts, pay.
//!
//! A [`Scan`](scan::Scan) knows the runs of digits of one text; each file here looks at them for one kind of number. They decide by shape,
//! by checksums, and by the words beside, never by a list of known numbers. Invariant: what is found is shown masked.

mod bank;
mod card;
mod cue;
mod iban;
mod pay;
mod scan;
mod ssn;

use self::scan::Scan;
use super::rule::{PII_BANK_ACCOUNT, PII_CARD, PII_IBAN, PII_ITIN, PII_SALARY, PII_SSN};
use super::{Finding, Rule, text};

/// A sensitive number in a text.
struct Found {
    rule: &'static Rule,
    /// What may be shown of it.
    mask: String,
}

/// The findings of these rules in a normalised text.
pub(super) fn check(field: &'static str, normalised: &str) -> Vec<Finding> {
    if !normalised.bytes().any(|byte| byte.is_ascii_digit()) {
        return Vec::new();
    }
    let text = text::without_marks(normalised);
    let scan = Scan::new(&text);
    let found = numbers(&scan);
    let mut findings = Vec::new();
    for (rule, what) in [
        (&PII_SSN, "a Social Security number"),
        (&PII_ITIN, "an individual taxpayer number"),
        (&PII_CARD, "a payment card number"),
        (&PII_IBAN, "an IBAN"),
        (&PII_BANK_ACCOUNT, "a bank routing number"),
    ] {
        let mut masks = found.iter().filter(|found| found.rule == rule).map(|found| &found.mask);
        if let Some(first) = masks.next() {
            let more = match masks.count() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            findings.push(
                rule.fails(field, format!("contains {what} ({first}){more}: remove it before sending")),
            );
        }
    }
    if let Some(cue) = pay::find(&scan) {
        findings.push(
            PII_SALARY
                .fails(field, format!("tells a pay amount beside \"{cue}\": check that it may be told")),
        );
    }
    findings
}

/// Whether a normalised text holds a number that no reason may repeat.
pub(super) fn is_sensitive(normalised: &str) -> bool {
    let text = text::without_marks(normalised);
    !numbers(&Scan::new(&text)).is_empty()
}

fn numbers(scan: &Scan<'_>) -> Vec<Found> {
    let mut found = ssn::find(scan);
    found.extend(card::find(scan));
    found.extend(iban::find(scan));
    found.extend(bank::find(scan));
    found
}
