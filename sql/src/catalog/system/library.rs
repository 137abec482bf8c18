//! What datafusion-pg-catalog ships: PostgreSQL's own types, operators, functions, key words. Read
//! once a process, since they never change.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, Int32Array, RecordBatch, StringArray};
use datafusion::error::{DataFusionError, Result};
use datafusion_pg_catalog::pg_catalog::PgCatalogStaticTables;

/// The tables.
pub(super) fn tables() -> Result<Arc<PgCatalogStaticTables>> {
    static TABLES: OnceLock<Arc<PgCatalogStaticTables>> = OnceLock::new();
    if let Some(tables) = TABLES.get() {
        return Ok(tables.clone());
    }
    let tables = Arc::new(PgCatalogStaticTables::try_new()?);
    Ok(TABLES.get_or_init(|| tables).clone())
}

/// A type of PostgreSQL's.
#[derive(Clone, Debug)]
pub(super) struct KnownType {
    pub(super) name: String,
    /// The type of an array's elements; 0 for no array.
    pub(super) element: i32,
}

/// PostgreSQL's types by their ids.
pub(super) fn types() -> Result<&'static HashMap<i32, KnownType>> {
    static TYPES: OnceLock<HashMap<i32, KnownType>> = OnceLock::new();
    if let Some(types) = TYPES.get() {
        return Ok(types);
    }
    let mut types = HashMap::new();
    for batch in tables()?.pg_type.data() {
        let (oids, names) = (numbers(batch, "oid")?, strings(batch, "typname")?);
        let (elements, categories) = (numbers(batch, "typelem")?, strings(batch, "typcategory")?);
        for row in 0..batch.num_rows() {
            let element = if categories.value(row) == "A" { elements.value(row) } else { 0 };
            types.insert(oids.value(row), KnownType { name: names.value(row).to_string(), element });
        }
    }
    Ok(TYPES.get_or_init(|| types))
}

/// Key words that are no name unless they are quoted.
fn reserved() -> Result<&'static HashSet<String>> {
    static WORDS: OnceLock<HashSet<String>> = OnceLock::new();
    if let Some(words) = WORDS.get() {
        return Ok(words);
    }
    let mut words = HashSet::new();
    for batch in tables()?.pg_get_keywords.data() {
        let (found, codes) = (strings(batch, "word")?, strings(batch, "catcode")?);
        for (word, code) in found.iter().zip(codes.iter()) {
            if let (Some(word), Some(code)) = (word, code)
                && code != "U"
            {
                words.insert(word.to_string());
            }
        }
    }
    Ok(WORDS.get_or_init(|| words))
}

/// The default operator class of `btree` for a type; 0 where there is none.
pub(super) fn btree_class(type_oid: i32) -> Result<i32> {
    // PostgreSQL compares varchar as text.
    let type_oid = if type_oid == 1043 { 25 } else { type_oid };
    for batch in tables()?.pg_opclass.data() {
        let (oids, methods) = (numbers(batch, "oid")?, numbers(batch, "opcmethod")?);
        let types = numbers(batch, "opcintype")?;
        let defaults = batch
            .column_by_name("opcdefault")
            .and_then(|column| column.as_any().downcast_ref::<arrow::array::BooleanArray>());
        let Some(defaults) = defaults else { return Err(missing("opcdefault")) };
        for row in 0..batch.num_rows() {
            if methods.value(row) == super::oid::BTREE && types.value(row) == type_oid && defaults.value(row)
            {
                return Ok(oids.value(row));
            }
        }
    }
    Ok(0)
}

/// A name as SQL needs it written.
pub(super) fn quoted(name: &str) -> Result<String> {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && !reserved()?.contains(name) {
        return Ok(name.to_string());
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Int32Array> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| missing(name))
}

fn strings<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| missing(name))
}

fn missing(name: &str) -> DataFusionError {
    DataFusionError::Internal(format!("datafusion-pg-catalog has no column {name} of the expected type"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_where_it_would_be_read_as_something_else() {
        assert_eq!(quoted("workers").unwrap(), "workers");
        assert_eq!(quoted("name").unwrap(), "name");
        assert_eq!(quoted("select").unwrap(), "\"select\"");
        assert_eq!(quoted("Mixed").unwrap(), "\"Mixed\"");
        assert_eq!(quoted("a\"b").unwrap(), "\"a\"\"b\"");
        assert_eq!(quoted("1st").unwrap(), "\"1st\"");
        assert_eq!(quoted("").unwrap(), "\"\"");
    }

    #[test]
    fn types_are_known_by_their_ids() {
        let types = types().unwrap();
        assert_eq!(types.get(&25).unwrap().name, "text");
        assert_eq!(types.get(&1009).unwrap().element, 25);
        assert_eq!(btree_class(25).unwrap(), 3126);
        assert_eq!(btree_class(oid_of_nothing()).unwrap(), 0);
    }

    fn oid_of_nothing() -> i32 {
        -1
    }
}
