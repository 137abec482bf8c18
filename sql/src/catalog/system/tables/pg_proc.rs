//! `pg_proc`: this database's own functions after PostgreSQL's, for `\df`.

use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{self, Rows};
use super::super::system_table::Scope;

/// A function as `\df` shows it.
pub(in super::super) struct OwnFunction {
    pub(in super::super) name: &'static str,
    pub(in super::super) arguments: &'static str,
    pub(in super::super) result: &'static str,
    /// `pg_type.oid` of the arguments, of the result (a row is a `record`), how many have defaults.
    types: &'static [i32],
    returns: i32,
    defaults: i16,
    volatility: &'static str,
}

impl OwnFunction {
    /// The types of its arguments.
    pub(in super::super) fn takes(&self) -> &'static [i32] {
        self.types
    }

    pub(in super::super) fn gives_rows(&self) -> bool {
        self.returns == RECORD
    }
}

const TEXT: i32 = 25;
const BIGINT: i32 = 20;
const BOOLEAN: i32 = 16;
const FLOAT8: i32 = 701;
const TEXTS: i32 = 1009;
const JSONB: i32 = 3802;
const RECORD: i32 = 2249;
const INTERNAL_LANGUAGE: i32 = 12;

/// The functions that PostgreSQL does not have.
const OWN: &[OwnFunction] = &[
    OwnFunction {
        name: "embed",
        arguments: "text",
        result: "vector",
        types: &[TEXT],
        returns: oid::VECTOR,
        defaults: 0,
        volatility: "i",
    },
    OwnFunction {
        name: "embed",
        arguments: "text, model text",
        result: "vector",
        types: &[TEXT, TEXT],
        returns: oid::VECTOR,
        defaults: 0,
        volatility: "i",
    },
    OwnFunction {
        name: "embed",
        arguments: "text, model text, purpose text",
        result: "vector",
        types: &[TEXT, TEXT, TEXT],
        returns: oid::VECTOR,
        defaults: 0,
        volatility: "i",
    },
    OwnFunction {
        name: "vector_search",
        arguments: "corpus text, query text, k bigint DEFAULT 10, filter text DEFAULT NULL, \
                    exclude_ids text[] DEFAULT NULL, ef bigint DEFAULT NULL, exact boolean DEFAULT false",
        result: "TABLE(id text, distance real, corpus text, metadata jsonb)",
        types: &[TEXT, TEXT, BIGINT, TEXT, TEXTS, BIGINT, BOOLEAN],
        returns: RECORD,
        defaults: 5,
        volatility: "s",
    },
    findings("validate_email", "draft text", &[TEXT]),
    findings("validate_email", "draft jsonb", &[JSONB]),
    findings("validate_sms", "draft text", &[TEXT]),
    findings("validate_sms", "draft jsonb", &[JSONB]),
    findings("validate_fill", "proposal text", &[TEXT]),
    findings("validate_fill", "proposal jsonb", &[JSONB]),
    OwnFunction {
        name: "audit_drift",
        arguments: "seq bigint DEFAULT NULL, against bigint DEFAULT NULL, tolerance double precision DEFAULT 0.2",
        result: "TABLE(metric text, baseline double precision, current double precision, \
                 delta double precision, change double precision, status text)",
        types: &[BIGINT, BIGINT, FLOAT8],
        returns: RECORD,
        defaults: 3,
        volatility: "s",
    },
    is_valid("is_valid_email", "draft text", &[TEXT]),
    is_valid("is_valid_email", "draft jsonb", &[JSONB]),
    is_valid("is_valid_sms", "draft text", &[TEXT]),
    is_valid("is_valid_sms", "draft jsonb", &[JSONB]),
    is_valid("is_valid_fill", "proposal text", &[TEXT]),
    is_valid("is_valid_fill", "proposal jsonb", &[JSONB]),
    OwnFunction {
        name: "matrix_search",
        arguments: "query text, role text DEFAULT NULL, corpora text[] DEFAULT ARRAY['workers'], \
                    k bigint DEFAULT 10, per_corpus_k bigint DEFAULT NULL, use_playbook boolean DEFAULT false, \
                    tenant text DEFAULT '', filter text DEFAULT NULL, exclude_ids text[] DEFAULT NULL",
        result: "TABLE(rank integer, id text, corpus text, distance real, base_distance real, boost real, \
                 source text, playbook_id bigint, metadata jsonb)",
        types: &[TEXT, TEXT, TEXTS, BIGINT, BIGINT, BOOLEAN, TEXT, TEXT, TEXTS],
        returns: RECORD,
        defaults: 8,
        volatility: "s",
    },
    OwnFunction {
        name: "playbook_matches",
        arguments: "query text, role text DEFAULT NULL, tenant text DEFAULT '', k bigint DEFAULT 10",
        result: "TABLE(playbook_id bigint, query_text text, role text, answer_id text, answer_corpus text, \
                 score double precision, query_distance real, boost real, helpful bigint, harmful bigint, \
                 recorded_at timestamp with time zone)",
        types: &[TEXT, TEXT, TEXT, BIGINT],
        returns: RECORD,
        defaults: 3,
        volatility: "s",
    },
];

