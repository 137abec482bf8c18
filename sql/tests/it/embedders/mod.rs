//! Configured embedders in statements, with a provider that speaks real HTTP.
//!
//! - `loading`: batches, the cache over reopening, backups.
//! - `failing`: providers that are down, slow, wrong; cancelling.
//! - `pinned`: columns keep to the embedder that they were made with.
//! - `places`: everywhere that a statement can call embed().

mod failing;
mod loading;
mod pinned;
mod places;
#[allow(dead_code, reason = "the tests of several packages use it, each a part")]
#[path = "../../../../embedders/tests/it/provider.rs"]
mod provider;

use std::path::Path;
use std::time::Duration;

use muster::arrow::array::{Array, AsArray, RecordBatch};
use muster::arrow::datatypes::Float32Type;
use muster::blocking::{Database, Session};
use muster::{EmbedderConfig, Options, Provider as Kind};

use self::provider::Provider;

const DIMENSIONS: usize = 8;

/// A table whose rows are embedded by `x`.
const DOCS: &str = "CREATE TABLE docs (id int PRIMARY KEY, body text, note text,
                    e vector(8) GENERATED ALWAYS AS (embed(body, 'x')) STORED)";

/// A configuration for a provider that is asked without patience.
fn config(provider: &Provider) -> EmbedderConfig {
    let mut config = EmbedderConfig::new(Kind::Ollama);
    config.url = Some(provider.url());
    config.dimensions = Some(DIMENSIONS);
    config.retries = 0;
    config.timeout = Duration::from_secs(20);
    config
}

fn options(config: EmbedderConfig) -> Options {
    Options { embedders: [("x".to_string(), config)].into(), ..Options::default() }
}

/// A database in a folder, with the embedder `x`.
fn open(dir: &Path, config: EmbedderConfig) -> Database {
    Database::open_with(dir, options(config)).unwrap()
}

fn texts(batches: &[RecordBatch]) -> Vec<String> {
    let column = |batch: &RecordBatch| {
        let text =
            muster::arrow::compute::cast(batch.column(0), &muster::arrow::datatypes::DataType::Utf8).unwrap();
        text.as_string::<i32>().iter().map(|text| text.unwrap_or("NULL").to_string()).collect::<Vec<_>>()
    };
    batches.iter().flat_map(column).collect()
}

/// The first column of a query's rows, as text.
fn column(session: &Session, sql: &str) -> Vec<String> {
    texts(session.query(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}")).batches())
}

fn state(session: &Session, sql: &str) -> &'static str {
    session.query(sql, &[]).err().unwrap_or_else(|| panic!("{sql}: no error")).sqlstate()
}

/// The vectors of a query's first column.
fn vectors(session: &Session, sql: &str) -> Vec<Vec<f32>> {
    let found = session.query(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let of = |batch: &RecordBatch| {
        let list = batch.column(0).as_fixed_size_list().clone();
        (0..list.len())
            .map(|row| list.value(row).as_primitive::<Float32Type>().values().to_vec())
            .collect::<Vec<_>>()
    };
    found.batches().iter().flat_map(of).collect()
}
