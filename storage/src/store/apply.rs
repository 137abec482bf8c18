//! What changes make of a snapshot: the next one, and the edits that store the difference.
//!
//! It checks everything that can be wrong with a commit. Invariant: it changes nothing; a draft that is not published
//! never was.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;

use super::edits;
use super::prepared::{Prepared, RowChanges};
use crate::changes::Change;
use crate::conform::{check_definition, conform};
use crate::journal::Edit;
use crate::segment::index_file::IndexFile;
use crate::table::JournalUse;
use crate::{Alteration, Error, IndexDefinition, Layouts, Part, Result, Snapshot, Table, TableDefinition};

/// A snapshot that is not published yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) snapshot: Snapshot,
    pub(super) edits: Vec<Edit>,
    pub(super) dropped: Vec<Dropped>,
    /// Whether there are to be edits: a transaction's are made when it is committed.
    journaled: bool,
    /// Whether anything is different.
    pub(super) changed: bool,
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

impl Draft {
    /// Applies changes to a snapshot.
    pub(super) fn of(base: &Snapshot, prepared: &Prepared) -> Result<Self> {
        if prepared.journaled {
            prepared.check_base(base)?;
        }
        let mut draft = Self {
            snapshot: base.clone(),
            edits: Vec::new(),
            dropped: Vec::new(),
            journaled: prepared.journaled,
            changed: false,
        };
        draft.snapshot.version += 1;
        for change in &prepared.definitions {
            draft.define(change)?;
        }
        for (table, changes) in &prepared.rows {
            draft.change_rows(table, changes)?;
        }
        if prepared.journaled {
            prepared.conditions.iter().try_for_each(|condition| condition.check(&draft.snapshot))?;
        }
        // What is in memory alone leaves no trace in the journal, and no gap in its versions.
        if draft.edits.is_empty() && draft.journaled {
            draft.snapshot.version = base.version;
        }
        Ok(draft)
    }

    fn define(&mut self, change: &Change) -> Result<()> {
        self.changed = true;
        match change {
            Change::CreateTable { name, schema, keys, properties, temporary, id } => {
                let definition = TableDefinition {
                    id: id.ok_or_else(|| Error::schema(name, "the table has no number"))?,
                    name: name.clone(),
                    schema: schema.clone(),
                    keys: keys.clone(),
                    indexes: Vec::new(),
                    properties: properties.clone(),
                    temporary: *temporary,
                    layouts: Layouts::of(schema),
                };
                self.create_table(definition)
            }
            Change::DropTable { name } => self.drop_table(name),
            Change::AlterTable { table, alteration } => self.alter_table(table, alteration),
            Change::CreateIndex { table, name, columns, method, properties, id } => {
                let Some((column, more)) = columns.split_first() else {
                    return Err(Error::schema(table, format!("index \"{name}\" has no columns")));
                };
                let index = IndexDefinition {
                    id: id.ok_or_else(|| Error::schema(table, "the index has no number"))?,
                    name: name.clone(),
                    column: *column,
                    more: more.to_vec(),
                    method: method.clone(),
                    properties: properties.clone(),
                };
                self.create_index(table, index)
            }
            Change::DropIndex { table, name } => self.drop_index(table, name),
            Change::SetObject { kind, name, value, .. } => {
                let value = value.clone().map(Arc::new);
                let objects = Arc::make_mut(&mut self.snapshot.objects);
                let key = (kind.clone(), name.clone());
                match &value {
                    Some(value) => drop(objects.insert(key, value.clone())),
                    None => drop(objects.remove(&key)),
                }
                self.edit(Edit::Object { kind: kind.clone(), name: name.clone(), value });
                Ok(())
            }
            Change::RaiseMark { name, value } => {
                if self.snapshot.mark(name) < *value {
                    Arc::make_mut(&mut self.snapshot.marks).insert(name.clone(), *value);
                    self.edit(Edit::Mark { name: name.clone(), value: *value });
                }
                Ok(())
            }
            // Sorted out when the changes were prepared.
            Change::Put { .. } | Change::Delete { .. } | Change::Unchanged { .. } | Change::Condition(_) => {
                Ok(())
            }
        }
    }

    fn edit(&mut self, edit: Edit) {
        if self.journaled {
            self.edits.push(edit);
        }
    }

    /// An edit of what belongs to a table.
    fn edit_of(&mut self, table: &TableDefinition, edit: Edit) {
        if !table.temporary {
            self.edit(edit);
        }
    }

    fn table(&self, name: &str) -> Result<&Arc<Table>> {
        self.snapshot.tables.get(name).ok_or_else(|| Error::NoSuchTable { table: name.into() })
    }

    fn create_table(&mut self, definition: TableDefinition) -> Result<()> {
        let name = definition.name.clone();
        if self.snapshot.tables.contains_key(&name) {
            return Err(Error::TableExists { table: name });
        }
        check_definition(&name, &definition.schema, &definition.keys)?;
        let counter = &mut self.snapshot.counters.table;
        *counter = (*counter).max(definition.id.0 + 1);
        self.edit_of(&definition, edits::table(&definition, 0)?);
        self.snapshot.tables.insert(name, Arc::new(Table::new(definition, Vec::new(), 0)?));
        Ok(())
    }

