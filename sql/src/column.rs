//! What a table knows of a column beyond its Arrow type: SQL type, default, generation, embedder.
//!
//! It travels in the Arrow field's metadata, so that storage keeps it without knowing it.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field};

use crate::types::vector;

/// The SQL type where Arrow's does not tell it: `jsonb`, `json`, `varchar(20)`, `char(3)`.
pub(crate) const TYPE_KEY: &str = "muster.type";
/// The default expression, as SQL.
const DEFAULT_KEY: &str = "muster.default";
/// The generation expression, as SQL.
const GENERATED_KEY: &str = "muster.generated";
/// Whether values of an identity column are always generated or by default: `always`, `default`.
const IDENTITY_KEY: &str = "muster.identity";
/// The embedding model that a generated vector column is computed with.
const MODEL_KEY: &str = "muster.model";
/// What of that model's configuration decides its vectors, where its name alone does not.
const EMBEDDER_KEY: &str = "muster.embedder";
/// What arrow-pg and datafusion-pg-catalog look at to tell a vector from an array.
const VECTOR_KEY: &str = "pg.vector";
/// Arrow's canonical extension name.
const EXTENSION_KEY: &str = "ARROW:extension:name";

/// Sets one metadata entry.
pub(crate) fn with(field: Field, key: &str, value: &str) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.insert(key.to_string(), value.to_string());
    field.with_metadata(metadata)
}

/// The field of `vector(dimensions)` or `halfvec(dimensions)`.
pub(crate) fn vector_field(kind: vector::VectorKind, name: &str, dimensions: i32, nullable: bool) -> Field {
    let item = std::sync::Arc::new(Field::new(vector::ITEM, kind.element(), true));
    with(Field::new(name, DataType::FixedSizeList(item, dimensions), nullable), VECTOR_KEY, kind.name())
}

/// The field of `json` or `jsonb`.
pub(crate) fn json_field(name: &str, sql_type: &str, nullable: bool) -> Field {
    let field = with(Field::new(name, DataType::Utf8, nullable), EXTENSION_KEY, "arrow.json");
    with(field, TYPE_KEY, sql_type)
}

/// The field of `uuid`.
pub(crate) fn uuid_field(name: &str, nullable: bool) -> Field {
    with(Field::new(name, DataType::FixedSizeBinary(16), nullable), EXTENSION_KEY, "arrow.uuid")
}

/// The field of `varchar(length)`.
pub(crate) fn varchar_field(name: &str, length: u64, nullable: bool) -> Field {
    with(Field::new(name, DataType::Utf8, nullable), TYPE_KEY, &format!("varchar({length})"))
}

/// The field of `char(length)`. Values are kept without the blanks that fill them up, so that they compare as SQL
/// wants it; [`char_length`] tells who shows them to fill them up again.
pub(crate) fn char_field(name: &str, length: u64, nullable: bool) -> Field {
    with(Field::new(name, DataType::Utf8, nullable), TYPE_KEY, &format!("char({length})"))
}

pub(crate) fn with_default(field: Field, sql: &str) -> Field {
    with(field, DEFAULT_KEY, sql)
}

pub(crate) fn with_generated(field: Field, sql: &str) -> Field {
    with(field, GENERATED_KEY, sql)
}

/// The same column without a default, and with no identity.
pub(crate) fn without_default(field: &Field) -> Field {
    without(field, &[DEFAULT_KEY, IDENTITY_KEY])
}

fn without(field: &Field, keys: &[&str]) -> Field {
    let mut metadata = field.metadata().clone();
    metadata.retain(|key, _| !keys.contains(&key.as_str()));
    field.clone().with_metadata(metadata)
}

pub(crate) fn with_identity(field: Field, identity: Identity) -> Field {
    let text = match identity {
        Identity::Always => "always",
        Identity::ByDefault => "default",
    };
    with(field, IDENTITY_KEY, text)
}

/// How an identity column gets its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// A statement cannot give one.
    Always,
    /// A statement can give one.
    ByDefault,
}

/// Whether a column is an identity column, and of which kind.
pub(crate) fn identity(field: &Field) -> Option<Identity> {
    match field.metadata().get(IDENTITY_KEY)?.as_str() {
        "always" => Some(Identity::Always),
        _ => Some(Identity::ByDefault),
    }
}

/// Whether no statement can give a column a value but DEFAULT.
pub(crate) fn is_always_generated(field: &Field) -> bool {
    generated(field).is_some() || identity(field) == Some(Identity::Always)
}

pub(crate) fn with_model(field: Field, model: &str, embedder: Option<&str>) -> Field {
    let field = with(without(&field, &[EMBEDDER_KEY]), MODEL_KEY, model);
    match embedder {
        Some(embedder) => with(field, EMBEDDER_KEY, embedder),
        None => field,
    }
}

/// The same type under another name, without default and generation.
pub(crate) fn type_only(field: &Field, name: &str) -> Field {
    let metadata: HashMap<String, String> = field
        .metadata()
        .iter()
        .filter(|(key, _)| [TYPE_KEY, VECTOR_KEY, EXTENSION_KEY].contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Field::new(name, field.data_type().clone(), true).with_metadata(metadata)
}

pub(crate) fn default(field: &Field) -> Option<&str> {
    field.metadata().get(DEFAULT_KEY).map(String::as_str)
}

pub(crate) fn generated(field: &Field) -> Option<&str> {
    field.metadata().get(GENERATED_KEY).map(String::as_str)
}

pub(crate) fn model(field: &Field) -> Option<&str> {
    field.metadata().get(MODEL_KEY).map(String::as_str)
}

/// What decided its embedder's vectors when the column was made, beside the model's name.
pub(crate) fn embedder(field: &Field) -> Option<&str> {
    field.metadata().get(EMBEDDER_KEY).map(String::as_str)
}

/// The dimensions of a stored vector column.
pub(crate) fn dimensions(field: &Field) -> Option<usize> {
    match field.data_type() {
        DataType::FixedSizeList(_, length) if is_vector(field) => usize::try_from(*length).ok(),
        _ => None,
    }
}

/// Whether a field is of one of pgvector's types.
pub(crate) fn is_vector(field: &Field) -> bool {
    vector::VectorKind::of(field).is_some()
}

/// Whether a field is an array of the types `int2vector` and `oidvector`, which are written without braces.
pub(crate) fn is_number_vector(field: &Field) -> bool {
    field.metadata().get(TYPE_KEY).is_some_and(|name| [INT2_VECTOR, OID_VECTOR].contains(&name.as_str()))
}

/// The names of these types.
pub(crate) const INT2_VECTOR: &str = "int2vector";
pub(crate) const OID_VECTOR: &str = "oidvector";

pub(crate) fn is_json(field: &Field) -> bool {
    field.metadata().get(EXTENSION_KEY).is_some_and(|name| name == "arrow.json")
}

pub(crate) fn is_uuid(field: &Field) -> bool {
    field.metadata().get(EXTENSION_KEY).is_some_and(|name| name == "arrow.uuid")
}

/// The most characters that a `varchar(n)` column takes.
pub(crate) fn max_characters(field: &Field) -> Option<usize> {
    field.metadata().get(TYPE_KEY)?.strip_prefix("varchar(")?.strip_suffix(')')?.parse().ok()
}

/// The characters of a `char(n)` column.
pub(crate) fn char_length(field: &Field) -> Option<usize> {
    field.metadata().get(TYPE_KEY)?.strip_prefix("char(")?.strip_suffix(')')?.parse().ok()
}
