//! What one commit did to the rows of one table, as bytes.
//!
//! Rows are Arrow IPC record batch messages without a schema, which is the manifest's: a single-row insert would be mostly
//! schema otherwise. Invariant: decoding gives the rows that were encoded, or an error.

use std::io::Cursor;

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::read_record_batch;
use arrow::ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions};
use roaring::RoaringTreemap;

/// Rows as they go into an entry.
#[derive(Clone, Debug)]
pub(crate) struct EncodedRows {
    message: Vec<u8>,
    body: Vec<u8>,
}

impl EncodedRows {
    pub(crate) fn new(rows: &RecordBatch) -> Result<Self, ArrowError> {
        let mut dictionaries = DictionaryTracker::new(false);
        let (_, data) = IpcDataGenerator::default().encode(
            rows,
            &mut dictionaries,
            &IpcWriteOptions::default(),
            &mut IpcWriteContext::default(),
        )?;
        Ok(Self { message: data.ipc_message, body: data.arrow_data })
    }

    /// Bytes in an entry.
    pub(crate) fn len(&self) -> usize {
        16 + self.message.len() + self.body.len()
    }
}

/// A decoded entry.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) first_row_id: u64,
    pub(crate) deleted: RoaringTreemap,
    pub(crate) rows: Vec<RecordBatch>,
}

/// Encodes an entry: rows get ids from `first_row_id` on, after `deleted` were deleted.
pub(crate) fn encode(
    first_row_id: u64,
    deleted: &RoaringTreemap,
    rows: &[&EncodedRows],
) -> std::io::Result<Vec<u8>> {
    let size = 24 + deleted.serialized_size() + rows.iter().map(|rows| rows.len()).sum::<usize>();
    let mut entry = Vec::with_capacity(size);
    let word = |entry: &mut Vec<u8>, word: usize| entry.extend_from_slice(&(word as u64).to_le_bytes());
    entry.extend_from_slice(&first_row_id.to_le_bytes());
    word(&mut entry, deleted.serialized_size());
    deleted.serialize_into(&mut entry)?;
    word(&mut entry, rows.len());
    for batch in rows {
        word(&mut entry, batch.message.len());
        word(&mut entry, batch.body.len());
        entry.extend_from_slice(&batch.message);
        entry.extend_from_slice(&batch.body);
    }
    Ok(entry)
}

/// Decodes an entry under the table's schema.
pub(crate) fn decode(bytes: &[u8], schema: &SchemaRef) -> Result<Entry, String> {
    let mut rest = bytes;
    let first_row_id = word(&mut rest)?;
    let length = word(&mut rest)?;
    let deleted = take(&mut rest, length)?;
    let deleted =
        RoaringTreemap::deserialize_from(&mut Cursor::new(deleted)).map_err(|error| error.to_string())?;
    let count = word(&mut rest)?;
    let mut rows = Vec::new();
    for _ in 0..count {
        let (message, body) = (word(&mut rest)?, word(&mut rest)?);
        let message = take(&mut rest, message)?;
        let body = take(&mut rest, body)?;
        rows.push(decode_rows(message, body, schema)?);
    }
    if !rest.is_empty() {
        return Err("there are bytes after the last rows".into());
    }
    Ok(Entry { first_row_id, deleted, rows })
}

fn decode_rows(message: &[u8], body: &[u8], schema: &SchemaRef) -> Result<RecordBatch, String> {
    let message = arrow::ipc::root_as_message(message).map_err(|error| error.to_string())?;
    let batch = message.header_as_record_batch().ok_or("the message holds no rows")?;
    // A copy into Arrow's own allocation is aligned for every type.
    let body = Buffer::from(body);
    read_record_batch(&body, batch, schema.clone(), &Default::default(), None, &message.version())
        .map_err(|error| error.to_string())
}

fn word(rest: &mut &[u8]) -> Result<u64, String> {
    let (word, after) = rest.split_first_chunk::<8>().ok_or("the entry is cut off")?;
    *rest = after;
    Ok(u64::from_le_bytes(*word))
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], String> {
    let length = usize::try_from(length).map_err(|_| "an absurd length")?;
    let (taken, after) = rest.split_at_checked(length).ok_or("the entry is cut off")?;
    *rest = after;
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;

    #[test]
    fn rows_and_deletes_come_back_and_no_cut_entry_decodes() {
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int64, false),
            Field::new("name", DataType::Utf8, true),
        ]));
        let names = StringArray::from(vec![Some("a"), None, Some("c")]);
        let rows = RecordBatch::try_new(
            schema.clone(),
            vec![Arc::new(Int64Array::from(vec![1, 2, 3])), Arc::new(names)],
        )
        .unwrap();
        let (first, second) =
            (EncodedRows::new(&rows.slice(1, 2)).unwrap(), EncodedRows::new(&rows).unwrap());
        let deleted: RoaringTreemap = [1, 5, 1 << 40].into_iter().collect();
        let bytes = encode(7, &deleted, &[&first, &second]).unwrap();
        let entry = decode(&bytes, &schema).unwrap();
        assert_eq!((entry.first_row_id, &entry.deleted), (7, &deleted));
        assert_eq!(entry.rows, vec![rows.slice(1, 2), rows]);
        for length in 0..bytes.len() {
            assert!(decode(&bytes[..length], &schema).is_err(), "{length}");
        }
    }
}