    fn drop_table(&mut self, name: &str) -> Result<()> {
        let Some(table) = self.snapshot.tables.remove(name) else {
            return Err(Error::NoSuchTable { table: name.into() });
        };
        self.edit_of(table.definition(), Edit::DropTable { id: table.definition().id });
        self.dropped.extend(table.parts().cloned().map(Dropped::Part));
        Ok(())
    }

    fn alter_table(&mut self, name: &str, alteration: &Alteration) -> Result<()> {
        let table = self.table(name)?.clone();
        let mut definition = TableDefinition::clone(table.definition());
        alteration.apply(&mut definition)?;
        if let Alteration::RenameIndex { to, .. } = alteration {
            self.check_index_name(to)?;
        }
        let renamed = definition.name.clone();
        if renamed != name && self.snapshot.tables.contains_key(&renamed) {
            return Err(Error::TableExists { table: renamed });
        }
        if let Alteration::AddColumn { field, value } = alteration
            && !field.is_nullable()
            && value.null_count() > 0
            && table.live_rows() > 0
        {
            return Err(Error::NotNull { table: name.into(), column: field.name().clone() });
        }
        let mut altered = table.altered(definition)?;
        let definition = altered.definition().clone();
        self.edit_of(&definition, edits::table(&definition, altered.next_row_id())?);
        let had = |part: &Part, file: &Arc<IndexFile>| {
            part.indexes().iter().any(|kept| kept.record() == file.record())
        };
        let pairs: Vec<_> = table.segments().iter().zip(altered.segments()).collect();
        let mut shorter = Vec::new();
        for (before, after) in pairs {
            let gone = before.indexes().iter().filter(|file| !had(after, file)).cloned();
            let gone: Vec<_> = gone.map(Dropped::IndexFile).collect();
            if !gone.is_empty() {
                shorter.extend(edits::segment(&definition, after)?);
                self.dropped.extend(gone);
            }
        }
        for edit in shorter {
            self.edit_of(&definition, edit);
        }
        if alteration.changes_columns() && !definition.temporary && self.journaled {
            self.rewrite_entries(&mut altered)?;
        }
        self.snapshot.tables.remove(name);
        self.snapshot.tables.insert(renamed, Arc::new(altered));
        Ok(())
    }

    /// Stores the unsealed rows anew: entries are read under today's columns.
    fn rewrite_entries(&mut self, table: &mut Table) -> Result<()> {
        let definition = table.definition().clone();
        self.edit(Edit::Trim { table: definition.id, version: self.snapshot.version });
        let mut parts: Vec<Part> = table.parts().cloned().collect();
        for part in &mut parts {
            if let Some(edit) = edits::deletions(definition.id, part)? {
                self.edit(edit);
                *part = part.with_stored_deletions();
            }
        }
        *table = table.with_parts(parts);
        table.set_journal(JournalUse::default());
        for edit in edits::entries(table, &mut self.snapshot.version)? {
            table.add_entry(edit.size());
            self.edit(edit);
        }
        // What follows has a version of its own.
        self.snapshot.version += 1;
        table.set_rewritten(self.snapshot.version);
        Ok(())
    }

    fn check_index_name(&self, name: &str) -> Result<()> {
        if self.snapshot.all_tables().any(|table| table.definition().index(name).is_some()) {
            return Err(Error::IndexExists { index: name.into() });
        }
        Ok(())
    }

    fn create_index(&mut self, name: &str, index: IndexDefinition) -> Result<()> {
        self.check_index_name(&index.name)?;
        let table = self.table(name)?;
        let mut definition = TableDefinition::clone(table.definition());
        if let Some(column) = index.columns().find(|column| *column >= definition.schema.fields().len()) {
            return Err(Error::schema(
                name,
                format!("index \"{}\": there is no column {column}", index.name),
            ));
        }
        let counter = &mut self.snapshot.counters.index;
        *counter = (*counter).max(index.id.0 + 1);
        definition.indexes.push(index);
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
            if let Some(edit) = edits::segment(&definition, &part.with_indexes(kept))? {
                self.edit_of(&definition, edit);
            }
        }
        let after = definition.clone();
        self.redefine(name, definition, |part| {
            let kept = part.indexes().iter().filter(|file| file.record().index != id);
            part.with_indexes(kept.cloned().collect()).without_lookups_of_others(&after)
        })
    }

    fn redefine(
        &mut self,
        name: &str,
        definition: TableDefinition,
        part: impl Fn(&Part) -> Part,
    ) -> Result<()> {
        let table = self.table(name)?.clone();
        self.edit_of(&definition, edits::table(&definition, table.next_row_id())?);
        let table = table.with_definition(definition).with_parts(table.parts().map(part).collect());
        self.snapshot.tables.insert(name.into(), Arc::new(table));
        Ok(())
    }

    fn change_rows(&mut self, name: &str, changes: &RowChanges) -> Result<()> {
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
        self.changed = true;
        let (version, first) = (self.snapshot.version, table.next_row_id());
        if self.journaled && !definition.temporary {
            let encoded: Vec<_> = changes.encoded.iter().collect();
            let entry = edits::entry(&definition, version, first, &changes.deleted, &encoded)?;
            table.add_entry(entry.size());
            self.edits.push(entry);
        }
        if !self.journaled {
            table.keep_apart();
        }
        table.append(rows)?;
        table.set_changed(version);
        self.snapshot.tables.insert(name.into(), Arc::new(table));
        Ok(())
    }
}
