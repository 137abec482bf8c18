//! A statement that is planned once, with its parameters open.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast;
use muster_storage::{Snapshot, TableDefinition};

use super::{Own, StatementContext};
use crate::Result;
use crate::cache::Repeatable;
use crate::catalog::namespace::VIEW_KIND;
use crate::catalog::{SearchPath, View};
use crate::outcome::CommandTag;
use crate::parse::Statement;
use crate::parse::walk::visit_relations;
use crate::planning::GenericPlans;
use crate::point::PointPlan;
use crate::privileges::Needs;
use crate::privileges::disclosure::Given;
use crate::statement::copy::{CopyFrom, CopyTo};
use crate::statement::name;
use crate::write::PlannedWrite;

/// See the module. It holds no data and no snapshot: each run reads the tables as they are then.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) resolved: Resolved,
    pub(crate) statement: Statement,
    pub(crate) parameters: Vec<FieldRef>,
    /// The types that the client declared, to plan again when a table was made anew.
    pub(crate) declared: Vec<Option<FieldRef>>,
    pub(crate) columns: Option<SchemaRef>,
    pub(crate) planned: Arc<Planned>,
    /// The tables that the plan is for, as they were defined then.
    pub(crate) tables: Vec<Arc<TableDefinition>>,
    /// Whether it is a query that reads no other tables than these.
    pub(crate) stored: bool,
    /// Whether it calls functions that write large objects or open them, and so needs a block.
    pub(crate) large_objects: bool,
    /// What whoever runs it needs to be allowed; worked out once somebody is asked.
    pub(crate) needs: Arc<OnceLock<Needs>>,
    /// The statement with the schemas of its relations: those that the plan reads, whatever the names would mean by now.
    pub(crate) qualified: Arc<ast::Statement>,
}

/// What the names of a statement depend on beside the tables that they mean.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    path: SearchPath,
    /// The time zone that it means.
    zone: String,
    /// Temporary relations that the session had made.
    temporary: u64,
    /// The views that the statement reads, by name, and their definitions.
    views: Vec<(String, Arc<Vec<u8>>)>,
}

impl Resolved {
    /// Of a statement with the schemas of its relations.
    pub(crate) fn of(
        statement: &ast::Statement,
        snapshot: &Snapshot,
        path: &SearchPath,
        zone: &str,
        own: &Own,
    ) -> Self {
        let mut views: Vec<(String, Arc<Vec<u8>>)> = Vec::new();
        if snapshot.objects(VIEW_KIND).next().is_some() {
            let _: ControlFlow<()> = visit_relations(statement, &mut |relation| {
                if let Ok(stored) = name::table(relation) {
                    add_view(&mut views, snapshot, &stored);
                }
                ControlFlow::Continue(())
            });
        }
        Self { path: path.clone(), zone: zone.to_string(), temporary: own.temporary(), views }
    }

    /// Whether the names still mean what they meant.
    pub(crate) fn is_current(&self, snapshot: &Snapshot, path: &SearchPath, zone: &str, own: &Own) -> bool {
        let same_path = if self.temporary == 0 { self.path.is_same_set(path) } else { &self.path == path };
        same_path
            && self.zone == zone
            && self.temporary == own.temporary()
            && self.views.iter().all(|(name, bytes)| snapshot.object(VIEW_KIND, name) == Some(bytes))
    }
}

/// A view and those that it reads.
fn add_view(views: &mut Vec<(String, Arc<Vec<u8>>)>, snapshot: &Snapshot, stored: &str) {
    let Some(bytes) = snapshot.object(VIEW_KIND, stored) else { return };
    if views.iter().any(|(known, _)| known == stored) {
        return;
    }
    views.push((stored.to_string(), bytes.clone()));
    // What is damaged is told where it is planned.
    if let Ok(view) = View::decode(bytes) {
        for used in view.uses {
            add_view(views, snapshot, &used.relation);
        }
    }
}

