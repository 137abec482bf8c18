//! A table as a snapshot sees it.
//!
//! It is immutable: each change makes another. Invariant: row ids are given out once, in order; segments are sorted by
//! their row ids, and so are the chunks after them, and no two parts overlap in their ranges.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use roaring::RoaringTreemap;

use crate::conform::conform;
use crate::keys::{KeyEncoder, unique};
use crate::{Error, Part, Result, TableDefinition, chunk};

/// The entries of a table that a checkpoint would seal: rows put, and deletions that no bitmap in the manifest has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalUse {
    /// How many.
    pub entries: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the oldest was made, or found by an open; `None` when there are none.
    pub oldest: Option<Instant>,
}

impl JournalUse {
    /// What is left of it when the entries that `sealed` counts, made before `now`, are sealed.
    pub(crate) fn after(self, sealed: JournalUse, now: Instant) -> JournalUse {
        let entries = self.entries - sealed.entries.min(self.entries);
        let bytes = self.bytes - sealed.bytes.min(self.bytes);
        JournalUse { entries, bytes, oldest: (entries > 0).then_some(now) }
    }
}

/// A table's definition and rows at one commit.
#[derive(Clone, Debug)]
pub struct Table {
    definition: Arc<TableDefinition>,
    encoders: Arc<Vec<KeyEncoder>>,
    /// Segments first.
    parts: Vec<Part>,
    segments: usize,
    next_row_id: u64,
    live_rows: u64,
    journal: JournalUse,
    /// The commit that last changed its rows.
    changed: u64,
    /// The commit that last wrote its journal entries anew.
    rewritten: u64,
    /// Chunks from this row id on may merge: a transaction's own rows stay apart from those it found.
    merge_from: u64,
}

impl Table {
    /// A table that consists of these parts, in any order.
    pub(crate) fn new(definition: TableDefinition, parts: Vec<Part>, next_row_id: u64) -> Result<Self> {
        let encoders =
            definition.keys.iter().map(|key| KeyEncoder::new(&definition.name, &definition.schema, key));
        let encoders = Arc::new(encoders.collect::<Result<_>>()?);
        let table = Self {
            definition: Arc::new(definition),
            encoders,
            parts: Vec::new(),
            segments: 0,
            next_row_id,
            live_rows: 0,
            journal: JournalUse::default(),
            changed: 0,
            rewritten: 0,
            merge_from: 0,
        };
        Ok(table.with_parts(parts))
    }

    /// The same table with other parts.
    pub(crate) fn with_parts(&self, mut parts: Vec<Part>) -> Self {
        parts.sort_by_key(|part| (part.as_segment().is_none(), part.first_row_id()));
        let segments = parts.iter().filter(|part| part.as_segment().is_some()).count();
        let end = parts.iter().map(|part| part.ids().end()).max();
        let next_row_id = self.next_row_id.max(end.unwrap_or_default());
        let live_rows = parts.iter().map(|part| part.live_rows() as u64).sum();
        Self { parts, segments, next_row_id, live_rows, ..self.clone() }
    }

    /// The same rows under another definition.
    pub(crate) fn altered(&self, definition: TableDefinition) -> Result<Self> {
        let parts = self.parts.iter().map(|part| part.altered(&self.definition, &definition));
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let table = Self::new(definition, parts, self.next_row_id)?;
        let table = Self {
            journal: self.journal,
            changed: self.changed,
            rewritten: self.rewritten,
            merge_from: self.merge_from,
            ..table
        };
        self.check_not_null(table.schema())?;
        for (number, encoder) in table.encoders.iter().enumerate() {
            if self.definition.key(&encoder.constraint().name).is_none() {
                unique::check_all(&table.definition, number, encoder, &table.parts)?;
            }
        }
        Ok(table)
    }

    /// Checks that columns which are to have no nulls, by position, have none.
    fn check_not_null(&self, new: &Schema) -> Result<()> {
        if new.fields().len() != self.schema().fields().len() {
            // An added column was checked with its value; a dropped one takes no nulls away.
            return Ok(());
        }
        for (position, (old, new)) in self.schema().fields().iter().zip(new.fields()).enumerate() {
            if new.is_nullable() || !old.is_nullable() {
                continue;
            }
            for part in &self.parts {
                let rows = part.columns(&[position])?;
                let nulls = rows.columns().first().and_then(|column| column.logical_nulls());
                let Some(nulls) = nulls.filter(|nulls| nulls.null_count() > 0) else { continue };
                let live = |row: usize| u32::try_from(row).is_ok_and(|row| !part.deleted().contains(row));
                if (0..part.rows()).any(|row| nulls.is_null(row) && live(row)) {
                    let table = self.definition.name.clone();
                    return Err(Error::NotNull { table, column: new.name().clone() });
                }
            }
        }
        Ok(())
    }

