//! What a field's type is called in messages and listings: PostgreSQL's names.

use arrow::datatypes::{DataType, Field};

use super::vector::VectorKind;
use crate::column;

/// A type's name without its modifier, as PostgreSQL names operands and arguments: `vector`, `character varying`.
pub(crate) fn base_name(name: &str) -> &str {
    name.split_once('(').map_or(name, |(base, _)| base)
}

/// `integer`, `text[]`, `vector(768)`, `timestamp with time zone`.
pub(crate) fn type_name(field: &Field) -> String {
    if let Some(name) = field.metadata().get(column::TYPE_KEY) {
        return match (name.strip_prefix("varchar"), name.strip_prefix("char")) {
            (Some(length), _) => format!("character varying{length}"),
            (None, Some(length)) => format!("character{length}"),
            (None, None) => name.clone(),
        };
    }
    if column::is_uuid(field) {
        return "uuid".to_string();
    }
    match (VectorKind::of(field), field.data_type()) {
        (Some(kind), DataType::FixedSizeList(_, dimensions)) => {
            return format!("{}({dimensions})", kind.name());
        }
        (Some(kind), _) => return kind.name().to_string(),
        (None, _) => {}
    }
    match field.data_type() {
        DataType::Boolean => "boolean".to_string(),
        DataType::Int8 | DataType::Int16 => "smallint".to_string(),
        DataType::Int32 => "integer".to_string(),
        DataType::Int64 => "bigint".to_string(),
        DataType::Float32 => "real".to_string(),
        DataType::Float64 => "double precision".to_string(),
        DataType::Decimal128(precision, scale) => format!("numeric({precision},{scale})"),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_string(),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => "bytea".to_string(),
        DataType::Date32 => "date".to_string(),
        DataType::Time64(_) => "time without time zone".to_string(),
        DataType::Timestamp(_, None) => "timestamp without time zone".to_string(),
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone".to_string(),
        DataType::Interval(_) => "interval".to_string(),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            format!("{}[]", type_name(item))
        }
        DataType::Null => "unknown".to_string(),
        other => other.to_string(),
    }
}