/// What a statement was planned to.
#[derive(Debug)]
pub(crate) enum Planned {
    /// A query, analyzed; as a point plan, if it is one; with its generic plans.
    Query {
        plan: LogicalPlan,
        tag: CommandTag,
        point: Option<Box<PointPlan>>,
        generic: Arc<GenericPlans>,
        /// Whether its rows may be kept.
        repeatable: Option<Repeatable>,
    },
    /// EXPLAIN of an analyzed query.
    Explain { plan: LogicalPlan, analyze: bool },
    /// EXPLAIN of a statement that changes rows.
    ExplainWrite { write: Arc<PlannedWrite>, analyze: bool },
    /// A statement that changes rows, its query analyzed; and that as a point plan, if it is one.
    Write { write: Arc<PlannedWrite>, point: Option<PointPlan> },
    /// COPY FROM.
    CopyFrom(Box<CopyFrom>),
    /// COPY TO, its query analyzed; with the columns of the rows.
    CopyTo { copy: Box<CopyTo>, plan: LogicalPlan, columns: SchemaRef },
    /// DECLARE of a cursor for a query.
    Declare(Box<Prepared>),
    /// FETCH, MOVE or CLOSE of a cursor.
    Cursor,
    /// EXECUTE of a statement that the session keeps.
    Execute,
    /// Everything else runs from its AST.
    Utility,
}

impl Prepared {
    /// Whether names and tables still are what the plan was made for.
    pub(crate) fn is_current(&self, snapshot: &Snapshot, path: &SearchPath, zone: &str, own: &Own) -> bool {
        let is_current = |planned: &Arc<TableDefinition>| {
            let now = snapshot.table(&planned.name).map(|table| table.definition());
            now.is_some_and(|now| Arc::ptr_eq(now, planned) || now == planned)
        };
        self.resolved.is_current(snapshot, path, zone, own) && self.tables.iter().all(is_current)
    }

    /// Whether whoever runs the statement may do what it does with rows. Definitions ask for themselves.
    ///
    /// # Errors
    /// 42501 for whoever may not.
    pub(super) fn check_rights(&self, context: &StatementContext) -> Result<()> {
        let Some(rights) = context.rights()? else { return Ok(()) };
        let (plan, reads_target) = match self.planned.as_ref() {
            Planned::Query { plan, .. } | Planned::Explain { plan, .. } | Planned::CopyTo { plan, .. } => {
                (Some(plan), false)
            }
            Planned::Write { write, .. } | Planned::ExplainWrite { write, .. } => {
                (Some(write.plan()), write.reads_target())
            }
            Planned::CopyFrom(_) => (None, false),
            Planned::Declare(_) | Planned::Cursor | Planned::Execute | Planned::Utility => return Ok(()),
        };
        let needs = match self.needs.get() {
            Some(needs) => needs,
            None => {
                let needs = Needs::of(&self.qualified, (plan, reads_target), &context.snapshot)?;
                self.needs.get_or_init(|| needs)
            }
        };
        needs.check(&rights, &context.snapshot)
    }

    /// The columns of rows that the statement gives values.
    pub(super) fn given(&self) -> Option<Given> {
        match self.planned.as_ref() {
            Planned::Write { write, .. } | Planned::ExplainWrite { write, .. } => Some(write.given()),
            Planned::CopyFrom(copy) => Some(copy.given()),
            _ => None,
        }
    }

    /// Whether other sessions may use it: a query over stored tables, none of them temporary.
    pub(crate) fn is_shareable(&self) -> bool {
        self.resolved.temporary == 0 && self.stored
    }

    /// The parameters, `$1` first: their types, with metadata as columns have it.
    #[must_use]
    pub fn parameters(&self) -> &[FieldRef] {
        &self.parameters
    }

    /// The columns of the rows it returns; `None` when it returns none.
    #[must_use]
    pub fn columns(&self) -> Option<SchemaRef> {
        self.columns.clone()
    }

    /// Whether both are one statement, prepared once.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.planned, &other.planned)
    }

    /// Whether it is a COPY that takes rows while it runs.
    #[must_use]
    pub fn takes_rows(&self) -> bool {
        matches!(self.planned.as_ref(), Planned::CopyFrom(copy) if copy.path.is_none())
    }

    /// The statement.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }
}
