//! The tables that hold large objects: one row an object, one row a page of 2 KiB.
//!
//! A page that is not there is zeros, and so is what is missing at a page's end. Invariant: a page's object is there, and no
//! page begins behind its object's end.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int32Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use muster_storage::{Changes, KeyConstraint, Store};

use crate::Result;

/// Bytes of a page, as in PostgreSQL.
pub(super) const PAGE: u64 = 2048;

/// The most bytes of an object, as in PostgreSQL.
pub(super) const MOST: u64 = i32::MAX as u64 * PAGE;

/// The objects: who owns each, how long it is. The name begins with what keeps a table out of lists.
pub(super) const OBJECTS: &str = "\u{1f}large_objects";
/// Their pages.
pub(super) const PAGES: &str = "\u{1f}large_object_pages";

/// The key of both.
pub(super) const KEY: &str = "key";

fn objects_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("loid", DataType::Int64, false),
        Field::new("owner", DataType::Int64, false),
        Field::new("size", DataType::Int64, false),
    ]))
}

fn pages_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("loid", DataType::Int64, false),
        Field::new("pageno", DataType::Int32, false),
        Field::new("data", DataType::Binary, false),
    ]))
}

/// The tables, as storage knows them.
pub(crate) fn table_names() -> [&'static str; 2] {
    [OBJECTS, PAGES]
}

/// Makes the tables in a database that has none: a new one, or one from before there were large objects.
///
/// # Errors
/// What storage gives.
pub(crate) fn make_tables(store: &Store) -> Result<()> {
    let snapshot = store.snapshot();
    let mut changes = Changes::new();
    for (name, schema, columns) in [(OBJECTS, objects_schema(), vec![0]), (PAGES, pages_schema(), vec![0, 1])]
    {
        if snapshot.table(name).is_none() {
            let key = KeyConstraint { name: KEY.to_string(), columns, primary: true, nulls_distinct: true };
            changes = changes.create_table(name, schema, vec![key], Default::default());
        }
    }
    if !changes.is_empty() {
        store.commit(changes)?;
    }
    Ok(())
}

/// A row of [`OBJECTS`].
pub(super) fn object_row(oid: u32, owner: u64, size: u64) -> Result<RecordBatch> {
    let number = |value: i64| Arc::new(Int64Array::from(vec![value])) as ArrayRef;
    // An object is no longer than an i64 counts.
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let columns = vec![number(i64::from(oid)), number(owner.cast_signed()), number(size)];
    Ok(RecordBatch::try_new(objects_schema(), columns)?)
}

/// Rows of [`PAGES`].
pub(super) fn page_rows(oid: u32, numbers: Vec<i32>, pages: &[Vec<u8>]) -> Result<RecordBatch> {
    let oids = Int64Array::from(vec![i64::from(oid); numbers.len()]);
    let data: BinaryArray = pages.iter().map(|page| Some(page.as_slice())).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(oids), Arc::new(Int32Array::from(numbers)), Arc::new(data)];
    Ok(RecordBatch::try_new(pages_schema(), columns)?)
}

/// The key of an object.
pub(super) fn object_key(oid: u32) -> Result<RecordBatch> {
    let schema = Arc::new(Schema::new(vec![Field::new("loid", DataType::Int64, false)]));
    Ok(RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(vec![i64::from(oid)]))])?)
}
