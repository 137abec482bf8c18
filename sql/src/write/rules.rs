//! What the rows of one table have to keep to, compiled: generated columns, vectors' metrics, CHECK constraints.
//!
//! They are compiled once for a definition and kept; those that depend on the statement, as `CHECK (day <= now())`,
//! are compiled for each. Invariant: rules are never used for another definition than their own.

use std::collections::HashMap;
use std::sync::Arc;

use muster_engine::Metric;
use muster_storage::{Snapshot, TableDefinition, TableId};
use parking_lot::Mutex;

use super::checks::Checks;
use crate::database::Shared;
use crate::index::{metric_of, vector_indexes};
use crate::planning::expression::{self, Compiled};
use crate::{Error, Report, Result, column, embedding};

/// Tables whose rules are kept at most.
const MOST_KEPT: usize = 1024;

/// See the module.
pub(crate) struct RowRules {
    pub(super) definition: Arc<TableDefinition>,
    /// By column, what computes it.
    pub(super) generated: Vec<Option<Generated>>,
    /// By column, the metric that its vectors are indexed by, if they are; cosine where that is one of several.
    pub(super) metrics: Vec<Option<Metric>>,
    pub(super) checks: Checks,
}

/// How a column is computed.
pub(super) enum Generated {
    By(Compiled),
    /// Its embedder is not the one that it was made with: its values stay, and no new ones are made.
    Refused(Report),
}

/// The rules of tables that were written to.
#[derive(Default)]
pub(crate) struct KeptRules(Mutex<HashMap<TableId, Arc<RowRules>>>);

impl RowRules {
    /// The rules of a table as it is defined here.
    ///
    /// # Errors
    /// What is wrong with an expression in the catalog.
    pub(crate) fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        definition: &Arc<TableDefinition>,
    ) -> Result<Arc<Self>> {
        let id = definition.id;
        let kept = shared.row_rules.0.lock().get(&id).cloned();
        if let Some(kept) = kept.filter(|kept| Arc::ptr_eq(&kept.definition, definition)) {
            return Ok(kept);
        }
        let rules = Arc::new(Self::compile(shared, snapshot, definition.clone())?);
        if !rules.varies() {
            let mut all = shared.row_rules.0.lock();
            if all.len() >= MOST_KEPT {
                all.clear();
            }
            all.insert(id, rules.clone());
        }
        Ok(rules)
    }

    fn compile(shared: &Shared, snapshot: &Snapshot, definition: Arc<TableDefinition>) -> Result<Self> {
        let planner = &shared.planner;
        let schema = &definition.schema;
        let generated = schema
            .fields()
            .iter()
            .map(|field| {
                column::generated(field)
                    .map(|sql| {
                        match embedding::check(&shared.embedders, &definition.name, field) {
                            Err(Error::Statement(refused)) => return Ok(Generated::Refused(*refused)),
                            Err(other) => return Err(other),
                            Ok(_) => {}
                        }
                        let (expression, columns) =
                            expression::logical(planner, snapshot, sql, &definition.name, schema)?;
                        let source = expression::field(&expression, &columns)?;
                        let assigned = crate::planning::assign(expression, &source, field, &definition.name)?;
                        let compiled =
                            expression::compile(planner, assigned, &definition.name, schema, &columns)?;
                        Ok(Generated::By(compiled))
                    })
                    .transpose()
            })
            .collect::<Result<Vec<_>>>()?;
        let metrics = (0..schema.fields().len())
            .map(|column| {
                let indexes = vector_indexes(&definition).filter(|index| index.column == column);
                let metrics = indexes.map(metric_of).collect::<Result<Vec<_>>>()?;
                // The one that refuses the most: a direction, by which zero has no place.
                let strictest = metrics.iter().find(|metric| **metric == Metric::Cosine);
                Ok(strictest.or(metrics.first()).copied())
            })
            .collect::<Result<Vec<_>>>()?;
        let checks = Checks::of(planner, snapshot, &definition)?;
        Ok(Self { definition, generated, metrics, checks })
    }

    /// Whether a column is computed by an embedder that waits.
    pub(super) fn wait(&self) -> bool {
        self.generated.iter().flatten().any(|generated| match generated {
            Generated::By(compiled) => embedding::compiled_waits(&compiled.physical),
            Generated::Refused(_) => false,
        })
    }

    /// Whether they are good for one statement alone.
    fn varies(&self) -> bool {
        self.generated.iter().flatten().any(|generated| match generated {
            Generated::By(compiled) => compiled.varies,
            Generated::Refused(_) => false,
        }) || self.checks.vary()
    }
}
