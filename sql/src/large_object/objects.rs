//! Large objects as a snapshot has them: their bytes, and the changes that make others of them.
//!
//! It asks nobody's rights and knows no transaction. Invariant: whatever writes an object also writes the object's own row, if
//! it does so for the first time in a transaction, so that two transactions that write one object conflict.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Int32Type, Int64Type};
use muster_storage::{Changes, Part, Snapshot, Table};
use roaring::RoaringTreemap;

use super::pages::{KEY, MOST, OBJECTS, PAGE, PAGES, object_key, object_row, page_rows};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Pages that are looked up at a time.
const STEP: usize = 1024;

/// The most bytes of one value, as in PostgreSQL: a gigabyte less its header.
const MOST_READ: u64 = (1 << 30) - 5;

/// See the module.
pub(crate) struct Objects<'a> {
    objects: &'a Arc<Table>,
    pages: &'a Arc<Table>,
}

/// An object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) oid: u32,
    /// The number of the role that it belongs to.
    pub(crate) owner: u64,
    /// Its bytes.
    pub(crate) size: u64,
    /// The row id of its row.
    row: u64,
}

/// A page, and the row id of its row.
struct Page {
    data: Vec<u8>,
    row: u64,
}

impl<'a> Objects<'a> {
    /// Bytes of a page.
    pub(crate) const PAGE_BYTES: u32 = PAGE as u32;

    /// # Errors
    /// XX000 where the tables are not there: they are made when a database is opened.
    pub(crate) fn of(snapshot: &'a Snapshot) -> Result<Self> {
        let table =
            |name| snapshot.table(name).ok_or_else(|| Error::internal("large objects have no tables here"));
        Ok(Self { objects: table(OBJECTS)?, pages: table(PAGES)? })
    }

    /// The object of that id.
    pub(crate) fn find(&self, oid: u32) -> Result<Option<Entry>> {
        let Some((number, position)) = self.objects.find(KEY, &object_key(oid)?)? else { return Ok(None) };
        let part = part(self.objects, number)?;
        let rows = part.rows_at(&[0, 1, 2], &[position])?;
        Ok(entries(part, &rows, [position].into_iter())?.pop())
    }

    /// The object of that id.
    ///
    /// # Errors
    /// 42704 where there is none.
    pub(crate) fn entry(&self, oid: u32) -> Result<Entry> {
        self.find(oid)?.ok_or_else(|| unknown(oid))
    }

    /// All of them, in the order of their ids.
    pub(crate) fn all(&self) -> Result<Vec<Entry>> {
        let mut all = Vec::new();
        for part in self.objects.parts() {
            let rows = part.columns(&[0, 1, 2])?;
            let positions = 0..u32::try_from(part.rows()).unwrap_or(u32::MAX);
            let found = entries(part, &rows, positions.clone())?.into_iter().zip(positions);
            all.extend(found.filter(|(_, at)| !part.deleted().contains(*at)).map(|(entry, _)| entry));
        }
        all.sort_unstable_by_key(|entry| entry.oid);
        Ok(all)
    }

