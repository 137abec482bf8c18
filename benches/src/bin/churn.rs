//! Recall after random inserts, updates and deletes, beside that of a fresh build: `churn [changes] [rows]`, 200,000 over
//! 50,000 unless given.
//!
//! The store seals, compacts and gets its graphs as a database's background threads do, after every thousand changes.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use arrow::array::{ArrayRef, AsArray, FixedSizeListArray, Float32Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use muster_benches::data;
use muster_benches::measure::recall;
use muster_engine::{
    BuiltGraph, Graph, HnswParams, Metric, SearchOptions, Strategy, Vectors, build_graph, search,
};
use muster_storage::{Changes, Effort, KeyConstraint, Options, Store};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use roaring::{RoaringBitmap, RoaringTreemap};

const DIMENSIONS: usize = 96;
const COMMIT: usize = 100;
const OPTIONS: SearchOptions = SearchOptions { metric: Metric::Cosine, k: 10, ef: 40, exact: false };

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let changes: usize = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let rows: usize = arguments.next().map_or(Ok(50_000), |text| text.parse())?;
    let vectors = data::clustered(rows + changes, DIMENSIONS, 500, 0.7);
    let folder = tempfile::tempdir()?;
    let mut churn = Churn::new(Store::open_with(folder.path(), Options::default())?, vectors.base)?;
    let start = Instant::now();
    for _ in 0..rows.div_ceil(COMMIT) {
        churn.commit(|_| Change::Insert)?;
    }
    churn.settle()?;
    println!(
        "{} rows in {:.1} s; {}",
        churn.ids.len(),
        start.elapsed().as_secs_f64(),
        churn.measure(&vectors.queries)?
    );
    let start = Instant::now();
    for commit in 0..changes.div_ceil(COMMIT) {
        churn.commit(|rng| match rng.random_range(0..3) {
            0 => Change::Insert,
            1 => Change::Update,
            _ => Change::Delete,
        })?;
        if commit % 10 == 9 {
            churn.settle()?;
        }
        if (commit + 1) % 500 == 0 {
            println!("{} changes: {}", (commit + 1) * COMMIT, churn.measure(&vectors.queries)?);
        }
    }
    println!("in {:.1} s; {:?}", start.elapsed().as_secs_f64(), churn.store.activity());
    println!("after {changes} changes: {}", churn.measure(&vectors.queries)?);
    churn.store.checkpoint()?;
    churn.store.compact("t", Effort::Full, &|| true)?;
    churn.settle()?;
    println!("a fresh build: {}", churn.measure(&vectors.queries)?);
    Ok(())
}

enum Change {
    Insert,
    Update,
    Delete,
}

struct Churn {
    store: Store,
    schema: SchemaRef,
    /// Vectors, each of which is used once.
    vectors: Vec<f32>,
    used: usize,
    /// The ids that are in the table.
    ids: Vec<i64>,
    next: i64,
    rng: ChaCha8Rng,
}

impl Churn {
    fn new(store: Store, vectors: Vec<f32>) -> Result<Self> {
        let item = Arc::new(Field::new("item", DataType::Float32, true));
        let schema = Arc::new(Schema::new(vec![
            Field::new("id", DataType::Int64, false),
            Field::new("v", DataType::FixedSizeList(item, DIMENSIONS as i32), true),
        ]));
        let key =
            KeyConstraint { name: "t_pkey".into(), columns: vec![0], primary: true, nulls_distinct: true };
        let table = Changes::new().create_table("t", schema.clone(), vec![key], Default::default());
        store.commit(table.create_index("t", "t_v_idx", 1, "hnsw", Default::default()))?;
        store.set_indexer(Box::new(|table, part, _, put| {
            for index in &table.definition().indexes {
                if let Ok(built) = built(part) {
                    put(index.id, &|file| built.write(file))?;
                }
            }
            Ok(())
        }));
        Ok(Self {
            store,
            schema,
            vectors,
            used: 0,
            ids: Vec::new(),
            next: 0,
            rng: ChaCha8Rng::seed_from_u64(9),
        })
    }

