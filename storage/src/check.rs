//! Checks a store whole: every byte of every file, every row, every key.
//!
//! It finds and does not mend. The journal is checked when it is opened; what indexes mean is for the layers above to check.
//! Invariant: nothing is changed, and one damaged file does not keep the others from being looked at.

use std::path::{Path, PathBuf};

use crate::keys::unique;
use crate::segment::name;
use crate::{Backend, Error, Result, Snapshot, Table};

/// Rows that are read at a time.
const BLOCK: usize = 8192;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Rows are lost or wrong: restore a backup.
    Damage,
    /// An index is damaged: it is made again from the rows, and searches are exact until then.
    Index,
    /// Nothing is wrong, but somebody may want to know.
    Note,
}

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file or folder.
    pub path: PathBuf,
    /// The first byte that is known to be wrong.
    pub offset: u64,
    /// What was expected and what was found.
    pub detail: String,
}

impl Finding {
    /// The finding that an error of reading `path` is, unless the error names a file itself.
    pub fn of(error: &Error, path: &Path, severity: Severity) -> Self {
        match error {
            Error::Corrupt { path, offset, detail } => {
                Self { severity, path: path.clone(), offset: *offset, detail: detail.clone() }
            }
            Error::Io { path, .. } => {
                Self { severity, path: path.clone(), offset: 0, detail: error.to_string() }
            }
            other => Self { severity, path: path.into(), offset: 0, detail: other.to_string() },
        }
    }
}

/// Checks a snapshot whose files are in the folder `segments`. `progress` gets files done and all files; it may cancel.
pub(crate) fn check(
    backend: &dyn Backend,
    segments: &Path,
    snapshot: &Snapshot,
    progress: &dyn Fn(u64, u64) -> bool,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let parts = || snapshot.all_tables().flat_map(|table| table.segments());
    let all: u64 = parts().map(|part| part.stored_files().len() as u64).sum();
    let mut done = 0;
    for part in parts() {
        let mut sound = true;
        for file in part.stored_files() {
            if !progress(done, all) {
                return Err(Error::Cancelled);
            }
            done += 1;
            if let Err(error) = file.read() {
                let severity = if file.is_index() { Severity::Index } else { Severity::Damage };
                sound &= file.is_index();
                findings.push(Finding::of(&error, file.file.path(), severity));
            }
        }
        // Sound bytes must also be rows.
        let mut rows = 0;
        let read = sound.then(|| {
            part.each_block(BLOCK, |block, _| {
                rows += block.num_rows();
                Ok(())
            })
        });
        let path = part.stored_files().first().map(|file| file.file.path().to_path_buf()).unwrap_or_default();
        match read {
            Some(Err(error)) => findings.push(Finding::of(&error, &path, Severity::Damage)),
            Some(Ok(())) if rows != part.rows() => {
                let detail = format!("{rows} rows where the manifest has {}", part.rows());
                findings.push(Finding { severity: Severity::Damage, path, offset: 0, detail });
            }
            _ => {}
        }
    }
    for table in snapshot.all_tables() {
        check_table(table, segments, &mut findings);
    }
    progress(all, all);
    check_strays(backend, segments, snapshot, &mut findings);
    Ok(findings)
}

/// The order of row ids, and that no key stands there twice.
fn check_table(table: &Table, segments: &Path, findings: &mut Vec<Finding>) {
    let journal = segments.with_file_name(crate::store::JOURNAL);
    let name = &table.definition().name;
    let mut damage = |detail: String| {
        findings.push(Finding { severity: Severity::Damage, path: journal.clone(), offset: 0, detail });
    };
    let mut ranges: Vec<_> = table.parts().map(|part| (part.first_row_id(), part.ids().end())).collect();
    ranges.sort_unstable();
    if ranges.array_windows().any(|[(_, end), (start, _)]| end > start) {
        damage(format!("table \"{name}\": rows of two parts have the same ids"));
    }
    if ranges.last().is_some_and(|(_, end)| *end > table.next_row_id()) {
        damage(format!("table \"{name}\": the next row id is taken"));
    }
    let parts: Vec<_> = table.parts().cloned().collect();
    for (number, encoder) in table.encoders().iter().enumerate() {
        match unique::check_all(table.definition(), number, encoder, &parts) {
            // A file that cannot be read was found before.
            Ok(()) | Err(Error::Corrupt { .. }) => {}
            Err(error) => damage(error.to_string()),
        }
    }
}

/// Files that have names of ours and that nobody names.
fn check_strays(backend: &dyn Backend, segments: &Path, snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let parts: Vec<_> = snapshot.all_tables().flat_map(|table| table.segments()).collect();
    let files: Vec<_> = parts.iter().flat_map(|part| part.stored_files()).collect();
    for path in backend.list(segments).unwrap_or_default() {
        let found = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name::is_ours(found) && !name::is_rows(found) && !files.iter().any(|file| file.file.path() == path)
        {
            let detail = "no table names this file: the next open removes it".into();
            findings.push(Finding { severity: Severity::Note, path: path.clone(), offset: 0, detail });
        }
    }
}
