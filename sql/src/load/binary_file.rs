//! A file of the format binary. It names no columns: they are the table's, by position.

use muster_storage::TableDefinition;

use super::csv::loadable;
use super::decoder::Decoder;
use super::file_rows::FileRows;
use super::source::Source;
use super::{Request, open_file};
use crate::{Error, Result};

/// Opens the file of a request.
///
/// # Errors
/// 0A000 without a table; 42883 for a column of a type that has no binary form; those of [`open_file`].
pub(super) fn open(request: &Request, table: Option<&TableDefinition>) -> Result<Source> {
    let Some(table) = table else {
        return Err(Error::unsupported("a load of the format binary that makes its table"));
    };
    let file = open_file(&request.path)?;
    let columns = request.columns.clone().unwrap_or_else(|| loadable(table));
    Ok(FileRows::source(file, &request.path, Decoder::binary(&columns, table)?))
}
