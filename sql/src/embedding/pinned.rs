//! A column's embedder: the one that it was made with, as it was configured then.

use std::sync::Arc;

use arrow::datatypes::Field;
use muster_embedders::Embedders;
use muster_engine::Embedder;

use crate::catalog::relation::plain;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::{Error, Result, column};

/// Notes in a generated column which embedder it is computed with.
///
/// # Errors
/// 42704 for an embedder that is not there, 58000 for a model that cannot be read.
pub(crate) fn pin(embedders: &Embedders, field: Field, model: &str) -> Result<Field> {
    // A column that is there keeps its embedder, whatever is configured now, for it keeps its values.
    if column::model(&field) == Some(model) && column::embedder(&field).is_some() {
        return Ok(field);
    }
    let fingerprint = embedders.get(model)?.fingerprint()?;
    Ok(column::with_model(field, model, fingerprint.as_deref()))
}

/// The embedder that a column is computed with; `None` where it is not.
///
/// # Errors
/// 55000 when the embedder is not configured any more, or otherwise than when the column was made.
pub(crate) fn check(embedders: &Embedders, table: &str, field: &Field) -> Result<Option<Arc<dyn Embedder>>> {
    let Some(model) = column::model(field) else { return Ok(None) };
    let refused = |detail: String| {
        Error::new(
            SqlState::ObjectNotInPrerequisiteState,
            format!(
                "column \"{}\" of relation \"{}\" was made with an embedder \"{model}\" that is not configured so",
                field.name(),
                plain(table)
            ),
        )
        .with_detail(detail)
        .with_hint(format!(
            "Configure it as it was, or compute the column anew: ALTER TABLE {} DROP COLUMN {name}, ADD COLUMN {name} {} GENERATED ALWAYS AS ({}) STORED.",
            plain(table),
            type_name(field),
            column::generated(field).unwrap_or("..."),
            name = field.name(),
        ))
    };
    let was = column::embedder(field);
    let embedder = embedders.get(model).map_err(|error| match error {
        muster_engine::Error::UnknownModel { .. } => {
            refused(format!("There is no embedder \"{model}\". It was: {}.", was.unwrap_or("built in")))
        }
        other => other.into(),
    })?;
    let now = embedder.fingerprint()?;
    if was != now.as_deref() {
        return Err(refused(format!(
            "It was: {}. It is: {}.",
            was.unwrap_or("built in"),
            now.as_deref().unwrap_or("built in")
        )));
    }
    Ok(Some(embedder))
}

/// The model of a column that searches embed their texts with.
pub(crate) fn model_of_column(definition: &muster_storage::TableDefinition, column: usize) -> Option<&str> {
    definition.schema.fields().get(column).and_then(|field| column::model(field))
}
