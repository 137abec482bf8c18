//! The memory that statements share, and the folder that they spill to.
//!
//! DataFusion's sorts, aggregations and joins ask the pool before they take memory; what streams through is not counted.
//! The cache of decoded columns is storage's and has a budget of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::SessionConfig;

use crate::sqlstate::SqlState;
use crate::{Error, Options, Result};

/// The folder that statements spill to, in the database's own.
const TEMP: &str = "temp";

/// What DataFusion's folders for spilled files begin with.
const SPILLED: &str = "datafusion-";

/// Where the machine does not tell its memory: as if it had 4 GiB.
const ASSUMED: usize = 4 << 30;

/// What a sort sets aside for merging what it spilled, unless the limit is small: DataFusion's default.
const RESERVED: usize = 10 << 20;

/// The memory and the folder of a database; `dir` is its folder, which it holds the lock of.
///
/// # Errors
/// 58030 when the folder cannot be made.
pub(crate) fn runtime(options: &Options, dir: Option<&Path>) -> Result<Arc<RuntimeEnv>> {
    let mode = match options.temp_dir.clone().or_else(|| dir.map(|dir| dir.join(TEMP))) {
        Some(temp) => {
            clear(&temp)?;
            DiskManagerMode::Directories(vec![temp])
        }
        // A database in memory spills where the system keeps such files.
        None => DiskManagerMode::OsTmpDirectory,
    };
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(limit(options))))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(mode))
        .build_arc()?;
    Ok(runtime)
}

/// Fits the configuration to the limit: a sort sets memory aside before its first row.
pub(crate) fn configure(options: &Options, config: &mut SessionConfig) {
    let partitions = config.target_partitions().max(1);
    let execution = &mut config.options_mut().execution;
    execution.sort_spill_reservation_bytes = RESERVED.min(limit(options) / (8 * partitions));
}

fn limit(options: &Options) -> usize {
    options.memory_limit.unwrap_or_else(|| physical_memory().unwrap_or(ASSUMED) / 2)
}

fn physical_memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

/// Removes what a crash left in the folder, which is made when it is not there.
fn clear(temp: &Path) -> Result<()> {
    let failed = |operation: &str, path: &Path, error: std::io::Error| {
        Error::new(SqlState::IoError, format!("could not {operation} {}: {error}", path.display()))
    };
    std::fs::create_dir_all(temp).map_err(|error| failed("create", temp, error))?;
    let entries = std::fs::read_dir(temp).map_err(|error| failed("list", temp, error))?;
    let paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    let left = |path: &&PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(SPILLED))
    };
    for path in paths.iter().filter(left) {
        std::fs::remove_dir_all(path).map_err(|error| failed("remove", path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_crash_left_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let temp = dir.path().join(TEMP);
        std::fs::create_dir_all(temp.join("datafusion-abc")).unwrap();
        std::fs::write(temp.join("datafusion-abc/spilled"), "rows").unwrap();
        std::fs::write(temp.join("notes.txt"), "mine").unwrap();
        let options = Options { memory_limit: Some(1 << 20), ..Options::default() };
        let runtime = runtime(&options, Some(dir.path())).unwrap();
        assert!(!temp.join("datafusion-abc").exists() && temp.join("notes.txt").exists());
        drop(runtime);
        assert_eq!(std::fs::read_dir(&temp).unwrap().count(), 1, "its own folder is gone, too");
    }
}
