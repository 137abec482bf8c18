//! The first password of a database that nobody can reach yet: that of `--password-file`, as containers give it.
//!
//! Invariant: a password that is there is never changed by it.

use std::path::Path;

use muster::Database;
use tokio::runtime::Runtime;

use super::error::{Error, Result};
use super::remote;

/// The superuser that every database has.
const POSTGRES: &str = "postgres";

/// Gives the role `postgres` the password that the file holds, unless it has one. The file may end with a line's end, which
/// is no part of it.
///
/// # Errors
/// [`Error::File`] for one that cannot be read, [`Error::Usage`] for one without a password.
pub(crate) fn set(runtime: &Runtime, database: &Database, path: &Path) -> Result<()> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        action: "read",
        path: path.to_path_buf(),
        source,
    })?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        return Err(Error::Usage { message: format!("there is no password in {path:?}") });
    }
    if database.role(POSTGRES)?.is_some_and(|role| role.password.is_some()) {
        return Ok(());
    }
    let statement = format!("ALTER ROLE {POSTGRES} PASSWORD {}", remote::literal(password));
    let session = database.session();
    runtime.block_on(session.execute(&statement, &[]))?;
    Ok(())
}
