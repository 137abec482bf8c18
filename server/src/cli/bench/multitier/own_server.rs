//! A server of the load's own: `muster serve` over the folder, in a process beside this one.
//!
//! Invariant: it does not outlive this value.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli::error::{Error, Result};

/// How long a server may take to close its database before it is ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub(super) struct OwnServer {
    child: Child,
    pub(super) address: SocketAddr,
}

impl OwnServer {
    /// Starts it and waits until it serves.
    pub(super) fn start(data: &Path) -> Result<Self> {
        let failed = |source| Error::System { action: "start the server", source };
        let program = std::env::current_exe().map_err(failed)?;
        let mut command = Command::new(program);
        // Ctrl-C is for this process, which then stops the server.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        let read = child.stdout.take().map(|out| BufReader::new(out).read_line(&mut line));
        let address = line.split_whitespace().find_map(|word| word.parse().ok());
        match (read, address) {
            (Some(Ok(_)), Some(address)) => Ok(Self { child, address }),
            _ => {
                let _ended = child.kill();
                let _reaped = child.wait();
                // It has said why on standard error, which is this process's.
                Err(Error::Usage { message: format!("no server could be started over {}", data.display()) })
            }
        }
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to close its database, and waits until it has.
    pub(super) fn stop(mut self) -> Result<()> {
        let failed = |source| Error::System { action: "stop the server", source };
        terminate(self.process());
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            match self.child.try_wait().map_err(failed)? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    let message = format!("the server ended with {status}");
                    return Err(Error::Task { reason: message });
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
        Err(Error::Task { reason: format!("the server did not end within {} s", PATIENCE.as_secs()) })
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // A process that has ended is not there to be killed.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// SIGTERM, by the command that every Unix has, for the standard library can only kill.
fn terminate(process: u32) {
    let _asked = Command::new("kill").args(["-TERM", &process.to_string()]).status();
}
