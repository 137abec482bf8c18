//! Does what a step says.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use muster_storage::{Alteration, Backend, Changes, Result, Snapshot, Store, restore};
use roaring::RoaringTreemap;

use super::cells;
use super::model::Model;
use super::{Action, DATABASE, Step, open};

/// A store in the middle of the script, on its disk.
pub(crate) struct Run {
    pub(crate) backend: Arc<dyn Backend>,
    /// `None` when the last attempt to open it failed.
    pub(crate) store: Option<Store>,
    pub(crate) model: Model,
}

impl Run {
    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().expect("the store is open")
    }

    /// The model after a step that works.
    pub(crate) fn after(&self, step: &Step) -> Model {
        let segment = match (step, &self.store) {
            (Step::PutIndexFile { table, .. }, Some(store)) => {
                let snapshot = store.snapshot();
                let table = snapshot.table(table).expect("it is there");
                table.parts().filter_map(|part| part.segment_id()).last().map(|segment| segment.0)
            }
            _ => None,
        };
        self.model.after(step, segment)
    }
}

/// Does a step.
pub(crate) fn run(run: &mut Run, step: &Step) -> Result<()> {
    if let Step::Reopen = step {
        run.store = None;
        run.store = Some(open(run.backend.clone(), DATABASE)?);
        return Ok(());
    }
    let (store, model) = (run.store(), &run.model);
    let snapshot = store.snapshot();
    match step {
        Step::Commit(actions) => store.commit(changes(&snapshot, model, actions)).map(drop),
        Step::Transaction { first, undone, second } => {
            let mut transaction = store.begin();
            let before = transaction.snapshot().clone();
            transaction.apply(changes(&before, model, first))?;
            let mut model = model.clone();
            model.apply(first);
            let savepoint = transaction.savepoint();
            let before = transaction.snapshot().clone();
            transaction.apply(changes(&before, &model, undone))?;
            transaction.rollback_to(&savepoint);
            let before = transaction.snapshot().clone();
            transaction.apply(changes(&before, &model, second))?;
            transaction.commit().map(drop)
        }
        Step::Load(table, ids) => {
            let mut load = store.bulk_load(table)?;
            let schema = &model.tables[*table].schema;
            let ids: Vec<i64> = ids.clone().collect();
            for ids in ids.chunks(13) {
                load.push(cells::rows(schema, ids, 0))?;
            }
            load.finish().map(drop)
        }
        Step::Checkpoint => store.checkpoint(),
        Step::Compact(table, effort) => store.compact(table, *effort, &|| true),
        Step::Maintain => store.maintain(&|| true),
        Step::PutIndexFile { table, index, bytes } => {
            let table_now = snapshot.table(table).expect("it is there");
            let index = table_now.definition().index(index).expect("it is there").id;
            let segment = table_now.parts().filter_map(|part| part.segment_id()).last();
            store.put_index_file(table, segment.expect("there is a segment"), index, &|file| {
                file.write_all(bytes)
            })
        }
        Step::Backup(to) => store.backup(Path::new(to), &|_| true).map(drop),
        Step::Restore { from, to } => {
            restore(&run.backend, Path::new(from), Path::new(to), &|_| true).map(drop)
        }
        Step::Reopen => unreachable!("done above"),
    }
}

/// The changes that actions make of a snapshot which holds what the model says.
pub(crate) fn changes(snapshot: &Snapshot, model: &Model, actions: &[Action]) -> Changes {
    let mut end = model.clone();
    end.apply(actions);
    let rows = |table: &str, ids: &[i64], generation| cells::rows(&end.tables[table].schema, ids, generation);
    let mut changes = Changes::new();
    for action in actions {
        changes = match action {
            Action::Create(table) => {
                let (schema, keys) = cells::definition(table);
                changes.create_table(*table, schema, keys, Default::default())
            }
            Action::Drop(table) => changes.drop_table(*table),
            Action::Rename(table, to) => {
                changes.alter_table(*table, Alteration::Rename { to: to.to_string() })
            }
            Action::Put(table, ids) => changes.put(*table, rows(table, &ids.clone().collect::<Vec<_>>(), 0)),
            Action::Upsert(table, ids, generation) => changes
                .delete(*table, row_ids(snapshot, model, table, ids))
                .put(*table, rows(table, ids, *generation)),
            Action::Delete(table, ids) => changes.delete(*table, row_ids(snapshot, model, table, ids)),
            Action::AddColumn(table, field, value) => {
                let (field, value) = (field.clone(), value.clone());
                changes.alter_table(*table, Alteration::AddColumn { field, value })
            }
            Action::DropColumn(table, column) => {
                changes.alter_table(*table, Alteration::DropColumn { column: *column })
            }
            Action::RenameColumn(table, column, to) => {
                let field = model.tables[*table].schema.field(*column).clone().with_name(*to);
                changes.alter_table(*table, Alteration::SetField { column: *column, field })
            }
            Action::AddKey(table, key) => changes.alter_table(*table, Alteration::AddKey(key.clone())),
            Action::DropKey(table, name) => {
                changes.alter_table(*table, Alteration::DropKey { name: name.to_string() })
            }
            Action::CreateIndex(table, name, column) => {
                changes.create_index(*table, *name, *column, "hnsw", Default::default())
            }
            Action::DropIndex(table, name) => changes.drop_index(*table, *name),
            Action::Property(table, key, value) => {
                let (key, value) = (key.to_string(), Some(value.to_string()));
                changes.alter_table(*table, Alteration::SetProperty { key, value })
            }
            Action::Object(kind, name, value) => changes.set_object(*kind, *name, value.map(<[u8]>::to_vec)),
            Action::Mark(name, value) => changes.raise_mark(*name, *value),
        };
    }
    changes
}

/// The row ids of those of these ids that are there.
fn row_ids(snapshot: &Snapshot, model: &Model, table: &str, ids: &[i64]) -> RoaringTreemap {
    let Some(wanted) = model.tables.get(table) else { return RoaringTreemap::new() };
    let wanted: BTreeSet<&Vec<String>> = ids.iter().filter_map(|id| wanted.rows.get(id)).collect();
    let table = snapshot.table(table).expect("it is there");
    let columns = table.definition().schema.fields().len();
    let parts = table.parts().flat_map(|part| cells::live(part, columns).unwrap());
    let found: RoaringTreemap = parts.filter(|(_, cells)| wanted.contains(cells)).map(|(id, _)| id).collect();
    assert_eq!(found.len(), wanted.len() as u64, "rows of {ids:?}");
    found
}
