//! `muster generate`: a reproducible data set into a Parquet, CSV or JSONL file.
//!
//! What the rows are is [`crate::generate`]'s business. Invariant: the file appears under its name
//! only when it is complete; until then it is `NAME.partial` beside it.

mod format;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow::error::ArrowError;
use clap::{Args, Subcommand};
use format::Format;

use super::error::{Error, Result};
use super::output::say;
use super::progress;
use super::quantity::{bytes, grouped, seconds};
use crate::generate::workers;

/// Arguments of `muster generate`.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A workforce for the table `workers`
    Workers(WorkersArgs),
}

#[derive(Debug, Args)]
struct WorkersArgs {
    /// How many workers
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// The same seed gives the same workers, everywhere
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// The file; .parquet, .csv or .jsonl say how it is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Writes the file and prints one line about it.
///
/// # Errors
///
/// [`Error::Usage`] for a file name of no known kind, [`Error::File`] or [`Error::Encode`] when it
/// cannot be written.
pub fn run(args: GenerateArgs) -> Result<()> {
    let What::Workers(args) = args.what;
    let start = Instant::now();
    write_workers(args.rows, args.seed, &args.out)?;
    let size = std::fs::metadata(&args.out).map_or(0, |file| file.len());
    say(&format!(
        "muster: {} workers of seed {} into {} ({}) in {}",
        grouped(args.rows),
        args.seed,
        args.out.display(),
        bytes(size),
        seconds(start.elapsed())
    ))
}

/// Writes `rows` workers into `out`, in the format of its extension, with a bar.
pub(crate) fn write_workers(rows: u64, seed: u64, out: &Path) -> Result<()> {
    let format = Format::of(out)?;
    let mut name = out.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| Error::File { action, path, source }
    };

    let file = File::create(&partial).map_err(failed("create", &partial))?;
    let bar = progress::bar("generating", rows);
    let batches = workers(rows, seed).inspect(|batch| bar.inc(batch.num_rows() as u64));
    let written = format.write(BufWriter::new(file), batches).and_then(|writer| {
        let file = writer.into_inner().map_err(|error| ArrowError::from(error.into_error()))?;
        file.sync_all()?;
        Ok(())
    });
    bar.finish();
    if let Err(error) = written {
        // The half-written file helps nobody; that it could not be written is what must be told.
        let _left = std::fs::remove_file(&partial);
        return Err(Error::Encode { path: out.to_owned(), reason: error.to_string() });
    }
    std::fs::rename(&partial, out).map_err(failed("create", out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(rows: u64, name: &str) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        write_workers(rows, 42, &path).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the partial file is gone");
        std::fs::read(path).unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_in_each_format() {
        for name in ["w.parquet", "w.csv", "w.jsonl"] {
            assert_eq!(file(9_000, name), file(9_000, name), "{name}");
        }
    }

    #[test]
    fn csv_has_a_header_even_without_rows() {
        let text = String::from_utf8(file(0, "w.csv")).unwrap();
        assert!(text.starts_with("worker_id,name,role,"), "{text}");
        assert_eq!(text.lines().count(), 1);
        assert_eq!(String::from_utf8(file(20, "w.csv")).unwrap().lines().count(), 21);
    }

    #[test]
    fn csv_lists_are_array_literals() {
        let text = String::from_utf8(file(1, "w.csv")).unwrap();
        assert!(text.contains(r#""{receiving,""pallet jack"",""inventory counting""}""#), "{text}");
    }

    #[test]
    fn json_lines_are_objects_with_arrays_and_exact_pay() {
        let bytes = file(3, "w.jsonl");
        let rows: Vec<serde_json::Value> = serde_json::Deserializer::from_slice(&bytes)
            .into_iter()
            .collect::<std::result::Result<_, _>>()
            .unwrap();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[0]["worker_id"], "w-000001");
        assert!(rows[0]["skills"].is_array());
        assert!(String::from_utf8(bytes).unwrap().contains(r#""hourly_rate":19.80"#));
    }

    #[test]
    fn parquet_reads_back_as_it_was_drawn() {
        let bytes = bytes::Bytes::from(file(9_000, "w.parquet"));
        let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReader::try_new(bytes, 8_192).unwrap();
        let read: Vec<_> = reader.map(|batch| batch.unwrap()).collect();
        assert_eq!(read, workers(9_000, 42).collect::<Vec<_>>());
    }

    #[test]
    fn an_unknown_extension_is_wrong_usage() {
        let error = write_workers(1, 42, Path::new("workers.xlsx")).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(".parquet, .csv or .jsonl"), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let error = write_workers(1, 42, Path::new("/nowhere/at/all/w.csv")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/at/all/w.csv"), "{error}");
    }
}
