//! What one commit does, gathered before it is done.
//!
//! It is a list of wishes; names and rows are checked by [`Store::commit`](crate::Store::commit). Definitions change in
//! the order given; then, for each table, deletes are applied before puts, so an update is a delete and a put.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use roaring::RoaringTreemap;

use crate::keys::KeySet;
use crate::references::Condition;
use crate::{Alteration, IndexId, KeyConstraint, Snapshot, TableId};

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
    /// What they were worked out over.
    pub(crate) base: Option<Arc<Snapshot>>,
    /// Tables of the base that must still be as they are there.
    pub(crate) read: Vec<TableId>,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    CreateTable {
        name: String,
        schema: SchemaRef,
        keys: Vec<KeyConstraint>,
        properties: BTreeMap<String, String>,
        temporary: bool,
        /// Given out when the change is first applied.
        id: Option<TableId>,
    },
    AlterTable {
        table: String,
        alteration: Alteration,
    },
    DropTable {
        name: String,
    },
    CreateIndex {
        table: String,
        name: String,
        columns: Vec<usize>,
        method: String,
        properties: BTreeMap<String, String>,
        /// Given out when the change is first applied.
        id: Option<IndexId>,
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
    SetObject {
        kind: String,
        name: String,
        value: Option<Vec<u8>>,
        /// Whether it does not matter what others have set since.
        overwrites: bool,
    },
    RaiseMark {
        name: String,
        value: u64,
    },
    Unchanged {
        table: String,
    },
    Condition(Condition),
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
        let name = name.into();
        self.with(Change::CreateTable { name, schema, keys, properties, temporary: false, id: None })
    }

    /// Makes a table that is in memory alone: no file ever holds it or its rows, and it ends with the process.
    #[must_use]
    pub fn create_temporary_table(
        self,
        name: impl Into<String>,
        schema: SchemaRef,
        keys: Vec<KeyConstraint>,
        properties: BTreeMap<String, String>,
    ) -> Self {
        let name = name.into();
        self.with(Change::CreateTable { name, schema, keys, properties, temporary: true, id: None })
    }

    /// Changes a table's definition. Rows put by the same changes fit the definition as it is in the end.
    #[must_use]
    pub fn alter_table(self, table: impl Into<String>, alteration: Alteration) -> Self {
        self.with(Change::AlterTable { table: table.into(), alteration })
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
        self.create_index_over(table, name, vec![column], method, properties)
    }

    /// Makes an index over several columns, which are looked up by [`Table::candidates`](crate::Table::candidates).
    #[must_use]
    pub fn create_index_over(
        self,
        table: impl Into<String>,
        name: impl Into<String>,
        columns: Vec<usize>,
        method: impl Into<String>,
        properties: BTreeMap<String, String>,
    ) -> Self {
        self.with(Change::CreateIndex {
            table: table.into(),
            name: name.into(),
            columns,
            method: method.into(),
            properties,
            id: None,
        })
    }

    /// Drops an index with its files.
    #[must_use]
    pub fn drop_index(self, table: impl Into<String>, name: impl Into<String>) -> Self {
        self.with(Change::DropIndex { table: table.into(), name: name.into() })
    }

    /// Sets an object: bytes under a kind and a name, such as a view's definition. `None` removes it.
    #[must_use]
    pub fn set_object(
        self,
        kind: impl Into<String>,
        name: impl Into<String>,
        value: Option<Vec<u8>>,
    ) -> Self {
        self.with(Change::SetObject { kind: kind.into(), name: name.into(), value, overwrites: false })
    }

    /// Sets or removes an object as [`Changes::set_object`] does, over whatever others have made of it meanwhile: it
    /// conflicts with nobody.
    #[must_use]
    pub fn overwrite_object(
        self,
        kind: impl Into<String>,
        name: impl Into<String>,
        value: Option<Vec<u8>>,
    ) -> Self {
        self.with(Change::SetObject { kind: kind.into(), name: name.into(), value, overwrites: true })
    }

    /// Raises a mark, a number under a name, to `value` if it is less. Marks never fall and conflict with nobody.
    #[must_use]
    pub fn raise_mark(self, name: impl Into<String>, value: u64) -> Self {
        self.with(Change::RaiseMark { name: name.into(), value })
    }

    /// The rows of a table must still be those of the snapshot that the changes were worked out over.
    #[must_use]
    pub fn unchanged(self, table: impl Into<String>) -> Self {
        self.with(Change::Unchanged { table: table.into() })
    }

    /// A table must have these keys of a constraint, in its order of columns, once the changes are made.
    #[must_use]
    pub fn present(self, table: impl Into<String>, constraint: impl Into<String>, keys: Arc<KeySet>) -> Self {
        let (table, constraint) = (table.into(), constraint.into());
        self.with(Change::Condition(Condition::Present { table, constraint, keys }))
    }

    /// No row that a table has got since the snapshot that the changes were worked out over may have one of these keys in
    /// these columns.
    #[must_use]
    pub fn absent(self, table: impl Into<String>, columns: Vec<usize>, keys: Arc<KeySet>) -> Self {
        self.with(Change::Condition(Condition::Absent { table: table.into(), columns, keys, since: 0 }))
    }

    /// The tables whose rows are put or deleted.
    pub fn tables_of_rows(&self) -> impl Iterator<Item = &str> + '_ {
        self.changes.iter().filter_map(|change| match change {
            Change::Put { table, .. } | Change::Delete { table, .. } => Some(table.as_str()),
            _ => None,
        })
    }

    /// How many rows are put and deleted, by table; a table may come several times.
    pub fn row_counts(&self) -> impl Iterator<Item = (&str, u64, u64)> + '_ {
        self.changes.iter().filter_map(|change| match change {
            Change::Put { table, rows } => Some((table.as_str(), rows.num_rows() as u64, 0)),
            Change::Delete { table, rows } => Some((table.as_str(), 0, rows.len())),
            _ => None,
        })
    }

    /// The rows of a table that are deleted, by row id.
    pub fn deleted(&self, table: &str) -> RoaringTreemap {
        let mut all = RoaringTreemap::new();
        for change in &self.changes {
            if let Change::Delete { table: of, rows } = change
                && of == table
            {
                all |= rows;
            }
        }
        all
    }

    /// Says what the changes were worked out over: when somebody has altered or dropped what they touch since then,
    /// the commit is a [conflict](crate::Error::Conflict).
    #[must_use]
    pub fn over(self, base: Arc<Snapshot>) -> Self {
        Self { base: Some(base), ..self }
    }

    /// Says that the changes depend on what was read in these tables: when somebody has changed one of them since what the
    /// changes were worked out [`over`](Changes::over), the commit is [refused](crate::Error::ReadConflict).
    #[must_use]
    pub fn having_read(mut self, tables: impl IntoIterator<Item = TableId>) -> Self {
        self.read.extend(tables);
        self
    }

    /// These changes and then those.
    #[must_use]
    pub fn and(mut self, others: Changes) -> Self {
        self.changes.extend(others.changes);
        self.read.extend(others.read);
        Self { base: self.base.or(others.base), ..self }
    }

    fn with(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }
}
