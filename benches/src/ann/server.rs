//! The command `muster`, as a process: a server over a folder.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::process::Process;
use super::wire::Endpoint;

/// The command's path: as named, or from the folder of this program, built first when cargo runs this.
///
/// # Errors
/// When it is not there, or does not build.
pub(super) fn command(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        return Ok(path.to_path_buf());
    }
    let this = std::env::current_exe()?;
    let folder = this.parent().context("this program is in no folder")?;
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut build = Command::new(cargo);
        build.args(["build", "--package", "muster-server", "--bin", "muster"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        build.current_dir(env!("CARGO_MANIFEST_DIR"));
        build.env("CARGO_TARGET_DIR", folder.parent().context("no target folder")?);
        if !build.status()?.success() {
            bail!("the command muster does not build");
        }
    }
    let path = folder.join("muster");
    if !path.exists() {
        bail!(
            "there is no {}; build it (cargo build --release -p muster-server) or name it by --muster",
            path.display()
        );
    }
    Ok(path)
}

/// Starts `muster serve` over a folder, on any free port, and waits until it listens.
///
/// # Errors
/// When it does not start; it has said why on standard error.
pub(super) fn start(muster: &Path, data: &Path) -> Result<(Process, Endpoint)> {
    let mut command = Command::new(muster);
    command.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut stdout = BufReader::new(child.stdout.take().context("no standard output")?);
    let process = Process::new(child, "TERM");
    let mut line = String::new();
    stdout.read_line(&mut line)?;
    let address = line.split_whitespace().find_map(|word| word.parse().ok());
    let address = address.with_context(|| format!("muster serve did not say where it listens: {line:?}"))?;
    // Keeps reading, so that the server is never stopped by a full pipe.
    std::thread::spawn(move || stdout.read_to_end(&mut Vec::new()));
    Ok((process, Endpoint { address, user: "muster", database: "muster" }))
}
