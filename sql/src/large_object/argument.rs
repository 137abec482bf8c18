//! The functions by name: what they take, what they give.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, Int64Type};

use crate::functions::scalar::read_bytea;
use crate::{Error, Result};

/// The metadata key that tells an object id from other numbers of 32 bits.
const OID_KEY: &str = "pg.oid_alias";

/// A type that a function takes or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Int4,
    Int8,
    Oid,
    Bytes,
    Text,
    /// Nothing, which is an empty text here.
    Void,
}

/// A function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Function {
    Creat,
    Create,
    Open,
    Close,
    Read,
    Write,
    Seek,
    Seek64,
    Tell,
    Tell64,
    Truncate,
    Truncate64,
    Unlink,
    FromBytes,
    Get,
    Put,
    Import,
    Export,
}

impl Function {
    pub(super) const ALL: &[Self] = &[
        Self::Creat,
        Self::Create,
        Self::Open,
        Self::Close,
        Self::Read,
        Self::Write,
        Self::Seek,
        Self::Seek64,
        Self::Tell,
        Self::Tell64,
        Self::Truncate,
        Self::Truncate64,
        Self::Unlink,
        Self::FromBytes,
        Self::Get,
        Self::Put,
        Self::Import,
        Self::Export,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Creat => "lo_creat",
            Self::Create => "lo_create",
            Self::Open => "lo_open",
            Self::Close => "lo_close",
            Self::Read => "loread",
            Self::Write => "lowrite",
            Self::Seek => "lo_lseek",
            Self::Seek64 => "lo_lseek64",
            Self::Tell => "lo_tell",
            Self::Tell64 => "lo_tell64",
            Self::Truncate => "lo_truncate",
            Self::Truncate64 => "lo_truncate64",
            Self::Unlink => "lo_unlink",
            Self::FromBytes => "lo_from_bytea",
            Self::Get => "lo_get",
            Self::Put => "lo_put",
            Self::Import => "lo_import",
            Self::Export => "lo_export",
        }
    }

    /// What it takes, in each of its forms.
    pub(super) fn takes(self) -> &'static [&'static [Type]] {
        use Type::{Bytes, Int4, Int8, Oid, Text};
        match self {
            Self::Creat | Self::Close | Self::Tell | Self::Tell64 => &[&[Int4]],
            Self::Create | Self::Unlink => &[&[Oid]],
            Self::Open => &[&[Oid, Int4]],
            Self::Read | Self::Truncate => &[&[Int4, Int4]],
            Self::Write => &[&[Int4, Bytes]],
            Self::Seek => &[&[Int4, Int4, Int4]],
            Self::Seek64 => &[&[Int4, Int8, Int4]],
            Self::Truncate64 => &[&[Int4, Int8]],
            Self::FromBytes => &[&[Oid, Bytes]],
            Self::Get => &[&[Oid], &[Oid, Int8, Int4]],
            Self::Put => &[&[Oid, Int8, Bytes]],
            Self::Import => &[&[Text], &[Text, Oid]],
            Self::Export => &[&[Oid, Text]],
        }
    }

    pub(super) fn gives(self) -> Type {
        match self {
            Self::Creat | Self::Create | Self::FromBytes | Self::Import => Type::Oid,
            Self::Open
            | Self::Close
            | Self::Write
            | Self::Seek
            | Self::Tell
            | Self::Truncate
            | Self::Truncate64
            | Self::Unlink
            | Self::Export => Type::Int4,
            Self::Seek64 | Self::Tell64 => Type::Int8,
            Self::Read | Self::Get => Type::Bytes,
            Self::Put => Type::Void,
        }
    }

    /// Whether it does its work in a transaction that goes on after it: it writes, or opens, or uses what is open.
    pub(super) fn needs_block(self) -> bool {
        !matches!(self, Self::Get | Self::Export)
    }
}

impl Type {
    /// A value of the type.
    pub(super) fn field(self, name: &str) -> Field {
        let plain = |data_type| Field::new(name, data_type, true);
        match self {
            Self::Int4 => plain(DataType::Int32),
            Self::Int8 => plain(DataType::Int64),
            Self::Oid => plain(DataType::Int32)
                .with_metadata(HashMap::from([(OID_KEY.to_string(), "oid".to_string())])),
            Self::Bytes => plain(DataType::Binary),
            Self::Text | Self::Void => plain(DataType::Utf8),
        }
    }

    /// What an argument is made of that is given for one of the type; `None` for what cannot stand for it.
    pub(super) fn coerced(self, given: &DataType) -> Option<DataType> {
        let is_text = matches!(given, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        match self {
            Self::Int4 | Self::Int8 | Self::Oid => {
                (given.is_integer() || is_text || given.is_null()).then_some(DataType::Int64)
            }
            Self::Bytes => match given {
                DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::Null => {
                    Some(DataType::Binary)
                }
                // It is read as PostgreSQL writes bytes.
                _ if is_text => Some(DataType::Utf8),
                _ => None,
            },
            Self::Text => (is_text || given.is_null()).then_some(DataType::Utf8),
            Self::Void => None,
        }
    }
}

/// The type that an untyped parameter has at a place among a function's arguments.
pub(crate) fn parameter(function: &str, position: usize) -> Option<Field> {
    let function = Function::ALL.iter().find(|known| known.name() == function)?;
    let longest = function.takes().last()?;
    Some(longest.get(position)?.field(""))
}

/// An argument's value.
pub(super) enum Value<'a> {
    Number(i64),
    Text(&'a str),
    Bytes(std::borrow::Cow<'a, [u8]>),
}

/// The values of one row; `None` where one is NULL.
pub(super) fn values<'a>(
    types: &[Type],
    arrays: &'a [ArrayRef],
    row: usize,
) -> Result<Option<Vec<Value<'a>>>> {
    let mut values = Vec::with_capacity(arrays.len());
    for (of, array) in types.iter().zip(arrays) {
        if row >= array.len() || array.is_null(row) {
            return Ok(None);
        }
        let text = || array.as_string_opt::<i32>().map(|texts| texts.value(row));
        let value = match of {
            Type::Int4 | Type::Int8 | Type::Oid => {
                array.as_primitive_opt::<Int64Type>().map(|numbers| Value::Number(numbers.value(row)))
            }
            Type::Bytes => match array.as_binary_opt::<i32>() {
                Some(bytes) => Some(Value::Bytes(bytes.value(row).into())),
                None => match text() {
                    Some(text) => Some(Value::Bytes(read_bytea(text)?.into())),
                    None => None,
                },
            },
            Type::Text | Type::Void => text().map(Value::Text),
        };
        values.push(value.ok_or_else(|| Error::internal("an argument of another type than it was made of"))?);
    }
    Ok(Some(values))
}
