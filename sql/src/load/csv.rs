//! A file of the formats text and csv as batches of texts; the mapping brings them to the columns' types.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use muster_storage::TableDefinition;

use super::delimited::{Delimited, TextColumn};
use super::fields;
use super::format::Header;
use super::records::Records;
use super::source::{Rows, Source};
use super::{Request, bad_file, open_file};
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

/// Bytes read at once.
const CHUNK: usize = 256 * 1024;

/// Opens the file of a request.
///
/// # Errors
/// 22P04 for a file that cannot be read.
pub(super) fn open(request: &Request, table: Option<&TableDefinition>) -> Result<Source> {
    let path = &request.path;
    let file = open_file(path)?;
    let columns = match (request.text.header, &request.columns) {
        (Header::Names, _) => named(request)?,
        (_, Some(columns)) => columns.clone(),
        (_, None) => loadable(table.ok_or_else(|| Error::undefined_table(&request.table))?),
    };
    let rows = Delimited::new(request.text.clone(), columns, &request.table);
    let schema = rows.schema();
    let chunk = vec![0; CHUNK];
    let batches = FileRows { file, path: path.clone(), rows, chunk, last: false };
    Ok(Source { schema, total: None, batches: Box::new(batches), texts: true })
}

/// All columns that a value may be given for.
pub(crate) fn loadable(table: &TableDefinition) -> Vec<TextColumn> {
    let fields = table.schema.fields().iter().filter(|field| column::generated(field).is_none());
    fields.map(|field| TextColumn::new(field.name())).collect()
}

/// The columns that the first line names.
fn named(request: &Request) -> Result<Vec<TextColumn>> {
    let path = &request.path;
    let mut records = Records::new(request.text.clone());
    let mut file = open_file(path)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = read(&mut file, &mut chunk, path)?;
        records.feed(chunk.get(..length).unwrap_or_default());
        let format = records.format().clone();
        if let Some((record, _)) = records.next(length == 0)? {
            // A mark of byte order, as spreadsheets write it, is no part of a name.
            let record = record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(record);
            let record = std::str::from_utf8(record).map_err(|error| bad_file(path, error))?;
            let mut names: Vec<TextColumn> = Vec::new();
            for field in fields::fields(record, &format)? {
                if names.iter().any(|known| known.name == field.text) {
                    let message = format!("{}: column \"{}\" appears twice", path.display(), field.text);
                    return Err(Error::new(SqlState::DuplicateColumn, message));
                }
                names.push(TextColumn::new(field.text));
            }
            return Ok(names);
        }
        if length == 0 {
            return Err(bad_file(path, "it has no line that names its columns"));
        }
    }
}

fn read(file: &mut File, chunk: &mut [u8], path: &Path) -> Result<usize> {
    loop {
        match file.read(chunk) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result.map_err(|error| bad_file(path, error)),
        }
    }
}

struct FileRows {
    file: File,
    path: PathBuf,
    rows: Delimited,
    chunk: Vec<u8>,
    last: bool,
}

impl Iterator for FileRows {
    type Item = Result<Rows>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Whole batches, unless the file ends.
            if self.last || self.rows.waiting() >= CHUNK {
                match self.rows.next(self.last) {
                    Ok(None) if self.last => return None,
                    Ok(None) => {}
                    other => return other.transpose(),
                }
            }
            match read(&mut self.file, &mut self.chunk, &self.path) {
                Ok(length) => {
                    self.last |= length == 0;
                    self.rows.feed(self.chunk.get(..length).unwrap_or_default());
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
