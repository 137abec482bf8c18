//! The Python interpreter that runs the peers' scripts, and why a package is not there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::process::output;

/// An interpreter, and the packages that could not be installed for it: name and reason.
#[derive(Debug)]
pub(super) struct Python {
    pub(super) interpreter: PathBuf,
    pub(super) refused: Vec<(String, String)>,
}

impl Python {
    /// The interpreter that is named, or one of a virtual environment that is made where there is none.
    ///
    /// # Errors
    /// When there is no Python 3 that makes virtual environments.
    pub(super) fn find(named: Option<&Path>) -> Result<Self> {
        if let Some(interpreter) = named {
            return Ok(Self { interpreter: interpreter.to_path_buf(), refused: Vec::new() });
        }
        let environment = cache()?.join("peers");
        let interpreter = environment.join("bin/python");
        if !interpreter.exists() {
            eprintln!("making a virtual environment in {}", environment.display());
            output(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
        }
        let requirements = std::fs::read_to_string(scripts().join("requirements.txt"))?;
        let mut refused = Vec::new();
        // One by one: a package that does not exist for this machine must not keep the others away.
        for package in requirements.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            eprintln!("installing {package}");
            let mut pip = Command::new(&interpreter);
            pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]);
            if let Err(error) = output(&mut pip) {
                let name = package.split("==").next().unwrap_or(package);
                refused.push((name.to_string(), format!("{error:#}")));
            }
        }
        Ok(Self { interpreter, refused })
    }

    /// A command that runs one of the scripts.
    pub(super) fn script(&self, name: &str) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg(scripts().join(name)).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }
}

/// The folder of the scripts.
fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Where what takes long to make is kept between runs.
fn cache() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(cache) => PathBuf::from(cache),
        None => PathBuf::from(std::env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?)
            .join(".cache"),
    };
    Ok(base.join("muster"))
}
