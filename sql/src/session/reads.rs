//! What a serializable transaction has read: the tables whose rows made it do what it does.
//!
//! Storage refuses its commit when somebody else has changed one of them since its snapshot, so that such transactions give
//! what they would give one after the other, in the order of their commits; see `docs/decisions/0026-serializable.md`.
//! Invariant: a table is noted before a row of it is read. The catalogs and sequences are no tables of these.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast;
use muster_storage::{Snapshot, TableDefinition, TableId};
use parking_lot::Mutex;

use super::described::tables_of;
use super::{Planned, Prepared, StatementContext};
use crate::Result;
use crate::catalog::namespace::RelationKind;
use crate::foreign_key::{has_any, is_referenced};
use crate::functions::scalar::validates;
use crate::functions::table::Call;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Reads(Mutex<BTreeSet<TableId>>);

impl Reads {
    /// All of them.
    pub(super) fn tables(&self) -> BTreeSet<TableId> {
        self.0.lock().clone()
    }

    /// Notes these.
    pub(super) fn note_tables(&self, tables: impl IntoIterator<Item = TableId>) {
        self.0.lock().extend(tables);
    }

    /// Notes what a statement is about to read.
    ///
    /// # Errors
    /// What walking its plan gives.
    pub(super) fn note(&self, context: &StatementContext, prepared: &Prepared) -> Result<()> {
        match prepared.planned.as_ref() {
            Planned::Query { plan, .. } | Planned::Explain { plan, .. } | Planned::CopyTo { plan, .. } => {
                self.note_plan(&context.snapshot, plan)
            }
            Planned::Write { write, .. } | Planned::ExplainWrite { write, .. } => {
                // ON CONFLICT looks whether a key is there.
                if write.looks_up_keys() {
                    self.0.lock().insert(write.definition().id);
                }
                if write.expressions().iter().any(|expression| validates(expression).is_some()) {
                    self.note_all(&context.snapshot);
                }
                self.note_plan(&context.snapshot, write.plan())
            }
            // TRUNCATE deletes the rows that it sees, and none that come meanwhile.
            Planned::Utility => {
                if let ast::Statement::Truncate(truncate) = prepared.statement.ast.as_ref() {
                    for target in &truncate.table_names {
                        if let Some((found, RelationKind::Table)) = context.namespace().find(&target.name)? {
                            let table = context.snapshot.table(&found.stored());
                            self.0.lock().extend(table.map(|table| table.definition().id));
                        }
                    }
                }
                Ok(())
            }
            Planned::CopyFrom(_) | Planned::Declare(_) | Planned::Cursor | Planned::Execute => Ok(()),
        }
    }

    /// Notes the tables that a failed statement was about: that it failed says something of their rows, and of those that
    /// foreign keys lead to. Of a definition it may be any.
    pub(super) fn note_failed(&self, snapshot: &Snapshot, prepared: &Prepared) {
        let keyed =
            |table: &Arc<TableDefinition>| has_any(&table.properties) || is_referenced(&table.properties);
        if matches!(prepared.planned.as_ref(), Planned::Utility) || prepared.tables.iter().any(keyed) {
            return self.note_all(snapshot);
        }
        self.0.lock().extend(prepared.tables.iter().map(|table| table.id));
    }

    /// Notes what a plan reads; all tables where it does not tell.
    ///
    /// # Errors
    /// What walking it gives.
    pub(crate) fn note_plan(&self, snapshot: &Snapshot, plan: &LogicalPlan) -> Result<()> {
        self.0.lock().extend(tables_of(plan)?.iter().map(|table| table.id));
        let mut tells = true;
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::Extension(extension) = node
                && let Some(call) = extension.node.as_any().downcast_ref::<Call>()
            {
                tells &= call.function().tables().is_some();
            }
            node.apply_expressions(|expression| {
                tells &= validates(expression).is_none();
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        if !tells {
            self.note_all(snapshot);
        }
        Ok(())
    }

    pub(super) fn note_all(&self, snapshot: &Snapshot) {
        self.0.lock().extend(snapshot.all_tables().map(|table| table.definition().id));
    }
}
