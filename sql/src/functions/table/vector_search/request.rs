//! One row's arguments, as values: what is asked for, checked.

use arrow::array::{Array, ArrayRef, AsArray, Float32Array};
use arrow::datatypes::{DataType, Int64Type};

use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What is searched for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Query {
    Text(String),
    Vector(Vec<f32>),
}

/// A search, as one row of arguments asks for it.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) query: Query,
    pub(super) k: usize,
    pub(super) filter: Option<String>,
    pub(super) exclude: Vec<String>,
    pub(super) ef: Option<usize>,
    pub(super) exact: bool,
}

/// `k` when it is not given, as in the documentation.
const DEFAULT_K: usize = 10;

/// The widest beam, as `hnsw.ef_search`'s.
const MOST_EF: i64 = 1000;

impl Request {
    /// The request of row `row`; `None` where the query is NULL.
    ///
    /// # Errors
    /// 22023 for k or ef out of range, 42804 for an argument of the wrong type.
    pub(super) fn of(arguments: &[Option<ArrayRef>], row: usize) -> Result<Option<Self>> {
        let argument =
            |place: usize| arguments.get(place).and_then(Option::as_ref).filter(|array| given(array, row));
        let Some(query) = argument(0) else { return Ok(None) };
        let query = query_of(query, row)?;
        let k = match argument(1) {
            None => DEFAULT_K,
            Some(k) => {
                let k = integer("k", k, row)?;
                usize::try_from(k).ok().filter(|k| *k > 0).ok_or_else(|| {
                    Error::new(SqlState::InvalidParameterValue, format!("k must be at least 1, not {k}"))
                })?
            }
        };
        let filter = argument(2).map(|filter| text("filter", filter, row)).transpose()?;
        let exclude = argument(3).map_or_else(|| Ok(Vec::new()), |ids| texts("exclude_ids", ids, row))?;
        let ef = argument(4).map(|ef| {
            let ef = integer("ef", ef, row)?;
            usize::try_from(ef).ok().filter(|_| (1..=MOST_EF).contains(&ef)).ok_or_else(|| {
                Error::new(
                    SqlState::InvalidParameterValue,
                    format!("ef must be between 1 and {MOST_EF}, not {ef}"),
                )
            })
        });
        let exact = argument(5).map_or(Ok(false), |exact| match exact.data_type() {
            DataType::Boolean => Ok(exact.as_boolean().value(row)),
            other => Err(mismatch("exact", "boolean", other)),
        })?;
        Ok(Some(Self { query, k, filter, exclude, ef: ef.transpose()?, exact }))
    }
}

/// Whether there is a value: an untyped NULL is none.
fn given(array: &ArrayRef, row: usize) -> bool {
    array.data_type() != &DataType::Null && !array.is_null(row)
}

fn mismatch(name: &str, expected: &str, found: &DataType) -> Error {
    let field = arrow::datatypes::Field::new("", found.clone(), true);
    Error::new(
        SqlState::DatatypeMismatch,
        format!(
            "argument {name} of vector_search must be {expected}, not {}",
            crate::types::type_name(&field)
        ),
    )
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// One value as an array of its own, cast.
fn value(array: &ArrayRef, row: usize, to: &DataType) -> Result<ArrayRef> {
    let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
    Ok(arrow::compute::cast_with_options(&array.slice(row, 1), to, &options)?)
}

fn query_of(array: &ArrayRef, row: usize) -> Result<Query> {
    match array.data_type() {
        data_type if is_text(data_type) => Ok(Query::Text(text("query", array, row)?)),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _)
            if item.data_type().is_numeric() =>
        {
            let list = std::sync::Arc::new(arrow::datatypes::Field::new("item", DataType::Float32, true));
            let list = value(array, row, &DataType::List(list))?;
            let numbers = list.as_list::<i32>().value(0);
            let numbers = numbers
                .as_any()
                .downcast_ref::<Float32Array>()
                .ok_or_else(|| mismatch("query", "text or a vector", array.data_type()))?;
            if numbers.null_count() > 0 {
                return Err(Error::new(SqlState::DataException, "a query vector must not contain nulls"));
            }
            Ok(Query::Vector(numbers.values().to_vec()))
        }
        other => Err(mismatch("query", "text or a vector", other)),
    }
}

fn integer(name: &str, array: &ArrayRef, row: usize) -> Result<i64> {
    // A quoted number is an untyped literal, which PostgreSQL reads as the place asks.
    if !array.data_type().is_integer() && !is_text(array.data_type()) {
        return Err(mismatch(name, "an integer", array.data_type()));
    }
    Ok(value(array, row, &DataType::Int64)?.as_primitive::<Int64Type>().value(0))
}

fn text(name: &str, array: &ArrayRef, row: usize) -> Result<String> {
    if !is_text(array.data_type()) {
        return Err(mismatch(name, "text", array.data_type()));
    }
    Ok(value(array, row, &DataType::Utf8)?.as_string::<i32>().value(0).to_string())
}

fn texts(name: &str, array: &ArrayRef, row: usize) -> Result<Vec<String>> {
    let one = array.slice(row, 1);
    let items = match one.data_type() {
        DataType::List(_) => one.as_list::<i32>().value(0),
        DataType::LargeList(_) => one.as_list::<i64>().value(0),
        DataType::FixedSizeList(_, _) => one.as_fixed_size_list().value(0),
        other => return Err(mismatch(name, "text[]", other)),
    };
    if items.data_type() != &DataType::Null && !is_text(items.data_type()) && !items.data_type().is_integer()
    {
        return Err(mismatch(name, "text[]", array.data_type()));
    }
    let items = arrow::compute::cast(&items, &DataType::Utf8)?;
    Ok(items.as_string::<i32>().iter().flatten().map(str::to_string).collect())
}
