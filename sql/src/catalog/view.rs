//! A view as storage keeps it: the query as SQL with the schemas of its relations, its columns, what it uses.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow::ipc::convert::try_schema_from_flatbuffer_bytes;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteOptions};
use muster_storage::Snapshot;
use serde::{Deserialize, Serialize};

use super::namespace::VIEW_KIND;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// Its number in the catalogs.
    pub(crate) id: u64,
    /// The query.
    pub(crate) sql: String,
    pub(crate) columns: SchemaRef,
    /// The relations that it reads, views among them.
    pub(crate) uses: Vec<Use>,
}

/// A relation that a view reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Use {
    /// As storage knows it.
    pub(crate) relation: String,
    /// The columns of a table that it reads.
    pub(crate) columns: Vec<String>,
}

/// A view without its columns.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: u64,
    sql: String,
    uses: Vec<Use>,
}

impl View {
    /// The bytes that storage keeps: the length of the JSON, the JSON, the columns as an Arrow schema message.
    ///
    /// # Errors
    /// An internal error: every view can be written.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        let stored = Stored { id: self.id, sql: self.sql.clone(), uses: self.uses.clone() };
        let json = serde_json::to_vec(&stored).map_err(damaged)?;
        let mut dictionaries = DictionaryTracker::new(false);
        let columns = IpcDataGenerator::default().schema_to_bytes_with_dictionary_tracker(
            &self.columns,
            &mut dictionaries,
            &IpcWriteOptions::default(),
        );
        let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(&json);
        bytes.extend_from_slice(&columns.ipc_message);
        Ok(bytes)
    }

    /// The query as the catalogs show it: with a blank before and a semicolon after it, as clients of PostgreSQL expect it.
    pub(crate) fn shown(&self) -> String {
        format!(" {};", self.sql)
    }

    /// # Errors
    /// XX001 for bytes that are no view.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        let (length, rest) = bytes.split_first_chunk::<8>().ok_or_else(|| damaged("it is cut off"))?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(damaged)?;
        let (json, columns) = rest.split_at_checked(length).ok_or_else(|| damaged("it is cut off"))?;
        let Stored { id, sql, uses } = serde_json::from_slice(json).map_err(damaged)?;
        let columns: Schema = try_schema_from_flatbuffer_bytes(columns).map_err(damaged)?;
        Ok(Self { id, sql, columns: Arc::new(columns), uses })
    }

    /// The view of that name.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn find(snapshot: &Snapshot, stored: &str) -> Result<Option<Self>> {
        snapshot.object(VIEW_KIND, stored).map(|bytes| Self::decode(bytes)).transpose()
    }

    /// All views by name.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn all(snapshot: &Snapshot) -> Result<Vec<(String, Self)>> {
        snapshot
            .objects(VIEW_KIND)
            .map(|(name, bytes)| Ok((name.to_string(), Self::decode(bytes)?)))
            .collect()
    }

    /// The views that use a relation, by name, and what they use of it.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn users(snapshot: &Snapshot, relation: &str) -> Result<Vec<(String, Use)>> {
        let mut users = Vec::new();
        for (name, view) in Self::all(snapshot)? {
            users.extend(
                view.uses
                    .into_iter()
                    .filter(|used| used.relation == relation)
                    .map(|used| (name.clone(), used)),
            );
        }
        Ok(users)
    }
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::new(SqlState::DataCorrupted, format!("the definition of a view is damaged: {error}"))
}
