//! What of stored rows an error shows to whoever ran the statement, as in PostgreSQL: all to who may read the table, what the
//! statement has given to others.

use super::{Object, Privilege};
use crate::Error;
use crate::error::Reading;
use crate::session::StatementContext;

/// The columns that a statement gives values.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The table, by the string that storage knows it by.
    pub(crate) table: String,
    pub(crate) columns: Vec<String>,
}

/// The error as who runs the statement is told it.
pub(crate) fn told(error: Error, context: &StatementContext, given: Option<Given>) -> Error {
    error.shown_to(|table| {
        let rights = match context.rights() {
            Ok(None) => return Reading::All,
            Ok(Some(rights)) => rights,
            Err(_) => return Reading::Nothing,
        };
        let reads = |object: Object| rights.allowed(&object).is_ok_and(|may| may.has(Privilege::Select));
        match (Object::of_stored(&context.snapshot, table).is_some_and(reads), given) {
            (true, _) => Reading::All,
            (false, Some(given)) if given.table == table => Reading::Given(given.columns),
            (false, _) => Reading::Nothing,
        }
    })
}
