//! Which of pgvector's types a field is.
//!
//! A stored vector is a list of a fixed size. One whose dimensions are not known while a statement is planned is a list
//! whose items bear the name [`ITEM`]: unlike metadata, that stays with the type wherever DataFusion carries it. A
//! `real[]` looks the same but for that name.

use std::sync::Arc;

use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, FieldRef, Float16Type};
use datafusion::common::ScalarValue;

use crate::{Error, Result};

/// The name of the items of a vector without dimensions.
pub(crate) const ITEM: &str = "vector";

/// One of pgvector's types, told by its elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum VectorKind {
    /// `vector`: single precision.
    Vector,
    /// `halfvec`: half precision.
    Half,
}

impl VectorKind {
    /// The type of a field that holds vectors; `None` of any other field.
    #[must_use]
    pub fn of(field: &Field) -> Option<Self> {
        match field.data_type() {
            DataType::FixedSizeList(item, _) | DataType::List(item)
                if item.data_type() == &DataType::Float16 =>
            {
                Some(Self::Half)
            }
            DataType::FixedSizeList(item, _) if item.data_type() == &DataType::Float32 => Some(Self::Vector),
            DataType::List(item) if item.data_type() == &DataType::Float32 && item.name() == ITEM => {
                Some(Self::Vector)
            }
            _ => None,
        }
    }

    /// The type of a name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Vector, Self::Half].into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// What SQL calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vector => "vector",
            Self::Half => "halfvec",
        }
    }

    /// A field of this type whose dimensions are not known.
    #[must_use]
    pub fn field(self, name: &str) -> Field {
        let item = Arc::new(Field::new(ITEM, self.element(), true));
        Field::new(name, DataType::List(item), true)
    }

    /// Reads a vector from its text, as a value of `field`.
    ///
    /// # Errors
    /// pgvector's: 22P02, 22003, 22000, 54000.
    pub fn read(text: &str, field: &FieldRef) -> Result<ScalarValue> {
        super::convert_value(&ScalarValue::from(text), field)
    }

    /// A vector of these numbers, as a value of `field`.
    ///
    /// # Errors
    /// As [`Self::read`], and 22003 for a number that half precision cannot hold.
    pub fn value(numbers: Vec<f32>, field: &FieldRef) -> Result<ScalarValue> {
        let built = super::Builder::of(field);
        let mut built = built.ok_or_else(|| Error::internal("a vector's type is no vector"))?;
        built.push(|out| {
            *out = numbers;
            Ok(())
        })?;
        Ok(ScalarValue::try_from_array(&built.finish()?, 0)?)
    }

    /// A number from its bits in half precision.
    #[must_use]
    pub fn half_from_bits(bits: u16) -> f32 {
        <Float16Type as ArrowPrimitiveType>::Native::from_bits(bits).to_f32()
    }

    /// The type of its elements.
    pub(crate) const fn element(self) -> DataType {
        match self {
            Self::Vector => DataType::Float32,
            Self::Half => DataType::Float16,
        }
    }
}
