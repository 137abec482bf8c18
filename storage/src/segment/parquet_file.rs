//! The Parquet file of a segment: its scalar columns.
//!
//! It is an ordinary Parquet file that other tools can read. Its checksums are in the manifest, because Parquet's own
//! are optional and cover pages only. Invariant: what is read has exactly the types of the schema it was written under.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, FixedSizeBinaryBuilder, IntervalMonthDayNanoArray,
    RecordBatch, RecordBatchOptions,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{
    DataType, Field, FieldRef, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, Schema,
    SchemaRef,
};
use bytes::Bytes;
use parking_lot::Mutex;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter, ProjectionMask};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::segment::file_writer::{FileWriter, Finished};
use crate::{Error, Result};

/// Rows of one row group: what the writer holds in memory at most.
const ROW_GROUP: usize = 128 * 1024;

/// Bytes of an interval as stored: months, days and nanoseconds, little-endian.
const INTERVAL: i32 = 16;

const MONTH_DAY_NANO: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

/// The schema as it stands in the file: metadata is the manifest's, and an interval is sixteen bytes.
pub(crate) fn stored_schema(fields: &[&Field]) -> SchemaRef {
    let stored = fields.iter().map(|field| {
        let data_type = match field.data_type() {
            &MONTH_DAY_NANO => DataType::FixedSizeBinary(INTERVAL),
            other => other.clone(),
        };
        Field::new(field.name(), data_type, field.is_nullable())
    });
    Arc::new(Schema::new(stored.collect::<Vec<_>>()))
}

/// Whether Parquet takes columns of these types.
pub(crate) fn supports(fields: &[&Field]) -> Result<(), ParquetError> {
    ArrowSchemaConverter::new().convert(&stored_schema(fields)).map(drop)
}

/// The scalar columns of a segment being written.
#[derive(Debug)]
pub(crate) struct ParquetWriter {
    writer: ArrowWriter<Shared>,
    file: Shared,
    schema: SchemaRef,
}

/// The file, held by the Parquet writer and by us, who want its own error and its checksums.
#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Option<FileWriter>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.lock().as_mut() {
            Some(file) => file.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    // The file is flushed when it is finished; Parquet flushes at every row group.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ParquetWriter {
    pub(crate) fn create(file: FileWriter, fields: &[&Field]) -> Result<Self> {
        let path = file.path();
        let schema = stored_schema(fields);
        let file = Shared(Arc::new(Mutex::new(Some(file))));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .build();
        let writer = ArrowWriter::try_new(file.clone(), schema.clone(), Some(properties))
            .map_err(|error| Error::parquet(&path, error))?;
        Ok(Self { writer, file, schema })
    }

    /// Appends rows: the scalar columns only, in order.
    pub(crate) fn append(&mut self, columns: Vec<ArrayRef>, rows: usize) -> Result<()> {
        let columns = columns.iter().map(to_stored).collect::<std::result::Result<_, _>>();
        let columns = columns.map_err(|error| self.file.arrow(error))?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(self.schema.clone(), columns, &options);
        let batch = batch.map_err(|error| self.file.arrow(error))?;
        self.writer.write(&batch).map_err(|error| self.file.parquet(error))
    }

    pub(crate) fn finish(self) -> Result<Finished> {
        let Self { writer, file, .. } = self;
        writer.into_inner().map_err(|error| file.parquet(error))?;
        let Some(whole) = file.0.lock().take() else {
            return Err(Error::ReadOnly { reason: "a segment file was finished twice".into() });
        };
        whole.finish()
    }
}

impl Shared {
    /// The backend's own error when there is one: Parquet passes it on as text only.
    fn parquet(&self, error: ParquetError) -> Error {
        match self.0.lock().as_ref() {
            Some(file) => file.met_failure().unwrap_or_else(|| Error::parquet(&file.path(), error)),
            None => Error::parquet(Path::new(""), error),
        }
    }

    fn arrow(&self, error: arrow::error::ArrowError) -> Error {
        let path = self.0.lock().as_ref().map(FileWriter::path).unwrap_or_default();
        Error::arrow(&path, error)
    }
}

/// A Parquet file whose bytes have been checked.
#[derive(Clone, Debug)]
pub(crate) struct ParquetFile {
    bytes: Bytes,
    metadata: ArrowReaderMetadata,
}

impl ParquetFile {
    pub(crate) fn open(path: &Path, bytes: Bytes) -> Result<Self> {
        let metadata = ArrowReaderMetadata::load(&bytes, ArrowReaderOptions::new());
        Ok(Self { metadata: metadata.map_err(|error| Error::parquet(path, error))?, bytes })
    }

