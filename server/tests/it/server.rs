//! A server to test: in this process over a database in memory, or the command over a folder.

use std::future::Future;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ::tokio_postgres::{Client, NoTls};
use muster::Database;
use muster_server::wire::{self, ServeOptions, Server};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Longer than anything here takes on a busy machine: what takes longer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Any free port of this machine.
pub(crate) fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Runs a test with a server over an empty database in memory.
pub(crate) fn serving<T: Future<Output = ()>>(test: impl FnOnce(Serving) -> T) {
    serving_with(ServeOptions::new(any_port()), test);
}

/// Runs a test with a server of other options.
pub(crate) fn serving_with<T: Future<Output = ()>>(options: ServeOptions, test: impl FnOnce(Serving) -> T) {
    serving_database(Database::in_memory().unwrap(), options, test);
}

/// Runs a test with a server over a database that is there.
pub(crate) fn serving_database<T: Future<Output = ()>>(
    database: Database,
    options: ServeOptions,
    test: impl FnOnce(Serving) -> T,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::bind(database, options).await.unwrap();
        let address = server.local_addr();
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async {
            // A test that does not stop the server ends with it running.
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        }));
        let serving = Serving { address, stop, task };
        tokio::time::timeout(PATIENCE, test(serving)).await.expect("the test hangs");
    });
}

/// A server in this process.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<wire::Result<()>>,
}

impl Serving {
    /// Tells the server to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.begin_stop().await.unwrap().unwrap();
    }

    /// Tells the server to stop, and gives what to wait for.
    pub(crate) fn begin_stop(self) -> JoinHandle<wire::Result<()>> {
        self.stop.send(()).unwrap();
        self.task
    }
}

/// A client of tokio-postgres.
pub(crate) async fn connect(address: SocketAddr) -> Client {
    let config = format!("host={} port={} user=ann dbname=muster", address.ip(), address.port());
    let (client, connection) = ::tokio_postgres::connect(&config, NoTls).await.unwrap();
    // Its error is the client's to see.
    tokio::spawn(async { drop(connection.await) });
    client
}

/// The command `muster`.
pub(crate) fn muster() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_muster"));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_remove("MUSTER_LOG");
    command
}

/// `muster serve` as a process; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Process {
    /// Starts serving a folder and waits until it listens; the arguments follow `--listen`.
    pub(crate) fn serve(data: &Path, arguments: &[&str]) -> Self {
        let arguments: Vec<&str> = ["--listen", "127.0.0.1:0"].iter().chain(arguments).copied().collect();
        Self::serve_at(data, &arguments)
    }

    /// The same, where the arguments say.
    pub(crate) fn serve_at(data: &Path, arguments: &[&str]) -> Self {
        let mut command = muster();
        command.arg("serve").arg("--data").arg(data).args(arguments);
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let mut stdout = BufReader::new(stdout);
            let _ = stdout.read_line(&mut line);
            let _ = sender.send(line);
            // Keep reading, so that the process is never stopped by a full pipe.
            let _ = std::io::copy(&mut stdout, &mut std::io::sink());
        });
        let line = lines.recv_timeout(PATIENCE).unwrap();
        let address = line.split_whitespace().find_map(|word| word.parse().ok());
        let Some(address) = address else {
            let _ = child.kill();
            let mut complaint = String::new();
            child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
            panic!("the server did not say where it listens: {line:?} {complaint:?}");
        };
        Self { child, address }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Waits until the process ends by itself, and gives how, and what it complained.
    pub(crate) fn wait(&mut self) -> (ExitStatus, String) {
        let status = wait(&mut self.child);
        let mut complaint = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        (status, complaint)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where the test went as it should.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for a process to end; it is killed, and the test fails, when it does not.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("process {} does not end", child.id());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
