//! What tables say of each other's keys: whether a key is there, and which rows refer to keys.
//!
//! It knows no foreign keys: what must be there and what must not is said by whoever asks. A [`Condition`] asks it
//! again when the changes are committed, of what is there then.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{interleave_record_batch, take_record_batch};
use arrow::datatypes::Schema;

use crate::keys::KeySet;
use crate::keys::key_set::typed;
use crate::{Error, Part, Result, Snapshot, Table};

/// What has to be so when changes are committed, after they are applied; else the commit is a conflict.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    /// The keys of a constraint that a table has to have, in the constraint's order.
    Present { table: String, constraint: String, keys: Arc<KeySet> },
    /// No row of a table, among those that came after the base, may have these keys in these columns.
    Absent { table: String, columns: Vec<usize>, keys: Arc<KeySet>, since: u64 },
}

impl Condition {
    pub(crate) fn table(&self) -> &str {
        match self {
            Condition::Present { table, .. } | Condition::Absent { table, .. } => table,
        }
    }

    /// The same, where only rows from this id on can be in the way.
    pub(crate) fn since(self, row_id: u64) -> Self {
        match self {
            Condition::Absent { table, columns, keys, .. } => {
                Condition::Absent { table, columns, keys, since: row_id }
            }
            other => other,
        }
    }

    pub(crate) fn check(&self, snapshot: &Snapshot) -> Result<()> {
        let gone = || Error::NoSuchTable { table: self.table().into() };
        let table = snapshot.table(self.table()).ok_or_else(gone)?;
        let conflict = |detail: &str| Error::Conflict { table: self.table().into(), detail: detail.into() };
        match self {
            Condition::Present { constraint, keys, .. } => {
                let there = table.has_keys(constraint, &keys.rows(keys.numbers())?)?;
                if there.contains(&false) {
                    return Err(conflict("a key that new rows refer to was deleted or changed"));
                }
            }
            Condition::Absent { columns, keys, since, .. } => {
                if table.first_referring(columns, keys, *since)?.is_some() {
                    return Err(conflict("new rows refer to a key that is to be deleted or changed"));
                }
            }
        }
        Ok(())
    }
}

/// A row that refers to a key of a [`KeySet`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Referring {
    /// The row's id.
    pub row_id: u64,
    /// The key's number.
    pub key: u32,
}

