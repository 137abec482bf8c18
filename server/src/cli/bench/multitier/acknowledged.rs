//! The file of `--acknowledged`: the queries of the playbooks that the server acknowledged, for those who kill it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::tally::Recorded;
use crate::cli::error::{Error, Result};

/// See the module.
#[derive(Debug)]
pub(super) struct Acknowledged {
    path: PathBuf,
    file: File,
}

impl Acknowledged {
    /// Opens the file, to find out before the load whether it can be written.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let file = File::options().append(true).create(true).open(path);
        let file = file.map_err(|source| Error::File { action: "open", path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Appends the query of each playbook, one a line.
    pub(super) fn append(self, recorded: &Recorded) -> Result<()> {
        let mut out = BufWriter::new(self.file);
        let written = recorded.iter().try_for_each(|(query, _)| writeln!(out, "{query}"));
        let written = written.and_then(|()| out.flush());
        written.map_err(|source| Error::File { action: "write", path: self.path, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_appends_its_queries() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("acknowledged");
        for query in ["Need 1 Pickers", "Need 2 Packers"] {
            let recorded = Recorded::from([(query.to_owned(), "w-1".to_owned())]);
            Acknowledged::open(&path).unwrap().append(&recorded).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), "Need 1 Pickers\nNeed 2 Packers\n");
    }
}
