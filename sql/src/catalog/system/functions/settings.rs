//! What the session's settings are.

use datafusion::error::Result;

use super::Argument::{Flag, Text};
use super::{Answer, Arguments, Catalog, Entry};
use crate::session::settings::unknown;

/// See the module.
pub(super) const FUNCTIONS: &[Entry] =
    &[("current_setting", &[&[Text], &[Text, Flag]], Answer::Text(current_setting))];

/// As SHOW tells it. One that nobody knows is an error, unless the second argument says that it may be missing.
fn current_setting(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(name) = arguments.text(0, row) else { return Ok(None) };
    match catalog.settings.get(name) {
        Some(value) => Ok(Some(value)),
        None if arguments.flag(1, row) == Some(true) => Ok(None),
        None => Err(unknown(name).into()),
    }
}
