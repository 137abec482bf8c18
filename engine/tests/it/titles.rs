//! The real job titles: recall of a graph over them, and what `hash-v1` makes of them.
//!
//! The files are in `../shared/data`, or the folder that `MUSTER_TEST_DATA` names; without, these tests
//! say that they skip.

use std::{fs::File, path::PathBuf};

use arrow::{
    array::{AsArray, FixedSizeListArray, RecordBatch},
    compute::{cast, concat_batches},
    datatypes::{DataType, Field},
};
use muster_engine::{Embedder, HashEmbedder, Metric, Part, SearchOptions, Strategy, Vectors, check_rows};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::data::{find, graph, recall};

fn read(name: &str) -> Option<RecordBatch> {
    let folder = std::env::var_os("MUSTER_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if !path.exists() {
        eprintln!("skipped: {} does not exist", path.display());
        return None;
    }
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    Some(concat_batches(&schema, &batches).unwrap())
}

fn vectors(batch: &RecordBatch) -> FixedSizeListArray {
    let column = batch.column_by_name("embedding").unwrap();
    let field = Field::new_list_field(DataType::Float32, true);
    cast(column, &DataType::FixedSizeList(field.into(), 384)).unwrap().as_fixed_size_list().clone()
}

fn strings(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = cast(batch.column_by_name(name).unwrap(), &DataType::Utf8).unwrap();
    column.as_string::<i32>().iter().map(|it| it.unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_graph_of_the_real_titles_finds_their_neighbours() {
    let (Some(titles), Some(queries)) = (read("job_titles.parquet"), read("title_queries.parquet")) else {
        return;
    };
    let (titles, queries) = (vectors(&titles), vectors(&queries));
    let (titles, queries) = (Vectors::from_array(&titles).unwrap(), Vectors::from_array(&queries).unwrap());
    check_rows(&titles, Some(Metric::Cosine), 0).unwrap();
    let graph = graph(&titles, Metric::Cosine);
    let mut total = 0.0;
    for query in 0..queries.len() {
        let query = &queries.get(query).unwrap().to_vec();
        let options = SearchOptions { metric: Metric::Cosine, k: 10, ef: 40, exact: false };
        let part = Part { vectors: titles, allowed: None, graph: Some(&graph) };
        let (found, stats) = find(part, query, options);
        assert_eq!(stats.strategy, Strategy::Graph);
        assert_eq!(found.len(), 10);
        let (exact, _) = find(part, query, SearchOptions { exact: true, ..options });
        total += recall(&found, &exact);
    }
    let mean = total / queries.len() as f64;
    println!("recall@10 at ef 40 over {} nodes: {mean:.4}", graph.nodes());
    assert!(mean >= 0.95, "recall {mean}");
}

#[test]
fn hash_v1_finds_forklift_driver_for_fork_lift_driver() {
    let Some(batch) = read("job_titles.parquet") else { return };
    let titles = strings(&batch, "title");
    let embedder = HashEmbedder::new(HashEmbedder::DEFAULT_DIMENSIONS).unwrap();
    let texts: Vec<Option<&str>> = titles.iter().map(|it| Some(it.as_str())).collect();
    let embedded = embedder.embed_batch(&texts).unwrap();
    let vectors = Vectors::from_array(&embedded).unwrap();
    let mut query = vec![0.0; embedder.dimensions()];
    for (text, expected) in [
        ("fork lift driver", "Forklift Driver"),
        ("FORK-LIFT DRIVER", "Forklift Driver"),
        ("forklift drivers", "Forklift Driver"),
        ("truckdriver", "Truck Driver"),
        ("cnc machinst", "CNC Machinist"),
    ] {
        embedder.embed(text, &mut query).unwrap();
        let options = SearchOptions { metric: Metric::Cosine, k: 3, ef: 40, exact: true };
        let (hits, _) = find(Part { vectors, allowed: None, graph: None }, &query, options);
        let found: Vec<&str> = hits.iter().map(|hit| titles[hit.row as usize].as_str()).collect();
        println!("{text}: {found:?} {:?}", hits.iter().map(|hit| hit.distance).collect::<Vec<_>>());
        assert!(found[0].starts_with(expected), "{text}: {found:?}");
    }
}
