//! A server of the load's own: `muster serve` over the folder, in a process beside this one.
//!
//! Invariant: it does not outlive this value, nor this process: it stops when its standard input ends, which this process
//! holds open.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::cli::error::{Error, Result};
use crate::cli::served;

/// How long a server may take to close its database before it is ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// The same, when the load could not begin or was left.
const IMPATIENCE: Duration = Duration::from_secs(10);

/// Between two looks at whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// See the module.
#[derive(Debug)]
pub(super) struct OwnServer {
    process: Process,
    pub(super) address: SocketAddr,
}

impl OwnServer {
    /// Starts it and waits until it serves.
    ///
    /// # Errors
    /// When there is no database in the folder, or another server has it, or it does not start.
    pub(super) async fn start(data: &Path) -> Result<Self> {
        let failed = |source| Error::System { action: "start the server", source };
        let mut command = Command::new(std::env::current_exe().map_err(failed)?);
        // Ctrl-C is for this process, which then stops the server.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0", "--stop-with-input"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Process(command.spawn().map_err(failed)?);
        let stdout = process.0.stdout.take();
        // Opening a database may take a while. When this is left, the process ends, and with it the line.
        let line = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line)).transpose().map(|_| line)
        });
        let line = line.await.map_err(|error| Error::Task { reason: error.to_string() })?.map_err(failed)?;
        match line.split_whitespace().find_map(|word| word.parse().ok()) {
            Some(address) => Ok(Self { process, address }),
            // It has said why on standard error, which is this process's.
            None => Err(Error::Bench { reason: not_started(data) }),
        }
    }

    pub(super) fn process(&self) -> u32 {
        self.process.0.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.0.try_wait().ok().flatten()
    }

    /// Asks it to close its database, and waits until it has.
    ///
    /// # Errors
    /// When it ended otherwise than well; when it does not end, it is ended.
    pub(super) async fn stop(mut self) -> Result<()> {
        terminate(self.process());
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            match self.ended() {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    return Err(Error::Bench { reason: format!("the server ended by {status}") });
                }
                None => tokio::time::sleep(PAUSE).await,
            }
        }
        Err(Error::Bench { reason: format!("the server did not end within {} s", PATIENCE.as_secs()) })
    }

    /// Ends it by SIGKILL.
    pub(super) fn kill(mut self) {
        self.process.kill();
    }
}

/// With the way to use the server that may have the folder open already.
fn not_started(data: &Path) -> String {
    let hint = served::address(data).map(|address| {
        format!("; to use the one that serves it: --url postgres://postgres@{address}/muster")
    });
    format!("no server could be started over {data:?}{}", hint.unwrap_or_default())
}

/// A process that ends with its owner: asked first, then killed.
#[derive(Debug)]
struct Process(Child);

impl Process {
    fn kill(&mut self) {
        // A process that has ended is not there to be killed.
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            terminate(self.0.id());
            let asked = Instant::now();
            while matches!(self.0.try_wait(), Ok(None)) && asked.elapsed() < IMPATIENCE {
                std::thread::sleep(PAUSE);
            }
            self.kill();
        }
    }
}

/// SIGTERM, by the command that every Unix has, for the standard library can only kill.
fn terminate(process: u32) {
    let _asked = Command::new("kill").args(["-TERM", &process.to_string()]).status();
}
