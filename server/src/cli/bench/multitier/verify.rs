//! Whether the playbooks that the server acknowledged are there.

use std::collections::HashSet;
use std::time::Duration;

use super::failure;
use super::steps::Material;
use super::tally::Recorded;
use crate::cli::connect::Target;
use crate::cli::error::{Error, Result};

/// Recorded playbooks that were looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Verified {
    pub(super) acknowledged: u64,
    pub(super) found: u64,
    /// Whether the server was killed and started again before.
    pub(super) killed: bool,
}

/// How long the server may take to tell them.
const PATIENCE: Duration = Duration::from_secs(120);

/// Looks for each recorded playbook, by its query and its answer.
///
/// # Errors
/// When the server cannot be asked.
pub(super) async fn verify(
    target: &Target,
    material: &Material,
    recorded: &Recorded,
    killed: bool,
) -> Result<Verified> {
    let failed = |reason: String| Error::Bench { reason: format!("cannot look for playbooks: {reason}") };
    let told = tokio::time::timeout(PATIENCE, there(target, material)).await;
    let told = told.map_err(|_| failed("the server does not answer".to_owned()))?;
    let there = told.map_err(|error| failed(failure::reason(&error)))?;
    let found = recorded.iter().filter(|playbook| there.contains(*playbook)).count();
    Ok(Verified { acknowledged: recorded.len() as u64, found: found as u64, killed })
}

/// The playbooks that this run may have recorded. Those of the pool's queries are told by these, for another run at the same
/// time may have made them its own.
async fn there(
    target: &Target,
    material: &Material,
) -> std::result::Result<HashSet<(String, String)>, tokio_postgres::Error> {
    let (connection, driver) = target.connect().await?;
    tokio::task::spawn_local(async move {
        let _closed = driver.await;
    });
    let pool: Vec<&str> = material.queries.iter().map(|need| need.text.as_str()).collect();
    let sql = "SELECT query_text, answer_id FROM playbooks \
               WHERE answer_corpus = $1 AND (source = $2 OR query_text = ANY($3::text[]))";
    let rows = connection.query(sql, &[&material.corpus, &material.source, &pool]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
