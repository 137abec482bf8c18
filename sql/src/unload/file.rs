//! A result as a file. It is written beside and named when it is whole: a COPY that fails leaves what was
//! there before.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::array::timezone::Tz;
use arrow::datatypes::SchemaRef;
use bytes::BytesMut;
use futures::StreamExt;
use parquet::arrow::ArrowWriter;

use super::encoder::Encoder;
use super::{audit_log, jsonl};
use crate::load::FileFormat;
use crate::outcome::Rows;
use crate::session::blocking;
use crate::sqlstate::SqlState;
use crate::statement::copy_options::CopyOptions;
use crate::{Error, Result};

/// Writes rows to a file, replacing what is there; says how many.
///
/// # Errors
/// 58P01 where the folder is not there, 42501 where it may not be written, 53100 for a full disk, 58030 for the rest;
/// what the rows give.
pub(crate) async fn write_file(path: PathBuf, options: CopyOptions, zone: Tz, rows: Rows) -> Result<u64> {
    let Rows { schema, mut batches } = rows;
    let mut file = blocking(move || Output::create(path, &options, schema, zone)).await?;
    let mut count = 0;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        count += batch.num_rows() as u64;
        file = blocking(move || {
            file.write(&batch)?;
            Ok(file)
        })
        .await?;
    }
    blocking(move || file.finish()).await?;
    Ok(count)
}

/// A file that is removed unless it gets its name.
struct Draft {
    beside: PathBuf,
    path: PathBuf,
    named: bool,
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.named {
            // There is nobody to tell; a leftover harms nothing.
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}

enum Format {
    /// text, csv, binary
    Encoded(Box<Encoder>, BufWriter<File>),
    Jsonl(BufWriter<File>),
    Lines(BufWriter<File>),
    Parquet(Box<ArrowWriter<File>>),
}

struct Output {
    format: Format,
    zone: Tz,
    draft: Draft,
}

impl Output {
    fn create(path: PathBuf, options: &CopyOptions, schema: SchemaRef, zone: Tz) -> Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        if path.is_dir() {
            return Err(Error::new(
                SqlState::WrongObjectType,
                format!("\"{}\" is a directory", path.display()),
            ));
        }
        let mut name = path.file_name().unwrap_or_default().to_os_string();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        name.push(format!(".{}-{number}.part", std::process::id()));
        let beside = path.with_file_name(name);
        let file = File::create_new(&beside).map_err(|error| failed(&path, &error))?;
        let draft = Draft { beside, path, named: false };
        let format = match options.format {
            FileFormat::Text | FileFormat::Csv | FileFormat::Binary => {
                let encoder = Encoder::of(options, &schema, zone)?;
                let mut file = BufWriter::new(file);
                if let Some(header) = encoder.header(&schema) {
                    file.write_all(&header.bytes).map_err(|error| failed(&draft.path, &error))?;
                }
                Format::Encoded(Box::new(encoder), file)
            }
            FileFormat::JsonLines if options.lines => Format::Lines(BufWriter::new(file)),
            FileFormat::JsonLines => Format::Jsonl(BufWriter::new(file)),
            FileFormat::Parquet => {
                let writer = ArrowWriter::try_new(file, schema, None);
                Format::Parquet(Box::new(writer.map_err(|error| parquet_failed(&draft.path, error))?))
            }
        };
        Ok(Self { format, zone, draft })
    }

    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let path = &self.draft.path;
        match &mut self.format {
            Format::Encoded(encoder, file) => {
                let mut row = 0;
                while row < batch.num_rows() {
                    let (chunk, next) = encoder.rows(batch, row)?;
                    file.write_all(&chunk.bytes).map_err(|error| failed(path, &error))?;
                    row = next;
                }
                Ok(())
            }
            Format::Jsonl(file) => {
                let mut out = BytesMut::new();
                jsonl::rows(batch, self.zone, &mut out)?;
                file.write_all(&out).map_err(|error| failed(path, &error))
            }
            Format::Lines(file) => {
                let mut out = BytesMut::new();
                audit_log::lines(batch, self.zone, &mut out)?;
                file.write_all(&out).map_err(|error| failed(path, &error))
            }
            Format::Parquet(writer) => writer.write(batch).map_err(|error| parquet_failed(path, error)),
        }
    }

    fn finish(self) -> Result<()> {
        let Self { format, mut draft, .. } = self;
        match format {
            Format::Encoded(mut encoder, mut file) => {
                let written = encoder.end().map_or(Ok(()), |chunk| file.write_all(&chunk.bytes));
                written.and_then(|()| file.flush()).map_err(|error| failed(&draft.path, &error))?;
            }
            Format::Jsonl(mut file) | Format::Lines(mut file) => {
                file.flush().map_err(|error| failed(&draft.path, &error))?;
            }
            Format::Parquet(writer) => {
                writer.close().map_err(|error| parquet_failed(&draft.path, error))?;
            }
        }
        std::fs::rename(&draft.beside, &draft.path).map_err(|error| failed(&draft.path, &error))?;
        draft.named = true;
        Ok(())
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    let state = match error.kind() {
        std::io::ErrorKind::NotFound => SqlState::UndefinedFile,
        std::io::ErrorKind::PermissionDenied => SqlState::InsufficientPrivilege,
        std::io::ErrorKind::StorageFull => SqlState::DiskFull,
        _ => SqlState::IoError,
    };
    Error::new(state, format!("could not write file \"{}\": {error}", path.display()))
}

fn parquet_failed(path: &Path, error: parquet::errors::ParquetError) -> Error {
    use parquet::errors::ParquetError;
    match &error {
        ParquetError::NYI(what) => Error::unsupported(format!("COPY to Parquet of this type ({what})")),
        ParquetError::External(inner) => match inner.downcast_ref::<std::io::Error>() {
            Some(error) => failed(path, error),
            None => {
                Error::new(SqlState::IoError, format!("could not write file \"{}\": {error}", path.display()))
            }
        },
        _ => Error::new(SqlState::IoError, format!("could not write file \"{}\": {error}", path.display())),
    }
}
