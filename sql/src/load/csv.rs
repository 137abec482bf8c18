//! A CSV file as batches of texts; the mapping brings them to the columns' types.
//!
//! An empty field is NULL, quoted or not.

use std::io::{BufReader, Seek};
use std::sync::Arc;

use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema};
use muster_storage::TableDefinition;

use super::source::{BATCH_ROWS, Place, Source};
use super::{Request, bad_file, open_file};
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

/// What the first line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// A row.
    None,
    /// Skipped: columns are matched by position.
    Skip,
    /// The names of the columns.
    Names,
}

/// How a CSV file is written.
#[derive(Clone, Debug)]
pub(crate) struct CsvOptions {
    pub(crate) header: Header,
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { header: Header::None, delimiter: b',', quote: b'"' }
    }
}

/// Opens the file of a request.
///
/// # Errors
/// 22P04 for a file that cannot be read.
pub(super) fn open(request: &Request, table: Option<&TableDefinition>) -> Result<Source> {
    let options = &request.csv;
    let path = &request.path;
    let mut file = open_file(path)?;
    let names: Vec<String> = match options.header {
        Header::Names => {
            let format = Format::default()
                .with_header(true)
                .with_delimiter(options.delimiter)
                .with_quote(options.quote);
            let reader = BufReader::new(&mut file);
            let (schema, _) = format.infer_schema(reader, Some(1)).map_err(|error| bad_file(path, error))?;
            file.rewind().map_err(|error| bad_file(path, error))?;
            schema.fields().iter().map(|field| field.name().clone()).collect()
        }
        Header::None | Header::Skip => positional(request, table)?,
    };
    let mut seen = std::collections::HashSet::new();
    if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
        return Err(Error::new(
            SqlState::DuplicateColumn,
            format!("{}: column \"{twice}\" appears twice", path.display()),
        ));
    }
    let fields: Vec<Field> = names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let reader = ReaderBuilder::new(schema.clone())
        .with_header(options.header != Header::None)
        .with_delimiter(options.delimiter)
        .with_quote(options.quote)
        .with_batch_size(BATCH_ROWS)
        .build(file)
        .map_err(|error| bad_file(path, error))?;
    let owned = path.clone();
    let batches = reader.map(move |batch| batch.map_err(|error| bad_file(&owned, error)));
    let place = Place::LineFrom(if options.header == Header::None { 1 } else { 2 });
    Ok(Source { schema, total: None, batches: Box::new(batches), place, texts: true })
}

/// Without names the fields go to the listed columns, else to all that are not generated.
fn positional(request: &Request, table: Option<&TableDefinition>) -> Result<Vec<String>> {
    if let Some(columns) = &request.columns {
        return Ok(columns.clone());
    }
    let table = table.ok_or_else(|| Error::undefined_table(&request.table))?;
    Ok(table
        .schema
        .fields()
        .iter()
        .filter(|field| column::generated(field).is_none())
        .map(|field| field.name().clone())
        .collect())
}
