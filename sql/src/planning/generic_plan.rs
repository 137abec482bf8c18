//! A physical plan whose parameters are still open: optimized once for a prepared statement, run with any values.
//!
//! DataFusion has no physical placeholder, so each parameter is a call that gives what stands in the plan's [`Slots`].
//! Invariant: one run at a time has a plan, from [`GenericPlans::lease`] until its [`Lease`] goes. A statement has no
//! generic plan where its values or its moment decide the plan: rows found by a key, LIMIT, `now()`, functions and
//! tables of the catalog.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::datasource::source_as_provider;
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TableScan, Volatility,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use parking_lot::{Mutex, RwLock};

use super::{Planner, expression, parameters};
use crate::Result;
use crate::apply::Apply;
use crate::catalog::StoredTable;
use crate::functions::table;
use crate::index::plain::plain_indexes;
use crate::session::{StatementContext, reads_stored};

/// Plans that are kept while nobody runs them: as many as sessions that run one prepared statement at once, as a rule.
const KEPT: usize = 16;

/// The generic plans of one statement.
#[derive(Debug, Default)]
pub(crate) struct GenericPlans {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
enum Kept {
    /// Nobody has asked.
    #[default]
    Unknown,
    /// The statement is planned for each run.
    None,
    /// Those that nobody runs now.
    Plans(Vec<GenericPlan>),
}

/// See the module.
#[derive(Debug)]
struct GenericPlan {
    physical: Arc<dyn ExecutionPlan>,
    slots: Arc<Slots>,
    /// How many runs may still have the nodes as they are.
    fresh: usize,
}

/// The values of the run that has the plan, `$1` first.
pub(crate) type Slots = RwLock<Vec<ScalarValue>>;

/// A generic plan with the values of one run.
pub(crate) struct Lease {
    plan: Option<GenericPlan>,
    owner: Arc<GenericPlans>,
}

impl GenericPlans {
    /// A plan for a run with these values; `None` where the statement has to be planned for each run.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        context: &StatementContext,
        plan: &LogicalPlan,
        values: &ParamValues,
    ) -> Result<Option<Lease>> {
        let ParamValues::List(values) = values else { return Ok(None) };
        let idle = match &mut *self.kept.lock() {
            Kept::None => return Ok(None),
            Kept::Unknown => None,
            Kept::Plans(plans) => plans.pop(),
        };
        let ready = match context.database.caches.generic_plans.count(idle) {
            Some(plan) => Some(plan.again()?),
            None => GenericPlan::make(context, plan, values.len()).await?,
        };
        let mut kept = self.kept.lock();
        let Some(ready) = ready else {
            *kept = Kept::None;
            return Ok(None);
        };
        if matches!(*kept, Kept::Unknown) {
            *kept = Kept::Plans(Vec::new());
        }
        *ready.slots.write() = values.iter().map(|value| value.value.clone()).collect();
        Ok(Some(Lease { plan: Some(ready), owner: self.clone() }))
    }
}

impl Lease {
    /// The plan.
    pub(crate) fn physical(&self) -> Option<Arc<dyn ExecutionPlan>> {
        self.plan.as_ref().map(|plan| plan.physical.clone())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let (Some(plan), Kept::Plans(plans)) = (self.plan.take(), &mut *self.owner.kept.lock())
            && plans.len() < KEPT
        {
            plans.push(plan);
        }
    }
}

impl GenericPlan {
    /// The same for one more run.
    fn again(self) -> Result<Self> {
        let Self { physical, slots, fresh } = self;
        if let Some(fresh) = fresh.checked_sub(1) {
            return Ok(Self { physical, slots, fresh });
        }
        let physical = reset_plan_states(physical)?;
        let fresh = runs_of(&physical);
        Ok(Self { physical, slots, fresh })
    }

    /// The plan of an analyzed statement; `None` where it has none.
    async fn make(context: &StatementContext, plan: &LogicalPlan, parameters: usize) -> Result<Option<Self>> {
        if !may_be_generic(plan)? {
            return Ok(None);
        }
        let planner: &Planner = &context.database.planner;
        let optimized = planner.optimize(plan.clone(), context.now)?;
        if values_decide(&optimized)? {
            return Ok(None);
        }
        let slots = Arc::new(Slots::new(vec![ScalarValue::Null; parameters]));
        let physical = planner.physical(&open(optimized, &slots)?).await?;
        let fresh = runs_of(&physical);
        Ok(Some(Self { physical, slots, fresh }))
    }
}

/// Runs of nodes that keep nothing but their metrics, until these are let go of: making new nodes costs more than a search.
const RUNS: usize = 64;

