//! `muster load`: a Parquet, CSV or JSONL file into a table of the database, made on demand.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use muster::{Database, FileFormat, LoadReport, LoadRequest};
use tokio::runtime::Runtime;

use super::error::{Error, Result};
use super::open::DataArg;
use super::output::say;
use super::progress::Display;
use super::quantity::{bytes, grouped, peak_memory, per_second, seconds};
use super::{interrupt, remote, served};

/// Arguments of `muster load`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// The file; .parquet, .csv or .jsonl say how it is read
    file: PathBuf,
    /// The table that takes the rows; made from the file's columns when it is not there
    #[arg(long)]
    table: String,
    /// How the file is read, whatever its name
    #[arg(long, value_enum)]
    format: Option<FormatArg>,
    #[command(flatten)]
    data: DataArg,
}

/// A file format as an argument.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum FormatArg {
    Parquet,
    Csv,
    Jsonl,
}

/// Loads the file and prints one line about it.
///
/// # Errors
///
/// [`Error::File`] when the file cannot be read, [`Error::Database`] when a row or the schema is
/// refused (nothing is loaded then), [`Error::Remote`] when the server that has the database open
/// refuses, [`Error::Interrupted`].
pub fn run(args: LoadArgs) -> Result<()> {
    // Before a database folder is made for a mistyped name.
    std::fs::File::open(&args.file).map_err(|source| Error::File {
        action: "read",
        path: args.file.clone(),
        source,
    })?;
    let format = args.format.map(|format| match format {
        FormatArg::Parquet => FileFormat::Parquet,
        FormatArg::Csv => FileFormat::Csv,
        FormatArg::Jsonl => FileFormat::JsonLines,
    });
    let database = match args.data.open() {
        Err(Error::Database { source: locked }) if locked.sqlstate() == "55006" => {
            return through_server(&args, format, locked);
        }
        opened => opened?.0,
    };
    let runtime = interrupt::runtime()?;
    let request = LoadRequest { table: args.table.clone(), path: args.file, format, create: true };
    let loaded = load(&runtime, &database, request);
    if loaded.is_err() {
        // A load that was left behind must not be waited for.
        runtime.shutdown_background();
    }
    say(&format!("muster: {}", summary(&args.table, &loaded?, peak_memory())))
}

/// The same by the server that has the database open. It has the table already.
fn through_server(args: &LoadArgs, format: Option<FileFormat>, locked: muster::Error) -> Result<()> {
    let data = args.data.folder(&args.data.file()?)?;
    let Some(address) = served::address(&data) else { return Err(locked.into()) };
    let options = match format.or_else(|| FileFormat::of_path(&args.file)) {
        // The file's columns are the table's, or the server says which are not.
        Some(FileFormat::Csv) => "FORMAT csv, HEADER match".to_owned(),
        Some(format) => format!("FORMAT {format}"),
        None => {
            let message = format!("what format {} has is not known: use --format", args.file.display());
            return Err(Error::Usage { message });
        }
    };
    let (table, file) = (remote::identifier(&args.table), remote::literal(&remote::path(&args.file)?));
    let started = Instant::now();
    let answer = remote::run(address, &format!("COPY {table} FROM {file} ({options})"))?;
    for notice in answer.notices {
        say(&format!("muster: {notice}"))?;
    }
    let rows = answer.rows;
    let took = seconds(started.elapsed());
    say(&format!("muster: {rows} rows into {} in {took}, by the server on {address}", args.table))
}

/// Loads with progress on standard error, until done or interrupted.
fn load(runtime: &Runtime, database: &Database, request: LoadRequest) -> Result<LoadReport> {
    let session = database.session();
    let display = Arc::new(Display::on_stderr());
    session.set_progress(display.clone());
    let loaded = interrupt::interruptible(runtime, async move { session.load(&request).await });
    display.clear();
    Ok(loaded??)
}

/// `100,000 rows into workers in 62.1 s (1,610 rows/s): read 0.4 s, embed ...; peak memory 812 MiB`.
pub(crate) fn summary(table: &str, report: &LoadReport, peak: Option<u64>) -> String {
    let mut text = format!(
        "{} rows into {table}{} in {} ({} rows/s): read {}, embed {}, index {}",
        grouped(report.rows),
        if report.created { " (new)" } else { "" },
        seconds(report.total),
        grouped(per_second(report.rows, report.total)),
        seconds(report.read),
        seconds(report.embed),
        seconds(report.index),
    );
    if let Some(peak) = peak {
        // Writing to a String cannot fail.
        let _ok = write!(text, "; peak memory {}", bytes(peak));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_summary_has_rows_rate_phases_and_memory() {
        let report = LoadReport {
            rows: 100_000,
            created: false,
            read: Duration::from_millis(400),
            embed: Duration::from_millis(1_500),
            index: Duration::from_secs(60),
            total: Duration::from_millis(62_100),
        };
        assert_eq!(
            summary("workers", &report, Some(812 << 20)),
            "100,000 rows into workers in 62.1 s (1,610 rows/s): read 400 ms, embed 1.5 s, index 60.0 s; \
             peak memory 812 MiB"
        );
        assert!(summary("t", &LoadReport { created: true, ..report }, None).ends_with("index 60.0 s"));
    }
}