    fn commit(&mut self, choose: impl Fn(&mut ChaCha8Rng) -> Change) -> Result<()> {
        let (mut put, mut values, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..COMMIT {
            let id = match choose(&mut self.rng) {
                Change::Insert => {
                    self.next += 1;
                    self.next
                }
                _ if self.ids.is_empty() => continue,
                change => {
                    let at = self.rng.random_range(0..self.ids.len());
                    let id = self.ids.swap_remove(at);
                    deleted.push(id);
                    if matches!(change, Change::Delete) {
                        continue;
                    }
                    id
                }
            };
            put.push(id);
            let start = self.used * DIMENSIONS;
            values.extend_from_slice(self.vectors.get(start..start + DIMENSIONS).context("vectors")?);
            self.used += 1;
        }
        let snapshot = self.store.snapshot();
        let table = snapshot.table("t").context("the table")?;
        let item = Arc::new(Field::new("item", DataType::Float32, true));
        let none = FixedSizeListArray::new_null(item, DIMENSIONS as i32, deleted.len());
        let keys: ArrayRef = Arc::new(Int64Array::from(deleted));
        let keys = RecordBatch::try_new(self.schema.clone(), vec![keys, Arc::new(none)])?;
        let places = table.find_each("t_pkey", &keys)?;
        let parts: Vec<_> = table.parts().collect();
        let rows: RoaringTreemap =
            places.iter().flatten().filter_map(|&(part, row)| Some(parts.get(part)?.row_id(row))).collect();
        self.ids.extend(&put);
        let item = Arc::new(Field::new("item", DataType::Float32, true));
        let values = Arc::new(Float32Array::from(values));
        let vectors = FixedSizeListArray::try_new(item, DIMENSIONS as i32, values, None)?;
        let put = RecordBatch::try_new(
            self.schema.clone(),
            vec![Arc::new(Int64Array::from(put)), Arc::new(vectors)],
        )?;
        self.store.commit(Changes::new().delete("t", rows).put("t", put))?;
        Ok(())
    }

    /// What the background does.
    fn settle(&self) -> Result<()> {
        self.store.maintain(&|| true)?;
        let snapshot = self.store.snapshot();
        let table = snapshot.table("t").context("the table")?;
        let index = table.definition().indexes.first().context("the index")?.id;
        for part in table.parts() {
            let Some(segment) = part.segment_id() else { continue };
            if part.index_file(index)?.is_none() {
                let built = built(part)?;
                self.store.put_index_file("t", segment, index, &|file| built.write(file))?;
            }
        }
        Ok(())
    }

    fn measure(&self, queries: &[f32]) -> Result<String> {
        let snapshot = self.store.snapshot();
        let table = snapshot.table("t").context("the table")?;
        let index = table.definition().indexes.first().context("the index")?.id;
        let mut opened = Vec::new();
        for part in table.parts() {
            let graph = part.index_file(index)?.map(Graph::open).transpose()?;
            let all = RoaringBitmap::from_iter(0..part.rows() as u32);
            opened.push((part.columns(&[1])?, all - part.deleted(), graph, part.deleted().is_empty()));
        }
        let mut parts = Vec::new();
        for (columns, live, graph, whole) in &opened {
            let vectors = Vectors::from_array(columns.column(0).as_fixed_size_list())?;
            let allowed = Some(live).filter(|_| !whole);
            parts.push(muster_engine::Part { vectors, allowed, graph: graph.as_ref() });
        }
        let (mut total, mut exact, count) = (0.0, 0, queries.len() / DIMENSIONS);
        let start = Instant::now();
        for query in queries.chunks_exact(DIMENSIONS) {
            let (found, stats) = search(&parts, query, &OPTIONS)?;
            exact += usize::from(stats.strategy == Strategy::Exact);
            let (truth, _) = search(&parts, query, &SearchOptions { exact: true, ..OPTIONS })?;
            total += recall(&found, &truth);
        }
        let sealed = parts.iter().filter(|part| part.graph.is_some()).count();
        Ok(format!(
            "recall@10 {:.4} over {} rows in {} parts, {sealed} of them with a graph, {exact} searches exact ({:.1} s)",
            total / count as f64,
            table.live_rows(),
            parts.len(),
            start.elapsed().as_secs_f64(),
        ))
    }
}

fn built(part: &muster_storage::Part) -> Result<BuiltGraph> {
    let vectors = part.vectors(1)?;
    let vectors = Vectors::from_array(&vectors)?;
    Ok(build_graph(&vectors, Metric::Cosine, &HnswParams::default(), &|_, _| true)?)
}