/// How many more runs may have a plan's nodes as they are: none, if one of them may keep something of a run.
fn runs_of(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let mut keeps_nothing = true;
    let walked = plan.apply(|node| {
        let any: &dyn std::any::Any = node.as_ref();
        keeps_nothing &= any.is::<ProjectionExec>()
            || any.is::<FilterExec>()
            || any.is::<PlaceholderRowExec>()
            || table::keeps_nothing(node.as_ref());
        Ok(if keeps_nothing { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    if walked.is_ok() && keeps_nothing { RUNS } else { 0 }
}

/// Whether nothing in an analyzed plan belongs to the moment of one run.
fn may_be_generic(plan: &LogicalPlan) -> Result<bool> {
    let mut may = reads_stored(plan)?;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|part| {
            may &= !expression::varies(part)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(if may { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    })?;
    Ok(may)
}

/// Whether the values of parameters decide what the plan is: a filter compares a key, or an index's first column, with one, and with the value the rows
/// are looked up; or DataFusion's LIMIT is one;
/// or rows decide what a subquery's parameters are.
fn values_decide(plan: &LogicalPlan) -> Result<bool> {
    let mut decide = false;
    plan.apply_with_subqueries(|node| {
        // It has parameters of its own.
        decide |= matches!(node, LogicalPlan::Extension(extension) if extension.node.as_any().is::<Apply>());
        if let LogicalPlan::Limit(limit) = node {
            decide |= limit.fetch.iter().chain(&limit.skip).any(|number| has_placeholder(number));
        }
        // What a window is sorted and spread by has to be the same for DataFusion wherever it looks.
        if let LogicalPlan::Window(window) = node {
            decide |= window.window_expr.iter().any(has_placeholder);
        }
        if let LogicalPlan::Values(values) = node {
            // DataFusion evaluates them while it plans.
            decide |= values.values.iter().flatten().any(has_placeholder);
        }
        if let LogicalPlan::Filter(filter) = node
            && let LogicalPlan::TableScan(scan) = filter.input.as_ref()
            && let Some(table) = stored(scan)?
        {
            let definition = table.definition();
            let is_key = |name: &str| {
                let position = definition.schema.index_of(name);
                position.is_ok_and(|column| {
                    definition.keys.iter().any(|key| key.columns.contains(&column))
                        || plain_indexes(definition).any(|index| index.column == column)
                })
            };
            decide |= split_conjunction(&filter.predicate).into_iter().any(|part| {
                has_placeholder(part) && part.column_refs().iter().any(|column| is_key(&column.name))
            });
        }
        Ok(if decide { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(decide)
}

fn stored(scan: &TableScan) -> PlanResult<Option<Arc<StoredTable>>> {
    let provider: Arc<dyn std::any::Any + Send + Sync> = source_as_provider(&scan.source)?;
    Ok(provider.downcast::<StoredTable>().ok())
}

fn has_placeholder(expression: &Expr) -> bool {
    expression.exists(|part| Ok(matches!(part, Expr::Placeholder(_)))).unwrap_or(true)
}

/// The plan with its parameters read from the slots.
pub(crate) fn open(plan: LogicalPlan, slots: &Arc<Slots>) -> Result<LogicalPlan> {
    let opened = plan.transform_up_with_subqueries(|node| {
        let names = NamePreserver::new(&node);
        node.map_expressions(|expression| {
            let name = names.save(&expression);
            let opened = expression.transform_up(|part| match part {
                Expr::Placeholder(Placeholder { id, field: Some(field) }) => {
                    let place = parameters::number(&id).map_err(DataFusionError::from)? - 1;
                    let signature = Signature::nullary(Volatility::Volatile);
                    let open = OpenParameter { place, field, slots: slots.clone(), signature };
                    Ok(Transformed::yes(ScalarUDF::new_from_impl(open).call(Vec::new())))
                }
                other => Ok(Transformed::no(other)),
            })?;
            Ok(opened.update_data(|expression| name.restore(expression)))
        })
    })?;
    Ok(opened.data)
}

/// Whether an expression in an open plan reads a parameter.
pub(crate) fn is_open(expression: &Expr) -> PlanResult<bool> {
    expression.exists(|part| Ok(as_open(part).is_some()))
}

/// One part of an expression, with the run's value in place of a parameter.
pub(crate) fn filled(part: Expr) -> PlanResult<Transformed<Expr>> {
    match as_open(&part) {
        Some(open) => Ok(Transformed::yes(Expr::Literal(open.value()?, None))),
        None => Ok(Transformed::no(part)),
    }
}

fn as_open(part: &Expr) -> Option<&OpenParameter> {
    let Expr::ScalarFunction(call) = part else { return None };
    let function: &dyn std::any::Any = call.func.inner().as_ref();
    function.downcast_ref()
}

/// A parameter in a physical plan.
#[derive(Debug)]
struct OpenParameter {
    place: usize,
    field: FieldRef,
    slots: Arc<Slots>,
    signature: Signature,
}

impl OpenParameter {
    /// The value in this run.
    fn value(&self) -> PlanResult<ScalarValue> {
        let value = self.slots.read().get(self.place).cloned();
        value.ok_or_else(|| DataFusionError::Internal(format!("parameter ${} has no value", self.place + 1)))
    }
}

impl PartialEq for OpenParameter {
    fn eq(&self, other: &Self) -> bool {
        self.place == other.place && Arc::ptr_eq(&self.slots, &other.slots)
    }
}

impl Eq for OpenParameter {}

impl Hash for OpenParameter {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.place.hash(state);
        Arc::as_ptr(&self.slots).hash(state);
    }
}

impl ScalarUDFImpl for OpenParameter {
    fn name(&self) -> &str {
        "muster_parameter"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> PlanResult<DataType> {
        Ok(self.field.data_type().clone())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> PlanResult<FieldRef> {
        Ok(Arc::new(self.field.as_ref().clone().with_nullable(true)))
    }

    fn invoke_with_args(&self, _args: ScalarFunctionArgs) -> PlanResult<ColumnarValue> {
        self.value().map(ColumnarValue::Scalar)
    }
}
