//! Whether the playbooks that the server acknowledged are there.

use std::collections::{BTreeMap, HashSet};

use tokio_postgres::{Config, NoTls};

use super::report::Verified;
use crate::cli::error::{Error, Result};

/// Looks for each recorded playbook, by its query and its answer.
///
/// # Errors
/// When the server cannot be asked.
pub(super) async fn verify(
    config: &Config,
    source: &str,
    recorded: &BTreeMap<(String, String), &'static str>,
    killed: bool,
) -> Result<Verified> {
    let failed =
        |error: tokio_postgres::Error| Error::Task { reason: format!("looking for playbooks: {error}") };
    let (connection, driver) = config.connect(NoTls).await.map_err(failed)?;
    tokio::task::spawn_local(async move {
        let _closed = driver.await;
    });
    let sql = "SELECT query_text, answer_id FROM playbooks WHERE source = $1";
    let rows = connection.query(sql, &[&source]).await.map_err(failed)?;
    let there: std::result::Result<HashSet<(String, String)>, _> =
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect();
    let there = there.map_err(failed)?;
    let found = recorded.keys().filter(|playbook| there.contains(*playbook)).count();
    Ok(Verified { acknowledged: recorded.len() as u64, found: found as u64, killed })
}
