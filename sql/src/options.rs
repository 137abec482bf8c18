//! How a database is opened.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use muster_embedders::{CacheLimits, EmbedderConfig};

/// How a database is opened.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folders that `COPY ... FROM 'file'` may read from, and that server-side files may be written to. `None`:
    /// any, for the statement has the rights of the program that runs it anyway. A server says which.
    pub copy_dirs: Option<Vec<PathBuf>>,
    /// Bytes that the statements of all sessions may take for sorting, grouping and joining. What needs more is spilled
    /// to the disk; what cannot be spilled fails with 53200. `None`: half of the machine's memory.
    pub memory_limit: Option<usize>,
    /// Bytes of decoded columns that are kept in memory. `None`: 64 MiB. Single rows of what does not fit are read from
    /// files.
    pub cache_bytes: Option<usize>,
    /// Where statements spill to: a folder for this database alone, for what a crash left there is removed at open.
    /// `None`: the folder `temp` in the database's own.
    pub temp_dir: Option<PathBuf>,
    /// How far a playbook's query may be from the one that is asked, by cosine, from 0 to 2. `None`: 0.15. A session may
    /// lower it (`SET muster.playbook_max_distance`), never raise it.
    pub playbook_max_distance: Option<f64>,
    /// What `log_min_duration_statement` is unless a superuser's session says otherwise: how long a statement may take before
    /// the server logs it, in whole milliseconds. `None`: none is logged.
    pub log_min_duration: Option<Duration>,
    /// Embedders beside the built-in ones, by the names that `embed(text, 'name')` has them under.
    pub embedders: BTreeMap<String, EmbedderConfig>,
    /// How much of what they gave is kept, so that a text is not embedded twice: in memory, and in the folder
    /// `embeddings` of the database's own, which is harmless to lose and in no backup.
    pub embedding_cache: CacheLimits,
}
