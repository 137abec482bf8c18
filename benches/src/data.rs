//! What is measured on: the real titles, with their embeddings or with `hash-v1`'s, and generated vectors.
//!
//! Invariant: the same name gives the same vectors each time.

use std::{fs::File, path::PathBuf};

use anyhow::{Context, Result};
use arrow::{
    array::{AsArray, FixedSizeListArray, RecordBatch},
    compute::{cast, concat_batches},
    datatypes::{DataType, Field, Float32Type},
};
use muster_engine::{Embedder, HashEmbedder};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Vectors to index, and vectors to search for.
#[derive(Debug)]
pub struct DataSet {
    /// What to call it.
    pub name: String,
    /// Elements in each vector.
    pub dimensions: usize,
    /// The indexed vectors, one after the other.
    pub base: Vec<f32>,
    /// The queries, one after the other.
    pub queries: Vec<f32>,
}

/// The real titles with their sentence embeddings, searched with task descriptions.
///
/// # Errors
/// When the files are missing or are not what they should be.
pub fn titles() -> Result<DataSet> {
    let base = floats(&column(&read("job_titles.parquet")?, "embedding")?)?;
    let queries = floats(&column(&read("title_queries.parquet")?, "embedding")?)?;
    Ok(DataSet { name: "titles, sentence embeddings".into(), dimensions: 384, base, queries })
}

/// The real titles embedded by `hash-v1`, searched with titles that have a letter missing.
///
/// # Errors
/// When the file is missing or is not what it should be.
pub fn hashed_titles() -> Result<DataSet> {
    let titles = strings(&read("job_titles.parquet")?, "title")?;
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let typos: Vec<String> = (0..500)
        .map(|_| {
            let title = titles.get(rng.random_range(0..titles.len())).map_or("", String::as_str);
            let missing = rng.random_range(0..title.chars().count().max(1));
            title.chars().enumerate().filter(|&(at, _)| at != missing).map(|(_, c)| c).collect()
        })
        .collect();
    Ok(DataSet {
        name: "titles, hash-v1".into(),
        dimensions: HashEmbedder::DEFAULT_DIMENSIONS,
        base: embed(&titles)?,
        queries: embed(&typos)?,
    })
}

/// Task descriptions embedded by `hash-v1`, against the titles: text unlike what is indexed.
///
/// # Errors
/// When a file is missing or is not what it should be.
pub fn hashed_tasks() -> Result<DataSet> {
    let titles = strings(&read("job_titles.parquet")?, "title")?;
    let tasks = strings(&read("title_queries.parquet")?, "query")?;
    Ok(DataSet {
        name: "titles, hash-v1, searched with tasks".into(),
        dimensions: HashEmbedder::DEFAULT_DIMENSIONS,
        base: embed(&titles)?,
        queries: embed(&tasks)?,
    })
}

/// Generated sentences about workers, embedded by `hash-v1`: a few words in many combinations.
///
/// # Errors
/// None but the embedder's.
pub fn hashed_profiles(rows: usize) -> Result<DataSet> {
    const ROLES: [&str; 12] = [
        "forklift operator",
        "CNC machinist",
        "welder",
        "picker packer",
        "truck driver",
        "line cook",
        "warehouse associate",
        "electrician",
        "plumber",
        "registered nurse",
        "security guard",
        "janitor",
    ];
    const CITIES: [&str; 12] = [
        "Detroit, MI",
        "Toledo, OH",
        "Chicago, IL",
        "Gary, IN",
        "Columbus, OH",
        "Houston, TX",
        "Dallas, TX",
        "Phoenix, AZ",
        "Atlanta, GA",
        "Memphis, TN",
        "Reno, NV",
        "Tampa, FL",
    ];
    const SKILLS: [&str; 14] = [
        "pallet jack",
        "reach truck",
        "inventory counts",
        "MIG welding",
        "blueprint reading",
        "Haas mills",
        "food safety",
        "RF scanner",
        "cycle counting",
        "night shifts",
        "team lead",
        "OSHA 10",
        "hazmat",
        "CPR",
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut pick =
        |from: &'static [&'static str]| from.get(rng.random_range(0..from.len())).copied().unwrap_or("");
    let profiles: Vec<String> = (0..rows)
        .map(|row| {
            let (role, city) = (pick(&ROLES), pick(&CITIES));
            let (a, b, c) = (pick(&SKILLS), pick(&SKILLS), pick(&SKILLS));
            let years = 1 + row % 30;
            format!(
                "Experienced {role} based in {city} with {years} years in the trade. \
                 Skilled in {a}, {b} and {c}. Worker number {row} is available for {role} shifts."
            )
        })
        .collect();
    let queries: Vec<String> =
        (0..300).map(|_| format!("{} in {} {}", pick(&ROLES), pick(&CITIES), pick(&SKILLS))).collect();
    Ok(DataSet {
        name: format!("{rows} profiles, hash-v1"),
        dimensions: HashEmbedder::DEFAULT_DIMENSIONS,
        base: embed(&profiles)?,
        queries: embed(&queries)?,
    })
}

/// Vectors around random centres; queries from the same distribution.
pub fn clustered(rows: usize, dimensions: usize, clusters: usize, spread: f32) -> DataSet {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let centres: Vec<Vec<f32>> =
        (0..clusters).map(|_| (0..dimensions).map(|_| normal(&mut rng)).collect()).collect();
    let mut around = |count: usize| {
        let mut values = Vec::with_capacity(count * dimensions);
        for _ in 0..count {
            let centre = centres.get(rng.random_range(0..clusters)).map_or(&[][..], Vec::as_slice);
            values.extend(centre.iter().map(|c| c + spread * normal(&mut rng)));
        }
        values
    };
    DataSet {
        name: format!("{rows} x {dimensions} in {clusters} clusters, spread {spread}"),
        dimensions,
        base: around(rows),
        queries: around(500),
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let (a, b): (f32, f32) = (rng.random_range(1e-7..1.0), rng.random());
    (-2.0 * a.ln()).sqrt() * (b * std::f32::consts::TAU).cos()
}

fn embed(texts: &[String]) -> Result<Vec<f32>> {
    let texts: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
    floats(&HashEmbedder::new(HashEmbedder::DEFAULT_DIMENSIONS)?.embed_batch(&texts)?)
}

fn read(name: &str) -> Result<RecordBatch> {
    let folder = std::env::var_os("MUSTER_TEST_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"), PathBuf::from);
    let path = folder.join(name);
    let file = File::open(&path).with_context(|| format!("cannot open {}", path.display()))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?;
    let schema = reader.schema().clone();
    let batches = reader.build()?.collect::<Result<Vec<RecordBatch>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}

fn column(batch: &RecordBatch, name: &str) -> Result<FixedSizeListArray> {
    let column = batch.column_by_name(name).with_context(|| format!("no column {name}"))?;
    let field = Field::new_list_field(DataType::Float32, true);
    Ok(cast(column, &DataType::FixedSizeList(field.into(), 384))?.as_fixed_size_list().clone())
}

fn floats(vectors: &FixedSizeListArray) -> Result<Vec<f32>> {
    let values = vectors.values().as_primitive_opt::<Float32Type>().context("elements are not float4")?;
    Ok(values.values().to_vec())
}

fn strings(batch: &RecordBatch, name: &str) -> Result<Vec<String>> {
    let column = batch.column_by_name(name).with_context(|| format!("no column {name}"))?;
    let column = cast(column, &DataType::Utf8)?;
    Ok(column.as_string::<i32>().iter().map(|it| it.unwrap_or_default().to_owned()).collect())
}
