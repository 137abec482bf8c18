//! What the session's settings are.

use datafusion::error::Result;

use super::Argument::{Flag, Text};
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::privileges::assume::{Asker, Assumption};
use crate::session::settings::assumed::Assumable;
use crate::session::settings::{denied, is_for_superusers, unknown};
use crate::sqlstate::SqlState;

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("current_setting", &[&[Text], &[Text, Flag]], Answer::Text(current_setting)),
    ("set_config", &[&[Text, Text, Flag]], Answer::Done(set_config)),
];

/// As SHOW tells it. One that nobody knows is an error, unless the second argument says that it may be missing.
fn current_setting(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(name) = arguments.text(0, row) else { return Ok(None) };
    match catalog.live_settings().told(name, &catalog.snapshot)? {
        Some(value) => Ok(Some(value)),
        None if arguments.flag(1, row) == Some(true) => Ok(None),
        None => Err(unknown(name).into()),
    }
}

/// Changes a setting and gives what it is then. NULL is DEFAULT; with true it lasts until the end of the transaction.
fn set_config(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let name = arguments
        .text(0, row)
        .ok_or_else(|| Error::new(SqlState::NullValueNotAllowed, "SET requires parameter name"))?;
    let local = arguments.flag(2, row) == Some(true);
    let live = catalog.live.as_ref().ok_or_else(|| Error::unsupported("set_config where no session is"))?;
    let value = arguments.text(1, row);
    if let Some(setting) = Assumable::named(name) {
        let settings = live.settings();
        let asker = Asker {
            settings: &settings,
            snapshot: &catalog.snapshot,
            latest: &catalog.latest,
            base: catalog.base.as_deref(),
        };
        let wanted = Assumption::by_name(setting, value, local).wanted(&asker)?;
        live.assume(setting, &wanted, local);
        let mut now = live.settings();
        // As below.
        if local && catalog.block.is_none() {
            now.assume(setting, wanted);
        }
        return Ok(now.told(name, &catalog.snapshot)?);
    }
    if is_for_superusers(name) {
        let identity = catalog.settings.identity();
        identity.need_superuser(&catalog.snapshot, &denied(name))?;
        identity.need_superuser(&catalog.latest, &denied(name))?;
    }
    live.set(name, value, local)?;
    // Outside of a block a local value is gone with the statement.
    if local && catalog.block.is_none() {
        let mut settings = live.settings();
        settings.set(name, value)?;
        return Ok(settings.get(name));
    }
    Ok(live.settings().get(name))
}
