//! A peer that a Python script of `benches/peers` runs in a process of its own; see `protocol.py` there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::args::{BUILD_THREADS, EF_CONSTRUCTION, M, PeerName};
use super::pass::Pass;
use super::problem::{Files, Problem};
use super::process::Process;
use super::python::Python;
use super::system::{Built, HNSWLIB, Line, System};

/// Queries of a system that compares with every vector: each takes tens of milliseconds.
const EXACT_QUERIES: usize = 50;

/// A script, and how it is to run.
struct Script {
    name: &'static str,
    file: &'static str,
    variant: &'static str,
    exact: bool,
}

/// The script of a peer; pgvector has none, it is asked over the wire.
fn script(peer: PeerName) -> Option<Script> {
    let (name, file, variant, exact) = match peer {
        PeerName::Hnswlib => (HNSWLIB, "hnswlib_peer.py", "", false),
        PeerName::Faiss => ("faiss HNSWFlat", "faiss_peer.py", "", false),
        PeerName::UsearchF32 => ("usearch f32", "usearch_peer.py", "f32", false),
        PeerName::UsearchF16 => ("usearch f16", "usearch_peer.py", "f16", false),
        PeerName::Lancedb => ("LanceDB", "lancedb_peer.py", "", false),
        PeerName::Duckdb => ("DuckDB", "duckdb_peer.py", "", true),
        PeerName::SqliteVec => ("sqlite-vec", "sqlite_vec_peer.py", "", true),
        PeerName::Pgvector => return None,
    };
    Some(Script { name, file, variant, exact })
}

/// See the module.
pub(super) struct Peer {
    built: Built,
    exact: bool,
    queries: usize,
    input: ChildStdin,
    lines: BufReader<ChildStdout>,
    // Dropped last: its standard input ends before it is told to.
    _process: Process,
}

#[derive(Deserialize)]
struct Ready {
    version: String,
}

#[derive(Deserialize)]
struct Seconds {
    seconds: f64,
}

#[derive(Deserialize)]
struct Measured {
    ids: Vec<Vec<i64>>,
    nanos: Vec<u64>,
    batch_seconds: Option<f64>,
}

impl Peer {
    /// Starts a peer's script and has it build. `None` for a peer that has no script.
    ///
    /// # Errors
    /// When its package is missing, or it fails.
    pub(super) fn build(
        peer: PeerName,
        python: &Python,
        problem: &Problem,
        files: &Files,
        folder: &Path,
    ) -> Result<Option<Self>> {
        let Some(Script { name, file, variant, exact }) = script(peer) else { return Ok(None) };
        let folder = folder.join(format!("{}{variant}", file.trim_end_matches(".py")));
        std::fs::create_dir(&folder)?;
        let mut command = python.script(file);
        command.arg("--base").arg(&files.base).arg("--queries").arg(&files.queries);
        command.arg("--folder").arg(&folder).arg("--variant").arg(variant);
        for (option, value) in [
            ("--dimensions", problem.dimensions()),
            ("--m", M),
            ("--ef-construction", EF_CONSTRUCTION),
            ("--threads", BUILD_THREADS),
        ] {
            command.arg(option).arg(value.to_string());
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("no standard input")?;
        let lines = BufReader::new(child.stdout.take().context("no standard output")?);
        let built = Built { name: name.into(), version: String::new(), seconds: 0.0 };
        let process = Process::new(child, "TERM");
        let queries = if exact { EXACT_QUERIES } else { problem.queries().len() };
        let mut peer = Self { built, exact, queries, input, lines, _process: process };
        peer.built.version = peer.read::<Ready>()?.version;
        peer.built.seconds = peer.ask::<Seconds>(&json!({"do": "build"}))?.seconds;
        Ok(Some(peer))
    }

    fn ask<T: DeserializeOwned>(&mut self, command: &Value) -> Result<T> {
        writeln!(self.input, "{command}")?;
        self.input.flush()?;
        self.read()
    }

    fn read<T: DeserializeOwned>(&mut self) -> Result<T> {
        let mut line = String::new();
        if self.lines.read_line(&mut line)? == 0 {
            bail!("its script ended; what it says is above");
        }
        let answer: Value = serde_json::from_str(&line)?;
        if let Some(missing) = answer.get("missing").and_then(Value::as_str) {
            bail!("{missing}");
        }
        Ok(serde_json::from_value(answer)?)
    }
}

impl System for Peer {
    fn built(&self) -> &Built {
        &self.built
    }

    fn lines(&self) -> Vec<Line> {
        vec![Line { exact: self.exact, ..Line::in_process(&self.built.name) }]
    }

    fn measure(&mut self, _line: &Line, ef: usize) -> Result<Pass> {
        let count = self.queries;
        let measured: Measured = self.ask(&json!({"do": "measure", "ef": ef, "queries": count}))?;
        Ok(Pass {
            seconds: measured.nanos.iter().sum::<u64>() as f64 / 1e9,
            batch: measured.batch_seconds.map(|seconds| seconds / measured.nanos.len().max(1) as f64),
            answers: measured.ids.into_iter().enumerate().collect(),
            nanos: measured.nanos,
        })
    }
}
