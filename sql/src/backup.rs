//! Backups, and checks of a database: storage's, with what only this layer knows of indexes.

use std::path::Path;
use std::sync::Arc;

use muster_engine::Graph;
use muster_storage::{Backend, DiskBackend, Store};
pub use muster_storage::{CopyProgress, CopyReport, Finding, Severity};

use crate::sqlstate::SqlState;
use crate::{Database, Error, Options, Result, index};

impl Database {
    /// Makes the folder `to` a backup of the database as it is at one commit, while statements go on.
    ///
    /// The folder is made, or is a backup already, of which what has not changed is taken over. On one file system
    /// files are shared by hard links. `progress` is told how far it is; when it says no, the work ends and the folder
    /// is the backup that it was. Blocks until all is durable.
    ///
    /// # Errors
    /// 55000 for a folder that is something else, XX001 when rows are damaged, 57014 when `progress` says no, 0A000 for
    /// a database in memory.
    pub fn backup(&self, to: &Path, progress: &dyn Fn(CopyProgress) -> bool) -> Result<CopyReport> {
        let Some(path) = self.path() else {
            return Err(Error::unsupported("a backup of a database in memory"));
        };
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |error| Error::new(SqlState::IoError, format!("could not find {path}: {error}"))
        };
        // By their real places, so that a folder inside of the database is known for what it is.
        std::fs::create_dir_all(to).map_err(failed(to))?;
        let (to, dir) = (to.canonicalize().map_err(failed(to))?, path.canonicalize().map_err(failed(path))?);
        if to.starts_with(&dir) || dir.starts_with(&to) {
            return Err(Error::new(
                SqlState::ObjectNotInPrerequisiteState,
                "a backup cannot be in the folder of its database, nor the other way round",
            ));
        }
        Ok(self.shared().store.backup(&to, progress)?)
    }
}

/// Restores the backup in `from` into `to`, which is made, or is there and empty. Every file is checked on the way.
///
/// # Errors
/// 55000 when `from` is no backup or `to` is not empty, XX001 when rows are damaged, 57014 when `progress` says no.
pub fn restore(from: &Path, to: &Path, progress: &dyn Fn(CopyProgress) -> bool) -> Result<CopyReport> {
    let backend: Arc<dyn Backend> = Arc::new(DiskBackend);
    Ok(muster_storage::restore(&backend, from, to, progress)?)
}

/// Checks the database in a folder whole: the journal, every byte of every file, every row and key, every index against its
/// table. Nothing is mended. `progress` gets the files done and all files.
///
/// # Errors
/// 55006 when the folder is open elsewhere, 58P01 when there is no database in it. Damage is a finding, not an error.
pub fn check(dir: &Path, progress: &dyn Fn(u64, u64) -> bool) -> Result<Vec<Finding>> {
    if !is_database(dir) {
        let message = format!("there is no database in {}", dir.display());
        return Err(Error::new(SqlState::UndefinedFile, message));
    }
    let store = match Store::open_with(dir, crate::database::storage_options(&Options::default())) {
        Ok(store) => store,
        Err(error @ muster_storage::Error::Corrupt { .. }) => {
            return Ok(vec![Finding::of(&error, dir, Severity::Damage)]);
        }
        Err(error) => return Err(error.into()),
    };
    let mut findings = store.check(progress)?;
    check_indexes(&store, &mut findings);
    Ok(findings)
}

/// Whether a folder has a database in it, sound or not.
#[must_use]
pub fn is_database(dir: &Path) -> bool {
    dir.join("journal.redb").exists() || dir.join("segments").exists()
}

/// Every graph against its table: as many rows, the metric that the index is for. A file with wrong bytes was found before.
fn check_indexes(store: &Store, findings: &mut Vec<Finding>) {
    let snapshot = store.snapshot();
    for table in snapshot.tables() {
        for definition in index::vector_indexes(table.definition()) {
            for part in table.parts().filter(|part| part.segment_id().is_some()) {
                let name = format!("{}, index {}", table.definition().name, definition.name);
                let path = store.path().map(|dir| dir.join("segments")).unwrap_or_default();
                let mut find = |severity, detail: String| {
                    findings.push(Finding { severity, path: path.clone(), offset: 0, detail });
                };
                match part.index_file(definition.id) {
                    Ok(None) => find(
                        Severity::Note,
                        format!(
                            "{name}: {} rows have no graph yet; it is built in the background",
                            part.rows()
                        ),
                    ),
                    Ok(Some(bytes)) => {
                        let fits = Graph::open(bytes).map_err(Error::from).and_then(|graph| {
                            let metric = index::metric_of(definition)?;
                            Ok((graph.len() == part.rows() && graph.metric() == metric, graph.len()))
                        });
                        match fits {
                            Ok((true, _)) => {}
                            Ok((false, rows)) => find(
                                Severity::Index,
                                format!(
                                    "{name}: the graph is of {rows} rows or another metric, not of {}",
                                    part.rows()
                                ),
                            ),
                            Err(error) => find(Severity::Index, format!("{name}: {error}")),
                        }
                    }
                    Err(_) => {}
                }
            }
        }
    }
}
