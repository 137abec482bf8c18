//! The rows that searches gave, for the next one that asks the same of the same tables.
//!
//! They are found by plan, parameters and the settings that a search reads, and hold the state of each table that they
//! were read from: after a commit that changed one of these they are not given out again. Invariant: what is given out
//! is what the search would give on the statement's own snapshot, with one beam or another.

use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use datafusion::common::ParamValues;
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use muster_storage::{Snapshot, TableDefinition};

use super::{CacheCounts, Counts};
use crate::Result;
use crate::functions::table::{Call, VectorSearch};
use crate::planning::expression;
use crate::session::{StatementContext, reads_stored};
use crate::topk;

/// Bytes of all results.
const BYTES: u64 = 8 << 20;

/// The largest result that is kept: what is larger costs more to read than to find.
const LARGEST: usize = 256 << 10;

/// A statement whose rows may be kept: a search that says the same of the same tables, however often it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Repeatable(u64);

impl Repeatable {
    /// What an analyzed plan is, if it is one: it searches, it reads nothing but stored tables, and no function in it
    /// gives one value now and another then.
    pub(crate) fn of(plan: &LogicalPlan) -> Result<Option<Self>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let (mut searches, mut repeats) = (false, reads_stored(plan)?);
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::Extension(extension) = node {
                searches |= extension.node.as_any().is::<VectorSearch>();
                if let Some(call) = extension.node.as_any().downcast_ref::<Call>() {
                    searches |= call.function().searches();
                    repeats &= call.function().tables().is_some();
                }
            }
            node.apply_expressions(|part| {
                searches |= topk::measures(part)?;
                repeats &= expression::is_immutable(part)?;
                Ok(TreeNodeRecursion::Continue)
            })?;
            Ok(if repeats { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
        })?;
        Ok((searches && repeats).then(|| Self(NEXT.fetch_add(1, Ordering::Relaxed))))
    }
}

/// What a result is found by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Question {
    statement: Repeatable,
    parameters: Vec<ScalarValue>,
    ef_search: usize,
    exact: bool,
    /// The bits of `muster.playbook_max_distance`.
    playbook_max_distance: u64,
}

/// A table as it was: its definition, and the commit that had last changed its rows.
type State = (Arc<TableDefinition>, u64);

#[derive(Debug)]
struct Answer {
    tables: Vec<State>,
    batches: Vec<RecordBatch>,
    bytes: usize,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct ResultCache {
    answers: Cache<Question, Arc<Answer>>,
    counts: Counts,
}

/// A question without an answer yet, and the rows of the answer as they come.
pub(crate) struct Sought {
    context: Arc<StatementContext>,
    question: Question,
    answer: Answer,
}

impl Default for ResultCache {
    fn default() -> Self {
        let weight = |question: &Question, answer: &Arc<Answer>| {
            let parameters: usize = question.parameters.iter().map(ScalarValue::size).sum();
            u32::try_from(answer.bytes + parameters + size_of::<Question>()).unwrap_or(u32::MAX)
        };
        let answers = Cache::builder()
            .max_capacity(BYTES)
            .weigher(weight)
            .eviction_policy(EvictionPolicy::lru())
            .build();
        Self { answers, counts: Counts::default() }
    }
}

impl ResultCache {
    /// The rows of a statement, or the question that they will be the answer to. Neither for a transaction that sees
    /// changes of its own.
    pub(crate) fn ask(
        context: &Arc<StatementContext>,
        statement: Repeatable,
        parameters: &ParamValues,
        tables: &[Arc<TableDefinition>],
    ) -> Option<std::result::Result<Vec<RecordBatch>, Sought>> {
        let ParamValues::List(parameters) = parameters else { return None };
        if context.draft || !context.settings.result_cache {
            return None;
        }
        let tables = states(&context.snapshot, tables)?;
        let parameters = parameters.iter().map(|value| value.value.clone()).collect();
        let (ef_search, exact) = (context.settings.ef_search, context.settings.exact);
        let playbook_max_distance = context.settings.playbooks.max_distance().to_bits();
        let question = Question { statement, parameters, ef_search, exact, playbook_max_distance };
        let cache = &context.database.caches.results;
        let known = cache.answers.get(&question).filter(|answer| same(&answer.tables, &tables));
        Some(match cache.counts.count(known) {
            Some(answer) => Ok(answer.batches.clone()),
            None => {
                let answer = Answer { tables, batches: Vec::new(), bytes: 0 };
                Err(Sought { context: context.clone(), question, answer })
            }
        })
    }

    pub(crate) fn counts(&self) -> CacheCounts {
        self.counts.with(Some(self.answers.entry_count()), Some(self.answers.weighted_size()))
    }
}

impl Sought {
    /// Takes more of the answer. `None` when it has become too large to be kept.
    pub(crate) fn with(mut self, batch: &RecordBatch) -> Option<Self> {
        self.answer.bytes += batch.get_array_memory_size();
        self.answer.batches.push(batch.clone());
        (self.answer.bytes <= LARGEST).then_some(self)
    }

    /// Keeps the answer, which is complete, unless the statement turned out to be good for its moment alone.
    pub(crate) fn keep(self) {
        if self.context.varies.load(Ordering::Acquire) {
            return;
        }
        self.context.database.caches.results.answers.insert(self.question, Arc::new(self.answer));
    }
}

/// The tables as this snapshot has them; `None` when one is not there.
fn states(snapshot: &Snapshot, tables: &[Arc<TableDefinition>]) -> Option<Vec<State>> {
    let state = |known: &Arc<TableDefinition>| {
        let table = snapshot.table(&known.name)?;
        Some((table.definition().clone(), table.changed()))
    };
    tables.iter().map(state).collect()
}

fn same(kept: &[State], now: &[State]) -> bool {
    kept.len() == now.len()
        && kept
            .iter()
            .zip(now)
            .all(|((was, changed), (is, change))| Arc::ptr_eq(was, is) && changed == change)
}