    /// Decodes columns. `wanted` gives their positions among the scalar columns, ascending, and their fields.
    pub(crate) fn read(&self, path: &Path, wanted: &[(usize, &Field)], rows: usize) -> Result<Vec<ArrayRef>> {
        let failed = |error| Error::parquet(path, error);
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.metadata.clone());
        let mask =
            ProjectionMask::roots(builder.parquet_schema(), wanted.iter().map(|(position, _)| *position));
        let reader = builder.with_projection(mask).with_batch_size(rows.max(1)).build().map_err(failed)?;
        let schema = arrow::array::RecordBatchReader::schema(&reader);
        let mut batches = Vec::new();
        for batch in reader {
            batches.push(batch.map_err(|error| Error::arrow(path, error))?);
        }
        let batch = match batches.as_slice() {
            [batch] => batch.clone(),
            batches => concat_batches(&schema, batches).map_err(|error| Error::arrow(path, error))?,
        };
        if batch.num_columns() != wanted.len() || batch.num_rows() != rows {
            let detail = format!("{} rows where the manifest has {rows}", batch.num_rows());
            return Err(Error::corrupt(path, 0, detail));
        }
        drop(batches);
        // What is read here stays in memory, and a decoder's buffers may be twice as long as what is in them.
        let (_, columns, _) = batch.into_parts();
        let columns = columns.into_iter().zip(wanted).map(|(column, (_, field))| {
            let mut column = from_stored(path, &column, field)
                .map(|stored| if Arc::ptr_eq(&stored, &column) { column } else { stored })?;
            column.shrink_to_fit();
            Ok(column)
        });
        columns.collect()
    }
}

impl ParquetFile {
    /// Starts to decode all columns in blocks of at most `rows` rows; `fields` are those of the file.
    pub(crate) fn blocks(&self, path: &Path, fields: Vec<FieldRef>, rows: usize) -> Result<Blocks> {
        let builder =
            ParquetRecordBatchReaderBuilder::new_with_metadata(self.bytes.clone(), self.metadata.clone());
        let reader = builder.with_batch_size(rows).build().map_err(|error| Error::parquet(path, error))?;
        Ok(Blocks { reader, path: path.into(), fields })
    }
}

/// A file being decoded from front to back.
pub(crate) struct Blocks {
    reader: ParquetRecordBatchReader,
    path: PathBuf,
    fields: Vec<FieldRef>,
}

impl std::fmt::Debug for Blocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blocks").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Blocks {
    /// The columns of the next rows; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<ArrayRef>>> {
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let batch = batch.map_err(|error| Error::arrow(&self.path, error))?;
        if batch.num_columns() != self.fields.len() {
            return Err(Error::corrupt(&self.path, 0, "the file has other columns than were written"));
        }
        let columns = batch.columns().iter().zip(&self.fields);
        columns.map(|(column, field)| from_stored(&self.path, column, field)).collect::<Result<_>>().map(Some)
    }
}

fn to_stored(column: &ArrayRef) -> std::result::Result<ArrayRef, arrow::error::ArrowError> {
    let Some(intervals) = column.as_primitive_opt::<IntervalMonthDayNanoType>() else {
        return Ok(column.clone());
    };
    let mut builder = FixedSizeBinaryBuilder::with_capacity(intervals.len(), INTERVAL);
    for interval in intervals {
        let Some(interval) = interval else {
            builder.append_null();
            continue;
        };
        let mut bytes = [0_u8; INTERVAL as usize];
        bytes[..4].copy_from_slice(&interval.months.to_le_bytes());
        bytes[4..8].copy_from_slice(&interval.days.to_le_bytes());
        bytes[8..].copy_from_slice(&interval.nanoseconds.to_le_bytes());
        builder.append_value(bytes)?;
    }
    Ok(Arc::new(builder.finish()))
}

fn from_stored(path: &Path, column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if field.data_type() == &MONTH_DAY_NANO
        && let Some(stored) = column.as_any().downcast_ref::<FixedSizeBinaryArray>()
    {
        let decode = |bytes: Option<&[u8]>| bytes.and_then(interval);
        return Ok(Arc::new(stored.iter().map(decode).collect::<IntervalMonthDayNanoArray>()));
    }
    if column.data_type() == field.data_type() {
        return Ok(column.clone());
    }
    // The names of list items are not kept by Parquet in all cases; the values are the same.
    if column.data_type().equals_datatype(field.data_type()) {
        return arrow::compute::cast(column, field.data_type()).map_err(|error| Error::arrow(path, error));
    }
    let detail = format!(
        "column \"{}\" is {} where {} was written",
        field.name(),
        column.data_type(),
        field.data_type()
    );
    Err(Error::corrupt(path, 0, detail))
}

fn interval(bytes: &[u8]) -> Option<IntervalMonthDayNano> {
    let (months, rest) = bytes.split_first_chunk::<4>()?;
    let (days, rest) = rest.split_first_chunk::<4>()?;
    let nanoseconds = rest.first_chunk::<8>()?;
    Some(IntervalMonthDayNano::new(
        i32::from_le_bytes(*months),
        i32::from_le_bytes(*days),
        i64::from_le_bytes(*nanoseconds),
    ))
}
