//! Runs one case file on one engine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqllogictest::{AsyncDB, MakeConnection, QueryExpect, Record, RecordOutput, Runner, StatementExpect};
use tokio::sync::Mutex;

use crate::column::ColumnType;
use crate::engine::{Embedded, Extended, SharedHost, Simple};
use crate::error::{Error, Result};
use crate::host::{Host, Place};
use crate::strict;

/// The variable that holds the folder of fixture files.
const FIXTURES: &str = "__FIXTURES__";

/// Which engine runs a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// A session in this process.
    Embedded,
    /// The simple protocol.
    Simple,
    /// The extended protocol.
    Extended,
}

impl EngineKind {
    /// All engines; every file runs on each.
    pub const ALL: [EngineKind; 3] = [EngineKind::Embedded, EngineKind::Simple, EngineKind::Extended];

    /// The name in trial names and in `onlyif`.
    pub fn name(self) -> &'static str {
        match self {
            EngineKind::Embedded => "embedded",
            EngineKind::Simple => "simple",
            EngineKind::Extended => "extended",
        }
    }
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The folder of the cases.
pub fn cases_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// Every case file, sorted by path.
pub fn case_files() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![cases_dir()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error: std::io::Error| Error::runner(format!("{}: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "slt") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Runs the records of `path` in order, on a database of their own. The error names file and line.
pub async fn run_file(path: &Path, engine: EngineKind) -> std::result::Result<(), String> {
    let records = sqllogictest::parse_file::<ColumnType>(path).map_err(|error| error.to_string())?;
    let complaints = strict::complaints(&records);
    if !complaints.is_empty() {
        return Err(complaints.join("\n"));
    }
    let persisted = path.strip_prefix(cases_dir()).is_ok_and(|inside| inside.starts_with("storage"));
    let place = if persisted {
        Place::Folder(tempfile::tempdir().map_err(|error| error.to_string())?)
    } else {
        Place::Memory
    };
    let host = Host::start(place, engine != EngineKind::Embedded).await.map_err(|error| error.to_string())?;
    let host: SharedHost = Arc::new(Mutex::new(host));
    let on = || Arc::clone(&host);
    let outcome = match engine {
        EngineKind::Embedded => drive(Runner::new(|| Embedded::connect(on())), records).await,
        EngineKind::Simple => drive(Runner::new(|| Simple::connect(on())), records).await,
        EngineKind::Extended => drive(Runner::new(|| Extended::connect(on())), records).await,
    };
    let stopped = host.lock().await.stop().await.map_err(|error| error.to_string());
    outcome.and(stopped)
}

async fn drive<D, M>(
    mut runner: Runner<D, M>,
    records: Vec<Record<ColumnType>>,
) -> std::result::Result<(), String>
where
    D: AsyncDB<ColumnType = ColumnType>,
    M: MakeConnection<Conn = D>,
{
    runner.with_column_validator(sqllogictest::strict_column_validator);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    runner.set_var(FIXTURES.to_owned(), fixtures.display().to_string());
    // A failure does not end the file: one run shows all that is wrong.
    let mut failures = Vec::new();
    for record in records {
        failures.extend(step(&mut runner, record).await.err());
    }
    runner.shutdown_async().await;
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// Runs one record. Where sqllogictest tolerates rows from a statement, or none from a query, a case
/// here must say which it is.
async fn step<D, M>(runner: &mut Runner<D, M>, record: Record<ColumnType>) -> std::result::Result<(), String>
where
    D: AsyncDB<ColumnType = ColumnType>,
    M: MakeConnection<Conn = D>,
{
    let output = runner.run_async(record.clone()).await.map_err(|error| error.to_string())?;
    match (record, output) {
        (
            Record::Query { loc, expected: QueryExpect::Results { .. }, .. },
            RecordOutput::Statement { .. },
        ) => Err(format!("the query gave no rows, not even none: write it as a statement\nat {loc}")),
        (
            Record::Statement { loc, expected: StatementExpect::Ok | StatementExpect::Count(_), .. },
            RecordOutput::Query { .. },
        ) => Err(format!("the statement gave rows: write it as a query\nat {loc}")),
        _ => Ok(()),
    }
}
