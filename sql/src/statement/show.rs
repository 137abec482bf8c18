//! `SHOW name` and `SHOW ALL`.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::Ident;
use muster_storage::Snapshot;

use crate::Result;
use crate::session::{Settings, settings};

/// The setting's name as SHOW writes it; `None` for ALL.
fn setting(variable: &[Ident]) -> Option<String> {
    let parts: Vec<&str> = variable.iter().map(|ident| ident.value.as_str()).collect();
    match parts.as_slice() {
        [all] if all.eq_ignore_ascii_case("all") => None,
        [time, zone] if time.eq_ignore_ascii_case("time") && zone.eq_ignore_ascii_case("zone") => {
            Some("TimeZone".to_string())
        }
        [transaction, isolation, level]
            if transaction.eq_ignore_ascii_case("transaction")
                && isolation.eq_ignore_ascii_case("isolation")
                && level.eq_ignore_ascii_case("level") =>
        {
            Some("transaction_isolation".to_string())
        }
        parts => Some(settings::name_of(&parts.join(".")).to_string()),
    }
}

/// The columns that SHOW gives.
pub(crate) fn columns(variable: &[Ident]) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let fields = match setting(variable) {
        Some(name) => vec![text(&name)],
        None => vec![text("name"), text("setting"), text("description")],
    };
    Arc::new(Schema::new(fields))
}

/// The rows that SHOW gives.
///
/// # Errors
/// 42704 for a setting that nobody knows.
pub(crate) fn rows(settings: &Settings, snapshot: &Snapshot, variable: &[Ident]) -> Result<RecordBatch> {
    let arrays: Vec<ArrayRef> = match setting(variable) {
        Some(name) => {
            let value = settings.told(&name, snapshot)?.ok_or_else(|| settings::unknown(&name))?;
            vec![Arc::new(StringArray::from(vec![value]))]
        }
        None => {
            let all = settings.all();
            let names = all.iter().map(|told| told.name.as_str());
            let values = all.iter().map(|told| told.shown.as_str());
            let about = all.iter().map(|told| told.definition.map(|known| known.about));
            vec![
                Arc::new(StringArray::from_iter_values(names)),
                Arc::new(StringArray::from_iter_values(values)),
                Arc::new(about.collect::<StringArray>()),
            ]
        }
    };
    Ok(RecordBatch::try_new(columns(variable), arrays)?)
}
