//! A child process that ends with its owner, by the signal that it ends cleanly by.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// See the module.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    signal: &'static str,
}

impl Process {
    /// Watches over a child that ends by a signal, named as `kill` names it.
    pub(super) fn new(child: Child, signal: &'static str) -> Self {
        Self { child, signal }
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    fn end(&mut self) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        Command::new("kill").arg(format!("-{}", self.signal)).arg(self.id().to_string()).status()?;
        let start = Instant::now();
        while self.ended()?.is_none() {
            if start.elapsed() > PATIENCE {
                bail!("process {} does not end", self.id());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            eprintln!("{error:#}");
            // What would not end is killed; if that fails too, nobody is left to tell.
            let _killed = self.child.kill().and_then(|()| self.child.wait());
        }
    }
}

/// Runs a command to its end and gives its output; a failure says what it said.
pub(super) fn output(command: &mut Command) -> Result<String> {
    let name = format!("{}", command.get_program().display());
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let last = complaint.trim().lines().next_back().unwrap_or_default();
        bail!("{name} failed ({}): {last}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
