//! The load itself: read, map, make rows, write, commit, index.

use std::sync::Arc;
use std::time::{Duration, Instant};

use muster_storage::Changes;

use super::loader::Loader;
use super::mapping::Mapping;
use super::source::Source;
use super::{LoadReport, Request, infer};
use crate::index::{Command, vector_indexes};
use crate::progress::{Phase, Progress};
use crate::session::{CommitPoint, Committing, StatementContext};
use crate::sqlstate::SqlState;
use crate::write::{RowMaker, RowRules, TableWriter};
use crate::{Error, Result};

/// Runs a load into a table as the context's snapshot has it. `continues` is asked for each batch; false cancels, and nothing is
/// loaded. The rows are in the table then, unless changes come back: these bring them there.
///
/// # Errors
/// 42P01 when the table is not there and is not to be made; 57014 when cancelled; what the file, the rows and
/// storage give.
pub(crate) fn run(
    context: &Arc<StatementContext>,
    request: &Request,
    progress: &dyn Progress,
    point: &CommitPoint,
    continues: &(dyn Fn() -> bool + Sync),
) -> Result<(LoadReport, Option<Changes>)> {
    let start = Instant::now();
    let shared = &context.database;
    let mut context = context.clone();
    let mut created = false;
    if context.snapshot.table(&request.table).is_none() {
        if !request.create {
            return Err(Error::undefined_table(&request.table));
        }
        context = context.over(shared.store.commit(table_of(request)?)?);
        created = true;
    }
    let loaded = rows(&context, request, progress, point, continues);
    if created && loaded.is_err() {
        // The table came with the file: without the file's rows it goes, too.
        shared.store.commit(Changes::new().drop_table(&request.table))?;
    }
    // The rows are there: from here on the load has succeeded, whoever wants it to end.
    let Loaded { rows, read, embed, changes, _committing } = loaded?;
    let continues = || continues() && !point.is_wanted();
    let indexing = Instant::now();
    if changes.is_none()
        && let Some(table) = shared.store.snapshot().table(&request.table)
    {
        for index in vector_indexes(table.definition()) {
            // The rows are there: an index that is not built to its end is built in the background.
            match shared.indexes.build(&request.table, index, Command::Complete, progress, &continues) {
                Ok(()) | Err(Error::Engine(muster_engine::Error::Cancelled)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    let report = LoadReport { rows, created, read, embed, index: indexing.elapsed(), total: start.elapsed() };
    Ok((report, changes))
}

/// The changes that make the table which a file's columns give.
///
/// # Errors
/// What the file gives.
pub(crate) fn table_of(request: &Request) -> Result<Changes> {
    infer::table(request, Source::open(request, None)?)
}

struct Loaded {
    rows: u64,
    read: Duration,
    embed: Duration,
    changes: Option<Changes>,
    /// Where the rows are in the table already.
    _committing: Option<Committing>,
}

fn rows(
    context: &StatementContext,
    request: &Request,
    progress: &dyn Progress,
    point: &CommitPoint,
    continues: &(dyn Fn() -> bool + Sync),
) -> Result<Loaded> {
    let (shared, snapshot) = (&context.database, &context.snapshot);
    let table = snapshot.table(&request.table).ok_or_else(|| Error::undefined_table(&request.table))?;
    let definition = table.definition().clone();
    let source = Source::open(request, Some(&definition))?;
    let wanted: Option<Vec<String>> =
        request.columns.as_ref().map(|columns| columns.iter().map(|column| column.name.clone()).collect());
    let columns = (source.schema.as_ref(), source.texts);
    let naming = request.naming.clone();
    let mapping = Mapping::of(context, definition.clone(), columns, wanted.as_deref(), naming)?;
    let writer = TableWriter::new(shared.store.clone(), &definition, request.way);
    let maker = RowMaker::new(RowRules::of(shared, snapshot, &definition)?);
    let mut loader = Loader::new(mapping, maker, writer);
    progress.begin(Phase::Reading, source.total);
    progress.begin(Phase::Embedding, source.total);
    let mut reading = Duration::ZERO;
    let mut batches = source.batches;
    loop {
        let start = Instant::now();
        let Some(rows) = batches.next() else { break };
        let rows = rows?;
        reading += start.elapsed();
        progress.set(Phase::Reading, loader.rows() + rows.batch.num_rows() as u64);
        loader.add(&rows)?;
        progress.set(Phase::Embedding, loader.rows());
        if !continues() {
            return Err(Error::new(SqlState::QueryCanceled, "the load was cancelled; nothing was loaded"));
        }
    }
    let (rows, read, made) = (loader.rows(), reading + loader.mapped, loader.made);
    let finishing = Instant::now();
    // Without a block this may be the commit.
    let _committing = context.block.is_none().then(|| point.pass()).transpose()?;
    let changes = loader.finish()?;
    let _committing = _committing.filter(|_| changes.is_none());
    let embed = made + finishing.elapsed();
    progress.end(Phase::Reading);
    progress.end(Phase::Embedding);
    Ok(Loaded { rows, read, embed, changes, _committing })
}
