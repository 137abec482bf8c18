//! Whether a text message can be sent to a number: E.164's shape, and whether its country gives out such numbers.

use super::rule::{TO_MALFORMED, TO_UNASSIGNED};
use super::{Finding, text};

/// The digits of a number with its country code.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;

/// Adds what is wrong with a number.
pub(super) fn check(to: &str, findings: &mut Vec<Finding>) {
    match e164(to) {
        Err(reason) => {
            findings.push(TO_MALFORMED.fails("to", format!("is not a phone number to send to: {reason}")));
        }
        Ok(number) if !is_assigned(&number) => findings.push(TO_UNASSIGNED.fails(
            "to",
            "is written as a phone number, but no number of its country's numbering plan: check it for typing errors",
        )),
        Ok(_) => {}
    }
}

/// The number without its separators.
fn e164(to: &str) -> Result<String, &'static str> {
    let normalised = text::normalised(to);
    let number =
        normalised.trim_matches(' ').strip_prefix('+').ok_or("it must begin with + and the country code")?;
    if !number.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '-' | '.' | '(' | ')' | '/')) {
        return Err("behind the + only digits, spaces, hyphens, dots and parentheses may stand");
    }
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if !DIGITS.contains(&digits.len()) {
        return Err("it must have 8 to 15 digits");
    }
    if digits.starts_with('0') {
        return Err("no country code begins with 0");
    }
    Ok(format!("+{digits}"))
}

fn is_assigned(number: &str) -> bool {
    phonenumber::parse(None, number).is_ok_and(|number| number.is_valid())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(to: &str) -> Vec<&'static str> {
        let mut findings = Vec::new();
        check(to, &mut findings);
        findings.iter().map(|finding| finding.rule.id).collect()
    }

    #[test]
    fn numbers_of_their_plans_pass() {
        for to in [
            "+13135550123",
            "+1 (313) 555-0123",
            "+44 20 7946 0958",
            "+52 55 1234 5678",
            " +1.313.555.0123",
            "+1\u{2011}313\u{2011}555\u{2011}0123",
            "\u{202d}+13135550123\u{202c}",
        ] {
            assert!(rules(to).is_empty(), "{to}: {:?}", rules(to));
        }
    }

    #[test]
    fn a_number_that_no_plan_has_is_only_a_warning() {
        for to in ["+15551234567", "+10001234567", "+99912345678"] {
            assert_eq!(rules(to), ["to.unassigned"], "{to}");
        }
    }

    #[test]
    fn what_is_no_number_is_malformed() {
        for to in [
            "3135550123",
            "+1313555",
            "+1234567890123456",
            "+1 313 CALL NOW",
            "++13135550123",
            "+1313555012a",
            "0013135550123",
            "+0123456789",
            "+",
            "maria@example.com",
            "+13135550123\n",
            "+1313,5550123",
        ] {
            assert_eq!(rules(to), ["to.malformed"], "{to}");
        }
    }
}
