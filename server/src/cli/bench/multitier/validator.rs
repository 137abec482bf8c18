//! The validators that drafts go through, and what they find.

use std::collections::BTreeMap;

/// A validation of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Validator {
    Email,
    Sms,
    Fill,
}

impl Validator {
    /// All of them, as reports list them.
    pub(super) const ALL: [Validator; 3] = [Validator::Email, Validator::Sms, Validator::Fill];

    /// The name of its function, and of the step that calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Validator::Email => "validate_email",
            Validator::Sms => "validate_sms",
            Validator::Fill => "validate_fill",
        }
    }

    /// Its place in [`Self::ALL`].
    pub(super) const fn place(self) -> usize {
        self as usize
    }
}

/// A rule that a draft breaks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) rule: String,
    /// Whether the draft must not go out: its severity is `error`.
    pub(super) blocks: bool,
}

/// What a validator said in all.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Outcomes {
    /// Drafts without a finding that blocks.
    pub(super) passed: u64,
    pub(super) blocked: u64,
    /// How often each rule was broken, whether it blocks or not.
    pub(super) findings: BTreeMap<String, u64>,
}

impl Outcomes {
    /// A draft that was checked.
    pub(super) fn add(&mut self, findings: Vec<Finding>) {
        if findings.iter().any(|finding| finding.blocks) {
            self.blocked += 1;
        } else {
            self.passed += 1;
        }
        for finding in findings {
            *self.findings.entry(finding.rule).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_list() {
        for (place, validator) in Validator::ALL.into_iter().enumerate() {
            assert_eq!(validator.place(), place);
        }
    }

    #[test]
    fn warnings_do_not_block() {
        let finding = |rule: &str, blocks| Finding { rule: rule.to_owned(), blocks };
        let mut outcomes = Outcomes::default();
        outcomes.add(Vec::new());
        outcomes.add(vec![finding("sms.opt_out", false)]);
        outcomes.add(vec![finding("pii.ssn", true), finding("sms.opt_out", false)]);
        assert_eq!((outcomes.passed, outcomes.blocked), (2, 1));
        assert_eq!(outcomes.findings, BTreeMap::from([("pii.ssn".into(), 1), ("sms.opt_out".into(), 2)]));
    }
}
