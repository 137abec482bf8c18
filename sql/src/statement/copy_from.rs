//! `COPY t [(columns)] FROM 'file' [WITH (FORMAT parquet | csv | jsonl, ...)]`.

use std::path::{Path, PathBuf};

use datafusion::sql::sqlparser::ast::{CopyLegacyOption, CopyOption, CopySource, CopyTarget, Statement};

use super::name;
use crate::load::{CsvOptions, FileFormat, Header, Request};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The load that a COPY statement asks for.
///
/// # Errors
/// 0A000 for what COPY can and this one cannot, 42501 for a file outside of the allowed folders.
pub(crate) fn request(statement: &Statement, context: &StatementContext) -> Result<Request> {
    let Statement::Copy { source, to, target, options, legacy_options, .. } = statement else {
        return Err(Error::unsupported("COPY"));
    };
    if *to {
        return Err(Error::unsupported("COPY TO"));
    }
    let CopySource::Table { table_name, columns } = source else {
        return Err(Error::new(SqlState::SyntaxError, "COPY FROM needs a table"));
    };
    let path = match target {
        CopyTarget::File { filename } => PathBuf::from(filename),
        CopyTarget::Stdin => return Err(Error::unsupported("COPY FROM STDIN")),
        CopyTarget::Stdout => return Err(Error::new(SqlState::SyntaxError, "COPY FROM STDOUT")),
        CopyTarget::Program { .. } => return Err(Error::unsupported("COPY FROM PROGRAM")),
    };
    let path = allowed(path, context.database.options.copy_dirs.as_deref())?;
    let (mut format, mut csv, mut csv_only) = (None, CsvOptions::default(), false);
    for option in options {
        match option {
            CopyOption::Format(ident) => {
                format = Some(match name::ident(ident).as_str() {
                    "parquet" => FileFormat::Parquet,
                    "csv" => FileFormat::Csv,
                    "jsonl" | "json" | "ndjson" => FileFormat::JsonLines,
                    other @ ("text" | "binary") => {
                        return Err(Error::unsupported(format!("COPY FROM with format {other}")));
                    }
                    other => {
                        return Err(Error::new(
                            SqlState::InvalidParameterValue,
                            format!("COPY format \"{other}\" not recognized"),
                        ));
                    }
                });
            }
            CopyOption::Header(on) => {
                csv.header = if *on { Header::Skip } else { Header::None };
                csv_only = true;
            }
            CopyOption::Delimiter(character) => {
                csv.delimiter = byte("delimiter", *character)?;
                csv_only = true;
            }
            CopyOption::Quote(character) => {
                csv.quote = byte("quote", *character)?;
                csv_only = true;
            }
            CopyOption::Encoding(encoding) if encoding.eq_ignore_ascii_case("utf8") => {}
            other => return Err(Error::unsupported(format!("COPY option {other}"))),
        }
    }
    for option in legacy_options {
        match option {
            CopyLegacyOption::Csv(csv_options) if csv_options.is_empty() => format = Some(FileFormat::Csv),
            CopyLegacyOption::Header => {
                csv.header = Header::Skip;
                csv_only = true;
            }
            other => return Err(Error::unsupported(format!("COPY option {other}"))),
        }
    }
    let format = format.or_else(|| FileFormat::of_path(&path));
    if csv_only && format != Some(FileFormat::Csv) {
        return Err(Error::unsupported("HEADER, DELIMITER or QUOTE with a format other than csv"));
    }
    let columns: Vec<String> = columns.iter().map(name::ident).collect();
    let table = name::table(table_name)?;
    if let Some(stored) = context.snapshot.table(&table) {
        let schema = &stored.definition().schema;
        if let Some(unknown) = columns.iter().find(|column| schema.index_of(column).is_err()) {
            return Err(Error::undefined_column(unknown, &table));
        }
    }
    Ok(Request { table, path, format, create: false, csv, columns: (!columns.is_empty()).then_some(columns) })
}

fn byte(option: &str, character: char) -> Result<u8> {
    u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
        Error::new(
            SqlState::InvalidParameterValue,
            format!("COPY {option} must be a single one-byte character"),
        )
    })
}

/// The file, if it lies under an allowed folder; links are followed before that is looked at.
fn allowed(path: PathBuf, folders: Option<&[PathBuf]>) -> Result<PathBuf> {
    let Some(folders) = folders else { return Ok(path) };
    let refusal = || {
        Error::new(SqlState::InsufficientPrivilege, format!("COPY may not read \"{}\"", path.display()))
            .with_hint("The server reads files only under the folders that --copy-dir allows.")
    };
    // A file that is not there is told only to those who may read its folder.
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(_) => match (path.parent().map(Path::canonicalize), path.file_name()) {
            (Some(Ok(parent)), Some(file)) => parent.join(file),
            _ => return Err(refusal()),
        },
    };
    let inside =
        folders.iter().filter_map(|folder| folder.canonicalize().ok()).any(|folder| real.starts_with(folder));
    if inside { Ok(real) } else { Err(refusal()) }
}
