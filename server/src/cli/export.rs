//! `muster export`: the whole database as files that another one can be made of, as of one moment.
//!
//! ```text
//!              for Muster                            for PostgreSQL
//!  schema.sql  schemas, sequences, tables, views     the same in PostgreSQL's words
//!  load.sql    COPY of each file, then the indexes   \copy of each file, then the indexes
//!  the rows    NAME.parquet                          NAME.tsv
//! ```
//!
//! What the SQL says is decided in [`muster::Export`]; here are the files.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use futures::TryStreamExt;
use muster::{Database, Dialect, ExportedTable, Session};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::error::{Error, Result};
use super::output::say;
use super::quantity::grouped;
use super::{DEFAULT_DATA, interrupt};

/// Arguments of `muster export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The database's folder
    #[arg(long, value_name = "DIR", env = "MUSTER_DATA", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// The folder for the files: made, or there and empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The database that the files are for
    #[arg(long = "for", value_enum, default_value_t = Reader::Muster)]
    reader: Reader,
    /// What vectors are in PostgreSQL: pgvector's type, or arrays of real where pgvector is not installed
    #[arg(long, value_enum, default_value_t = Vectors::Pgvector)]
    vectors: Vectors,
}

/// Who reads the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Reader {
    Muster,
    Postgres,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Vectors {
    Pgvector,
    Array,
}

const FOR_MUSTER: &str = "An export of a Muster database, for Muster, as of one moment.

In this folder:   muster sql --data NEW -f schema.sql -f load.sql
Over psql:        start the server with --copy-dir and this folder, then
                  psql -f schema.sql -f load.sql

The rows are Parquet files, which many other programs read.
";

const FOR_POSTGRES: &str = "An export of a Muster database, for PostgreSQL 15, as of one moment.

In this folder:   psql -v ON_ERROR_STOP=1 -f schema.sql -f load.sql DATABASE

What PostgreSQL lacks stands as a comment in schema.sql: views over searches, and how columns were generated whose
expressions it does not have (they are plain columns there, with the values that they had).
";

/// Writes the files and prints one line about them.
///
/// # Errors
///
/// [`Error::Usage`] when there is no database or the folder is not empty, [`Error::File`] and [`Error::Encode`] when a file
/// cannot be written, [`Error::Database`], [`Error::Interrupted`].
pub fn run(args: ExportArgs) -> Result<()> {
    if !muster::is_database(&args.data) {
        return Err(Error::Usage { message: format!("there is no database in {:?}", args.data) });
    }
    let dialect = match (args.reader, args.vectors) {
        (Reader::Muster, Vectors::Pgvector) => Dialect::Muster,
        (Reader::Muster, Vectors::Array) => {
            return Err(Error::Usage { message: "--vectors array goes with --for postgres".into() });
        }
        (Reader::Postgres, vectors) => Dialect::Postgres { pgvector: vectors == Vectors::Pgvector },
    };
    let file_error = |action| move |path: &Path, source| Error::File { action, path: path.into(), source };
    std::fs::create_dir_all(&args.to).map_err(|source| file_error("create")(&args.to, source))?;
    let mut there = std::fs::read_dir(&args.to).map_err(|source| file_error("read")(&args.to, source))?;
    if there.next().is_some() {
        return Err(Error::Usage { message: format!("{:?} is not empty", args.to) });
    }
    let runtime = interrupt::runtime()?;
    let database = Database::open(&args.data)?;
    let to = args.to.clone();
    let exported = interrupt::interruptible(&runtime, async move { write(&database, dialect, &to).await });
    runtime.shutdown_background();
    let (tables, rows) = exported??;
    say(&format!("muster: {tables} tables, {} rows, in {}", grouped(rows), args.to.display()))
}

