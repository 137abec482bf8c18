//! How a command finds the server that has a database open: a file in the database's folder, beside its lock.
//!
//! It is a hint: whoever reads it connects and sees. Invariant: the file names the process that wrote it, so what a
//! server that was killed left behind is told from that of one that runs.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::error::{Error, Result};

const FILE: &str = "server.address";

/// The file of a running server; dropping it removes it.
pub(crate) struct Served(PathBuf);

impl Served {
    /// Tells where the database in `data` is served.
    pub(crate) fn tell(data: &Path, address: SocketAddr) -> Result<Served> {
        let path = data.join(FILE);
        std::fs::write(&path, format!("{} {address}\n", std::process::id()))
            .map_err(|source| Error::File { action: "write", path: path.clone(), source })?;
        Ok(Served(path))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // One that stays is known by its process id.
        let _gone = std::fs::remove_file(&self.0);
    }
}

/// The address of the server that has the database in `data` open; `None` when it is another program.
pub(crate) fn address(data: &Path) -> Option<SocketAddr> {
    let holder = std::fs::read_to_string(data.join("LOCK")).ok()?;
    let text = std::fs::read_to_string(data.join(FILE)).ok()?;
    parse(&text, holder.trim())
}

fn parse(text: &str, holder: &str) -> Option<SocketAddr> {
    let (process, address) = text.trim().split_once(' ')?;
    (process == holder).then(|| address.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_holder_of_the_lock_is_believed() {
        assert_eq!(parse("12 127.0.0.1:5433\n", "12"), "127.0.0.1:5433".parse().ok());
        assert_eq!(parse("12 127.0.0.1:5433\n", "13"), None);
        assert_eq!(parse("garbage", "garbage"), None);
    }
}
