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
    /// The type of arrays of it; 0 for none.
    pub(super) array: i32,
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
        let arrays = numbers(batch, "typarray")?;
        for row in 0..batch.num_rows() {
            let element = if categories.value(row) == "A" { elements.value(row) } else { 0 };
            let (name, array) = (names.value(row).to_string(), arrays.value(row));
            types.insert(oids.value(row), KnownType { name, element, array });
        }
    }
    Ok(TYPES.get_or_init(|| types))
}

/// The type that a text names, as SQL or the catalog writes it; `None` for none. What stands beside the name in
/// parentheses is not looked at.
pub(super) fn type_named(text: &str) -> Result<Option<i32>> {
    let text = text.trim();
    if let Some(element) = text.strip_suffix("[]") {
        let element = type_named(element)?;
        let known = element.and_then(|oid| types().ok()?.get(&oid));
        return Ok(known.map(|known| known.array).filter(|oid| *oid != 0));
    }
    let plain = match (text.find('('), text.find(')')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}{}", text.get(..start).unwrap_or_default(), text.get(end + 1..).unwrap_or_default())
        }
        _ => text.to_string(),
    };
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = plain.strip_prefix("pg_catalog.").unwrap_or(&plain);
    if plain == "\"char\"" {
        return Ok(Some(18));
    }
    let name = match plain.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.to_string(),
        None => plain.to_lowercase(),
    };
    let known = match name.as_str() {
        "boolean" => "bool",
        "smallint" => "int2",
        "integer" | "int" => "int4",
        "bigint" => "int8",
        "real" => "float4",
        "double precision" | "float" => "float8",
        "decimal" | "dec" => "numeric",
        "character varying" | "char varying" => "varchar",
        "character" | "char" => "bpchar",
        "bit varying" => "varbit",
        "timestamp without time zone" => "timestamp",
        "timestamp with time zone" => "timestamptz",
        "time without time zone" => "time",
        "time with time zone" => "timetz",
        "vector" | "public.vector" => return Ok(Some(super::oid::VECTOR)),
        "halfvec" | "public.halfvec" => return Ok(Some(super::oid::HALFVEC)),
        other => other,
    };
    Ok(types()?.iter().find(|(_, candidate)| candidate.name == known).map(|(oid, _)| *oid))
}

/// The name of a language that functions are written in.
pub(super) fn language(oid: i32) -> Result<String> {
    for batch in tables()?.pg_language.data() {
        let (oids, names) = (numbers(batch, "oid")?, strings(batch, "lanname")?);
        if let Some(row) = (0..batch.num_rows()).find(|row| oids.value(*row) == oid) {
            return Ok(names.value(row).to_string());
        }
    }
    Ok(String::new())
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

/// The default operator class of an access method for a type; 0 where there is none.
pub(super) fn default_class(method: i32, type_oid: i32) -> Result<i32> {
    let found = find_class(|class| {
        class.method == method && class.is_default && class.type_oid == compared_as(type_oid)
    })?;
    Ok(found.map_or(0, |class| class.oid))
}

/// The operator class of this name.
pub(super) fn class(method: i32, name: &str) -> Result<Option<KnownClass>> {
    find_class(|class| class.method == method && class.name == name)
}

/// PostgreSQL compares varchar as text.
pub(super) fn compared_as(type_oid: i32) -> i32 {
    if type_oid == 1043 { 25 } else { type_oid }
}

/// An operator class.
pub(super) struct KnownClass {
    pub(super) oid: i32,
    name: String,
    method: i32,
    /// The type that it is of.
    pub(super) type_oid: i32,
    pub(super) is_default: bool,
}

fn find_class(fits: impl Fn(&KnownClass) -> bool) -> Result<Option<KnownClass>> {
    for batch in tables()?.pg_opclass.data() {
        let (oids, methods) = (numbers(batch, "oid")?, numbers(batch, "opcmethod")?);
        let (types, names) = (numbers(batch, "opcintype")?, strings(batch, "opcname")?);
        let defaults = batch
            .column_by_name("opcdefault")
            .and_then(|column| column.as_any().downcast_ref::<arrow::array::BooleanArray>());
        let Some(defaults) = defaults else { return Err(missing("opcdefault")) };
        for row in 0..batch.num_rows() {
            let class = KnownClass {
                oid: oids.value(row),
                name: names.value(row).to_string(),
                method: methods.value(row),
                type_oid: types.value(row),
                is_default: defaults.value(row),
            };
            if fits(&class) {
                return Ok(Some(class));
            }
        }
    }
    Ok(None)
}

/// A name as SQL needs it written.
pub(crate) fn quoted(name: &str) -> Result<String> {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain && !reserved()?.contains(name) {
        return Ok(name.to_string());
    }
    Ok(format!("\"{}\"", name.replace('"', "\"\"")))
}

pub(super) fn numbers<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a Int32Array> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| missing(name))
}

pub(super) fn strings<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a StringArray> {
    batch.column_by_name(name).and_then(|column| column.as_any().downcast_ref()).ok_or_else(|| missing(name))
}

pub(super) fn missing(name: &str) -> DataFusionError {
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
        for (text, oid) in [
            ("integer", Some(23)),
            ("int4", Some(23)),
            ("pg_catalog.int8", Some(20)),
            ("character varying(10)", Some(1043)),
            ("timestamp(3) with time zone", Some(1184)),
            ("text[]", Some(1009)),
            ("\"char\"", Some(18)),
            ("char", Some(1042)),
            ("vector(3)", Some(16_385)),
            ("nothing", None),
        ] {
            assert_eq!(type_named(text).unwrap(), oid, "{text}");
        }
        assert_eq!(default_class(403, 25).unwrap(), 3126);
        assert_eq!(default_class(403, oid_of_nothing()).unwrap(), 0);
    }

    fn oid_of_nothing() -> i32 {
        -1
    }
}
