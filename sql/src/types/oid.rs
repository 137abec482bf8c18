//! Which PostgreSQL type an Arrow field has, as the object id that clients know it by.
//!
//! It is one mapping for result columns, parameters and what binary values say of their elements; what a client is told
//! beside it is the server's. What Arrow cannot tell apart (jsonb and text) is told by the field's metadata.

use arrow::datatypes::{DataType, Field};

use super::vector::VectorKind;
use crate::column;

/// `bpchar`, SQL's `char(n)`.
pub const BPCHAR: u32 = 1042;
/// `json`.
pub const JSON: u32 = 114;
/// `jsonb`.
pub const JSONB: u32 = 3802;
/// `name`.
pub const NAME: u32 = 19;
/// `text`.
pub const TEXT: u32 = 25;
/// What has no type yet.
pub const UNKNOWN: u32 = 705;
/// `uuid`.
pub const UUID: u32 = 2950;
/// `varchar`.
pub const VARCHAR: u32 = 1043;
/// pgvector's `vector`.
pub const VECTOR: u32 = 16_385;
/// pgvector's `halfvec`.
pub const HALFVEC: u32 = 16_388;

/// The metadata key of `oid` and the types that are one by another name.
const ALIAS_KEY: &str = "pg.oid_alias";
/// The metadata key of `"char"`.
const CHAR_KEY: &str = "pg.char";

/// The object id of a field's type; `None` for what PostgreSQL has no type for.
#[must_use]
pub fn of(field: &Field) -> Option<u32> {
    let meta = |key: &str| field.metadata().get(key).map(String::as_str);
    // A cast takes the metadata along: what is no int4 any more is no object id.
    if let (Some(alias), DataType::Int32) = (meta(ALIAS_KEY).and_then(alias), field.data_type()) {
        return Some(alias);
    }
    if meta(CHAR_KEY).is_some() {
        return Some(18);
    }
    match VectorKind::of(field) {
        Some(VectorKind::Vector) => return Some(VECTOR),
        Some(VectorKind::Half) => return Some(HALFVEC),
        None => {}
    }
    Some(match field.data_type() {
        DataType::Boolean => 16,
        DataType::Int8 | DataType::Int16 | DataType::UInt8 => 21,
        DataType::Int32 | DataType::UInt16 => 23,
        DataType::Int64 | DataType::UInt32 => 20,
        DataType::UInt64
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => 1700,
        DataType::Float16 | DataType::Float32 => 700,
        DataType::Float64 => 701,
        // NULL without a type is text, as PostgreSQL has it.
        DataType::Null => TEXT,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => match meta(column::TYPE_KEY) {
            Some("jsonb") => JSONB,
            Some("json") => JSON,
            Some("name") => NAME,
            Some(name) if name.starts_with("varchar") => VARCHAR,
            Some(name) if name.starts_with("char") => BPCHAR,
            _ if field.extension_type_name() == Some("arrow.json") => JSON,
            _ => TEXT,
        },
        // As an element of an array it may have lost its mark.
        DataType::FixedSizeBinary(16) => UUID,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => 17,
        DataType::Date32 | DataType::Date64 => 1082,
        DataType::Time32(_) | DataType::Time64(_) => 1083,
        DataType::Timestamp(_, None) => 1114,
        DataType::Timestamp(_, Some(_)) => 1184,
        DataType::Interval(_) | DataType::Duration(_) => 1186,
        DataType::List(_) if meta(column::TYPE_KEY) == Some(column::INT2_VECTOR) => 22,
        DataType::List(_) if meta(column::TYPE_KEY) == Some(column::OID_VECTOR) => 30,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            array_over(item)?
        }
        DataType::Struct(_) => 2249,
        DataType::Dictionary(_, value) => {
            of(&Field::new("", value.as_ref().clone(), true).with_metadata(field.metadata().clone()))?
        }
        DataType::RunEndEncoded(_, values) => of(values)?,
        _ => return None,
    })
}

fn alias(kind: &str) -> Option<u32> {
    Some(match kind {
        "oid" => 26,
        "regproc" => 24,
        "regprocedure" => 2202,
        "regoper" => 2203,
        "regoperator" => 2204,
        "regclass" => 2205,
        "regtype" => 2206,
        "regnamespace" => 4089,
        "regrole" => 4096,
        "regconfig" => 3734,
        "regdictionary" => 3769,
        "regcollation" => 4191,
        _ => return None,
    })
}

/// The array type over an element; an array of arrays is one array of more dimensions.
fn array_over(item: &Field) -> Option<u32> {
    let of_item = of(item)?;
    ARRAYS.iter().find(|(element, array)| *element == of_item || *array == of_item).map(|(_, array)| *array)
}

/// Types, and those of arrays of them.
const ARRAYS: [(u32, u32); 23] = [
    (16, 1000),
    (17, 1001),
    (18, 1002),
    (NAME, 1003),
    (20, 1016),
    (21, 1005),
    (23, 1007),
    (TEXT, 1009),
    (26, 1028),
    (JSON, 199),
    (700, 1021),
    (701, 1022),
    (BPCHAR, 1014),
    (VARCHAR, 1015),
    (1082, 1182),
    (1083, 1183),
    (1114, 1115),
    (1184, 1185),
    (1186, 1187),
    (1700, 1231),
    (2249, 2287),
    (UUID, 2951),
    (JSONB, 3807),
];
