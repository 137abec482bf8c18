//! The graphs of a database: which are open, and how one is built.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use muster_engine::{BuiltGraph, Graph, Vectors, build_graph, check_rows};
use muster_storage::{IndexDefinition, IndexId, Part, PutIndex, SegmentId, Store, Table};
use parking_lot::{Mutex, RwLock};

use super::rows::Lists;
use super::{Builds, Command, Reader, metric_of, params_of, vector_indexes};
use crate::background::Wake;
use crate::catalog::relation::shown;
use crate::progress::{Phase, Progress};
use crate::{Error, Result};

type Place = (SegmentId, IndexId);

/// How long somebody who waits for another's build does not look whether it is still to go on.
const PATIENCE: Duration = Duration::from_millis(100);

/// What is known of a segment's graph.
#[derive(Clone)]
enum Known {
    Open(Arc<Graph>),
    /// The file was damaged: it is not read again until it is rebuilt.
    Damaged,
}

/// See the module.
pub(crate) struct Indexes {
    store: Arc<Store>,
    known: RwLock<HashMap<Place, Known>>,
    /// One build at a time: a build uses all cores.
    building: Mutex<()>,
    /// What is being built.
    pub(crate) builds: Arc<Builds>,
    /// Wakes the background, which rebuilds what is damaged.
    background: Wake,
}

impl Indexes {
    pub(crate) fn new(store: Arc<Store>, background: Wake) -> Self {
        let (known, building) = (RwLock::new(HashMap::new()), Mutex::new(()));
        let builds = Arc::default();
        Self { store, known, building, builds, background }
    }

    /// The graph of a part, if it is there and sound. A part without one is searched exactly.
    pub(crate) fn graph(&self, table: &Table, part: &Part, index: &IndexDefinition) -> Option<Arc<Graph>> {
        let place = (part.segment_id()?, index.id);
        match self.known.read().get(&place) {
            Some(Known::Open(graph)) => return Some(graph.clone()),
            Some(Known::Damaged) => return None,
            None => {}
        }
        let known = match self.open(part, index) {
            Ok(None) => return None,
            Ok(Some(graph)) => Known::Open(graph),
            Err(error) => {
                tracing::warn!(
                    table = %shown(&table.definition().name), index = %shown(&index.name), %error,
                    "an index file is damaged: searching exactly until it is rebuilt from the table"
                );
                Known::Damaged
            }
        };
        if matches!(known, Known::Damaged) {
            self.background.wake();
        }
        // A build that ended meanwhile knows better: the file read here may be the one that it replaced.
        let known = self.known.write().entry(place).or_insert(known).clone();
        match known {
            Known::Open(graph) => Some(graph),
            Known::Damaged => None,
        }
    }

    fn open(&self, part: &Part, index: &IndexDefinition) -> Result<Option<Arc<Graph>>> {
        let Some(bytes) = part.index_file(index.id)? else { return Ok(None) };
        let mut graph = Graph::open(bytes)?;
        if graph.params().list_rows > 1
            && let Some(reader) = part.index_reader(index.id)?
        {
            graph = graph.with_reader(Arc::new(Lists(reader)));
        }
        let metric = metric_of(index)?;
        if graph.len() != part.rows() || graph.metric() != metric {
            return Err(Error::new(
                crate::sqlstate::SqlState::IndexCorrupted,
                format!("the graph is of {} rows by {}", graph.len(), graph.metric()),
            ));
        }
        Ok(Some(Arc::new(graph)))
    }

