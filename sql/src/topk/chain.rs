//! A plan that is one table's rows: filtered, projected, renamed and sorted, but never multiplied or grouped. `IN (SELECT
//! ...)` and `EXISTS` are joins by now, but ones that only keep or drop rows.
//!
//! Invariant: each expression in a [`Chain`] is over the columns of its scan, so nothing between matters any more.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, JoinType, Result};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::expr::Sort as SortKey;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{
    BinaryExpr, Expr, Filter, Join, LogicalPlan, LogicalPlanBuilder, Operator, Projection, SubqueryAlias,
    TableScan,
};
use muster_storage::TableDefinition;

use crate::catalog::StoredTable;

/// See the module.
pub(super) struct Chain {
    pub(super) scan: TableScan,
    pub(super) definition: Arc<TableDefinition>,
    /// What each column of the plan is.
    pub(super) outputs: Vec<Expr>,
    /// What must be true of a row.
    pub(super) predicates: Vec<Expr>,
    /// Whether another plan decides, too, which rows there are.
    pub(super) semijoined: bool,
    /// By what the rows are sorted, and how many of them there are at most.
    pub(super) order: Option<(Vec<SortKey>, Option<usize>)>,
}

impl Chain {
    /// `plan` as a chain, if it is one.
    ///
    /// # Errors
    /// What DataFusion says of an expression that it cannot walk.
    pub(super) fn of(plan: &LogicalPlan) -> Result<Option<Self>> {
        match plan {
            LogicalPlan::TableScan(scan) => Self::of_scan(scan),
            LogicalPlan::SubqueryAlias(alias) => Self::of(&alias.input),
            LogicalPlan::Projection(projection) => {
                let Some(chain) = Self::of(&projection.input)? else { return Ok(None) };
                let schema = projection.input.schema();
                let outputs = projection.expr.iter().map(|output| chain.over_scan(output, schema));
                let Some(outputs) = outputs.collect::<Result<Option<Vec<_>>>>()? else { return Ok(None) };
                Ok(Some(Self { outputs, ..chain }))
            }
            LogicalPlan::Filter(filter) => {
                let Some(mut chain) = Self::of(&filter.input)?.filter(|chain| chain.order.is_none()) else {
                    return Ok(None);
                };
                let Some(predicate) = chain.over_scan(&filter.predicate, filter.input.schema())? else {
                    return Ok(None);
                };
                chain.predicates.extend(split_conjunction_owned(predicate));
                Ok(Some(chain))
            }
            LogicalPlan::Sort(sort) => {
                let Some(mut chain) = Self::of(&sort.input)?.filter(|chain| chain.order.is_none()) else {
                    return Ok(None);
                };
                let keys = sort.expr.iter().map(|key| {
                    let over_scan = chain.over_scan(&key.expr, sort.input.schema())?;
                    Ok(over_scan.map(|expr| SortKey { expr, ..key.clone() }))
                });
                let Some(keys) = keys.collect::<Result<Option<Vec<_>>>>()? else { return Ok(None) };
                chain.order = Some((keys, sort.fetch));
                Ok(Some(chain))
            }
            LogicalPlan::Join(join) if is_semijoin(join) => {
                let chain = Self::of(&join.left)?.filter(|chain| chain.order.is_none());
                Ok(chain.map(|chain| Self { semijoined: true, ..chain }))
            }
            _ => Ok(None),
        }
    }

    fn of_scan(scan: &TableScan) -> Result<Option<Self>> {
        let Ok(provider) = source_as_provider(&scan.source) else { return Ok(None) };
        let any: &dyn std::any::Any = provider.as_ref();
        let Some(table) = any.downcast_ref::<StoredTable>() else { return Ok(None) };
        // A few rows by their keys are sorted sooner than any index is searched; row ids are for who changes rows.
        let columns = table.definition().schema.fields().len();
        let with_row_ids = scan.projection.iter().flatten().any(|position| *position >= columns);
        if with_row_ids || scan.fetch.is_some() || table.looks_up(&scan.filters)? {
            return Ok(None);
        }
        let outputs = scan.projected_schema.columns().into_iter().map(Expr::Column).collect();
        Ok(Some(Self {
            scan: scan.clone(),
            definition: table.definition().clone(),
            outputs,
            predicates: Vec::new(),
            semijoined: false,
            order: None,
        }))
    }