impl Table {
    /// For each row of these columns, which are those of the constraint in its order, whether a live row has that key.
    /// Columns of other types are cast; a value that does not fit is no key.
    pub fn has_keys(&self, constraint: &str, columns: &[ArrayRef]) -> Result<Vec<bool>> {
        let (number, encoder) = self.encoder(constraint)?;
        let fields = self.definition().schema.fields();
        let types = encoder.constraint().columns.iter().filter_map(|column| fields.get(*column));
        let columns = types.zip(columns).map(|(field, column)| typed(column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let found = self.find_keys(number, encoder, &columns)?;
        // A null stands for what does not fit, also where the constraint takes nulls for equal.
        let is_key = |row: usize| columns.iter().all(|column| column.is_valid(row));
        Ok(found.into_iter().enumerate().map(|(row, place)| place.is_some() && is_key(row)).collect())
    }

    /// The live rows that have one of these keys in these columns, by row id.
    pub fn referring(&self, columns: &[usize], keys: &KeySet) -> Result<Vec<Referring>> {
        let mut all = Vec::new();
        self.each_referring(columns, keys, 0, |found| {
            all.push(found);
            ControlFlow::Continue(())
        })?;
        all.sort_unstable();
        Ok(all)
    }

    /// One of them, among rows from the id `since` on.
    pub fn first_referring(&self, columns: &[usize], keys: &KeySet, since: u64) -> Result<Option<Referring>> {
        let mut first = None;
        self.each_referring(columns, keys, since, |found| {
            first = Some(found);
            ControlFlow::Break(())
        })?;
        Ok(first)
    }

    fn each_referring(
        &self,
        columns: &[usize],
        keys: &KeySet,
        since: u64,
        mut each: impl FnMut(Referring) -> ControlFlow<()>,
    ) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        // Where the columns are a key themselves, each key is looked up.
        let own = self.encoders().iter().position(|encoder| encoder.constraint().columns == columns);
        let fields = self.definition().schema.fields();
        let types = columns.iter().filter_map(|column| fields.get(*column)).map(|field| field.data_type());
        let same = types.eq(keys.columns().iter().map(|column| column.data_type()));
        if let Some(number) = own.filter(|_| same)
            && let Some(encoder) = self.encoders().get(number)
        {
            let numbers = keys.numbers();
            let places = self.find_keys(number, encoder, &keys.rows(numbers.clone())?)?;
            for (key, place) in numbers.into_iter().zip(places) {
                let Some((part, position)) = place else { continue };
                let Some(row_id) = self.parts().nth(part).map(|part| part.row_id(position)) else { continue };
                if row_id >= since && each(Referring { row_id, key }).is_break() {
                    return Ok(());
                }
            }
            return Ok(());
        }
        // Where an index begins with them, so are the rows that may have one.
        let indexed = self
            .definition()
            .indexes
            .iter()
            .any(|index| index.columns().take(columns.len()).eq(columns.iter().copied()));
        let candidates = if same && indexed { Some(self.candidates_of(columns, keys)?) } else { None };
        for (number, part) in self.parts().enumerate() {
            if part.live_rows() == 0 || part.ids().end() <= since {
                continue;
            }
            let wanted = match &candidates {
                Some(places) => {
                    let of_part = places.iter().filter(|(place, _)| *place == number);
                    let positions = of_part.map(|(_, position)| *position);
                    Some(positions.filter(|position| part.row_id(*position) >= since).collect::<Vec<u32>>())
                }
                None if part.first_row_id() < since => Some(live_since(part, since).values().to_vec()),
                None => None,
            };
            let rows = match &wanted {
                Some(positions) if positions.is_empty() => continue,
                Some(positions) => part.rows_at(columns, positions)?,
                None => part.columns(columns)?,
            };
            let mut ended = false;
            keys.each_match(rows.columns(), |row, key| {
                let position = match &wanted {
                    Some(positions) => positions.get(row as usize).copied(),
                    None => Some(row),
                };
                let Some(position) = position.filter(|position| !part.deleted().contains(*position)) else {
                    return ControlFlow::Continue(());
                };
                let flow = each(Referring { row_id: part.row_id(position), key });
                ended = flow.is_break();
                flow
            })?;
            if ended {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The live rows that may have one of these keys in these columns, by an index.
    fn candidates_of(&self, columns: &[usize], keys: &KeySet) -> Result<Vec<(usize, u32)>> {
        let schema = self.definition().schema.project(columns).map_err(failed)?;
        let fields = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
        let schema = Schema::new(fields.collect::<Vec<_>>());
        let values = RecordBatch::try_new(Arc::new(schema), keys.columns().to_vec()).map_err(failed)?;
        self.candidates(columns, &values)
    }

    /// These columns of the rows with these ids, in their order. Each row must be there.
    pub fn rows_of(&self, row_ids: &[u64], columns: &[usize]) -> Result<RecordBatch> {
        let parts: Vec<&Part> = self.parts().collect();
        let mut places = Vec::with_capacity(row_ids.len());
        for row_id in row_ids {
            let place = self.locate(*row_id).map(|(part, position)| (part, position as usize));
            places.push(place.ok_or_else(|| self.missing(*row_id))?);
        }
        // For each part the positions that are wanted of it; a row's place is its rank among them.
        let mut wanted: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (part, position) in &mut places {
            let positions = wanted.entry(*part).or_default();
            positions.push(*position as u32);
            *position = positions.len() - 1;
        }
        let used: Vec<usize> = wanted.keys().copied().collect();
        let batches = wanted.iter().filter_map(|(number, wanted)| Some((parts.get(*number)?, wanted)));
        let batches =
            batches.map(|(part, wanted)| part.rows_at(columns, wanted)).collect::<Result<Vec<_>>>()?;
        for (part, _) in &mut places {
            *part = used.binary_search(part).unwrap_or_default();
        }
        if batches.is_empty() {
            let schema = self.definition().schema.project(columns);
            return schema.map(|schema| RecordBatch::new_empty(Arc::new(schema))).map_err(failed);
        }
        interleave_record_batch(&batches.iter().collect::<Vec<_>>(), &places).map_err(failed)
    }

    /// These columns of the live rows from the id `since` on, batch by batch.
    pub fn rows_since(&self, since: u64, columns: &[usize]) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        for part in self.parts().filter(|part| part.live_rows() > 0 && part.ids().end() > since) {
            let positions = live_since(part, since);
            if !positions.is_empty() {
                batches.push(take_record_batch(&part.columns(columns)?, &positions).map_err(failed)?);
            }
        }
        Ok(batches)
    }

    /// The id that the next row gets: all that are there have lower ones.
    pub fn end(&self) -> u64 {
        self.next_row_id()
    }

    fn missing(&self, row_id: u64) -> Error {
        let detail = format!("row {row_id} was deleted or updated by another transaction");
        Error::Conflict { table: self.definition().name.clone(), detail }
    }
}

/// The positions of a part's live rows from the id `since` on.
pub(crate) fn live_since(part: &Part, since: u64) -> UInt32Array {
    let rows = u32::try_from(part.rows()).unwrap_or(u32::MAX);
    let live = (0..rows).filter(|row| !part.deleted().contains(*row));
    live.filter(|row| part.row_id(*row) >= since).collect::<Vec<u32>>().into()
}

fn failed(error: arrow::error::ArrowError) -> Error {
    Error::arrow(Path::new("rows"), error)
}
