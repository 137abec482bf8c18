//! The load itself: read, map, make rows, write, commit, index.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::mapping::Mapping;
use super::source::Source;
use super::{LoadReport, Request, infer};
use crate::database::Shared;
use crate::progress::{Phase, Progress};
use crate::sqlstate::SqlState;
use crate::write::RowMaker;
use crate::{Error, Result};

/// Runs a load. `continues` is asked for each batch; false cancels, and nothing is loaded.
///
/// # Errors
/// 42P01 when the table is not there and is not to be made; 57014 when cancelled; what the file, the rows and
/// storage give.
pub(crate) fn run(
    shared: &Arc<Shared>,
    request: &Request,
    progress: &dyn Progress,
    continues: &(dyn Fn() -> bool + Sync),
) -> Result<LoadReport> {
    let start = Instant::now();
    let mut snapshot = shared.store.snapshot();
    let mut created = false;
    if snapshot.table(&request.table).is_none() {
        if !request.create {
            return Err(Error::undefined_table(&request.table));
        }
        let changes = infer::table(request, Source::open(request, None)?)?;
        snapshot = shared.store.commit(changes)?;
        created = true;
    }
    let loaded = rows(shared, &snapshot, request, progress, continues);
    if created && loaded.is_err() {
        // The table came with the file: without the file's rows it goes, too.
        shared.store.commit(muster_storage::Changes::new().drop_table(&request.table))?;
    }
    let (rows, read, embed) = loaded?;
    let indexing = Instant::now();
    if let Some(table) = shared.store.snapshot().table(&request.table) {
        for index in &table.definition().indexes {
            // The rows are there: an index that is not built to its end is built in the background.
            match shared.indexes.build(&request.table, index, progress, continues) {
                Ok(()) | Err(Error::Engine(muster_engine::Error::Cancelled)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(LoadReport { rows, created, read, embed, index: indexing.elapsed(), total: start.elapsed() })
}

fn rows(
    shared: &Arc<Shared>,
    snapshot: &muster_storage::Snapshot,
    request: &Request,
    progress: &dyn Progress,
    continues: &(dyn Fn() -> bool + Sync),
) -> Result<(u64, Duration, Duration)> {
    let table = snapshot.table(&request.table).ok_or_else(|| Error::undefined_table(&request.table))?;
    let definition = table.definition().clone();
    let mut source = Source::open(request, Some(&definition))?;
    let mut mapping = Mapping::of(shared, snapshot, request, &definition, &mut source)?;
    let mut maker = RowMaker::new(&shared.planner, snapshot, definition)?;
    let mut load = shared.store.bulk_load(&request.table)?;
    progress.begin(Phase::Reading, source.total);
    progress.begin(Phase::Embedding, source.total);
    let (mut rows, mut read, mut embed) = (0_u64, Duration::ZERO, Duration::ZERO);
    loop {
        let reading = Instant::now();
        let Some(batch) = source.batches.next() else { break };
        let batch = batch?;
        let given = mapping.map(&batch)?;
        read += reading.elapsed();
        progress.set(Phase::Reading, rows + batch.num_rows() as u64);
        let writing = Instant::now();
        let made = maker.make(given, batch.num_rows()).map_err(|error| {
            error.in_rows(&mapping.place(rows), &mapping.place(rows + batch.num_rows() as u64 - 1))
        })?;
        load.push(made)?;
        embed += writing.elapsed();
        rows += batch.num_rows() as u64;
        progress.set(Phase::Embedding, rows);
        if !continues() {
            return Err(Error::new(SqlState::QueryCanceled, "the load was cancelled; nothing was loaded"));
        }
    }
    let finishing = Instant::now();
    load.finish()?;
    embed += finishing.elapsed();
    progress.end(Phase::Reading);
    progress.end(Phase::Embedding);
    Ok((rows, read, embed))
}