    /// An expression over the plan's columns as one over the scan's; `None` where that cannot be told.
    fn over_scan(&self, expression: &Expr, schema: &DFSchema) -> Result<Option<Expr>> {
        if refers_outward(expression)? {
            return Ok(None);
        }
        let mut known = true;
        let expression = expression.clone().unalias().transform_up(|part| {
            let Expr::Column(column) = &part else { return Ok(Transformed::no(part)) };
            let output = schema.maybe_index_of_column(column).and_then(|place| self.outputs.get(place));
            known &= output.is_some();
            Ok(output
                .map_or_else(|| Transformed::no(part.clone()), |output| Transformed::yes(output.clone())))
        })?;
        Ok(known.then_some(expression.data))
    }

    /// The table's column, by its position there, that an expression over the scan is.
    pub(super) fn position(&self, expression: &Expr) -> Option<usize> {
        let Expr::Column(column) = expression else { return None };
        let place = self.scan.projected_schema.maybe_index_of_column(column)?;
        match &self.scan.projection {
            Some(projection) => projection.get(place).copied(),
            None => Some(place),
        }
    }

    /// Whether a condition is one that looks up a key once its parameters have values.
    pub(super) fn may_look_up(&self, predicate: &Expr) -> bool {
        let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = predicate else { return false };
        let is_open = |side: &Expr| matches!(side, Expr::Placeholder(_));
        let column = match (is_open(left), is_open(right)) {
            (false, true) => self.position(left),
            (true, false) => self.position(right),
            _ => return false,
        };
        column.is_some_and(|column| self.definition.keys.iter().any(|key| key.columns == [column]))
    }
}

/// Whether a join keeps or drops rows of its left side, and does nothing else.
fn is_semijoin(join: &Join) -> bool {
    matches!(join.join_type, JoinType::LeftSemi | JoinType::LeftAnti)
}

/// The ids of the rows that are left of a chain's table: one column.
///
/// # Errors
/// What DataFusion says of the plan.
pub(super) fn row_ids(plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    let Some(plan) = with_row_ids(plan)? else { return Ok(None) };
    let Some(id) = plan.schema().columns().pop() else { return Ok(None) };
    let ids = Projection::try_new(vec![Expr::Column(id)], Arc::new(plan))?;
    Ok(Some(LogicalPlan::Projection(ids)))
}

/// A chain without an order, with its table's row ids as its last column.
fn with_row_ids(plan: &LogicalPlan) -> Result<Option<LogicalPlan>> {
    let of_input = |input: &LogicalPlan| Ok::<_, DataFusionError>(with_row_ids(input)?.map(Arc::new));
    Ok(match plan {
        LogicalPlan::TableScan(scan) => {
            let provider = source_as_provider(&scan.source)?;
            let any: &dyn std::any::Any = provider.as_ref();
            let Some(table) = any.downcast_ref::<StoredTable>() else { return Ok(None) };
            let definition = table.definition().clone();
            let row_id = definition.schema.fields().len();
            let mut projection = scan.projection.clone().unwrap_or_else(|| (0..row_id).collect());
            projection.push(row_id);
            let source = provider_as_source(Arc::new(StoredTable::with_row_ids(definition)));
            let (name, filters) = (scan.table_name.clone(), scan.filters.clone());
            let scan = LogicalPlanBuilder::scan_with_filters(name, source, Some(projection), filters)?;
            Some(scan.build()?)
        }
        LogicalPlan::SubqueryAlias(alias) => match of_input(&alias.input)? {
            Some(input) => {
                Some(LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(input, alias.alias.clone())?))
            }
            None => None,
        },
        LogicalPlan::Filter(filter) => match of_input(&filter.input)? {
            Some(input) => Some(LogicalPlan::Filter(Filter::try_new(filter.predicate.clone(), input)?)),
            None => None,
        },
        LogicalPlan::Projection(projection) => match of_input(&projection.input)? {
            Some(input) => {
                let id = input.schema().columns().pop().map(Expr::Column);
                let outputs = projection.expr.iter().cloned().chain(id).collect();
                Some(LogicalPlan::Projection(Projection::try_new(outputs, input)?))
            }
            None => None,
        },
        LogicalPlan::Join(join) if is_semijoin(join) => match with_row_ids(&join.left)? {
            Some(left) => {
                let inputs = vec![left, join.right.as_ref().clone()];
                Some(plan.with_new_exprs(plan.expressions(), inputs)?)
            }
            None => None,
        },
        _ => None,
    })
}

/// Whether a subquery in the expression refers to the rows that the expression is over.
fn refers_outward(expression: &Expr) -> Result<bool> {
    expression.exists(|part| {
        Ok(match part {
            Expr::ScalarSubquery(subquery) => !subquery.outer_ref_columns.is_empty(),
            Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => true,
            _ => false,
        })
    })
}
