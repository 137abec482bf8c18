//! One row's arguments, as values: what is asked for, checked.

use arrow::array::ArrayRef;

use super::{NAME, PARAMETERS};
use crate::Result;
use crate::functions::table::given::Given;

/// What is searched for.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::functions::table) enum Query {
    Text(String),
    Vector(Vec<f32>),
}

/// A search, as one row of arguments asks for it.
#[derive(Clone, Debug)]
pub(in crate::functions::table) struct Request {
    pub(in crate::functions::table) query: Query,
    pub(in crate::functions::table) k: usize,
    pub(in crate::functions::table) filter: Option<String>,
    pub(in crate::functions::table) exclude: Vec<String>,
    pub(in crate::functions::table) ef: Option<usize>,
    pub(in crate::functions::table) exact: bool,
    /// The greatest distance that is of interest.
    pub(in crate::functions::table) within: f64,
}

/// `k` when it is not given, as in the documentation.
pub(in crate::functions::table) const DEFAULT_K: usize = 10;

/// The widest beam, as `hnsw.ef_search`'s.
const MOST_EF: i64 = 1000;

impl Request {
    /// The request of row `row`; `None` where the query is NULL.
    ///
    /// # Errors
    /// 22023 for k or ef out of range, 42804 for an argument of the wrong type.
    pub(super) fn of(arguments: &[Option<ArrayRef>], row: usize) -> Result<Option<Self>> {
        let parameters = PARAMETERS.get(1..).unwrap_or_default();
        let given = Given { function: NAME, parameters, arguments, row };
        let Some(query) = given.array(0) else { return Ok(None) };
        let query = match given.vector(0)? {
            Some(numbers) => Query::Vector(numbers),
            None => match given.text(0) {
                Ok(Some(text)) => Query::Text(text),
                _ => return Err(given.mismatch(0, "text or a vector", query.data_type())),
            },
        };
        let ef = match given.integer(4)? {
            None => None,
            Some(ef) if (1..=MOST_EF).contains(&ef) => usize::try_from(ef).ok(),
            Some(ef) => return Err(given.invalid(format!("ef must be between 1 and {MOST_EF}, not {ef}"))),
        };
        Ok(Some(Self {
            query,
            k: given.count(1)?.unwrap_or(DEFAULT_K),
            filter: given.text(2)?,
            exclude: given.texts(3)?.unwrap_or_default(),
            ef,
            exact: given.boolean(5)?.unwrap_or(false),
            within: f64::INFINITY,
        }))
    }
}
