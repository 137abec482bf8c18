//! Where the demo's database lives: a temporary folder that goes away, or the user's own that stays.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::cli::error::{Error, Result};
use crate::cli::output::complain;

/// Tries at removing the folder, for interrupted work may be making files in it meanwhile.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_millis(25);

/// The folder of the demo's database.
#[derive(Debug)]
pub(super) enum DemoFolder {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl DemoFolder {
    pub(super) fn new(data: Option<PathBuf>) -> Result<DemoFolder> {
        match data {
            Some(path) => Ok(DemoFolder::Kept(path)),
            None => tempfile::Builder::new()
                .prefix("muster-demo-")
                .tempdir()
                .map(DemoFolder::Temporary)
                .map_err(|source| Error::System { action: "make a temporary folder", source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            DemoFolder::Temporary(folder) => folder.path(),
            DemoFolder::Kept(path) => path,
        }
    }

    pub(super) fn is_temporary(&self) -> bool {
        matches!(self, DemoFolder::Temporary(_))
    }

    /// Removes the folder if it is temporary, and says so when that cannot be done.
    pub(super) fn close(self) {
        let DemoFolder::Temporary(folder) = self else { return };
        let path = folder.keep();
        let mut tries = 0;
        while let Err(error) = std::fs::remove_dir_all(&path) {
            tries += 1;
            if error.kind() == std::io::ErrorKind::NotFound {
                return;
            }
            if tries == TRIES {
                complain(&format!("muster: {} is left over: {error}\n", path.display()));
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_folder_goes_with_all_that_is_in_it() {
        let folder = DemoFolder::new(None).unwrap();
        let path = folder.path().to_owned();
        std::fs::create_dir(path.join("segments")).unwrap();
        std::fs::write(path.join("segments").join("1"), "rows").unwrap();
        assert!(folder.is_temporary());
        folder.close();
        assert!(!path.exists());
    }

    #[test]
    fn the_users_own_folder_stays() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DemoFolder::new(Some(parent.path().to_owned())).unwrap();
        assert!(!folder.is_temporary());
        folder.close();
        assert!(parent.path().exists());
    }
}
