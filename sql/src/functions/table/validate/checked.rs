//! A column of drafts or proposals, checked: each read, their workers looked up together, then each by the rules, on all
//! cores.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{DataType, Field};
use muster_engine::validate::{Finding, Submission, Validator};
use muster_storage::Snapshot;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

use super::workers::WorkerTable;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::{Error, Result};

/// Drafts that one core takes at a time: fewer are not worth waking another.
const AT_ONCE: usize = 16;

/// The drafts in an array of whichever string type.
///
/// # Errors
/// 42804 for an array of anything else.
pub(crate) fn drafts(function: &str, parameter: &str, array: &ArrayRef) -> Result<StringArray> {
    match array.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => {
            let texts = arrow::compute::cast(array, &DataType::Utf8)?;
            texts.as_string_opt::<i32>().cloned().ok_or_else(|| Error::internal("texts are no texts"))
        }
        other => {
            let found = type_name(&Field::new("", other.clone(), true));
            let message = format!("argument {parameter} of {function} must be jsonb or text, not {found}");
            Err(Error::new(SqlState::DatatypeMismatch, message))
        }
    }
}

/// The findings of each draft, in their order; `None` for NULL.
///
/// # Errors
/// 42P01, 42809, 42703, 42804 or 55000 where the table `workers` is not what the rules need; what storage gives.
pub(crate) fn check(
    validator: Validator,
    drafts: &StringArray,
    snapshot: &Snapshot,
) -> Result<Vec<Option<Vec<Finding>>>> {
    let texts: Vec<Option<&str>> = drafts.iter().collect();
    let workers = WorkerTable::open(snapshot)?;
    let parse = |text: &Option<&str>| text.map(|text| Submission::parse(validator, text));
    let submissions = each(&texts, parse);
    let ids: HashSet<&str> = submissions.iter().flatten().flat_map(Submission::worker_ids).collect();
    let workers = workers.find(&ids)?;
    Ok(each(&submissions, |submission| submission.as_ref().map(|submission| submission.findings(&workers))))
}

/// What `work` gives for each item, in their order.
fn each<T: Sync, U: Send>(items: &[T], work: impl Fn(&T) -> U + Send + Sync) -> Vec<U> {
    if items.len() <= AT_ONCE {
        return items.iter().map(work).collect();
    }
    items.par_iter().with_min_len(AT_ONCE).map(work).collect()
}
