//! What a program is told of its database: everything that is counted, at one moment.
//!
//! The same as the system views have, without a statement. Counts are since the database was opened.

use chrono::{DateTime, Utc};

use crate::catalog::relation::{plain, schema_of};
use crate::{Database, Result};

/// See the module.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Statistics {
    /// When the database was opened.
    pub started: DateTime<Utc>,
    /// Sessions that have begun, those of the program itself among them.
    pub sessions: u64,
    /// Sessions that others have ended.
    pub sessions_terminated: u64,
    /// The sessions that there are, by what they do, as `pg_stat_activity` names it.
    pub states: Vec<(&'static str, u64)>,
    /// Transactions that were committed; one statement alone is one, too.
    pub commits: u64,
    /// Transactions that were rolled back, or failed.
    pub rollbacks: u64,
    /// The caches, as `muster_caches` has them, and that of embeddings.
    pub caches: Vec<CacheStatistics>,
    /// The tables, temporary ones left out.
    pub tables: Vec<TableStatistics>,
    /// Bytes of the journal's file.
    pub journal_bytes: u64,
    /// Searches for nearest rows.
    pub searches: SearchStatistics,
    /// Rows that were recorded in `public.playbooks`: new ones, not those that were recorded again.
    pub playbooks_recorded: u64,
    /// What storage has done in the background.
    pub storage: StorageStatistics,
}

/// A cache.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CacheStatistics {
    /// What it keeps.
    pub name: &'static str,
    /// Questions that it had the answer to.
    pub hits: u64,
    /// Questions that it had none to.
    pub misses: u64,
}

/// A table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TableStatistics {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Rows that are there.
    pub rows: u64,
    /// Rows that are deleted and not dropped yet.
    pub deleted_rows: u64,
    /// Sealed segments.
    pub segments: u64,
    /// Bytes of their files, without indexes.
    pub bytes: u64,
    /// Bytes of the files of indexes.
    pub index_bytes: u64,
    /// Rows that are in the journal alone.
    pub unsealed_rows: u64,
    /// Bytes of their entries in the journal.
    pub journal_bytes: u64,
    /// Rows inserted.
    pub inserted: u64,
    /// Rows updated.
    pub updated: u64,
    /// Rows deleted.
    pub deleted: u64,
    /// Times that all rows were read.
    pub scans: u64,
    /// Times that rows were found by a key or an index.
    pub lookups: u64,
}

/// Searches, each for one vector in one table.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SearchStatistics {
    /// Those that walked graphs.
    pub graph: u64,
    /// Those that walked graphs and compared the rows of parts without one.
    pub mixed: u64,
    /// Those that compared every row.
    pub exact: u64,
    /// Rows that were compared.
    pub rows_visited: u64,
}

/// Work in the background.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StorageStatistics {
    /// Checkpoints that sealed something.
    pub checkpoints: u64,
    /// Compactions.
    pub compactions: u64,
    /// Bytes of segment files that both wrote.
    pub bytes_written: u64,
}

impl Database {
    /// What is counted of the database. It waits for nobody, and costs a look at each table and segment.
    ///
    /// # Errors
    /// When the system does not tell the journal's size.
    pub fn statistics(&self) -> Result<Statistics> {
        let shared = self.shared();
        let [sessions, terminated, commits, rollbacks] =
            shared.sessions.counts.read().map(|count| u64::try_from(count).unwrap_or_default());
        let mut states: Vec<(&'static str, u64)> =
            ["active", "idle", "idle in transaction", "idle in transaction (aborted)"]
                .map(|state| (state, 0))
                .to_vec();
        for session in shared.sessions.all() {
            let seen = session.see().state;
            if let Some((_, count)) = states.iter_mut().find(|(state, _)| *state == seen) {
                *count += 1;
            }
        }
        let mut caches: Vec<CacheStatistics> = shared
            .caches
            .counts()
            .into_iter()
            .map(|(name, counts)| CacheStatistics { name, hits: counts.hits, misses: counts.misses })
            .collect();
        let embeddings = self.embedding_cache();
        caches.push(CacheStatistics {
            name: "embeddings",
            hits: embeddings.memory_hits + embeddings.disk_hits,
            misses: embeddings.misses,
        });
        let snapshot = shared.store.snapshot();
        let mut tables = Vec::new();
        let mut playbooks_recorded = 0;
        for table in snapshot.tables() {
            let definition = table.definition();
            if definition.temporary {
                continue;
            }
            let counts = shared.tally.tables.of(&snapshot, definition.id);
            let ([inserted, updated, deleted], [scans, _, lookups, _]) = (counts.writes(), counts.reads());
            if definition.name == PLAYBOOKS {
                playbooks_recorded = inserted;
            }
            let segments = table.parts().filter(|part| part.segment_id().is_some());
            tables.push(TableStatistics {
                schema: schema_of(&definition.name).to_string(),
                name: plain(&definition.name).to_string(),
                rows: table.live_rows(),
                deleted_rows: table.parts().map(|part| part.deleted().len()).sum(),
                segments: segments.clone().count() as u64,
                bytes: segments.clone().map(|part| part.file_bytes()).sum(),
                index_bytes: segments.map(|part| part.index_bytes()).sum(),
                unsealed_rows: table.unsealed_rows(),
                journal_bytes: table.journal().bytes,
                inserted,
                updated,
                deleted,
                scans,
                lookups,
            });
        }
        let [graph, mixed, exact, rows_visited] = shared.tally.searches.read();
        let activity = shared.store.activity();
        Ok(Statistics {
            started: shared.started,
            sessions,
            sessions_terminated: terminated,
            states,
            commits,
            rollbacks,
            caches,
            tables,
            journal_bytes: shared.store.journal_bytes()?,
            searches: SearchStatistics { graph, mixed, exact, rows_visited },
            playbooks_recorded,
            storage: StorageStatistics {
                checkpoints: activity.checkpoints,
                compactions: activity.compactions,
                bytes_written: activity.bytes_written,
            },
        })
    }
}

/// As storage knows the table.
const PLAYBOOKS: &str = "playbooks";
