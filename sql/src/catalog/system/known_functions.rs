//! PostgreSQL's own functions, by id and by name, as its catalog lists them. Read once a process.

use std::collections::HashMap;
use std::sync::OnceLock;

use arrow::array::{Array, BooleanArray, RecordBatch, StringArray};
use datafusion::error::Result;

use super::array_columns::elements;
use super::library::{missing, numbers, strings, tables};

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct KnownFunction {
    pub(super) name: String,
    /// The types of what it is called with.
    pub(super) takes: Vec<i32>,
    /// The types of all parameters, those that it gives among them; empty where it only takes.
    pub(super) all: Vec<i32>,
    /// `i`, `o`, `b`, `v` or `t`, one for each of `all`.
    pub(super) modes: Vec<String>,
    pub(super) names: Vec<String>,
    pub(super) returns: i32,
    pub(super) returns_set: bool,
    pub(super) volatility: String,
    pub(super) parallel: String,
    pub(super) strict: bool,
    pub(super) leakproof: bool,
    pub(super) language: i32,
    pub(super) source: String,
}

/// All of them.
pub(super) struct KnownFunctions {
    by_id: HashMap<i32, KnownFunction>,
    /// The first of each name.
    by_name: HashMap<String, i32>,
}

impl KnownFunctions {
    /// The function of this id.
    pub(super) fn get(&self, oid: i32) -> Option<&KnownFunction> {
        self.by_id.get(&oid)
    }

    /// The id of the first function of this name.
    pub(super) fn named(&self, name: &str) -> Option<i32> {
        self.by_name.get(name).copied()
    }
}

/// All of them.
pub(super) fn functions() -> Result<&'static KnownFunctions> {
    static FUNCTIONS: OnceLock<KnownFunctions> = OnceLock::new();
    if let Some(functions) = FUNCTIONS.get() {
        return Ok(functions);
    }
    let mut known = KnownFunctions { by_id: HashMap::new(), by_name: HashMap::new() };
    for batch in tables()?.pg_proc.data() {
        read(batch, &mut known)?;
    }
    Ok(FUNCTIONS.get_or_init(|| known))
}

fn read(batch: &RecordBatch, known: &mut KnownFunctions) -> Result<()> {
    let (oids, returns) = (numbers(batch, "oid")?, numbers(batch, "prorettype")?);
    let languages = numbers(batch, "prolang")?;
    let names = strings(batch, "proname")?;
    let (takes, all) = (strings(batch, "proargtypes")?, strings(batch, "proallargtypes")?);
    let (modes, parameters) = (strings(batch, "proargmodes")?, strings(batch, "proargnames")?);
    let (volatility, parallel) = (strings(batch, "provolatile")?, strings(batch, "proparallel")?);
    let sources = strings(batch, "prosrc")?;
    let (sets, strict) = (flags(batch, "proretset")?, flags(batch, "proisstrict")?);
    let leakproof = flags(batch, "proleakproof")?;
    for row in 0..batch.num_rows() {
        let text = |column: &StringArray| {
            if column.is_valid(row) { column.value(row).to_string() } else { String::new() }
        };
        let function = KnownFunction {
            name: text(names),
            takes: text(takes).split_whitespace().filter_map(|oid| oid.parse().ok()).collect(),
            all: elements(&text(all)).iter().filter_map(|oid| oid.parse().ok()).collect(),
            modes: elements(&text(modes)),
            names: elements(&text(parameters)),
            returns: returns.value(row),
            returns_set: sets.value(row),
            volatility: text(volatility),
            parallel: text(parallel),
            strict: strict.value(row),
            leakproof: leakproof.value(row),
            language: languages.value(row),
            source: text(sources),
        };
        known.by_name.entry(function.name.clone()).or_insert(oids.value(row));
        known.by_id.insert(oids.value(row), function);
    }
    Ok(())
}

fn flags<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a BooleanArray> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| missing(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_known_with_their_parameters() {
        let known = functions().unwrap();
        let length = known.get(known.named("textlen").unwrap()).unwrap();
        assert_eq!((length.takes.as_slice(), length.returns), ([25].as_slice(), 23));
    }
}
