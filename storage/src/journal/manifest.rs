//! Definitions as they are stored in the manifest.
//!
//! A schema is an Arrow IPC message, so all its metadata comes back; the rest is JSON, which a person can read. Invariant:
//! decoding gives the definition that was encoded, or an error.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::ipc::convert::try_schema_from_flatbuffer_bytes;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use serde::{Deserialize, Serialize};

use crate::layout::StoredLayouts;
use crate::{IndexDefinition, KeyConstraint, Layouts, TableDefinition, TableId};

/// A definition without its schema.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    id: TableId,
    name: String,
    keys: Vec<KeyConstraint>,
    indexes: Vec<IndexDefinition>,
    properties: BTreeMap<String, String>,
    /// At the last change of the definition or the segments; entries after that raise it.
    next_row_id: u64,
    /// Of a table whose columns were altered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layouts: Option<StoredLayouts>,
}

/// Encodes a definition and the table's next row id.
pub(crate) fn encode(definition: &TableDefinition, next_row_id: u64) -> Result<Vec<u8>, String> {
    let TableDefinition { id, name, schema, keys, indexes, properties, temporary: _, layouts } = definition;
    let stored = Stored {
        id: *id,
        name: name.clone(),
        keys: keys.clone(),
        indexes: indexes.clone(),
        properties: properties.clone(),
        next_row_id,
        layouts: layouts.store()?,
    };
    let json = serde_json::to_vec(&stored).map_err(|error| error.to_string())?;
    let mut dictionaries = DictionaryTracker::new(false);
    let schema = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
        schema,
        &mut dictionaries,
        &IpcWriteOptions::default(),
    );
    let mut bytes = Vec::with_capacity(8 + json.len() + schema.ipc_message.len());
    bytes.extend_from_slice(&(json.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&json);
    bytes.extend_from_slice(&schema.ipc_message);
    Ok(bytes)
}

/// Decodes a definition and the table's next row id.
pub(crate) fn decode(bytes: &[u8]) -> Result<(TableDefinition, u64), String> {
    let (length, rest) = bytes.split_first_chunk::<8>().ok_or("the definition is cut off")?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| "an absurd length")?;
    let (json, schema) = rest.split_at_checked(length).ok_or("the definition is cut off")?;
    let Stored { id, name, keys, indexes, properties, next_row_id, layouts } =
        serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let schema: Schema = try_schema_from_flatbuffer_bytes(schema).map_err(|error| error.to_string())?;
    let schema = Arc::new(schema);
    let layouts = Layouts::load(&schema, layouts)?;
    // What is temporary never comes here.
    let temporary = false;
    let definition = TableDefinition { id, name, schema, keys, indexes, properties, temporary, layouts };
    Ok((definition, next_row_id))
}