/// Writes all files; how many tables and rows they hold. One transaction reads all of it, so it is of one moment.
async fn write(database: &Database, dialect: Dialect, to: &Path) -> Result<(usize, u64)> {
    let session = database.session();
    let transaction = session.transaction().await?;
    let session = transaction.session();
    let export = session.export(dialect)?;
    let mut files = Files::default();
    let (mut load, mut rows) = (String::new(), 0);
    for table in &export.tables {
        if table.rows == 0 {
            continue;
        }
        if dialect == Dialect::Muster {
            let name = files.name(table, "parquet");
            rows += parquet(session, table, to.join(&name)).await?;
            load.push_str(&format!("COPY {} FROM '{name}' (FORMAT parquet);\n", table.target));
        } else {
            let name = files.name(table, "tsv");
            rows += text(session, table, to.join(&name)).await?;
            load.push_str(&format!("\\copy {} FROM '{name}'\n", table.target));
        }
    }
    load.push_str(&export.finish);
    let readme = if dialect == Dialect::Muster { FOR_MUSTER } else { FOR_POSTGRES };
    for (name, text) in [("schema.sql", export.schema.as_str()), ("load.sql", &load), ("README", readme)] {
        let path = to.join(name);
        let written = File::create(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
        written.map_err(|source| Error::File { action: "write", path, source })?;
    }
    Ok((export.tables.len(), rows))
}

/// Writes a table's rows as Parquet; how many they are.
async fn parquet(session: &Session, table: &ExportedTable, path: PathBuf) -> Result<u64> {
    let failed = |reason: String| Error::Encode { path: path.clone(), reason };
    let statements = session.parse(&table.query)?;
    let Some(statement) = statements.first() else { return Err(failed("there is nothing to run".into())) };
    let prepared = session.prepare(statement, &[]).await?;
    let Some(rows) = session.run(&prepared, &[]).await?.rows else {
        return Err(failed("a query without rows".into()));
    };
    let file =
        File::create(&path).map_err(|source| Error::File { action: "create", path: path.clone(), source })?;
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = ArrowWriter::try_new(&file, rows.schema.clone(), Some(properties))
        .map_err(|error| failed(error.to_string()))?;
    let mut count = 0;
    let mut batches = rows.batches;
    while let Some(batch) = batches.try_next().await? {
        count += batch.num_rows() as u64;
        writer.write(&batch).map_err(|error| failed(error.to_string()))?;
    }
    writer.close().map_err(|error| failed(error.to_string()))?;
    file.sync_all().map_err(|source| Error::File { action: "sync", path, source })?;
    Ok(count)
}

/// Writes a table's rows in COPY's text format; how many they are.
async fn text(session: &Session, table: &ExportedTable, path: PathBuf) -> Result<u64> {
    let failed = |action| {
        let path = path.clone();
        move |source| Error::File { action, path, source }
    };
    let mut copy = session.copy_out(&format!("COPY ({}) TO STDOUT", table.query)).await?;
    let mut file = std::io::BufWriter::new(File::create(&path).map_err(failed("create"))?);
    let mut count = 0;
    while let Some(chunk) = copy.chunks.try_next().await? {
        count += chunk.rows;
        file.write_all(&chunk.bytes).map_err(failed("write"))?;
    }
    let file = file.into_inner().map_err(|error| failed("write")(error.into_error()))?;
    file.sync_all().map_err(failed("sync"))?;
    Ok(count)
}

/// The names of the files: no two alike, whatever the tables are called and however the system compares names.
#[derive(Default)]
struct Files {
    taken: HashSet<String>,
}

impl Files {
    fn name(&mut self, table: &ExportedTable, extension: &str) -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '_' };
        let whole = match table.schema.as_str() {
            "public" => table.name.clone(),
            schema => format!("{schema}.{}", table.name),
        };
        let stem: String = whole.chars().map(plain).collect();
        let stem = stem.trim_start_matches('.');
        let mut number = 1;
        loop {
            let name = match number {
                1 => format!("{stem}.{extension}"),
                number => format!("{stem}~{number}.{extension}"),
            };
            if self.taken.insert(name.to_ascii_lowercase()) {
                return name;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tables_have_the_same_file() {
        let mut files = Files::default();
        let mut name = |schema: &str, name: &str| {
            let (schema, name) = (schema.to_owned(), name.to_owned());
            let table = ExportedTable { schema, name, rows: 1, query: String::new(), target: String::new() };
            files.name(&table, "parquet")
        };
        assert_eq!(name("public", "workers"), "workers.parquet");
        assert_eq!(name("app", "workers"), "app.workers.parquet");
        assert_eq!(name("public", "app.workers"), "app.workers~2.parquet");
        assert_eq!(name("public", "Workers"), "Workers~2.parquet");
        assert_eq!(name("public", "../x"), "_x.parquet");
        assert_eq!(name("public", "a b"), "a_b.parquet");
        assert_eq!(name("public", "a/b"), "a_b~2.parquet");
    }
}
