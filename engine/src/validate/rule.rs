//! The rules: their names, kinds and severities. What makes one fail is in the files of the families.
//!
//! Invariant: [`RULES`] has every rule once; callers match on [`Rule::id`], so that an id never changes its meaning.

use std::borrow::Cow;

use super::Finding;

/// Whether a finding blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// What was checked must not go out.
    Error,
    /// What was checked may go out; someone should look.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The shape of the input.
    Schema,
    /// Whether it is finished.
    Completeness,
    /// Whether it agrees with the workers' data.
    Consistency,
    /// What may not be said, or who may not be sent.
    Policy,
}

impl Kind {
    /// The kind in lower case: `schema`, `completeness`, `consistency`, `policy`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Schema => "schema",
            Self::Completeness => "completeness",
            Self::Consistency => "consistency",
            Self::Policy => "policy",
        }
    }

    /// The tag of this kind in [`Finding::error`].
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Schema => "Schema",
            Self::Completeness => "Completeness",
            Self::Consistency => "Consistency",
            Self::Policy => "Policy",
        }
    }
}

/// One rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Its name, as `pii.ssn`.
    pub id: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// Whether it blocks.
    pub severity: Severity,
}

impl Rule {
    /// The finding that this rule fails for a field.
    pub(super) fn fails(
        &'static self,
        field: impl Into<Cow<'static, str>>,
        reason: impl Into<String>,
    ) -> Finding {
        Finding { rule: self, field: field.into(), reason: reason.into() }
    }
}

/// Defines the rules and the list of them all.
macro_rules! rules {
    ($($name:ident = $id:literal, $kind:ident, $severity:ident;)*) => {
        $(pub(super) static $name: Rule =
            Rule { id: $id, kind: Kind::$kind, severity: Severity::$severity };)*

        /// All rules, in the order of `docs/validation.md`.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    NOT_JSON = "input.not_json", Schema, Error;
    NOT_OBJECT = "input.not_object", Schema, Error;
    CONTEXT_MISSING = "context.missing", Schema, Warning;

    TO_MISSING = "to.missing", Schema, Error;
    BODY_MISSING = "body.missing", Schema, Error;
    SUBJECT_MISSING = "subject.missing", Schema, Error;
    KIND_MISMATCH = "kind.mismatch", Schema, Error;
    TO_MALFORMED = "to.malformed", Schema, Error;
    TO_UNASSIGNED = "to.unassigned", Schema, Warning;
    HEADER_INJECTION = "header.injection", Schema, Error;
    PLACEHOLDER_UNFILLED = "placeholder.unfilled", Completeness, Error;
    SUBJECT_LENGTH = "subject.length", Completeness, Warning;
    SMS_LENGTH = "sms.length", Completeness, Error;
    SMS_SEGMENTS = "sms.segments", Completeness, Warning;
    SMS_OPT_OUT = "sms.opt_out", Policy, Warning;
    PII_SSN = "pii.ssn", Policy, Error;
    PII_ITIN = "pii.itin", Policy, Error;
    PII_CARD = "pii.card", Policy, Error;
    PII_IBAN = "pii.iban", Policy, Error;
    PII_BANK_ACCOUNT = "pii.bank_account", Policy, Error;
    PII_SALARY = "pii.salary", Policy, Warning;
    CANDIDATE_UNKNOWN = "candidate.unknown", Consistency, Error;
    CANDIDATE_NAME_MISMATCH = "candidate.name_mismatch", Consistency, Error;
    CANDIDATE_INACTIVE = "candidate.inactive", Consistency, Warning;

    FILLS_MISSING = "fills.missing", Schema, Error;
    FILL_CANDIDATE_ID_MISSING = "fill.candidate_id.missing", Schema, Error;
    FILL_NAME_MISSING = "fill.name.missing", Schema, Error;
    FILLS_COUNT = "fills.count", Completeness, Error;
    FILL_DUPLICATE = "fill.duplicate", Consistency, Error;
    FILL_UNKNOWN = "fill.unknown", Consistency, Error;
    FILL_NAME_MISMATCH = "fill.name_mismatch", Consistency, Error;
    FILL_INACTIVE = "fill.inactive", Consistency, Error;
    FILL_CITY = "fill.city", Consistency, Error;
    FILL_STATE = "fill.state", Consistency, Error;
    FILL_ROLE = "fill.role", Consistency, Error;
    FILL_BLACKLISTED = "fill.blacklisted", Policy, Error;
}
