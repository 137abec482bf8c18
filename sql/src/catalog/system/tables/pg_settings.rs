//! `pg_settings`: the settings of the session that asks, with their types, bounds and defaults.

use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::rows::{Rows, list_of, text, texts};
use super::super::system_table::Scope;
use crate::session::settings::Told;
use crate::session::settings::definition::{Context, Effect, Kind};

/// PostgreSQL's columns, in place of the library's.
pub(super) fn adapted(_library: Vec<Field>) -> Vec<Field> {
    let columns = [
        ("name", DataType::Utf8),
        ("setting", DataType::Utf8),
        ("unit", DataType::Utf8),
        ("category", DataType::Utf8),
        ("short_desc", DataType::Utf8),
        ("extra_desc", DataType::Utf8),
        ("context", DataType::Utf8),
        ("vartype", DataType::Utf8),
        ("source", DataType::Utf8),
        ("min_val", DataType::Utf8),
        ("max_val", DataType::Utf8),
        ("enumvals", list_of(DataType::Utf8)),
        ("boot_val", DataType::Utf8),
        ("reset_val", DataType::Utf8),
        ("sourcefile", DataType::Utf8),
        ("sourceline", DataType::Int32),
        ("pending_restart", DataType::Boolean),
    ];
    columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec()
}

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for Told { name, definition, kept, reset, source, .. } in scope.statement.settings.all() {
        let of = |column: fn(Known) -> Option<String>| text(definition.and_then(column).as_deref());
        let about = definition.map_or("A setting of the client's own.", |known| known.about);
        let choices = match definition.map(|known| known.kind) {
            Some(Kind::Choice(words)) => texts(&words.iter().map(ToString::to_string).collect::<Vec<_>>()),
            _ => ScalarValue::try_from(&list_of(DataType::Utf8))?,
        };
        let context = match definition.map_or(Context::User, |known| known.context) {
            Context::User => "user",
            Context::Superuser => "superuser",
            Context::Internal => "internal",
        };
        rows.push([
            ("name", name.as_str().into()),
            ("setting", kept.as_str().into()),
            ("unit", of(|known| known.unit().map(str::to_string))),
            ("category", definition.map_or("Customized Options", |known| known.group).into()),
            ("short_desc", about.into()),
            ("extra_desc", text(definition.and_then(|known| remark(known.effect)))),
            ("context", context.into()),
            ("vartype", definition.map_or("string", |known| known.type_name()).into()),
            ("source", source.into()),
            ("min_val", of(|known| known.bounds().map(|(least, _)| least))),
            ("max_val", of(|known| known.bounds().map(|(_, most)| most))),
            ("enumvals", choices),
            ("boot_val", of(|known| Some(known.boot.to_string()))),
            ("reset_val", reset.as_str().into()),
            ("pending_restart", false.into()),
        ])?;
    }
    Ok(())
}

type Known = &'static crate::session::settings::definition::Definition;

/// What a client should know that sets it.
fn remark(effect: Effect) -> Option<&'static str> {
    match effect {
        Effect::Kept => Some("Kept and told; nothing in Muster depends on it."),
        Effect::Only(_) => Some("It has one value in Muster; others are refused."),
        Effect::Own | Effect::Preset => None,
    }
}
