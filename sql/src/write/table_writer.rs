//! Many rows into one table, by the way that suits their number.
//!
//! Few rows become changes, which the session commits or adds to its transaction; many go straight
//! into segments. A transaction's rows are always changes: a bulk load is a commit of its own.

use std::sync::Arc;

use arrow::array::RecordBatch;
use muster_storage::{BulkLoad, Changes, Store, TableDefinition};

use crate::{Result, foreign_key};

/// Rows, or bytes of them, from which a segment of their own pays: fewer are cheaper to keep in the
/// journal until a checkpoint.
const BULK_ROWS: usize = 16 * 1024;
const BULK_BYTES: usize = 32 * 1024 * 1024;

/// Which way the rows may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WriteWay {
    /// Straight into segments, however few they are.
    Bulk,
    /// By their number.
    Free,
    /// As changes: there is a transaction around them.
    Changes,
}

/// See the module.
pub(crate) struct TableWriter {
    store: Arc<Store>,
    /// The table as the rows are made for it.
    table: Arc<TableDefinition>,
    way: WriteWay,
    rows: usize,
    bytes: usize,
    waiting: Vec<RecordBatch>,
    load: Option<BulkLoad>,
}

impl TableWriter {
    pub(crate) fn new(store: Arc<Store>, table: &Arc<TableDefinition>, way: WriteWay) -> Self {
        // A temporary table has no files.
        // Nor can rows that need keys of other tables be checked against what commits beside a bulk load.
        let changes = table.temporary || foreign_key::has_any(&table.properties);
        let way = if changes { WriteWay::Changes } else { way };
        Self { store, table: table.clone(), way, rows: 0, bytes: 0, waiting: Vec::new(), load: None }
    }

    /// Adds whole rows of the table.
    ///
    /// # Errors
    /// What storage gives: 23505 for a key that comes twice, a disk that is full.
    pub(crate) fn push(&mut self, rows: RecordBatch) -> Result<()> {
        if let Some(load) = &mut self.load {
            return Ok(load.push(rows)?);
        }
        self.rows += rows.num_rows();
        self.bytes += rows.get_array_memory_size();
        self.waiting.push(rows);
        let bulk = match self.way {
            WriteWay::Bulk => true,
            WriteWay::Free => self.rows >= BULK_ROWS || self.bytes >= BULK_BYTES,
            WriteWay::Changes => false,
        };
        if bulk {
            let mut load = self.begin()?;
            for rows in self.waiting.drain(..) {
                load.push(rows)?;
            }
            self.load = Some(load);
        }
        Ok(())
    }

    /// Begins a bulk load of the table that the rows are made for.
    fn begin(&self) -> Result<BulkLoad> {
        let name = &self.table.name;
        let load = self.store.bulk_load(name)?;
        // As it is the same table now, it was when the load began; what comes after that, storage notices.
        let snapshot = self.store.snapshot();
        if snapshot.table(name).is_some_and(|now| now.definition() == &self.table) {
            return Ok(load);
        }
        let detail = "it was altered while rows were loaded".to_string();
        Err(muster_storage::Error::Conflict { table: name.clone(), detail }.into())
    }

    /// Ends a bulk load: its rows are in the table then, durably. Of other rows it gives the changes.
    ///
    /// # Errors
    /// What storage gives: 23505 for a key that is there already, a disk that is full.
    pub(crate) fn finish(self) -> Result<Option<Changes>> {
        if let Some(load) = self.load {
            load.finish()?;
            return Ok(None);
        }
        let put = |changes: Changes, rows| changes.put(&self.table.name, rows);
        Ok(Some(self.waiting.into_iter().fold(Changes::new(), put)))
    }
}
