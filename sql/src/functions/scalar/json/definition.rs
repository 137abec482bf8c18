//! What a function of JSON is: its name, what it takes and gives, and how it makes one row's value.

use arrow::datatypes::{DataType, Field, FieldRef};

use crate::{Error, Result, column};

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Json,
    Jsonb,
    Text,
    Texts,
    Integer,
    Boolean,
}

impl Takes {
    /// `json` or `jsonb`.
    pub(super) fn json(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("json"),
            Self::Jsonb => Some("jsonb"),
            _ => None,
        }
    }

    /// Its type in Arrow.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Self::Json | Self::Jsonb | Self::Text => DataType::Utf8,
            Self::Texts => texts(),
            Self::Integer => DataType::Int64,
            Self::Boolean => DataType::Boolean,
        }
    }

    /// Whether a value of this type can be given.
    pub(super) fn accepts(self, given: &DataType) -> bool {
        let text = |it: &DataType| matches!(it, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        match (self, given) {
            (_, DataType::Null) => true,
            (Self::Texts, DataType::List(item)) => {
                let mut item = item;
                while let DataType::List(inner) = item.data_type() {
                    item = inner;
                }
                text(item.data_type()) || item.data_type().is_null()
            }
            (Self::Integer, given) => given.is_integer(),
            (Self::Boolean, given) => given == &DataType::Boolean,
            (Self::Json | Self::Jsonb | Self::Text, given) => text(given),
            (Self::Texts, _) => false,
        }
    }
}

fn texts() -> DataType {
    DataType::List(FieldRef::new(Field::new_list_field(DataType::Utf8, true)))
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gives {
    Json,
    Jsonb,
    Text,
    Texts,
    Integer,
    Boolean,
    Bytes,
}

impl Gives {
    pub(super) fn field(self, name: &str) -> Field {
        match self {
            Self::Json => column::json_field(name, "json", true),
            Self::Jsonb => column::json_field(name, "jsonb", true),
            Self::Text => Field::new(name, DataType::Utf8, true),
            Self::Texts => Field::new(name, texts(), true),
            Self::Integer => Field::new(name, DataType::Int32, true),
            Self::Boolean => Field::new(name, DataType::Boolean, true),
            Self::Bytes => Field::new(name, DataType::Binary, true),
        }
    }
}

/// One row's argument.
#[derive(Clone, Debug)]
pub(super) enum Given<'a> {
    Null,
    Text(std::borrow::Cow<'a, str>),
    Texts(Vec<Option<String>>),
    /// An array of arrays of texts.
    Rows(Vec<Vec<Option<String>>>),
    Integer(i64),
    Boolean(bool),
}

impl Given<'_> {
    /// A text or a document.
    pub(super) fn text(&self) -> Result<&str> {
        match self {
            Self::Text(text) => Ok(text),
            _ => Err(Error::internal("an argument is no text")),
        }
    }

    pub(super) fn integer(&self) -> Result<i64> {
        match self {
            Self::Integer(value) => Ok(*value),
            _ => Err(Error::internal("an argument is no number")),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool> {
        match self {
            Self::Boolean(value) => Ok(*value),
            _ => Err(Error::internal("an argument is no boolean")),
        }
    }

    pub(super) fn texts(&self) -> Result<Vec<Option<&str>>> {
        match self {
            Self::Texts(texts) => Ok(texts.iter().map(Option::as_deref).collect()),
            Self::Rows(rows) => Ok(rows.iter().flatten().map(Option::as_deref).collect()),
            _ => Err(Error::internal("an argument is no array")),
        }
    }
}

/// One row's value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Texts(Vec<Option<String>>),
    Integer(i32),
    Boolean(bool),
    Bytes(Vec<u8>),
}

/// One row's value of its arguments. Where [`Definition::strict`] says so none of them is NULL.
pub(super) type Run = fn(&[Given<'_>]) -> Result<Option<Value>>;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) takes: &'static [Takes],
    /// How many of the last may be left out.
    pub(super) optional: usize,
    /// Whether the last may be given any number of times.
    pub(super) variadic: bool,
    /// Whether it is NULL where an argument is.
    pub(super) strict: bool,
    pub(super) gives: Gives,
    pub(super) run: Run,
}

impl Definition {
    pub(super) const fn new(name: &'static str, takes: &'static [Takes], gives: Gives, run: Run) -> Self {
        Self { name, takes, optional: 0, variadic: false, strict: true, gives, run }
    }

    pub(super) const fn optional(self, optional: usize) -> Self {
        Self { optional, ..self }
    }

    pub(super) const fn variadic(self) -> Self {
        Self { variadic: true, ..self }
    }

    pub(super) const fn with_nulls(self) -> Self {
        Self { strict: false, ..self }
    }

    /// What it takes at a position.
    pub(super) fn takes_at(&self, position: usize) -> Option<Takes> {
        match self.takes.get(position) {
            Some(takes) => Some(*takes),
            None if self.variadic => self.takes.last().copied(),
            None => None,
        }
    }

    pub(super) fn takes_count(&self, count: usize) -> bool {
        let most = self.takes.len();
        count >= most.saturating_sub(self.optional) && (count <= most || self.variadic)
    }
}
