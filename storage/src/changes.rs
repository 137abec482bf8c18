//! What one commit does, gathered before it is done.
//!
//! It is a list of wishes; names and rows are checked by [`Store::commit`](crate::Store::commit). Definitions change in
//! the order given; then, for each table, deletes are applied before puts, so an update is a delete and a put.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use roaring::RoaringTreemap;

use crate::KeyConstraint;

/// The changes of one commit. All of them happen, or none.
///
/// ```
/// # use muster_storage::{Changes, Store};
/// # use std::sync::Arc;
/// # use arrow::array::{Int64Array, RecordBatch};
/// # use arrow::datatypes::{DataType, Field, Schema};
/// let store = Store::in_memory()?;
/// let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
/// let rows = RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from(vec![1, 2, 3]))]).unwrap();
/// let changes = Changes::new().create_table("t", schema, vec![], Default::default()).put("t", rows);
/// assert_eq!(store.commit(changes)?.table("t").unwrap().live_rows(), 3);
/// # Ok::<(), muster_storage::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub(crate) changes: Vec<Change>,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    CreateTable {
        name: String,
        schema: SchemaRef,
        keys: Vec<KeyConstraint>,
        properties: BTreeMap<String, String>,
    },
    DropTable {
        name: String,
    },
    CreateIndex {
        table: String,
        name: String,
        column: usize,
        method: String,
        properties: BTreeMap<String, String>,
    },
    DropIndex {
        table: String,
        name: String,
    },
    Put {
        table: String,
        rows: RecordBatch,
    },
    Delete {
        table: String,
        rows: RoaringTreemap,
    },
}

impl Changes {
    /// No changes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Makes a table.
    #[must_use]
    pub fn create_table(
        self,
        name: impl Into<String>,
        schema: SchemaRef,
        keys: Vec<KeyConstraint>,
        properties: BTreeMap<String, String>,
    ) -> Self {
        self.with(Change::CreateTable { name: name.into(), schema, keys, properties })
    }

    /// Drops a table with its rows and indexes.
    #[must_use]
    pub fn drop_table(self, name: impl Into<String>) -> Self {
        self.with(Change::DropTable { name: name.into() })
    }

    /// Adds rows. Their columns are the table's, in order and of the same types.
    #[must_use]
    pub fn put(self, table: impl Into<String>, rows: RecordBatch) -> Self {
        self.with(Change::Put { table: table.into(), rows })
    }

    /// Deletes rows by row id. A row that is not there (any more) makes the commit a conflict.
    #[must_use]
    pub fn delete(self, table: impl Into<String>, rows: RoaringTreemap) -> Self {
        self.with(Change::Delete { table: table.into(), rows })
    }

    /// Makes an index. Index names are unique in the database.
    #[must_use]
    pub fn create_index(
        self,
        table: impl Into<String>,
        name: impl Into<String>,
        column: usize,
        method: impl Into<String>,
        properties: BTreeMap<String, String>,
    ) -> Self {
        self.with(Change::CreateIndex {
            table: table.into(),
            name: name.into(),
            column,
            method: method.into(),
            properties,
        })
    }

    /// Drops an index with its files.
    #[must_use]
    pub fn drop_index(self, table: impl Into<String>, name: impl Into<String>) -> Self {
        self.with(Change::DropIndex { table: table.into(), name: name.into() })
    }

    fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }
}