/// A function that gives the findings of a draft or proposal.
const fn findings(name: &'static str, arguments: &'static str, types: &'static [i32]) -> OwnFunction {
    let result = "TABLE(severity text, kind text, rule text, field text, reason text, error jsonb)";
    OwnFunction { name, arguments, result, types, returns: RECORD, defaults: 0, volatility: "s" }
}

/// A function that says whether one may go out.
const fn is_valid(name: &'static str, arguments: &'static str, types: &'static [i32]) -> OwnFunction {
    OwnFunction { name, arguments, result: "boolean", types, returns: BOOLEAN, defaults: 0, volatility: "s" }
}

/// The function with this id.
pub(in super::super) fn find(oid: i32) -> Option<&'static OwnFunction> {
    let position = usize::try_from(oid.checked_sub(oid::OWN_FUNCTIONS)?).ok()?;
    OWN.get(position)
}

/// The ids of all of them.
pub(super) fn oids() -> impl Iterator<Item = i32> {
    (oid::OWN_FUNCTIONS..).take(OWN.len())
}

/// The id of the first function of this name.
pub(in super::super) fn named(name: &str) -> Option<i32> {
    (oid::OWN_FUNCTIONS..).zip(OWN).find(|(_, function)| function.name == name).map(|(oid, _)| oid)
}

/// See the module.
pub(super) fn fill(_scope: &Scope<'_>, table: &mut Rows) -> Result<()> {
    for (oid, function) in (oid::OWN_FUNCTIONS..).zip(OWN) {
        let is_set = function.returns == RECORD;
        table.push([
            ("oid", oid.into()),
            ("proname", function.name.into()),
            ("pronamespace", oid::PUBLIC.into()),
            ("proowner", oid::OWNER.into()),
            ("prolang", INTERNAL_LANGUAGE.into()),
            ("procost", 1_f32.into()),
            ("prorows", if is_set { 10_f32 } else { 0_f32 }.into()),
            ("prosupport", "-".into()),
            ("prokind", "f".into()),
            ("proisstrict", (!is_set).into()),
            ("proretset", is_set.into()),
            ("provolatile", function.volatility.into()),
            ("proparallel", "s".into()),
            ("pronargs", i16::try_from(function.types.len()).unwrap_or(i16::MAX).into()),
            ("pronargdefaults", function.defaults.into()),
            ("prorettype", function.returns.into()),
            ("proargtypes", rows::oids(function.types.iter().copied())),
            ("prosrc", function.name.into()),
        ])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_function_that_postgresql_lacks_is_listed() {
        use crate::functions::table::{OF_POSTGRESQL, TABLE_FUNCTIONS};
        for name in TABLE_FUNCTIONS.iter().filter(|name| !OF_POSTGRESQL.contains(name)) {
            assert!(OWN.iter().any(|own| own.name == *name), "{name} has no row in pg_proc");
        }
    }
}
