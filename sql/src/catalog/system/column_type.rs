//! What `pg_attribute` and `information_schema.columns` say of a column's type.

use arrow::datatypes::{DataType, Field};

use super::oid;
use crate::column;
use crate::types::vector::VectorKind;

/// A column's type as PostgreSQL describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ColumnType {
    /// `pg_type.oid`.
    pub(super) oid: i32,
    /// `pg_type.typname`, or that of the elements of an array.
    pub(super) name: &'static str,
    /// What is declared beside the type (`atttypmod`); -1 for nothing.
    pub(super) modifier: i32,
    /// Bytes of a value, -1 where they vary.
    pub(super) length: i16,
    pub(super) by_value: bool,
    pub(super) align: &'static str,
    pub(super) storage: &'static str,
    pub(super) collation: i32,
    /// Whether it is an array; its other fields are the array's then, but for `name`.
    pub(super) array: bool,
}

/// The header that `atttypmod` counts with the length of a varchar and the precision of a numeric.
const HEADER: i32 = 4;

impl ColumnType {
    /// The type of a field.
    pub(super) fn of(field: &Field) -> Self {
        if let Some(kind) = VectorKind::of(field) {
            let modifier = column::dimensions(field).and_then(|n| i32::try_from(n).ok()).unwrap_or(-1);
            let oid = match kind {
                VectorKind::Vector => oid::VECTOR,
                VectorKind::Half => oid::HALFVEC,
            };
            return Self { modifier, storage: "e", ..Self::varying(oid, kind.name()) };
        }
        if column::is_uuid(field) {
            return Self { length: 16, align: "c", storage: "p", ..Self::varying(2950, "uuid") };
        }
        match field.metadata().get(column::TYPE_KEY).map(String::as_str) {
            Some(column::INT2_VECTOR) => return Self { storage: "p", ..Self::varying(22, "int2vector") },
            Some(column::OID_VECTOR) => return Self { storage: "p", ..Self::varying(30, "oidvector") },
            _ => {}
        }
        match field.metadata().get("pg.oid_alias").map(String::as_str) {
            None => {}
            Some("regproc") => return Self::collated(25, "text"),
            Some(_) => return Self::fixed(26, "oid", 4, "i"),
        }
        match field.data_type() {
            DataType::Boolean => Self::fixed(16, "bool", 1, "c"),
            DataType::Int8 | DataType::Int16 | DataType::UInt8 => Self::fixed(21, "int2", 2, "s"),
            DataType::Int32 | DataType::UInt16 => Self::fixed(23, "int4", 4, "i"),
            DataType::Int64 | DataType::UInt32 => Self::fixed(20, "int8", 8, "d"),
            DataType::Float16 | DataType::Float32 => Self::fixed(700, "float4", 4, "i"),
            DataType::Float64 => Self::fixed(701, "float8", 8, "d"),
            DataType::UInt64 => Self { storage: "m", ..Self::varying(1700, "numeric") },
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale) => Self {
                modifier: ((i32::from(*precision) << 16) | i32::from(scale.unsigned_abs())) + HEADER,
                storage: "m",
                ..Self::varying(1700, "numeric")
            },
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::of_text(field),
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Self::varying(17, "bytea"),
            DataType::Date32 | DataType::Date64 => Self::fixed(1082, "date", 4, "i"),
            DataType::Time32(_) | DataType::Time64(_) => Self::fixed(1083, "time", 8, "d"),
            DataType::Timestamp(_, None) => Self::fixed(1114, "timestamp", 8, "d"),
            DataType::Timestamp(_, Some(_)) => Self::fixed(1184, "timestamptz", 8, "d"),
            DataType::Interval(_) | DataType::Duration(_) => {
                Self { by_value: false, ..Self::fixed(1186, "interval", 16, "d") }
            }
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
                Self::of(item).array()
            }
            DataType::Struct(_) => Self { align: "d", ..Self::varying(2249, "record") },
            _ => Self::varying(705, "unknown"),
        }
    }

    fn of_text(field: &Field) -> Self {
        if column::is_json(field) {
            return match field.metadata().get(column::TYPE_KEY).map(String::as_str) {
                Some("jsonb") => Self::varying(3802, "jsonb"),
                _ => Self::varying(114, "json"),
            };
        }
        let modifier = |length: Option<usize>| {
            length.and_then(|length| i32::try_from(length).ok()).map(|length| length.saturating_add(HEADER))
        };
        match (modifier(column::max_characters(field)), modifier(column::char_length(field))) {
            (Some(modifier), _) => Self { modifier, ..Self::collated(1043, "varchar") },
            (None, Some(modifier)) => Self { modifier, ..Self::collated(1042, "bpchar") },
            (None, None) => Self::collated(25, "text"),
        }
    }

    fn fixed(oid: i32, name: &'static str, length: i16, align: &'static str) -> Self {
        let (modifier, collation) = (-1, 0);
        Self { oid, name, modifier, length, by_value: true, align, storage: "p", collation, array: false }
    }

    fn varying(oid: i32, name: &'static str) -> Self {
        Self { length: -1, by_value: false, align: "i", storage: "x", ..Self::fixed(oid, name, -1, "i") }
    }

    fn collated(oid: i32, name: &'static str) -> Self {
        Self { collation: oid::DEFAULT_COLLATION, ..Self::varying(oid, name) }
    }

    /// The array type over an element; an array of arrays has the type of the inner one.
    fn array(self) -> Self {
        if self.array {
            return self;
        }
        let oid = match self.oid {
            16 => 1000,
            17 => 1001,
            20 => 1016,
            21 => 1005,
            23 => 1007,
            25 => 1009,
            26 => 1028,
            114 => 199,
            700 => 1021,
            701 => 1022,
            1042 => 1014,
            1043 => 1015,
            1082 => 1182,
            1083 => 1183,
            1114 => 1115,
            1184 => 1185,
            1186 => 1187,
            1700 => 1231,
            2249 => 2287,
            2950 => 2951,
            3802 => 3807,
            // There is no type of arrays of vectors.
            _ => 2277,
        };
        let align = if self.align == "d" { "d" } else { "i" };
        Self { oid, length: -1, by_value: false, align, storage: "x", array: true, ..self }
    }

    /// The most characters of a varchar, or those of a char.
    pub(super) fn characters(&self) -> Option<i32> {
        (["varchar", "bpchar"].contains(&self.name) && !self.array && self.modifier >= HEADER)
            .then(|| self.modifier - HEADER)
    }

    /// Precision and scale of a numeric.
    pub(super) fn digits(&self) -> Option<(i32, i32)> {
        let packed = (self.name == "numeric" && !self.array && self.modifier >= HEADER)
            .then(|| self.modifier - HEADER)?;
        Some((packed >> 16, packed & 0xffff))
    }
}
