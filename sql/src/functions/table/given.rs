//! One row's arguments of a table function, as values.
//!
//! It checks types and says in an error which argument of which function is meant. What a value may be beyond its type is
//! the function's own business, but for counts.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float32Array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type};

use super::arguments::Parameter;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::{Error, Result};

/// See the module. Arguments are told by the places of their parameters.
#[derive(Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) function: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) arguments: &'a [Option<ArrayRef>],
    pub(crate) row: usize,
}

impl<'a> Given<'a> {
    /// The column of an argument, unless this row's value is NULL.
    pub(crate) fn array(&self, place: usize) -> Option<&'a ArrayRef> {
        let array = self.arguments.get(place)?.as_ref()?;
        // An untyped NULL is none, too.
        (array.data_type() != &DataType::Null && !array.is_null(self.row)).then_some(array)
    }

    /// # Errors
    /// 42804 for another type.
    pub(crate) fn text(&self, place: usize) -> Result<Option<String>> {
        let Some(array) = self.array(place) else { return Ok(None) };
        if !is_text(array.data_type()) {
            return Err(self.mismatch(place, "text", array.data_type()));
        }
        Ok(Some(self.value(array, &DataType::Utf8)?.as_string::<i32>().value(0).to_string()))
    }

    /// # Errors
    /// 42804 for another type, 22P02 for a text that is no number.
    pub(crate) fn integer(&self, place: usize) -> Result<Option<i64>> {
        let Some(array) = self.array(place) else { return Ok(None) };
        // A quoted number is an untyped literal, which PostgreSQL reads as the place asks.
        if !array.data_type().is_integer() && !is_text(array.data_type()) {
            return Err(self.mismatch(place, "an integer", array.data_type()));
        }
        Ok(Some(self.value(array, &DataType::Int64)?.as_primitive::<Int64Type>().value(0)))
    }

    /// # Errors
    /// 42804 for another type, 22P02 for a text that is no number.
    pub(crate) fn float(&self, place: usize) -> Result<Option<f64>> {
        let Some(array) = self.array(place) else { return Ok(None) };
        if !array.data_type().is_numeric() && !is_text(array.data_type()) {
            return Err(self.mismatch(place, "a number", array.data_type()));
        }
        Ok(Some(self.value(array, &DataType::Float64)?.as_primitive::<Float64Type>().value(0)))
    }

    /// A number of rows.
    ///
    /// # Errors
    /// As [`Self::integer`]; 22023 for less than 1.
    pub(crate) fn count(&self, place: usize) -> Result<Option<usize>> {
        let Some(number) = self.integer(place)? else { return Ok(None) };
        let count = usize::try_from(number).ok().filter(|count| *count > 0);
        let least =
            || self.invalid(format!("{} must be at least 1, not {number}", self.parameter_name(place)));
        count.ok_or_else(least).map(Some)
    }

    /// # Errors
    /// 42804 for another type, 22P02 for a text that is neither true nor false.
    pub(crate) fn boolean(&self, place: usize) -> Result<Option<bool>> {
        let Some(array) = self.array(place) else { return Ok(None) };
        if array.data_type() != &DataType::Boolean && !is_text(array.data_type()) {
            return Err(self.mismatch(place, "boolean", array.data_type()));
        }
        Ok(Some(self.value(array, &DataType::Boolean)?.as_boolean().value(0)))
    }

    /// The texts of an array, its NULLs left out.
    ///
    /// # Errors
    /// 42804 for another type.
    pub(crate) fn texts(&self, place: usize) -> Result<Option<Vec<String>>> {
        let Some(array) = self.array(place) else { return Ok(None) };
        let one = array.slice(self.row, 1);
        let mismatch = || self.mismatch(place, "text[]", array.data_type());
        let items = match one.data_type() {
            DataType::List(_) => one.as_list::<i32>().value(0),
            DataType::LargeList(_) => one.as_list::<i64>().value(0),
            DataType::FixedSizeList(_, _) => one.as_fixed_size_list().value(0),
            _ => return Err(mismatch()),
        };
        let of_texts = items.data_type() == &DataType::Null
            || is_text(items.data_type())
            || items.data_type().is_integer();
        if !of_texts {
            return Err(mismatch());
        }
        let items = arrow::compute::cast(&items, &DataType::Utf8)?;
        Ok(Some(items.as_string::<i32>().iter().flatten().map(str::to_string).collect()))
    }

    /// The numbers of a list of numbers; `None` where it is no such list.
    ///
    /// # Errors
    /// 22000 for a NULL among them.
    pub(crate) fn vector(&self, place: usize) -> Result<Option<Vec<f32>>> {
        let Some(array) = self.array(place) else { return Ok(None) };
        match array.data_type() {
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)
                if item.data_type().is_numeric() => {}
            _ => return Ok(None),
        }
        let list = DataType::List(Arc::new(Field::new("item", DataType::Float32, true)));
        let numbers = self.value(array, &list)?.as_list::<i32>().value(0);
        let Some(numbers) = numbers.as_any().downcast_ref::<Float32Array>() else { return Ok(None) };
        if numbers.null_count() > 0 {
            return Err(Error::new(SqlState::DataException, "a query vector must not contain nulls"));
        }
        Ok(Some(numbers.values().to_vec()))
    }

    /// 42804: an argument of the wrong type.
    pub(crate) fn mismatch(&self, place: usize, expected: &str, found: &DataType) -> Error {
        let found = type_name(&Field::new("", found.clone(), true));
        let name = self.parameter_name(place);
        let function = self.function;
        Error::new(
            SqlState::DatatypeMismatch,
            format!("argument {name} of {function} must be {expected}, not {found}"),
        )
    }

    /// 22023: a value that the function cannot take.
    pub(crate) fn invalid(&self, message: String) -> Error {
        Error::new(SqlState::InvalidParameterValue, message)
    }

    fn parameter_name(&self, place: usize) -> &'static str {
        self.parameters.get(place).map_or("", |parameter| parameter.name)
    }

    /// This row's value as an array of its own, cast.
    fn value(&self, array: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
        let options = CastOptions { safe: false, ..Default::default() };
        Ok(cast_with_options(&array.slice(self.row, 1), to, &options)?)
    }
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}
