//! The file formats that rows are written in, each by Arrow's own writer.
//!
//! Invariant: the bytes depend on the rows alone, not on the clock or on a library's version string.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::cli::array_literal::array_literal;
use crate::cli::error::{Error, Result};
use crate::generate::workers_schema;

/// Rows a Parquet row group: the writer holds one in memory, some 20 MB of workers. A multiple of
/// [`BATCH_ROWS`](crate::generate::BATCH_ROWS), so that no batch is cut.
const ROW_GROUP_ROWS: usize = 65_536;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Parquet,
    Csv,
    JsonLines,
}

impl Format {
    /// The format that the file's extension names.
    pub(crate) fn of(path: &Path) -> Result<Format> {
        let extension = path.extension().and_then(|text| text.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "parquet" => Ok(Format::Parquet),
            "csv" => Ok(Format::Csv),
            "jsonl" | "ndjson" => Ok(Format::JsonLines),
            _ => Err(Error::Usage {
                message: format!("{path:?} must end in .parquet, .csv or .jsonl to say how it is written"),
            }),
        }
    }

    /// Writes every batch and gives the file back, flushed of the encoder's own buffers.
    pub(crate) fn write<W: Write + Send>(
        self,
        out: W,
        batches: impl Iterator<Item = RecordBatch>,
    ) -> std::result::Result<W, ArrowError> {
        match self {
            Format::Parquet => {
                let properties = WriterProperties::builder()
                    .set_compression(Compression::ZSTD(ZstdLevel::default()))
                    .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
                    .set_created_by("muster generate".to_owned())
                    .build();
                let mut writer = ArrowWriter::try_new(out, workers_schema(), Some(properties))?;
                for batch in batches {
                    writer.write(&batch)?;
                }
                Ok(writer.into_inner()?)
            }
            Format::Csv => {
                let mut writer = arrow::csv::Writer::new(out);
                // The header comes with the first batch, so a file without rows needs one too.
                writer.write(&lists_as_text(&RecordBatch::new_empty(workers_schema()))?)?;
                for batch in batches {
                    writer.write(&lists_as_text(&batch)?)?;
                }
                Ok(writer.into_inner())
            }
            Format::JsonLines => {
                let mut writer = arrow::json::LineDelimitedWriter::new(out);
                for batch in batches {
                    writer.write(&batch)?;
                }
                writer.finish()?;
                Ok(writer.into_inner())
            }
        }
    }
}

/// The batch with each list of texts as PostgreSQL's array literal, for CSV has no lists.
fn lists_as_text(batch: &RecordBatch) -> std::result::Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let Some(lists) = column.as_list_opt::<i32>() else {
            fields.push(field.as_ref().clone());
            columns.push(Arc::clone(column));
            continue;
        };
        let mut texts = StringBuilder::new();
        for list in lists.iter() {
            let literal = list.map(|list| array_literal(list.as_string::<i32>().iter()));
            texts.append_option(literal);
        }
        fields.push(Field::new(field.name(), DataType::Utf8, field.is_nullable()));
        columns.push(Arc::new(texts.finish()));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}
