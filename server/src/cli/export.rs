//! `muster export`: every table as Parquet, with the SQL that makes and loads them elsewhere.
//!
//! ```text
//!  NAME.parquet   a table's rows, generated columns included
//!  schema.sql     the tables and keys, for Muster
//!  load.sql       COPY of each file, then the indexes, for Muster
//!  postgres.sql   the tables, keys and indexes, for PostgreSQL with pgvector
//!  README         how to use them
//! ```

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use futures::TryStreamExt;
use muster::{ColumnDescription, Database, Session, TableDescription};
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
    #[arg(long, value_name = "DIR", default_value = DEFAULT_DATA)]
    data: PathBuf,
    /// The folder for the files: made, or there and empty
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

const README: &str = "An export of a Muster database, as of one moment for each table.

Into Muster:            muster sql --data NEW -f schema.sql
                        muster sql --data NEW -f load.sql      (in this folder)
Into PostgreSQL:        psql -f postgres.sql DATABASE
                        (pgvector must be installed; PostgreSQL reads no Parquet by itself: load the
                        files with a tool that does, such as DuckDB or pyarrow)
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
    let file_error = |action| move |path: &Path, source| Error::File { action, path: path.into(), source };
    std::fs::create_dir_all(&args.to).map_err(|source| file_error("create")(&args.to, source))?;
    let mut there = std::fs::read_dir(&args.to).map_err(|source| file_error("read")(&args.to, source))?;
    if there.next().is_some() {
        return Err(Error::Usage { message: format!("{:?} is not empty", args.to) });
    }
    let runtime = interrupt::runtime()?;
    let database = Database::open(&args.data)?;
    let (tables, to) = (database.tables(), args.to.clone());
    let work = async move {
        let session = database.session();
        let mut rows = 0;
        for table in &tables {
            rows += rows_of(&session, table, &to).await?;
        }
        for (name, text) in [
            ("schema.sql", tables.iter().map(|table| create(table, false)).collect()),
            ("load.sql", tables.iter().map(load).collect()),
            ("postgres.sql", postgres(&tables)),
            ("README", README.to_owned()),
        ] {
            let path = to.join(name);
            std::fs::write(&path, text).map_err(|source| Error::File { action: "write", path, source })?;
        }
        Ok::<_, Error>((tables.len(), rows))
    };
    let exported = interrupt::interruptible(&runtime, work);
    runtime.shutdown_background();
    let (tables, rows) = exported??;
    say(&format!("muster: {tables} tables, {} rows, in {}", grouped(rows), args.to.display()))
}

/// Writes a table's rows; how many they are.
async fn rows_of(session: &Session, table: &TableDescription, to: &Path) -> Result<u64> {
    let path = to.join(file_name(&table.name));
    let failed = |reason: String| Error::Encode { path: path.clone(), reason };
    let columns: Vec<_> = table.columns.iter().map(selected).collect();
    let sql = format!("SELECT {} FROM {}", columns.join(", "), quoted(&table.name));
    let statements = session.parse(&sql)?;
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

/// A column as it is exported: what Parquet has no type for is text.
fn selected(column: &ColumnDescription) -> String {
    let name = quoted(&column.name);
    match column.sql_type.as_str() {
        "interval" => format!("{name}::text AS {name}"),
        _ => name,
    }
}

/// The file of a table; characters that a file's name cannot have everywhere are left out, and told by a number.
fn file_name(table: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if table.chars().all(plain) {
        return format!("{table}.parquet");
    }
    let kept: String = table.chars().filter(|c| plain(*c)).collect();
    let hash = table.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{kept}.{hash:016x}.parquet")
}

fn create(table: &TableDescription, postgres: bool) -> String {
    let mut lines: Vec<String> = table.columns.iter().map(|column| definition(column, postgres)).collect();
    for key in &table.keys {
        let kind = match (key.primary, key.nulls_distinct) {
            (true, _) => "PRIMARY KEY",
            (false, true) => "UNIQUE",
            (false, false) => "UNIQUE NULLS NOT DISTINCT",
        };
        lines.push(format!("    CONSTRAINT {} {kind} ({})", quoted(&key.name), list(&key.columns)));
    }
    // A new database has the built-in tables already.
    format!("CREATE TABLE IF NOT EXISTS {} (\n{}\n);\n\n", quoted(&table.name), lines.join(",\n"))
}

fn definition(column: &ColumnDescription, postgres: bool) -> String {
    let mut line = format!("    {} {}", quoted(&column.name), column.sql_type);
    if let Some(generated) = &column.generated {
        // PostgreSQL has none of the functions that compute embeddings: there the column takes what was exported.
        if !postgres {
            line.push_str(&format!(" GENERATED ALWAYS AS ({generated}) STORED"));
        }
    } else if let Some(default) = &column.default {
        line.push_str(&format!(" DEFAULT {default}"));
    }
    if !column.nullable {
        line.push_str(" NOT NULL");
    }
    line
}

fn load(table: &TableDescription) -> String {
    let columns: Vec<_> = table.columns.iter().filter(|column| column.generated.is_none()).collect();
    let columns: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
    let mut text = String::new();
    if table.rows > 0 && !columns.is_empty() {
        text.push_str(&format!(
            "COPY {} ({}) FROM '{}' (FORMAT parquet);\n",
            quoted(&table.name),
            list(&columns),
            file_name(&table.name)
        ));
    }
    text + &indexes(table)
}

fn indexes(table: &TableDescription) -> String {
    let index = |index: &muster::IndexDescription| {
        format!(
            "CREATE INDEX IF NOT EXISTS {} ON {} USING {};\n",
            quoted(&index.name),
            quoted(&table.name),
            index.definition
        )
    };
    table.indexes.iter().map(index).collect()
}

fn postgres(tables: &[TableDescription]) -> String {
    let mut text = "CREATE EXTENSION IF NOT EXISTS vector;\n\n".to_owned();
    tables.iter().for_each(|table| text.push_str(&create(table, true)));
    text.push_str("-- After loading:\n");
    tables.iter().for_each(|table| text.push_str(&indexes(table)));
    text
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tables_have_the_same_file() {
        assert_eq!(file_name("workers"), "workers.parquet");
        assert_ne!(file_name("a/b"), file_name("ab"));
        assert_ne!(file_name("a/b"), file_name("a b"));
        assert!(!file_name("../x").contains('/'));
    }
}
