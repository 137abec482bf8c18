//! What a database is to hold: the model that knows what was acknowledged.
//!
//! It knows nothing of files, segments or journals. Invariant: a step makes one model of another as a commit does: wholly.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use arrow::datatypes::{Field, Schema, SchemaRef};
use std::sync::Arc;

use super::cells;
use super::{Action, Step};

/// A database as somebody sees it who can only read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    pub(crate) tables: BTreeMap<String, TableContent>,
    pub(crate) objects: BTreeMap<(String, String), Vec<u8>>,
    pub(crate) marks: BTreeMap<String, u64>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TableContent {
    pub(crate) columns: Vec<String>,
    pub(crate) keys: Vec<String>,
    pub(crate) indexes: Vec<String>,
    pub(crate) properties: BTreeMap<String, String>,
    /// Sorted.
    pub(crate) rows: Vec<Vec<String>>,
}

/// Bytes of index files by the index's name and the segment's number.
pub(crate) type Files = BTreeMap<(String, u64), Vec<u8>>;

/// What was acknowledged.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    pub(crate) tables: BTreeMap<String, TableModel>,
    objects: BTreeMap<(String, String), Vec<u8>>,
    marks: BTreeMap<String, u64>,
    /// Of segments that may be gone by now.
    pub(crate) files: Files,
    /// Folders of backups, and of databases that were restored, with what was in the database then.
    pub(crate) backups: BTreeMap<PathBuf, Content>,
    pub(crate) restored: BTreeMap<PathBuf, Content>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TableModel {
    pub(crate) schema: SchemaRef,
    pub(crate) keys: Vec<String>,
    pub(crate) indexes: Vec<String>,
    properties: BTreeMap<String, String>,
    pub(crate) rows: BTreeMap<i64, Vec<String>>,
}

pub(crate) fn column_name(field: &Field) -> String {
    let nullable = if field.is_nullable() { "" } else { " not null" };
    format!("{} {}{nullable}", field.name(), field.data_type())
}

impl Model {
    /// What a reader is to find.
    pub(crate) fn content(&self) -> Content {
        let table = |model: &TableModel| {
            let mut rows: Vec<_> = model.rows.values().cloned().collect();
            rows.sort_unstable();
            TableContent {
                columns: model.schema.fields().iter().map(|field| column_name(field)).collect(),
                keys: model.keys.clone(),
                indexes: model.indexes.clone(),
                properties: model.properties.clone(),
                rows,
            }
        };
        Content {
            tables: self.tables.iter().map(|(name, model)| (name.clone(), table(model))).collect(),
            objects: self.objects.clone(),
            marks: self.marks.clone(),
        }
    }

    /// The index files that are to be found when the segments with these numbers are there.
    pub(crate) fn files(&self, segments: &BTreeSet<u64>) -> Files {
        let indexes: BTreeSet<_> = self.tables.values().flat_map(|table| &table.indexes).collect();
        let there = |(index, segment): &(String, u64)| segments.contains(segment) && indexes.contains(index);
        let files = self.files.iter().filter(|(place, _)| there(place));
        files.map(|(place, bytes)| (place.clone(), bytes.clone())).collect()
    }

    /// The model after a step that worked; `segment` is the one that an index file is put beside.
    pub(crate) fn after(&self, step: &Step, segment: Option<u64>) -> Self {
        let mut model = self.clone();
        match step {
            Step::Commit(actions) => model.apply(actions),
            Step::Transaction { first, undone: _, second } => {
                model.apply(first);
                model.apply(second);
            }
            Step::Load(table, ids) => model.put(table, &ids.clone().collect::<Vec<_>>(), 0),
            Step::PutIndexFile { index, bytes, .. } => {
                let segment = segment.expect("there is a segment to put an index file beside");
                model.files.insert((index.to_string(), segment), bytes.to_vec());
            }
            Step::Backup(to) => {
                model.backups.insert(to.into(), self.content());
            }
            Step::Restore { from, to } => {
                let content =
                    model.backups.get(std::path::Path::new(from)).expect("it was backed up").clone();
                model.restored.insert(to.into(), content);
            }
            Step::Checkpoint | Step::Compact(..) | Step::Maintain | Step::Reopen => {}
        }
        model
    }

    pub(crate) fn apply(&mut self, actions: &[Action]) {
        actions.iter().for_each(|action| self.apply_one(action));
    }

    fn table(&mut self, name: &str) -> &mut TableModel {
        self.tables.get_mut(name).unwrap_or_else(|| panic!("there is no table {name} at this step"))
    }

    fn put(&mut self, table: &str, ids: &[i64], generation: u32) {
        let table = self.table(table);
        let rows = cells::texts(&cells::rows(&table.schema, ids, generation));
        table.rows.extend(ids.iter().copied().zip(rows));
    }

    fn apply_one(&mut self, action: &Action) {
        match action {
            Action::Create(name) => {
                let (schema, keys) = cells::definition(name);
                let keys = keys.into_iter().map(|key| key.name).collect();
                let (indexes, properties, rows) = Default::default();
                self.tables.insert(name.to_string(), TableModel { schema, keys, indexes, properties, rows });
            }
            Action::Drop(name) => drop(self.tables.remove(*name).expect("it is there")),
            Action::Rename(from, to) => {
                let table = self.tables.remove(*from).expect("it is there");
                self.tables.insert(to.to_string(), table);
            }
            Action::Put(table, ids) => self.put(table, &ids.clone().collect::<Vec<_>>(), 0),
            Action::Upsert(table, ids, generation) => self.put(table, ids, *generation),
            Action::Delete(table, ids) => {
                let rows = &mut self.table(table).rows;
                ids.iter().for_each(|id| drop(rows.remove(id).expect("it is there")));
            }
            Action::AddColumn(table, field, value) => {
                let table = self.table(table);
                let fields = table.schema.fields().iter().cloned().chain([Arc::new(field.clone())]);
                table.schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
                let value = cells::text(value);
                table.rows.values_mut().for_each(|row| row.push(value.clone()));
            }
            Action::DropColumn(table, column) => {
                let table = self.table(table);
                let mut fields: Vec<_> = table.schema.fields().iter().cloned().collect();
                fields.remove(*column);
                table.schema = Arc::new(Schema::new(fields));
                table.rows.values_mut().for_each(|row| drop(row.remove(*column)));
            }
            Action::RenameColumn(table, column, to) => {
                let table = self.table(table);
                let mut fields: Vec<_> = table.schema.fields().iter().cloned().collect();
                fields[*column] = Arc::new(fields[*column].as_ref().clone().with_name(*to));
                table.schema = Arc::new(Schema::new(fields));
            }
            Action::AddKey(table, key) => self.table(table).keys.push(key.name.clone()),
            Action::DropKey(table, name) => self.table(table).keys.retain(|key| key != name),
            Action::CreateIndex(table, name, _) => self.table(table).indexes.push(name.to_string()),
            Action::DropIndex(table, name) => {
                self.table(table).indexes.retain(|index| index != name);
                self.files.retain(|(index, _), _| index != name);
            }
            Action::Property(table, key, value) => {
                self.table(table).properties.insert(key.to_string(), value.to_string());
            }
            Action::Object(kind, name, value) => {
                let key = (kind.to_string(), name.to_string());
                match value {
                    Some(value) => drop(self.objects.insert(key, value.to_vec())),
                    None => drop(self.objects.remove(&key)),
                }
            }
            Action::Mark(name, value) => {
                let mark = self.marks.entry(name.to_string()).or_default();
                *mark = (*mark).max(*value);
            }
        }
    }
}