    /// The sealed parts of `table` whose graph is missing or damaged.
    pub(crate) fn missing<'a>(&self, table: &'a Table, index: &IndexDefinition) -> Vec<&'a Part> {
        table
            .parts()
            .filter(|part| part.segment_id().is_some() && self.graph(table, part, index).is_none())
            .collect()
    }

    /// Builds what is missing of one index. `continues` is asked now and then; false cancels.
    ///
    /// # Errors
    /// 57014 when cancelled; what storage and the engine refuse.
    pub(crate) fn build(
        &self,
        table_name: &str,
        index: &IndexDefinition,
        command: Command,
        progress: &dyn Progress,
        continues: &(dyn Fn() -> bool + Sync),
    ) -> Result<()> {
        let Some(table) = self.store.snapshot().table(table_name).cloned() else { return Ok(()) };
        let build = self.builds.begin(table.definition(), index, command);
        let _one_at_a_time = loop {
            match self.building.try_lock_for(PATIENCE) {
                Some(lock) => break lock,
                None if continues() => {}
                None => return Err(muster_engine::Error::Cancelled.into()),
            }
        };
        let snapshot = self.store.snapshot();
        let Some(table) = snapshot.table(table_name) else { return Ok(()) };
        if table.definition().index(&index.name).is_none_or(|current| current.id != index.id) {
            return Ok(());
        }
        let missing = self.missing(table, index);
        if missing.is_empty() {
            // Others have built it; who was cancelled meanwhile must hear of that all the same.
            return if continues() { Ok(()) } else { Err(muster_engine::Error::Cancelled.into()) };
        }
        let total = missing.iter().map(|part| part.rows() as u64).sum();
        build.start(total, missing.len() as u64);
        progress.begin(Phase::Indexing, Some(total));
        let mut before = 0;
        for part in missing {
            let Some(segment) = part.segment_id() else { continue };
            let built = graph_of(part, index, &|done| {
                progress.set(Phase::Indexing, before + done);
                build.set_rows(before + done);
                continues()
            })?;
            match self.store.put_index_file(table_name, segment, index.id, &|file| built.write(file)) {
                Ok(()) => {}
                // Compacted meanwhile: what took its place is missing, too, and is built next.
                Err(muster_storage::Error::NoSuchSegment { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            // Statements on older snapshots use it, too: a segment's rows do not change.
            let snapshot = self.store.snapshot();
            let rebuilt = snapshot
                .table(table_name)
                .and_then(|table| table.parts().find(|part| part.segment_id() == Some(segment)).cloned());
            if let Some(part) = rebuilt
                && let Some(graph) = self.open(&part, index)?
            {
                self.known.write().insert((segment, index.id), Known::Open(graph));
            }
            before += part.rows() as u64;
            build.set_rows(before);
            build.segment_done();
            progress.set(Phase::Indexing, before);
        }
        progress.end(Phase::Indexing);
        Ok(())
    }

    /// Whether all rows of a column can be indexed: zero vectors have no cosine distance.
    ///
    /// # Errors
    /// 22000, naming the row.
    pub(crate) fn check(table: &Table, column: usize, metric: muster_engine::Metric) -> Result<()> {
        for part in table.parts() {
            let vectors = part.vectors_apart(column)?;
            let vectors = Vectors::from_array(&vectors)?;
            check_rows(&vectors, Some(metric), part.first_row_id())?;
        }
        Ok(())
    }

    /// Forgets graphs of segments and indexes that are gone.
    pub(crate) fn forget_dropped(&self) {
        let snapshot = self.store.snapshot();
        let mut live = std::collections::HashSet::new();
        for table in snapshot.tables() {
            for segment in table.parts().filter_map(Part::segment_id) {
                live.extend(table.definition().indexes.iter().map(|index| (segment, index.id)));
            }
        }
        self.known.write().retain(|place, _| live.contains(place));
    }
}

/// The graphs of all indexes of a table over one part, which nobody sees yet: a compaction has just written it.
///
/// One that cannot be built is left out; it is built, and its error told, when the background looks for what is missing.
pub(crate) fn make_files(
    builds: &Arc<Builds>,
    table: &Table,
    part: &Part,
    continues: &dyn Fn() -> bool,
    put: &mut PutIndex<'_>,
) -> muster_storage::Result<()> {
    let definition = table.definition();
    for index in vector_indexes(definition) {
        let build = builds.begin(definition, index, Command::Complete);
        build.start(part.rows() as u64, 1);
        let built = graph_of(part, index, &|done| {
            build.set_rows(done);
            continues()
        });
        match built {
            Ok(built) => put(index.id, &|file| built.write(file))?,
            Err(Error::Engine(muster_engine::Error::Cancelled)) => return Ok(()),
            Err(error) => tracing::debug!(
                table = %shown(&definition.name), index = %shown(&index.name), %error,
                "a compacted segment has no graph yet"
            ),
        }
    }
    Ok(())
}

/// Builds an index's graph over one part. `go_on` is told the rows done; false cancels.
fn graph_of(part: &Part, index: &IndexDefinition, go_on: &dyn Fn(u64) -> bool) -> Result<BuiltGraph> {
    // Read by row, so that no page of the column's map becomes resident.
    let array = part.vectors(index.column)?;
    let rows = part.vector_rows(index.column)?.map(Reader);
    let vectors = Vectors::from_array(&array)?;
    let vectors = rows.as_ref().map_or(vectors, |rows| vectors.with_reader(rows));
    Ok(build_graph(&vectors, metric_of(index)?, &params_of(index), &|done, _| go_on(done))?)
}
