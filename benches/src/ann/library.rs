//! Muster in process, as an application uses it: a session, a prepared statement, Arrow batches of rows.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type, Schema};
use futures::TryStreamExt;
use muster::{Database, LoadRequest, Prepared, Session, Value};
use parquet::arrow::ArrowWriter;
use tokio::runtime::Runtime;

use super::graph::WARM_UP;
use super::pass::Pass;
use super::problem::Problem;
use super::sql;
use super::system::{Built, LIBRARY, Line, MUSTER, System};

/// Vectors in a row group of the file that is loaded.
const ROWS_A_GROUP: usize = 10_000;

/// Makes the database in a folder: a table of the vectors, their index, all of it durable.
///
/// # Errors
/// The database's.
pub(super) fn build(problem: &Problem, folder: &Path, scratch: &Path) -> Result<Built> {
    let file = scratch.join("vectors.parquet");
    write_parquet(problem, &file)?;
    let database = Database::open(folder)?;
    let session = database.session();
    let runtime = runtime()?;
    let seconds = runtime.block_on(async {
        session.execute(&sql::create_table(problem.dimensions()), &[]).await?;
        let request = LoadRequest { table: "t".into(), path: file.clone(), format: None, create: false };
        session.load(&request).await?;
        let start = Instant::now();
        session.execute(&sql::create_index(), &[]).await?;
        anyhow::Ok(start.elapsed().as_secs_f64())
    })?;
    std::fs::remove_file(&file)?;
    Ok(Built { name: MUSTER.into(), version: env!("CARGO_PKG_VERSION").into(), seconds })
}

/// A session with the search prepared.
pub(super) struct Searcher {
    runtime: Runtime,
    session: Session,
    prepared: Prepared,
    _database: Database,
}

impl Searcher {
    /// Over an open database.
    pub(super) fn new(database: Database, dimensions: usize) -> Result<Self> {
        let runtime = runtime()?;
        let session = database.session();
        let vector = Arc::new(Field::new("", vector_type(dimensions), true));
        let prepared = runtime.block_on(async {
            session.execute(sql::NO_RESULT_CACHE, &[]).await?;
            let statements = session.parse(&sql::search())?;
            let Some(statement) = statements.first() else { return Ok(None) };
            session.prepare(statement, &[Some(vector)]).await.map(Some)
        })?;
        let prepared = prepared.context("the search is no statement")?;
        Ok(Self { runtime, session, prepared, _database: database })
    }

    pub(super) fn set_ef(&self, ef: usize) -> Result<()> {
        self.runtime.block_on(self.session.execute(&sql::set_ef(ef), &[]))?;
        Ok(())
    }

    /// Searches, and collects the rows.
    pub(super) fn search(&self, query: &Value) -> Result<Vec<RecordBatch>> {
        self.runtime.block_on(async {
            let outcome = self.session.run(&self.prepared, std::slice::from_ref(query)).await?;
            let rows = outcome.rows.context("a search returns rows")?;
            Ok(rows.batches.try_collect().await?)
        })
    }
}

/// A query as a parameter.
pub(super) fn parameter(query: &[f32]) -> Result<Value> {
    Ok(Value::FixedSizeList(Arc::new(lists(query, query.len())?)))
}

/// The first column of a search's rows.
pub(super) fn ids(batches: &[RecordBatch]) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for batch in batches {
        let column = batch.columns().first().context("a search returns ids")?;
        match column.data_type() {
            DataType::Int64 => ids.extend(column.as_primitive::<Int64Type>().values()),
            DataType::Utf8 => {
                for id in column.as_string::<i32>().iter().flatten() {
                    ids.push(id.parse()?);
                }
            }
            other => bail!("ids of type {other}"),
        }
    }
    Ok(ids)
}

/// See the module.
pub(super) struct Library {
    built: Built,
    searcher: Searcher,
    queries: Vec<Value>,
}

impl Library {
    /// Over the database that [`build`] made.
    pub(super) fn open(built: Built, problem: &Problem, folder: &Path) -> Result<Self> {
        let searcher = Searcher::new(Database::open(folder)?, problem.dimensions())?;
        let queries = problem.queries().map(parameter).collect::<Result<_>>()?;
        Ok(Self { built, searcher, queries })
    }
}

impl System for Library {
    fn built(&self) -> &Built {
        &self.built
    }

    fn lines(&self) -> Vec<Line> {
        vec![Line::in_process(LIBRARY)]
    }

    fn measure(&mut self, _line: &Line, ef: usize) -> Result<Pass> {
        self.searcher.set_ef(ef)?;
        for query in self.queries.iter().take(WARM_UP) {
            self.searcher.search(query)?;
        }
        let mut pass = Pass::default();
        for (number, query) in self.queries.iter().enumerate() {
            let start = Instant::now();
            let batches = self.searcher.search(query)?;
            pass.nanos.push(start.elapsed().as_nanos() as u64);
            pass.answers.push((number, ids(&batches)?));
        }
        pass.seconds = pass.nanos.iter().sum::<u64>() as f64 / 1e9;
        Ok(pass)
    }
}

fn runtime() -> Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

fn vector_type(dimensions: usize) -> DataType {
    DataType::FixedSizeList(element(), dimensions as i32)
}

fn element() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Float32, true))
}

fn lists(values: &[f32], dimensions: usize) -> Result<FixedSizeListArray> {
    let values: ArrayRef = Arc::new(Float32Array::from(values.to_vec()));
    Ok(FixedSizeListArray::try_new(element(), dimensions as i32, values, None)?)
}

fn write_parquet(problem: &Problem, path: &Path) -> Result<()> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("embedding", vector_type(problem.dimensions()), false),
    ]));
    let mut writer = ArrowWriter::try_new(File::create(path)?, schema.clone(), None)?;
    let mut first = 0;
    for values in problem.data.base.chunks(ROWS_A_GROUP * problem.dimensions()) {
        let vectors = lists(values, problem.dimensions())?;
        let next = first + vectors.len() as i64;
        let ids: ArrayRef = Arc::new((first..next).collect::<Int64Array>());
        writer.write(&RecordBatch::try_new(schema.clone(), vec![ids, Arc::new(vectors)])?)?;
        first = next;
    }
    writer.close()?;
    Ok(())
}
