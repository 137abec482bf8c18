//! One row's arguments, as values.

use arrow::array::ArrayRef;

use super::{ARGUMENTS, NAME};
use crate::Result;
use crate::functions::table::given::Given;
use crate::functions::table::vector_search::{DEFAULT_K, Query, Request};

/// Where `use_playbook`, `query` and `filter` stand among the arguments.
pub(super) const USE_PLAYBOOK: usize = 4;
pub(super) const QUERY: usize = 0;
pub(super) const FILTER: usize = 6;

/// A search, as one row of arguments asks for it.
#[derive(Clone, Debug)]
pub(super) struct MatrixRequest {
    pub(super) query: String,
    pub(super) role: Option<String>,
    pub(super) k: usize,
    pub(super) use_playbook: bool,
    pub(super) tenant: String,
    /// What each corpus is searched for.
    pub(super) of_corpus: Request,
}

impl MatrixRequest {
    /// The request of row `row`; `None` where the query is NULL.
    ///
    /// # Errors
    /// 22023 for a count below 1, 42804 for an argument of the wrong type.
    pub(super) fn of(arguments: &[Option<ArrayRef>], row: usize) -> Result<Option<Self>> {
        let given = Given { function: NAME, parameters: ARGUMENTS, arguments, row };
        let Some(query) = given.text(QUERY)? else { return Ok(None) };
        let k = given.count(2)?.unwrap_or(DEFAULT_K);
        let of_corpus = Request {
            query: Query::Text(query.clone()),
            k: given.count(3)?.unwrap_or(k),
            filter: given.text(FILTER)?,
            exclude: given.texts(7)?.unwrap_or_default(),
            ef: None,
            exact: false,
            within: f64::INFINITY,
        };
        Ok(Some(Self {
            query,
            role: given.text(1)?,
            k,
            use_playbook: given.boolean(USE_PLAYBOOK)?.unwrap_or(false),
            tenant: given.text(5)?.unwrap_or_default(),
            of_corpus,
        }))
    }
}
