//! A sequence's definition as storage keeps it. How far it is counted is not in here: see [`crate::sequence`].

use muster_storage::Snapshot;
use serde::{Deserialize, Serialize};

use super::namespace::SEQUENCE_KIND;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sequence {
    /// Its number in the catalogs.
    pub(crate) id: u64,
    /// What its values are counted under. It changes when it is restarted.
    pub(crate) lineage: u64,
    /// `smallint`, `integer` or `bigint`.
    pub(crate) sql_type: String,
    pub(crate) start: i64,
    pub(crate) cache: i64,
    /// How it counts since the lineage began, and its first value.
    pub(crate) origin: Counting,
    pub(crate) first: i64,
    /// How it counts now.
    pub(crate) counting: Counting,
    /// The table, as storage knows it, and the column that it goes with.
    pub(crate) owner: Option<(String, String)>,
    /// Whether it is that of an identity column.
    pub(crate) identity: bool,
}

/// How a sequence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counting {
    pub(crate) increment: i64,
    pub(crate) least: i64,
    pub(crate) most: i64,
    pub(crate) cycle: bool,
}

impl Sequence {
    /// # Errors
    /// XX001: every sequence can be written.
    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        serde_json::to_vec(self).map_err(damaged)
    }

    /// # Errors
    /// XX001 for bytes that are no sequence.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(damaged)
    }

    /// The sequence of that name.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn find(snapshot: &Snapshot, stored: &str) -> Result<Option<Self>> {
        snapshot.object(SEQUENCE_KIND, stored).map(|bytes| Self::decode(bytes)).transpose()
    }

    /// All sequences by name.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn all(snapshot: &Snapshot) -> Result<Vec<(String, Self)>> {
        let all = snapshot.objects(SEQUENCE_KIND);
        all.map(|(name, bytes)| Ok((name.to_string(), Self::decode(bytes)?))).collect()
    }

    /// The sequences that go with a table, or with one column of it.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn owned(
        snapshot: &Snapshot,
        table: &str,
        column: Option<&str>,
    ) -> Result<Vec<(String, Self)>> {
        let mut all = Self::all(snapshot)?;
        all.retain(|(_, sequence)| {
            let owner = sequence.owner.as_ref();
            owner.is_some_and(|owner| owner.0 == table && column.is_none_or(|column| owner.1 == column))
        });
        Ok(all)
    }
}

fn damaged(error: impl std::fmt::Display) -> Error {
    Error::new(SqlState::DataCorrupted, format!("the definition of a sequence is damaged: {error}"))
}
