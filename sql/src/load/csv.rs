//! A file of the formats text and csv as batches of texts; the mapping brings them to the columns' types.

use muster_storage::TableDefinition;

use super::decoder::Decoder;
use super::delimited::TextColumn;
use super::fields;
use super::file_rows::{CHUNK, FileRows, read};
use super::format::Header;
use super::records::Records;
use super::source::Source;
use super::{Request, bad_file, open_file};
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

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
    let rows = Decoder::text(request.text.clone(), columns, &request.table);
    Ok(FileRows::source(file, path, rows))
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
