//! A database: opened once by a process, shared by its sessions.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chrono::{DateTime, Utc};
use muster_embedders::{CacheCounts, Embedders};
use muster_storage::Store;

use crate::background::{Background, Wake};
use crate::cache::Caches;
use crate::catalog::{PublicSchema, builtin, temporary};
use crate::channel::Channels;
use crate::index::Indexes;
use crate::planning::Planner;
use crate::roles::Identity;
use crate::search::KeptBitmaps;
use crate::session::{Sessions, check_max_distance};
use crate::sqlstate::SqlState;
use crate::tally::Tally;
use crate::write::KeptRules;
use crate::{Error, Options, Result, Session, large_object, memory, state, statement};

/// What all sessions of a database share.
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) planner: Planner,
    pub(crate) row_rules: KeptRules,
    pub(crate) caches: Caches,
    pub(crate) channels: Arc<Channels>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) tally: Arc<Tally>,
    /// When it was opened.
    pub(crate) started: DateTime<Utc>,
    pub(crate) indexes: Indexes,
    pub(crate) bitmaps: KeptBitmaps,
    pub(crate) options: Options,
    pub(crate) embedders: Arc<Embedders>,
    /// Held by the one of the statements that keep losing to others whose turn it is.
    pub(crate) contended: Arc<tokio::sync::Mutex<()>>,
    /// Wakes the background threads.
    pub(crate) wake: Wake,
    /// Set when the last handle goes: background work ends.
    pub(crate) closing: Arc<AtomicBool>,
}

/// The cache of embeddings, in the database's own folder.
const EMBEDDINGS: &str = "embeddings";

/// The last of these to go ends the background work.
struct Handle {
    // Dropped first: it waits for the threads, which use what is shared.
    _background: Background,
    shared: Arc<Shared>,
}

/// An open database. Clones are handles to the same one; it closes when the last of them and of
/// their sessions is gone.
#[derive(Clone)]
pub struct Database {
    handle: Arc<Handle>,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.path()).finish()
    }
}

impl Database {
    /// Opens the database in a folder; makes folder and database where there are none.
    ///
    /// # Errors
    /// 55006 when the folder is open elsewhere, naming the process; 0A000 when a newer Muster wrote it; XX001
    /// when it is damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, Options::default())
    }

    /// Opens the database in a folder, with options.
    ///
    /// # Errors
    /// As [`Database::open`]; F0000 for an embedder that cannot be, 0A000 for one that this program was built without.
    pub fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        Self::start(Store::open_with(path, storage_options(&options))?, options)
    }

    /// Opens the database in a folder of another file system than the operating system's, such as one that fails.
    ///
    /// # Errors
    /// As [`Database::open`].
    #[doc(hidden)]
    pub fn open_on(
        path: impl AsRef<Path>,
        options: Options,
        backend: Arc<dyn muster_storage::Backend>,
    ) -> Result<Self> {
        let storage = muster_storage::Options { backend, ..storage_options(&options) };
        Self::start(Store::open_with(path, storage)?, options)
    }

    /// A database that lives as long as its handles.
    ///
    /// # Errors
    /// When the system gives no thread for its background work.
    pub fn in_memory() -> Result<Self> {
        Self::in_memory_with(Options::default())
    }

    /// A database in memory, with options.
    ///
    /// # Errors
    /// As [`Database::in_memory`].
    pub fn in_memory_with(options: Options) -> Result<Self> {
        Self::start(Store::in_memory_with(storage_options(&options))?, options)
    }

    fn start(store: Store, options: Options) -> Result<Self> {
        if let Some(distance) = options.playbook_max_distance {
            check_max_distance(distance)?;
        }
        let store = Arc::new(store);
        let runtime = memory::runtime(&options, store.path())?;
        let cache_dir = store.path().map(|dir| dir.join(EMBEDDINGS));
        let embedders =
            Embedders::open(options.embedders.clone(), options.embedding_cache, cache_dir.as_deref())?;
        let embedders = Arc::new(embedders);
        let public = Arc::new(PublicSchema::new(&store));
        let state = state::session_state(public, &options, &embedders, runtime)?;
        let planner = Planner::new(state);
        let (wake, woken) = Wake::channel();
        let shared = Arc::new(Shared {
            indexes: Indexes::new(store.clone(), wake.clone()),
            bitmaps: KeptBitmaps::default(),
            store,
            planner,
            row_rules: KeptRules::default(),
            caches: Caches::default(),
            channels: Arc::default(),
            sessions: Arc::default(),
            tally: Arc::default(),
            started: Utc::now(),
            options,
            embedders,
            contended: Arc::default(),
            wake,
            closing: Arc::new(AtomicBool::new(false)),
        });
        let builds = shared.indexes.builds.clone();
        shared.store.set_indexer(Box::new(move |table, part, continues, put| {
            crate::index::make_files(&builds, table, part, continues, put)
        }));
        // A new store has no tables and no history: it gets the tables that every database has.
        if shared.store.snapshot().version() == 0 {
            let changes = statement::builtin_changes(&shared, builtin::STATEMENTS)?;
            shared.store.commit(changes)?;
        }
        large_object::make_tables(&shared.store)?;
        temporary::drop_all(&shared.store, None)?;
        let background = Background::start(&shared, woken).map_err(|error| {
            Error::new(
                SqlState::InternalError,
                format!("the background threads could not be started: {error}"),
            )
        })?;
        // What an earlier process left unsealed or unindexed is done now.
        shared.wake.wake();
        Ok(Self { handle: Arc::new(Handle { _background: background, shared }) })
    }

    /// A session: one for each connection or thread of work. It is a superuser's, for its program has the database anyway.
    #[must_use]
    pub fn session(&self) -> Session {
        Session::of(self.clone(), Identity::Program)
    }

    /// Seals all rows that are still in the journal into segments. Blocks until it is durable.
    ///
    /// # Errors
    /// When the disk is full or fails; nothing is lost then.
    pub fn checkpoint(&self) -> Result<()> {
        self.shared().store.checkpoint()?;
        self.wake_worker();
        Ok(())
    }

    /// The folder, unless the database is in memory.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.handle.shared.store.path()
    }

    /// What the cache of embeddings did since the database was opened.
    #[must_use]
    pub fn embedding_cache(&self) -> CacheCounts {
        self.shared().embedders.cache_counts()
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    pub(crate) fn wake_worker(&self) {
        self.shared().wake.wake();
    }
}

/// How storage is opened.
pub(crate) fn storage_options(options: &Options) -> muster_storage::Options {
    let default = muster_storage::Options::default();
    muster_storage::Options { cache_bytes: options.cache_bytes.unwrap_or(default.cache_bytes), ..default }
}
