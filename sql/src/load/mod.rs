//! Loading a file into a table: read, computed, written straight into segments, indexed.
//!
//! All of the file or nothing: the rows appear with one commit at the end.
//!
//! - [`source`]: a file as batches of rows, by format.
//! - [`format`], [`records`], [`fields`], [`delimited`]: the formats text and csv, which also come over
//!   a connection.
//! - [`tuples`], [`values`]: the format binary, which does so, too.
//! - [`decoder`]: whichever of these; [`file_rows`]: what it finds in a file.
//! - [`infer`]: the table that a file's columns make, when there is none.
//! - [`mapping`]: the file's columns as the table's.
//! - [`loader`]: batches into the table.
//! - [`copy_in`]: rows that come over a connection.
//! - [`run`]: the load of a file.

mod binary_file;
mod copy_in;
mod csv;
mod decoder;
mod delimited;
mod fields;
mod file_rows;
mod format;
mod infer;
mod jsonl;
mod loader;
mod mapping;
mod parquet_file;
mod records;
mod run;
mod source;
mod tuples;
mod values;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use copy_in::CopyIn;
pub(crate) use csv::loadable;
pub(crate) use delimited::TextColumn;
pub(crate) use fields::bad_encoding;
pub(crate) use format::{Header, TextFormat};
pub(crate) use infer::stored_column;
pub(crate) use mapping::Naming;
pub(crate) use run::{run, table_of};
pub(crate) use tuples::SIGNATURE;

use crate::sqlstate::SqlState;
use crate::write::WriteWay;
use crate::{Error, Result};

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Apache Parquet; columns are matched by name.
    Parquet,
    /// PostgreSQL's text format: tabs between fields, backslashes before what is special.
    Text,
    /// Comma-separated values.
    Csv,
    /// PostgreSQL's binary format; columns are matched by position.
    Binary,
    /// One JSON object a line; columns are matched by name.
    JsonLines,
}

impl FileFormat {
    /// By the file's extension: `.parquet`, `.csv`, `.jsonl`, `.ndjson`.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

impl std::fmt::Display for FileFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Parquet => "parquet",
            Self::Text => "text",
            Self::Csv => "csv",
            Self::Binary => "binary",
            Self::JsonLines => "jsonl",
        })
    }
}

/// A load, as a program asks for it.
#[derive(Clone, Debug)]
pub struct LoadRequest {
    /// The table.
    pub table: String,
    /// The file. A text or CSV file has a header line that names its columns.
    pub path: PathBuf,
    /// The format; by the file's extension when it is not given.
    pub format: Option<FileFormat>,
    /// Whether the table is made from the file's columns when it is not there.
    pub create: bool,
}

/// What a load did.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// Rows loaded.
    pub rows: u64,
    /// Whether the table was made.
    pub created: bool,
    /// Time spent reading the file.
    pub read: Duration,
    /// Time spent computing generated columns, embeddings among them, and writing.
    pub embed: Duration,
    /// Time spent building indexes.
    pub index: Duration,
    /// From start to end.
    pub total: Duration,
}

/// A load, as it runs.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) table: String,
    pub(crate) path: PathBuf,
    pub(crate) format: Option<FileFormat>,
    pub(crate) create: bool,
    pub(crate) text: TextFormat,
    /// The columns that the file's go to, by position (text, csv, binary) or the only ones that are loaded.
    pub(crate) columns: Option<Vec<TextColumn>>,
    pub(crate) naming: Naming,
    pub(crate) way: WriteWay,
}

impl Request {
    pub(crate) fn of(request: &LoadRequest) -> Self {
        let text =
            if request.format == Some(FileFormat::Text) { TextFormat::text() } else { TextFormat::csv() };
        Self {
            table: request.table.clone(),
            path: request.path.clone(),
            format: request.format,
            create: request.create,
            text: TextFormat { header: Header::Names, ..text },
            columns: None,
            naming: Naming::File(request.path.clone()),
            way: WriteWay::Bulk,
        }
    }

    fn format(&self) -> Result<FileFormat> {
        self.format.or_else(|| FileFormat::of_path(&self.path)).ok_or_else(|| {
            Error::unsupported(format!("the format of {}", self.path.display()))
                .with_hint("Files are read as .parquet, .csv and .jsonl.")
        })
    }
}

/// The error for a file that cannot be read as its format.
pub(crate) fn bad_file(path: &Path, detail: impl std::fmt::Display) -> Error {
    Error::new(SqlState::BadCopyFileFormat, format!("{} cannot be read: {detail}", path.display()))
}

/// Opens a file for reading.
///
/// # Errors
/// 58P01 where there is none, 42501 where it may not be read, 58030 for the rest.
pub(crate) fn open_file(path: &Path) -> Result<std::fs::File> {
    let state = |error: &std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => SqlState::UndefinedFile,
        std::io::ErrorKind::PermissionDenied => SqlState::InsufficientPrivilege,
        _ => SqlState::IoError,
    };
    let fail = |error: std::io::Error| {
        Error::new(state(&error), format!("could not open file \"{}\" for reading: {error}", path.display()))
    };
    let file = std::fs::File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.is_dir() {
        return Err(Error::new(SqlState::WrongObjectType, format!("\"{}\" is a directory", path.display())));
    }
    Ok(file)
}
