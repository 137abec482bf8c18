//! The table `playbooks` as searches read it: which of its rows apply to a query.
//!
//! A playbook applies to a query when its tenant is the query's, its role is the query's or none, it has not expired, the
//! two queries are near enough (`muster.playbook_max_distance`), and they are the same need: similar texts may ask for
//! opposite things ([`Need`]). Tenant, role and corpus are asked for before anything is compared, so a playbook of another
//! tenant neither comes nor takes the place of one that does.
//!
//! - [`Playbooks`]: the table, opened in a statement.
//! - [`Gate`]: what is asked for before the search.
//! - [`Playbook`]: a row that applies.
//!
//! It ranks no answers: [`muster_engine::playbook`] does.

mod gate;
mod row;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use muster_engine::Hit;
use muster_engine::playbook::Need;
use muster_storage::{Snapshot, TableDefinition};

use super::built_in::BuiltIn;
use super::vector_search::{Corpus, Query, Request, Searcher};
use crate::Result;
use crate::search::Counters;
use crate::session::StatementContext;

pub(super) use gate::Gate;
use row::Columns;
pub(super) use row::Playbook;

/// The table.
pub(super) const TABLE: BuiltIn = BuiltIn {
    name: "playbooks",
    hint: "Searches with playbooks read the table public.playbooks. Its definition is in docs/sql/playbooks.md.",
};

/// Rows that are asked for at first; twice as many when the last of them is still near enough.
const AT_FIRST: usize = 4;

/// The most rows that are compared with one query, nearest first: what playbooks beyond them say has been said.
pub(super) const MOST: usize = 1024;

/// A distance between equal texts that rounding may leave.
const ROUNDING: f64 = 1e-6;

/// The table, opened in a statement.
pub(super) struct Playbooks {
    statement: Arc<StatementContext>,
    searcher: Searcher,
    columns: Columns,
}

/// What is asked of the playbooks.
pub(super) struct Wanted<'a> {
    pub(super) query: &'a str,
    pub(super) gate: &'a Gate,
    /// How many; all that apply, unless given.
    pub(super) k: Option<usize>,
}

impl Playbooks {
    /// # Errors
    /// 42P01, 42809, 42703, 42804 where the table is not what searches need.
    pub(super) fn open(statement: Arc<StatementContext>) -> Result<Self> {
        let definition = Self::definition(&statement.snapshot)?;
        let columns = Columns::of(&definition)?;
        let searcher = Searcher::open(&definition, statement.clone())?.among_documents();
        Ok(Self { statement, searcher, columns })
    }

    /// The table's definition, as far as it is what searches need.
    pub(super) fn definition(snapshot: &Snapshot) -> Result<Arc<TableDefinition>> {
        let definition = TABLE.open(snapshot)?.definition().clone();
        Corpus::of(&definition).map_err(|error| TABLE.hinted(error))?;
        Ok(definition)
    }

    /// The playbooks that apply, nearest first; among equals the older first.
    pub(super) fn matching(&mut self, wanted: &Wanted<'_>, counters: &Counters) -> Result<Vec<Playbook>> {
        let limit = self.statement.settings.playbooks.max_distance();
        let need = Need::read(wanted.query);
        let enough = wanted.k.unwrap_or(MOST);
        let mut request = Request {
            query: Query::Text(wanted.query.to_string()),
            k: AT_FIRST.max(wanted.k.unwrap_or_default().saturating_mul(2)).min(MOST),
            filter: Some(wanted.gate.filter()),
            exclude: Vec::new(),
            ef: None,
            exact: false,
            within: limit + ROUNDING,
        };
        loop {
            let found = self.searcher.search(std::slice::from_ref(&request))?.pop().unwrap_or_default();
            counters.add(&found, 0);
            counters.evaluated(std::mem::take(self.searcher.usage.evaluated.get_mut()));
            let near = found.hits.iter().take_while(|hit| hit.distance <= limit + ROUNDING);
            let near: Vec<Hit> = near.copied().collect();
            let all = near.len() < request.k || request.k >= MOST;
            let applying = self.applying(&near, &need)?;
            if all || applying.len() >= enough {
                let mut applying = applying;
                applying.sort_by(|a, b| a.query_distance.total_cmp(&b.query_distance).then(a.id.cmp(&b.id)));
                applying.truncate(enough);
                return Ok(applying);
            }
            request.k = request.k.saturating_mul(4).min(MOST);
        }
    }

    /// Those that have not expired and are the same need.
    fn applying(&self, hits: &[Hit], need: &Need) -> Result<Vec<Playbook>> {
        let mut applying = Vec::with_capacity(hits.len());
        for (playbook, expires_at) in self.columns.read(&self.searcher.table, hits)? {
            if expires_at.is_some_and(|expires_at| expires_at <= self.statement.now) {
                continue;
            }
            if need.agrees(&Need::read(&playbook.query_text)) {
                if expires_at.is_some() {
                    // What is found now is not what will be found then, though no row changes.
                    self.statement.varies.store(true, Ordering::Release);
                }
                applying.push(playbook);
            }
        }
        Ok(applying)
    }
}
