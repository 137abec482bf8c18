//! A segment's scalar columns once more, row after row, for readers who want single rows of a segment whose columns do not stay
//! in the cache. Decoding a column for the sake of a row would cost thousands of times as much.
//!
//! It is no part of the database: the file is gone with the last reader, or with the next open. Invariant: a row is given out only
//! after its checksum was checked.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::FieldRef;
use arrow::row::{RowConverter, SortField};

use crate::checksum::checksum;
use crate::segment::folder::{Folder, OwnedFile};
use crate::segment::parquet_file::Blocks;
use crate::{BackendFile, Error, Result};

/// Rows that are decoded and written at a time.
pub(crate) const STEP: usize = 4096;

/// Bytes of a row's entry in the table at the end of the file: where the row begins, how long it is, and its checksum.
const ENTRY: usize = 16;

/// See the module.
#[derive(Debug)]
pub(crate) struct RowFile {
    owned: Arc<OwnedFile>,
    file: Arc<dyn BackendFile>,
    converter: RowConverter,
    /// Where the entries begin.
    table: u64,
    rows: usize,
}

impl RowFile {
    /// Whether there can be one of columns of these types.
    pub(crate) fn supports(fields: &[FieldRef]) -> bool {
        !fields.is_empty() && RowConverter::supports_fields(&sort_fields(fields))
    }

    /// Writes the rows of `blocks`, whose columns are these.
    pub(crate) fn write(
        folder: &Folder,
        name: &str,
        fields: &[FieldRef],
        mut blocks: Blocks,
    ) -> Result<Self> {
        let (owned, file) = folder.create(name)?;
        let arrow = |error| Error::arrow(owned.path(), error);
        let write = |bytes: &[u8], at: u64| {
            file.write_at(bytes, at).map_err(|error| Error::io(owned.path(), "write", error))
        };
        let converter = RowConverter::new(sort_fields(fields)).map_err(arrow)?;
        let (mut at, mut rows) = (0_u64, 0_usize);
        let (mut table, mut bytes) = (Vec::new(), Vec::new());
        while let Some(columns) = blocks.next()? {
            let block = converter.convert_columns(&columns).map_err(arrow)?;
            bytes.clear();
            for row in &block {
                let row = row.data();
                let length = u32::try_from(row.len()).map_err(|_| {
                    Error::corrupt(owned.path(), at, "a row has more than 4,294,967,295 bytes")
                })?;
                table.extend((at + bytes.len() as u64).to_le_bytes());
                table.extend(length.to_le_bytes());
                table.extend(sum(row).to_le_bytes());
                bytes.extend_from_slice(row);
            }
            write(&bytes, at)?;
            at += bytes.len() as u64;
            rows += block.num_rows();
        }
        write(&table, at)?;
        Ok(Self { file, converter, table: at, rows, owned })
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// The columns of the rows at some positions, in this order.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the file is not what was written; the rows are still in the segment.
    pub(crate) fn read(&self, positions: &[u32]) -> Result<Vec<ArrayRef>> {
        let read = |at: u64, bytes: &mut [u8]| {
            self.file.read_at(bytes, at).map_err(|error| Error::io(self.owned.path(), "read", error))
        };
        let parser = self.converter.parser();
        let mut found = Vec::with_capacity(positions.len());
        for &position in positions {
            let place = self.table + u64::from(position) * ENTRY as u64;
            let damaged = || Error::corrupt(self.owned.path(), place, "a row is not what was written");
            if position as usize >= self.rows {
                return Err(damaged());
            }
            let mut entry = [0; ENTRY];
            read(place, &mut entry)?;
            let (start, rest) = entry.split_first_chunk::<8>().ok_or_else(damaged)?;
            let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
            let stored = rest.first_chunk::<4>().map(|sum| u32::from_le_bytes(*sum));
            let (start, length) = (u64::from_le_bytes(*start), u32::from_le_bytes(*length));
            if start.saturating_add(u64::from(length)) > self.table {
                return Err(damaged());
            }
            let mut row = vec![0; length as usize];
            read(start, &mut row)?;
            if stored != Some(sum(&row)) {
                return Err(damaged());
            }
            found.push(row);
        }
        let rows = found.iter().map(|row| parser.parse(row));
        self.converter.convert_rows(rows).map_err(|error| Error::arrow(self.owned.path(), error))
    }
}

fn sort_fields(fields: &[FieldRef]) -> Vec<SortField> {
    fields.iter().map(|field| SortField::new(field.data_type().clone())).collect()
}

/// Half of a checksum: a row is short.
fn sum(row: &[u8]) -> u32 {
    (checksum(row) >> 32) as u32
}
