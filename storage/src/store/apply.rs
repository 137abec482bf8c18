//! What changes make of a snapshot: the next one, and the edits that store the difference.
//!
//! It checks everything that can be wrong with a commit. Invariant: it changes nothing; a draft that is not published
//! never was.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use roaring::RoaringTreemap;

use super::edits;
use crate::changes::Change;
use crate::conform::{check_definition, conform};
use crate::journal::Edit;
use crate::journal::entry::EncodedRows;
use crate::segment::index_file::IndexFile;
use crate::{
    Changes, Error, IndexDefinition, IndexId, KeyConstraint, Part, Result, Snapshot, Table, TableDefinition,
    TableId,
};

/// Changes with their rows encoded.
#[derive(Debug)]
pub(super) struct Prepared {
    changes: Vec<(Change, Option<EncodedRows>)>,
}

impl Prepared {
    pub(super) fn new(changes: Changes) -> Result<Self> {
        let encode = |change: Change| {
            let encoded = match &change {
                Change::Put { rows, .. } => Some(EncodedRows::new(rows)),
                _ => None,
            };
            let encoded = encoded.transpose().map_err(|error| Error::arrow(Path::new("rows"), error))?;
            Ok((change, encoded))
        };
        Ok(Self { changes: changes.changes.into_iter().map(encode).collect::<Result<_>>()? })
    }
}

/// A snapshot that is not published yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) snapshot: Snapshot,
    pub(super) edits: Vec<Edit>,
    pub(super) dropped: Vec<Dropped>,
}

/// What no snapshot from this one on has any more.
#[derive(Debug)]
pub(super) enum Dropped {
    Part(Part),
    IndexFile(Arc<IndexFile>),
}

impl Dropped {
    /// Lets its files go with their last reader.
    pub(super) fn doom(&self) {
        match self {
            Dropped::Part(part) => {
                part.indexes().iter().for_each(|file| file.file().doom());
                part.as_segment().into_iter().for_each(|segment| segment.doom());
            }
            Dropped::IndexFile(file) => file.file().doom(),
        }
    }
}

/// What a commit does to the rows of one table.
#[derive(Default)]
struct RowChanges<'a> {
    deleted: RoaringTreemap,
    rows: Vec<&'a RecordBatch>,
    encoded: Vec<&'a EncodedRows>,
}

impl Draft {
    /// Applies changes to a snapshot.
    pub(super) fn of(base: &Snapshot, prepared: &Prepared) -> Result<Self> {
        let mut draft = Self { snapshot: base.clone(), edits: Vec::new(), dropped: Vec::new() };
        draft.snapshot.version += 1;
        let mut rows: BTreeMap<&str, RowChanges<'_>> = BTreeMap::new();
        for (change, encoded) in &prepared.changes {
            match change {
                Change::CreateTable { name, schema, keys, properties } => {
                    let definition = TableDefinition {
                        id: TableId(draft.snapshot.counters.table),
                        name: name.clone(),
                        schema: schema.clone(),
                        keys: keys.clone(),
                        indexes: Vec::new(),
                        properties: properties.clone(),
                    };
                    draft.create_table(definition, keys)?;
                }
                Change::DropTable { name } => {
                    draft.drop_table(name)?;
                    rows.remove(name.as_str());
                }
                Change::CreateIndex { table, name, column, method, properties } => {
                    let index = IndexDefinition {
                        id: IndexId(draft.snapshot.counters.index),
                        name: name.clone(),
                        column: *column,
                        method: method.clone(),
                        properties: properties.clone(),
                    };
                    draft.create_index(table, index)?;
                }
                Change::DropIndex { table, name } => draft.drop_index(table, name)?,
                Change::Put { table, rows: batch } => {
                    draft.table(table)?;
                    if batch.num_rows() > 0 {
                        let changes = rows.entry(table).or_default();
                        changes.rows.push(batch);
                        changes.encoded.extend(encoded);
                    }
                }
                Change::Delete { table, rows: deleted } => {
                    draft.table(table)?;
                    let changes = rows.entry(table).or_default();
                    if !changes.deleted.is_disjoint(deleted) {
                        let detail = "a row is deleted twice in one commit".into();
                        return Err(Error::Conflict { table: table.clone(), detail });
                    }
                    changes.deleted |= deleted;
                }
            }
        }
        for (table, changes) in rows {
            draft.change_rows(table, changes)?;
        }
        if draft.edits.is_empty() {
            draft.snapshot.version = base.version;
        }
        Ok(draft)
    }

