//! Query strings that were parsed, with the statements in them.
//!
//! It knows no names and no tables: the same text always parses to the same.

use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::{CacheCounts, Counts};
use crate::Result;
use crate::parse::{Statement, parse};

/// Texts that are kept.
const TEXTS: u64 = 1024;

/// The longest of them, in bytes: longer ones hold data, as a rule, and do not come again.
const LONGEST: usize = 4096;

/// See the module.
#[derive(Debug)]
pub(crate) struct StatementCache {
    /// By text; the statements say that they come again.
    parsed: Cache<Arc<str>, Arc<[Statement]>>,
    counts: Counts,
}

impl Default for StatementCache {
    fn default() -> Self {
        let parsed = Cache::builder().max_capacity(TEXTS).eviction_policy(EvictionPolicy::lru()).build();
        Self { parsed, counts: Counts::default() }
    }
}

impl StatementCache {
    /// The statements of a query string.
    ///
    /// # Errors
    /// 42601 where it does not parse.
    pub(crate) fn parse(&self, sql: &str) -> Result<Vec<Statement>> {
        // Passwords are in no cache.
        if sql.len() > LONGEST || sql.to_ascii_lowercase().contains("password") {
            return parse(sql);
        }
        if let Some(known) = self.counts.count(self.parsed.get(sql)) {
            return Ok(known.to_vec());
        }
        let statements = parse(sql)?;
        let again: Vec<Statement> = statements.iter().map(Statement::come_again).collect();
        self.parsed.insert(Arc::from(sql), again.into());
        Ok(statements)
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        self.counts.with(Some(self.parsed.entry_count()), None)
    }
}
