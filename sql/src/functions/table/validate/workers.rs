//! The table `workers` as the rules ask it: who these ids are, looked up by key.
//!
//! It is the table of `public`, whatever the search path. Tables change, so what is needed of it is looked for in each
//! snapshot; what is not there any more is an error that names it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Schema};
use muster_engine::validate::Worker;
use muster_storage::{KeyConstraint, Snapshot, Table, TableDefinition};

use crate::catalog::{By, Columns, Lookup, rows_of};
use crate::functions::table::built_in::BuiltIn;
use crate::sqlstate::SqlState;
use crate::write::nullable_schema;
use crate::{Error, Result};

/// The table's name.
pub(crate) const TABLE: &str = "workers";

const BUILT_IN: BuiltIn =
    BuiltIn { name: TABLE, hint: "Drafts and proposals are checked against the table public.workers." };

const ID: &str = "worker_id";

/// What is read of a worker; all but the last are texts, that is a list of texts.
const COLUMNS: [&str; 7] = [ID, "name", "status", "city", "state", "role", "blacklisted_clients"];

/// See the module.
pub(super) struct WorkerTable {
    table: Arc<Table>,
    key: KeyConstraint,
    /// The key's column, and what is read.
    key_schema: Arc<Schema>,
    columns: Columns,
}

impl WorkerTable {
    /// # Errors
    /// 42P01, 42809, 42703, 42804 or 55000 where the table is not what the rules need.
    pub(super) fn open(snapshot: &Snapshot) -> Result<Self> {
        let table = BUILT_IN.open(snapshot)?;
        let definition = table.definition();
        let positions = COLUMNS.iter().map(|name| position(definition, name)).collect::<Result<Vec<_>>>()?;
        let key = positions.first().and_then(|id| definition.keys.iter().find(|key| key.columns == [*id]));
        let key = key.cloned().ok_or_else(|| {
            let message =
                format!("table \"{}\" has no primary key or unique constraint on \"{ID}\" alone", TABLE);
            BUILT_IN.hinted(Error::new(SqlState::ObjectNotInPrerequisiteState, message))
        })?;
        let key_schema = nullable_schema(&definition.schema.project(&key.columns)?);
        let schema = nullable_schema(&definition.schema.project(&positions)?);
        let columns = Columns::new(definition, positions, schema);
        Ok(Self { table: table.clone(), key, key_schema, columns })
    }

    /// The workers of these ids; one that is not there is left out.
    pub(super) fn find(&self, ids: &HashSet<&str>) -> Result<HashMap<String, Worker>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        let keys = RecordBatch::try_new(self.key_schema.clone(), vec![ids])?;
        let found = Lookup::at(By::Key(self.key.clone()), keys).find(&self.table)?;
        let found = found.ok_or_else(|| Error::internal("a key is gone while its table is the same"))?;
        let mut workers = HashMap::with_capacity(found.len());
        for batch in rows_of(&self.table, found, self.columns.clone()) {
            add(&batch?, &mut workers)?;
        }
        Ok(workers)
    }
}

/// The position of a column of the right type.
fn position(definition: &TableDefinition, name: &str) -> Result<usize> {
    if name == COLUMNS[6] {
        let of_texts =
            |found: &DataType| matches!(found, DataType::List(item) if item.data_type() == &DataType::Utf8);
        return BUILT_IN.position(definition, name, of_texts, "text[]");
    }
    BUILT_IN.position(definition, name, |found| found == &DataType::Utf8, "text")
}

/// Adds the workers of these rows, whose columns are [`COLUMNS`].
fn add(rows: &RecordBatch, workers: &mut HashMap<String, Worker>) -> Result<()> {
    let wrong = || Error::internal("a worker's columns are not what they were");
    let texts = rows
        .columns()
        .iter()
        .take(COLUMNS.len() - 1)
        .map(|column| column.as_string_opt::<i32>().ok_or_else(wrong));
    let texts = texts.collect::<Result<Vec<&StringArray>>>()?;
    let [ids, names, statuses, cities, states, roles] = texts.as_slice() else { return Err(wrong()) };
    let clients = rows.columns().last().and_then(|column| column.as_list_opt::<i32>()).ok_or_else(wrong)?;
    let text = |array: &StringArray, row: usize| array.is_valid(row).then(|| array.value(row).to_string());
    for row in 0..rows.num_rows() {
        let Some(id) = text(ids, row) else { continue };
        let listed = clients.is_valid(row).then(|| clients.value(row));
        let listed = listed.as_ref().and_then(|listed| listed.as_string_opt::<i32>());
        let worker = Worker {
            // Where NOT NULL was dropped: a worker without a name has no name that agrees with any.
            name: text(names, row).unwrap_or_default(),
            status: text(statuses, row).unwrap_or_default(),
            city: text(cities, row),
            state: text(states, row),
            role: text(roles, row),
            blacklisted_clients: listed.into_iter().flatten().flatten().map(str::to_string).collect(),
        };
        workers.insert(id, worker);
    }
    Ok(())
}