    fn table(&self, name: &str) -> Result<&Arc<Table>> {
        self.snapshot.tables.get(name).ok_or_else(|| Error::NoSuchTable { table: name.into() })
    }

    fn create_table(&mut self, definition: TableDefinition, keys: &[KeyConstraint]) -> Result<()> {
        let name = definition.name.clone();
        if self.snapshot.tables.contains_key(&name) {
            return Err(Error::TableExists { table: name });
        }
        check_definition(&name, &definition.schema, keys)?;
        self.snapshot.counters.table += 1;
        self.edits.push(edits::table(&definition, 0)?);
        self.snapshot.tables.insert(name, Arc::new(Table::new(definition, Vec::new(), 0)?));
        Ok(())
    }

    fn drop_table(&mut self, name: &str) -> Result<()> {
        let Some(table) = self.snapshot.tables.remove(name) else {
            return Err(Error::NoSuchTable { table: name.into() });
        };
        self.edits.push(Edit::DropTable { id: table.definition().id });
        self.dropped.extend(table.parts().cloned().map(Dropped::Part));
        Ok(())
    }

    fn create_index(&mut self, name: &str, index: IndexDefinition) -> Result<()> {
        if self.snapshot.tables().any(|table| table.definition().index(&index.name).is_some()) {
            return Err(Error::IndexExists { index: index.name });
        }
        let table = self.table(name)?;
        let mut definition = TableDefinition::clone(table.definition());
        if index.column >= definition.schema.fields().len() {
            return Err(Error::schema(
                name,
                format!("index \"{}\": there is no column {}", index.name, index.column),
            ));
        }
        definition.indexes.push(index);
        self.snapshot.counters.index += 1;
        self.redefine(name, definition, |part| part.clone())
    }

    fn drop_index(&mut self, name: &str, index: &str) -> Result<()> {
        let table = self.table(name)?.clone();
        let mut definition = TableDefinition::clone(table.definition());
        let Some(position) = definition.indexes.iter().position(|existing| existing.name == index) else {
            return Err(Error::NoSuchIndex { table: name.into(), index: index.into() });
        };
        let id = definition.indexes.remove(position).id;
        for part in
            table.segments().iter().filter(|part| part.indexes().iter().any(|file| file.record().index == id))
        {
            let (gone, kept): (Vec<_>, Vec<_>) =
                part.indexes().iter().cloned().partition(|file| file.record().index == id);
            self.dropped.extend(gone.into_iter().map(Dropped::IndexFile));
            self.edits.extend(edits::segment(&definition, &part.with_indexes(kept))?);
        }
        self.redefine(name, definition, |part| {
            let kept = part.indexes().iter().filter(|file| file.record().index != id);
            part.with_indexes(kept.cloned().collect())
        })
    }

    fn redefine(
        &mut self,
        name: &str,
        definition: TableDefinition,
        part: impl Fn(&Part) -> Part,
    ) -> Result<()> {
        let table = self.table(name)?.clone();
        self.edits.push(edits::table(&definition, table.next_row_id())?);
        let table = table.with_definition(definition).with_parts(table.parts().map(part).collect());
        self.snapshot.tables.insert(name.into(), Arc::new(table));
        Ok(())
    }

    fn change_rows(&mut self, name: &str, changes: RowChanges<'_>) -> Result<()> {
        let mut table = Table::clone(self.table(name)?);
        if let Some(row) = table.delete(&changes.deleted).min() {
            let detail = format!("row {row} was deleted or updated by another transaction");
            return Err(Error::Conflict { table: name.into(), detail });
        }
        let definition = table.definition().clone();
        let rows: Vec<_> =
            changes.rows.iter().map(|rows| conform(&definition, rows)).collect::<Result<_>>()?;
        let rows = match rows.as_slice() {
            [] => RecordBatch::new_empty(definition.schema.clone()),
            [rows] => rows.clone(),
            several => concat_batches(&definition.schema, several).map_err(|error| {
                Error::schema(name, format!("the rows of one commit do not fit together: {error}"))
            })?,
        };
        if rows.num_rows() == 0 && changes.deleted.is_empty() {
            return Ok(());
        }
        if rows.num_rows() > u32::MAX as usize {
            return Err(Error::schema(name, "a commit has more rows than a chunk can number"));
        }
        table.check_unique(&rows)?;
        let (version, first) = (self.snapshot.version, table.next_row_id());
        let entry = edits::entry(&definition, version, first, &changes.deleted, &changes.encoded)?;
        table.add_entry(entry.size());
        self.edits.push(entry);
        table.append(rows)?;
        self.snapshot.tables.insert(name.into(), Arc::new(table));
        Ok(())
    }
}