    /// The pages of an object that are there, in their order; `each` is called for every one.
    pub(crate) fn each_page(
        &self,
        entry: &Entry,
        mut each: impl FnMut(i32, &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut numbers = self.numbers(entry, 0)?;
        numbers.sort_unstable();
        for step in numbers.chunks(STEP) {
            let wanted = step.iter().map(|(number, _)| *number).collect();
            for (number, page) in self.look_up(entry.oid, wanted)? {
                each(number, &page.data)?;
            }
        }
        Ok(())
    }

    /// Whether an object is longer than its pages say: by zeros.
    pub(crate) fn ends_in_zeros(&self, entry: &Entry) -> Result<bool> {
        let Some(last) = entry.size.checked_sub(1) else { return Ok(false) };
        let page = self.look_up(entry.oid, vec![page_of(last)])?.into_values().next();
        let end = page.map(|page| start_of(page_of(last)).saturating_add(page.data.len() as u64));
        Ok(end.is_none_or(|end| end < entry.size))
    }

    /// At most so many bytes of an object from an offset on: fewer at its end.
    ///
    /// # Errors
    /// 54000 for more than a value can have.
    pub(crate) fn read(&self, entry: &Entry, from: u64, most: u64) -> Result<Vec<u8>> {
        let end = from.saturating_add(most).min(entry.size);
        if end <= from {
            return Ok(Vec::new());
        }
        if end - from > MOST_READ {
            return Err(Error::new(SqlState::ProgramLimitExceeded, "large object read request is too large"));
        }
        let length = usize::try_from(end - from).map_err(|_| Error::internal("a read too large"))?;
        let mut bytes = vec![0; length];
        self.each_within(entry.oid, page_of(from)..=page_of(end - 1), |number, page| {
            copy(&page.data, start_of(number), &mut bytes, from);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Makes an empty object.
    ///
    /// # Errors
    /// 23505 where there is one of that id.
    pub(crate) fn create(&self, oid: u32, owner: u64) -> Result<Changes> {
        if self.find(oid)?.is_some() {
            let constraint = "pg_largeobject_metadata_oid_index";
            let message = format!("duplicate key value violates unique constraint \"{constraint}\"");
            return Err(Error::new(SqlState::UniqueViolation, message)
                .with_detail(format!("Key (oid)=({oid}) already exists."))
                .with_constraint("pg_largeobject_metadata", constraint));
        }
        Ok(Changes::new().put(OBJECTS, object_row(oid, owner, 0)?))
    }

    /// Writes bytes at an offset, which may be behind the end. `began` has the object as the transaction has found it.
    pub(crate) fn write(&self, entry: &Entry, at: u64, bytes: &[u8], began: &Objects<'_>) -> Result<Changes> {
        let end = at.saturating_add(bytes.len() as u64);
        if bytes.is_empty() {
            return Ok(Changes::new());
        }
        if end > MOST {
            return Err(invalid(format!("invalid large object write request size: {}", bytes.len())));
        }
        let within = page_of(at)..=page_of(end - 1);
        let mut before = BTreeMap::new();
        let mut replaced = RoaringTreemap::new();
        self.each_within(entry.oid, within.clone(), |number, page| {
            replaced.insert(page.row);
            before.insert(number, page.data);
            Ok(())
        })?;
        let (mut numbers, mut pages) = (Vec::new(), Vec::new());
        for number in within {
            let start = start_of(number);
            let mut page = before.remove(&number).unwrap_or_default();
            let length = end.min(start + PAGE) - start;
            let length = usize::try_from(length).map_err(|_| Error::internal("a page too large"))?;
            if page.len() < length {
                page.resize(length, 0);
            }
            copy(bytes, at, &mut page, start);
            numbers.push(number);
            pages.push(page);
        }
        let changes = self.noted(Changes::new(), entry, entry.size.max(end), began)?;
        let changes = if replaced.is_empty() { changes } else { changes.delete(PAGES, replaced) };
        Ok(changes.put(PAGES, page_rows(entry.oid, numbers, &pages)?))
    }

    /// Makes an object this long: shorter, or longer by zeros.
    pub(crate) fn truncate(&self, entry: &Entry, size: u64, began: &Objects<'_>) -> Result<Changes> {
        let mut changes = self.noted(Changes::new(), entry, size, began)?;
        if size >= entry.size {
            return Ok(changes);
        }
        let kept = size % PAGE;
        let first = i32::try_from(size / PAGE).unwrap_or(i32::MAX);
        let gone: RoaringTreemap = self.numbers(entry, first)?.into_iter().map(|(_, row)| row).collect();
        if gone.is_empty() {
            return Ok(changes);
        }
        changes = changes.delete(PAGES, gone);
        if kept > 0
            && let Some((number, mut page)) = self.look_up(entry.oid, vec![first])?.into_iter().next()
        {
            page.data.truncate(usize::try_from(kept).unwrap_or(usize::MAX));
            changes = changes.put(PAGES, page_rows(entry.oid, vec![number], &[page.data])?);
        }
        Ok(changes)
    }

    /// Removes an object.
    pub(crate) fn unlink(&self, entry: &Entry) -> Result<Changes> {
        let changes = Changes::new().delete(OBJECTS, [entry.row].into_iter().collect());
        let pages: RoaringTreemap = self.numbers(entry, 0)?.into_iter().map(|(_, row)| row).collect();
        Ok(if pages.is_empty() { changes } else { changes.delete(PAGES, pages) })
    }

    /// Gives an object to another role.
    pub(crate) fn give(&self, entry: &Entry, owner: u64) -> Result<Changes> {
        let changes = Changes::new().delete(OBJECTS, [entry.row].into_iter().collect());
        Ok(changes.put(OBJECTS, object_row(entry.oid, owner, entry.size)?))
    }

    /// Adds that an object is so long, where it was not, or where the transaction has not written it yet.
    fn noted(&self, changes: Changes, entry: &Entry, size: u64, began: &Objects<'_>) -> Result<Changes> {
        let is_own = began.find(entry.oid)?.is_none_or(|found| found.row != entry.row);
        if is_own && size == entry.size {
            return Ok(changes);
        }
        let changes = changes.delete(OBJECTS, [entry.row].into_iter().collect());
        Ok(changes.put(OBJECTS, object_row(entry.oid, entry.owner, size)?))
    }

    /// The numbers of an object's pages from one on, with their rows; in no order.
    fn numbers(&self, entry: &Entry, first: i32) -> Result<Vec<(i32, u64)>> {
        let mut by_part: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (number, position) in self.pages.candidates(&[0], &object_key(entry.oid)?)? {
            by_part.entry(number).or_default().push(position);
        }
        let mut found = Vec::new();
        for (number, positions) in by_part {
            let part = part(self.pages, number)?;
            let rows = part.rows_at(&[0, 1], &positions)?;
            let (oids, numbers) = (numbers_of(&rows, 0)?, pagenos(&rows, 1)?);
            for ((oid, page), position) in oids.iter().zip(numbers.iter()).zip(positions) {
                // Others have the same hash.
                if oid == Some(i64::from(entry.oid))
                    && let Some(page) = page.filter(|page| *page >= first)
                {
                    found.push((page, part.row_id(position)));
                }
            }
        }
        Ok(found)
    }

    /// Calls `each` for the pages of a range that are there, in no order.
    fn each_within(
        &self,
        oid: u32,
        range: RangeInclusive<i32>,
        mut each: impl FnMut(i32, Page) -> Result<()>,
    ) -> Result<()> {
        let mut wanted = range.peekable();
        while wanted.peek().is_some() {
            let step: Vec<i32> = wanted.by_ref().take(STEP).collect();
            for (number, page) in self.look_up(oid, step)? {
                each(number, page)?;
            }
        }
        Ok(())
    }

    /// The pages of these numbers that are there.
    fn look_up(&self, oid: u32, numbers: Vec<i32>) -> Result<BTreeMap<i32, Page>> {
        let empty = vec![Vec::new(); numbers.len()];
        let places = self.pages.find_each(KEY, &page_rows(oid, numbers, &empty)?)?;
        let mut by_part: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (number, position) in places.into_iter().flatten() {
            by_part.entry(number).or_default().push(position);
        }
        let mut found = BTreeMap::new();
        for (number, positions) in by_part {
            let part = part(self.pages, number)?;
            let rows = part.rows_at(&[1, 2], &positions)?;
            let numbers = pagenos(&rows, 0)?;
            let data = rows.columns().get(1).and_then(|column| column.as_binary_opt::<i32>());
            let data = data.ok_or_else(damaged)?;
            for ((number, data), position) in numbers.iter().zip(data.iter()).zip(positions) {
                if let (Some(number), Some(data)) = (number, data) {
                    found.insert(number, Page { data: data.to_vec(), row: part.row_id(position) });
                }
            }
        }
        Ok(found)
    }
}

/// The page that a byte is in. No object has more than a number of pages counts.
fn page_of(at: u64) -> i32 {
    i32::try_from(at / PAGE).unwrap_or(i32::MAX)
}

/// The first byte of a page.
fn start_of(number: i32) -> u64 {
    u64::try_from(number).unwrap_or_default() * PAGE
}

/// Copies what both have of an object's bytes; each begins at a place in the object.
fn copy(from: &[u8], from_start: u64, to: &mut [u8], to_start: u64) {
    let skip = |ahead: u64| usize::try_from(ahead).unwrap_or(usize::MAX);
    let from = from.get(skip(to_start.saturating_sub(from_start))..).unwrap_or_default();
    let to = to.get_mut(skip(from_start.saturating_sub(to_start))..).unwrap_or_default();
    for (byte, source) in to.iter_mut().zip(from) {
        *byte = *source;
    }
}

fn part(table: &Table, number: usize) -> Result<&Part> {
    table.parts().nth(number).ok_or_else(damaged)
}

fn entries(part: &Part, rows: &RecordBatch, positions: impl Iterator<Item = u32>) -> Result<Vec<Entry>> {
    let (oids, owners, sizes) = (numbers_of(rows, 0)?, numbers_of(rows, 1)?, numbers_of(rows, 2)?);
    let values = oids.values().iter().zip(owners.values()).zip(sizes.values()).zip(positions);
    let entry = |(((oid, owner), size), position): (((&i64, &i64), &i64), u32)| {
        Ok(Entry {
            oid: u32::try_from(*oid).map_err(|_| damaged())?,
            owner: owner.cast_unsigned(),
            size: u64::try_from(*size).map_err(|_| damaged())?,
            row: part.row_id(position),
        })
    };
    values.map(entry).collect()
}

fn numbers_of(rows: &RecordBatch, column: usize) -> Result<&arrow::array::Int64Array> {
    rows.columns().get(column).and_then(|it| it.as_primitive_opt::<Int64Type>()).ok_or_else(damaged)
}

fn pagenos(rows: &RecordBatch, column: usize) -> Result<&arrow::array::Int32Array> {
    rows.columns().get(column).and_then(|it| it.as_primitive_opt::<Int32Type>()).ok_or_else(damaged)
}

fn damaged() -> Error {
    Error::new(SqlState::DataCorrupted, "the tables of large objects are damaged")
}

/// The error for an object that is not there.
pub(super) fn unknown(oid: impl std::fmt::Display) -> Error {
    Error::new(SqlState::UndefinedObject, format!("large object {oid} does not exist"))
}

/// The error for a number that is none of those that it may be.
pub(super) fn invalid(message: String) -> Error {
    Error::new(SqlState::InvalidParameterValue, message)
}