    /// The same table under another definition of the same columns and keys.
    pub(crate) fn with_definition(&self, definition: TableDefinition) -> Self {
        Self { definition: Arc::new(definition), ..self.clone() }
    }

    /// The definition.
    pub fn definition(&self) -> &Arc<TableDefinition> {
        &self.definition
    }

    /// How many rows are not deleted.
    pub fn live_rows(&self) -> u64 {
        self.live_rows
    }

    /// How many rows are still in the journal, deleted ones included.
    pub fn unsealed_rows(&self) -> u64 {
        self.chunks().iter().map(|chunk| chunk.rows() as u64).sum()
    }

    /// Sealed segments by row id, then chunks of unsealed rows by row id.
    pub fn parts(&self) -> impl Iterator<Item = &Part> + Clone + '_ {
        self.parts.iter()
    }

    /// Finds the live row with this key: the number of its part and its position there.
    ///
    /// `key` has one row, and the constraint's columns in the constraint's order. A null finds nothing where nulls are
    /// distinct.
    pub fn find(&self, constraint: &str, key: &RecordBatch) -> Result<Option<(usize, u32)>> {
        if key.num_rows() != 1 {
            let detail = format!("a key of \"{constraint}\" is one row, not {}", key.num_rows());
            return Err(Error::schema(&self.definition.name, detail));
        }
        let (number, encoder) = self.encoder(constraint)?;
        let columns = key.columns();
        let fields = encoder
            .constraint()
            .columns
            .iter()
            .filter_map(|column| self.definition.schema.fields().get(*column));
        let fits = fields.clone().count() == columns.len()
            && fields.zip(columns).all(|(field, column)| field.data_type() == column.data_type());
        if !fits {
            let detail = format!("a key of \"{constraint}\" has its columns, not {}", key.schema());
            return Err(Error::schema(&self.definition.name, detail));
        }
        let found = self.find_keys(number, encoder, columns)?;
        Ok(found.into_iter().next().flatten())
    }

    /// For each of these rows, which have all of the table's columns, the live row that has its key: the number of its
    /// part and its position there. A row whose key has a null finds nothing where nulls are distinct.
    pub fn find_each(&self, constraint: &str, rows: &RecordBatch) -> Result<Vec<Option<(usize, u32)>>> {
        let (number, encoder) = self.encoder(constraint)?;
        let rows = conform(&self.definition, rows)?;
        self.find_keys(number, encoder, &unique::key_columns(encoder, &rows))
    }

    /// The keys of these rows, which have all of the table's columns: two rows cannot both join the table exactly when
    /// they have the same bytes here. `None` where a key has a null and nulls are distinct.
    pub fn keys(&self, constraint: &str, rows: &RecordBatch) -> Result<Vec<Option<Box<[u8]>>>> {
        let (_, encoder) = self.encoder(constraint)?;
        let rows = conform(&self.definition, rows)?;
        let columns = unique::key_columns(encoder, &rows);
        let encoded = encoder.encode(&columns)?;
        let mut keys = vec![None; rows.num_rows()];
        for (_, row) in encoder.hash(&columns, &encoded, 0) {
            if let Some(key) = keys.get_mut(row as usize) {
                *key = Some(encoded.row(row as usize).data().into());
            }
        }
        Ok(keys)
    }

    /// The number of a constraint and its encoder.
    pub(crate) fn encoder(&self, constraint: &str) -> Result<(usize, &KeyEncoder)> {
        let mut encoders = self.encoders.iter().enumerate();
        encoders.find(|(_, encoder)| encoder.constraint().name == constraint).ok_or_else(|| {
            let table = self.definition.name.clone();
            Error::NoSuchConstraint { table, constraint: constraint.into() }
        })
    }

    pub(crate) fn find_keys(
        &self,
        number: usize,
        encoder: &KeyEncoder,
        columns: &[ArrayRef],
    ) -> Result<Vec<Option<(usize, u32)>>> {
        let keys = encoder.encode(columns)?;
        let mut hashed = encoder.hash(columns, &keys, 0);
        hashed.sort_unstable();
        let mut places = vec![None; keys.num_rows()];
        for (number_of_part, part) in self.parts.iter().enumerate() {
            unique::each_taken(part, number, encoder, &hashed, &keys, |row, position| {
                if let Some(place) = places.get_mut(row as usize) {
                    *place = Some((number_of_part, position));
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(places)
    }

    pub(crate) fn encoders(&self) -> &Arc<Vec<KeyEncoder>> {
        &self.encoders
    }

    pub(crate) fn segments(&self) -> &[Part] {
        self.parts.get(..self.segments).unwrap_or_default()
    }

    pub(crate) fn chunks(&self) -> &[Part] {
        self.parts.get(self.segments..).unwrap_or_default()
    }

    pub(crate) fn next_row_id(&self) -> u64 {
        self.next_row_id
    }

    /// Deletes rows. Returns those that were not there, which a commit takes for a conflict and a replay for done.
    pub(crate) fn delete(&mut self, rows: &RoaringTreemap) -> RoaringTreemap {
        let mut missing = RoaringTreemap::new();
        for row_id in rows {
            let deleted = self.locate(row_id).and_then(|(number, position)| {
                let part = self.parts.get_mut(number)?;
                part.delete(position).then_some(())
            });
            match deleted {
                Some(()) => self.live_rows -= 1,
                None => {
                    missing.insert(row_id);
                }
            }
        }
        missing
    }

    /// The part of a row id, and its position there.
    pub(crate) fn locate(&self, row_id: u64) -> Option<(usize, u32)> {
        for (base, parts) in [(0, self.segments()), (self.segments, self.chunks())] {
            let number = parts.partition_point(|part| part.first_row_id() <= row_id).checked_sub(1);
            let found = number.and_then(|number| Some((number, parts.get(number)?.position(row_id)?)));
            if let Some((number, position)) = found {
                return Some((base + number, position));
            }
        }
        None
    }

    /// Whether there is such a row, and it is not deleted.
    pub(crate) fn is_live(&self, row_id: u64) -> bool {
        let part = |(number, position)| Some((self.parts.get(number)?, position));
        let found = self.locate(row_id).and_then(part);
        found.is_some_and(|(part, position)| !part.deleted().contains(position))
    }

    /// The commit that last changed its rows; 0 when none has since the database was opened.
    pub fn changed(&self) -> u64 {
        self.changed
    }

    pub(crate) fn set_changed(&mut self, version: u64) {
        self.changed = version;
    }

    /// The commit that last wrote its journal entries anew, of this process.
    pub(crate) fn rewritten(&self) -> u64 {
        self.rewritten
    }

    pub(crate) fn set_rewritten(&mut self, version: u64) {
        self.rewritten = version;
    }

    /// Keeps the rows to come apart from those that are there.
    pub(crate) fn keep_apart(&mut self) {
        if self.merge_from == 0 {
            self.merge_from = self.next_row_id;
        }
    }

    /// What the journal holds of the table since its last checkpoint.
    pub fn journal(&self) -> JournalUse {
        self.journal
    }

    /// Takes note of an entry in the journal.
    pub(crate) fn add_entry(&mut self, bytes: u64) {
        self.journal.entries += 1;
        self.journal.bytes += bytes;
        self.journal.oldest.get_or_insert_with(Instant::now);
    }

    pub(crate) fn set_journal(&mut self, journal: JournalUse) {
        self.journal = journal;
    }

    /// Checks that rows may join the table.
    pub(crate) fn check_unique(&self, rows: &RecordBatch) -> Result<()> {
        unique::check(&self.definition, &self.encoders, self.parts(), rows)
    }

    /// Appends rows that were checked, from the next row id on.
    pub(crate) fn append(&mut self, rows: RecordBatch) -> Result<()> {
        self.append_at(self.next_row_id, rows)
    }

    /// Appends rows that were checked, from this row id on.
    pub(crate) fn append_at(&mut self, first_row_id: u64, rows: RecordBatch) -> Result<()> {
        let count = rows.num_rows() as u64;
        if count == 0 {
            return Ok(());
        }
        let mut chunks = self.parts.split_off(self.segments);
        let schema = &self.definition.schema;
        let mergeable = chunks.partition_point(|part| part.first_row_id() < self.merge_from);
        let mut own = chunks.split_off(mergeable);
        let appended = chunk::append(&mut own, schema, first_row_id, rows, self.encoders.len());
        chunks.append(&mut own);
        self.parts.append(&mut chunks);
        appended.map_err(|error| Error::arrow(Path::new("rows"), error))?;
        self.next_row_id = self.next_row_id.max(first_row_id + count);
        self.live_rows += count;
        Ok(())
    }

    /// The columns.
    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.definition.schema
    }
}
