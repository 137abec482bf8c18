//! Real job titles, with and without their own embeddings. Needs the folder that `MUSTER_TEST_DATA` names.

use std::path::PathBuf;

use muster::arrow::array::{Array, AsArray};
use muster::arrow::datatypes::Float32Type;
use muster::blocking::{Database, Session};
use muster::{LoadRequest, Value};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// The folder of real data, or `None` after saying so. Where `CI` is set it must be there.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("MUSTER_TEST_DATA").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")),
        PathBuf::from,
    );
    if folder.join("job_titles.parquet").is_file() {
        return Some(folder);
    }
    assert!(std::env::var_os("CI").is_none(), "CI needs the data, and {} has none", folder.display());
    eprintln!("skipped: no job_titles.parquet in {}", folder.display());
    None
}

fn distances(session: &Session, query: &Value, exact: bool) -> Vec<f32> {
    let sql = format!("SELECT distance FROM vector_search('job_titles', $1, k => 10, exact => {exact})");
    let rows = session.query(&sql, std::slice::from_ref(query)).unwrap();
    rows.batches()
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Float32Type>().values().to_vec())
        .collect()
}

#[test]
fn real_titles_with_real_embeddings_are_found_through_the_index() {
    let Some(folder) = data() else { return };
    let dir = tempfile::tempdir().unwrap();
    let session = Database::open(dir.path()).unwrap().session();
    let report = session
        .load(&LoadRequest {
            table: "job_titles".to_string(),
            path: folder.join("job_titles.parquet"),
            format: None,
            create: true,
        })
        .unwrap();
    assert_eq!((report.rows, report.created), (52_754, true));
    session.execute("CREATE INDEX ON job_titles USING hnsw (embedding vector_cosine_ops)", &[]).unwrap();
    session.execute("SET hnsw.ef_search = 40", &[]).unwrap();

    let file = std::fs::File::open(folder.join("title_queries.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let (mut found, mut wanted) = (0, 0);
    for batch in reader {
        let batch = batch.unwrap();
        let embeddings = batch.column_by_name("embedding").unwrap().as_fixed_size_list();
        for row in 0..embeddings.len() {
            let query = Value::FixedSizeList(std::sync::Arc::new(embeddings.slice(row, 1)));
            let exact = distances(&session, &query, true);
            assert_eq!(exact.len(), 10);
            // Titles repeat, so distances are compared: what is as near as the tenth is right.
            let tenth = exact[9] + 1e-5;
            found += distances(&session, &query, false).iter().filter(|distance| **distance <= tenth).count();
            wanted += exact.len();
        }
    }
    let recall = found as f64 / wanted as f64;
    println!("recall@10 at ef_search 40: {recall:.4} over {wanted} neighbours");
    assert!(recall >= 0.95, "{recall}");
}

#[test]
fn a_title_is_found_by_another_spelling_of_it() {
    let Some(folder) = data() else { return };
    let session = Database::in_memory().unwrap().session();
    session
        .execute(
            "CREATE TABLE titles (title_id text PRIMARY KEY, title text, soc_code text, job_zone int,
                embedding vector(768) GENERATED ALWAYS AS (embed(title)) STORED)",
            &[],
        )
        .unwrap();
    // The file's own embeddings are left out: the table computes its own.
    let source = Database::in_memory().unwrap();
    let path = folder.join("job_titles.parquet");
    source
        .session()
        .load(&LoadRequest { table: "raw".to_string(), path, format: None, create: true })
        .unwrap();
    let rows = source.session().query("SELECT title_id, title FROM raw", &[]).unwrap();
    let mut lines = String::from("title_id,title\n");
    for batch in rows.batches() {
        let (ids, titles) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        for row in 0..batch.num_rows() {
            lines.push_str(&format!("{},\"{}\"\n", ids.value(row), titles.value(row).replace('"', "\"\"")));
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("titles.csv");
    std::fs::write(&path, lines).unwrap();
    let report = session
        .load(&LoadRequest { table: "titles".to_string(), path, format: None, create: false })
        .unwrap();
    assert_eq!(report.rows, 52_754);
    let found = session
        .query("SELECT metadata->>'title' FROM vector_search('titles', 'fork lift driver', k => 5)", &[])
        .unwrap();
    let titles: Vec<String> = found
        .batches()
        .iter()
        .flat_map(|batch| {
            batch
                .column(0)
                .as_string::<i32>()
                .iter()
                .map(|title| title.unwrap().to_string())
                .collect::<Vec<_>>()
        })
        .collect();
    println!("{titles:?}");
    assert!(titles.iter().any(|title| title == "Forklift Driver"), "{titles:?}");
}
