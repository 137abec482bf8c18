//! The rule: a sort with a limit over one table, by a distance that the table has an index for, becomes a search.
//!
//! It runs on optimized plans: limits are in their sorts by then, filters are below projections, and each column is
//! named by its table. Invariant: the plan's columns stay the same, and so do its rows but for those that no index has.

use std::collections::HashSet;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchemaRef, Result};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Expr, Extension, Filter, Limit, LogicalPlan, Operator, Projection, Sort, lit,
};
use datafusion::optimizer::optimize_projections::OptimizeProjections;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use muster_engine::Metric;
use muster_storage::{IndexDefinition, TableDefinition};

use super::chain::{Chain, row_ids};
use super::distance::Distance;
use super::node::{DISTANCE, Parts, VectorTopK, one_row};
use crate::index::{metric_of, vector_indexes};

/// The plan, with searches in the place of sorts where an index answers them.
///
/// # Errors
/// What DataFusion says of a plan that it cannot walk.
pub(crate) fn use_indexes(plan: LogicalPlan, config: &dyn OptimizerConfig) -> crate::Result<LogicalPlan> {
    if !has_candidates(&plan)? {
        return Ok(plan);
    }
    let searched = plan.transform_down_with_subqueries(|plan| match &plan {
        LogicalPlan::Sort(sort) => Ok(match sorted(sort)? {
            Some(search) => Transformed::yes(search),
            None => Transformed::no(plan),
        }),
        LogicalPlan::Limit(limit) if is_open(limit) => Ok(match limited(limit)? {
            Some(search) => Transformed::yes(search),
            None => Transformed::no(plan),
        }),
        _ => Ok(Transformed::no(plan)),
    })?;
    // A search needs no column for its sake, so what is above may read fewer.
    let pruned = searched.transform_data(|plan| OptimizeProjections::new().rewrite(plan, config))?;
    let narrow = pruned.data.transform_down_with_subqueries(|plan| match &plan {
        LogicalPlan::Projection(projection) => Ok(match narrowed(projection)? {
            Some(narrow) => Transformed::yes(narrow),
            None => Transformed::no(plan),
        }),
        _ => Ok(Transformed::no(plan)),
    })?;
    Ok(narrow.data)
}

fn has_candidates(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found |= match node {
            LogicalPlan::Sort(sort) => sort.fetch.is_some(),
            LogicalPlan::Limit(limit) => is_open(limit),
            LogicalPlan::Extension(Extension { node }) => node.as_any().is::<VectorTopK>(),
            _ => false,
        };
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// The index over a column for a metric.
pub(super) fn index_for(
    definition: &TableDefinition,
    column: usize,
    metric: Metric,
) -> Option<&IndexDefinition> {
    let fits = |index: &&IndexDefinition| {
        index.column == column && metric_of(index).is_ok_and(|of_index| of_index == metric)
    };
    vector_indexes(definition).find(fits)
}

/// The search that gives what this sort gives, if there is one.
fn sorted(sort: &Sort) -> Result<Option<LogicalPlan>> {
    let Some(fetch) = sort.fetch.filter(|fetch| *fetch > 0) else { return Ok(None) };
    let Some(chain) = Chain::of(&LogicalPlan::Sort(sort.clone()))? else { return Ok(None) };
    let fetch = lit(i64::try_from(fetch).unwrap_or(i64::MAX));
    let Some(plan) = nearest(&chain, &sort.input, fetch, None)? else { return Ok(None) };
    if sort.expr.len() == 1 {
        return Ok(Some(plan));
    }
    // Of rows that are equally near the further keys decide.
    Ok(Some(LogicalPlan::Sort(Sort { input: Arc::new(plan), ..sort.clone() })))
}

/// The same for a limit that is not known before the statement runs: a parameter of a generic plan.
fn limited(limit: &Limit) -> Result<Option<LogicalPlan>> {
    let (Some(fetch), Some(chain)) = (&limit.fetch, Chain::of(&limit.input)?) else { return Ok(None) };
    match &chain.order {
        Some((keys, None)) if keys.len() == 1 => {
            nearest(&chain, &limit.input, fetch.as_ref().clone(), limit.skip.as_deref().cloned())
        }
        _ => Ok(None),
    }
}

/// Whether a limit is more than a number.
fn is_open(limit: &Limit) -> bool {
    limit.fetch.iter().chain(&limit.skip).any(|number| !matches!(number.as_ref(), Expr::Literal(_, _)))
}

/// The search for the rows of a chain, as `plan` has its columns.
fn nearest(
    chain: &Chain,
    plan: &LogicalPlan,
    fetch: Expr,
    skip: Option<Expr>,
) -> Result<Option<LogicalPlan>> {
    let Some((keys, _)) = &chain.order else { return Ok(None) };
    let Some((nearest, further)) = keys.split_first() else { return Ok(None) };
    if !nearest.asc || nearest.nulls_first {
        return Ok(None);
    }
    let Some(distance) = Distance::of(&nearest.expr, &|expression| chain.position(expression)) else {
        return Ok(None);
    };
    let mut all = std::iter::once(distance.query).chain(&chain.predicates).chain(&chain.outputs);
    if index_for(&chain.definition, distance.column, distance.metric).is_none()
        || all.any(Expr::is_volatile)
        || chain.predicates.iter().any(|predicate| chain.may_look_up(predicate))
    {
        return Ok(None);
    }
    // Where another plan decides, too, it decides all: its rows' ids are what may come.
    let members = if chain.semijoined { row_ids(plan)? } else { None };
    if chain.semijoined && members.is_none() {
        return Ok(None);
    }
    let of_rows = chain.predicates.iter().filter(|_| members.is_none()).cloned();
    let (bounds, predicates): (Vec<Expr>, Vec<Expr>) =
        of_rows.partition(|predicate| is_upper_bound(predicate, &nearest.expr));
    let outputs = chain.outputs.iter().map(|output| by_distance(output, &nearest.expr));
    let outputs = outputs.collect::<Result<Vec<_>>>()?;
    let bounds = bounds.iter().map(|bound| by_distance(bound, &nearest.expr)).collect::<Result<Vec<_>>>()?;
    let used: HashSet<&Column> = outputs.iter().chain(&bounds).flat_map(Expr::column_refs).collect();
    let columns = chain.scan.projected_schema.columns().into_iter().filter(|column| used.contains(column));
    let search = VectorTopK::try_new(Parts {
        columns: columns.collect(),
        input: Arc::new(one_row()),
        scan: Arc::new(LogicalPlan::TableScan(chain.scan.clone())),
        members: members.map(Arc::new),
        distance: nearest.expr.clone(),
        predicates,
        fetch: Some(fetch),
        skip,
        ties: !further.is_empty(),
        outer: false,
    })?;
    let mut search = LogicalPlan::Extension(Extension { node: Arc::new(search) });
    // Rows beyond the bound are the last of those found, as they would be of those sorted.
    if let Some(bound) = conjunction(bounds) {
        search = LogicalPlan::Filter(Filter::try_new(bound, Arc::new(search))?);
    }
    Ok(Some(named(outputs, search, plan.schema())?))
}

/// `outputs` under the names that `schema` has for them.
fn named(outputs: Vec<Expr>, input: LogicalPlan, schema: &DFSchemaRef) -> Result<LogicalPlan> {
    let outputs = outputs.into_iter().zip(schema.iter()).map(|(output, (qualifier, field))| match &output {
        Expr::Column(column) if column.relation.as_ref() == qualifier && column.name == *field.name() => {
            output
        }
        _ => output.alias_qualified(qualifier.cloned(), field.name()),
    });
    let projection = Projection::try_new_with_schema(outputs.collect(), Arc::new(input), schema.clone())?;
    Ok(LogicalPlan::Projection(projection))
}

/// The expression, with the search's column in the place of the distance.
pub(super) fn by_distance(expression: &Expr, distance: &Expr) -> Result<Expr> {
    let found = expression.clone().transform_down(|part| {
        if &part == distance {
            return Ok(Transformed::new(
                Expr::Column(Column::from_name(DISTANCE)),
                true,
                TreeNodeRecursion::Jump,
            ));
        }
        Ok(Transformed::no(part))
    })?;
    Ok(found.data)
}

/// Whether a condition is true for the nearest rows and, from some row on, not any more.
fn is_upper_bound(predicate: &Expr, distance: &Expr) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, op, right }) = predicate else { return false };
    let bound = match op {
        Operator::Lt | Operator::LtEq if left.as_ref() == distance => right,
        Operator::Gt | Operator::GtEq if right.as_ref() == distance => left,
        _ => return false,
    };
    bound.column_refs().is_empty()
}

/// A projection over a search, which gives the columns alone that the projection reads.
fn narrowed(projection: &Projection) -> Result<Option<LogicalPlan>> {
    let LogicalPlan::Extension(Extension { node }) = projection.input.as_ref() else { return Ok(None) };
    let Some(search) = node.as_any().downcast_ref::<VectorTopK>() else { return Ok(None) };
    let used: HashSet<&Column> = projection.expr.iter().flat_map(Expr::column_refs).collect();
    if search.columns.iter().all(|column| used.contains(column)) {
        return Ok(None);
    }
    let node = Arc::new(search.with_columns(|column| used.contains(column))?);
    let input = Arc::new(LogicalPlan::Extension(Extension { node }));
    let (outputs, schema) = (projection.expr.clone(), projection.schema.clone());
    Ok(Some(LogicalPlan::Projection(Projection::try_new_with_schema(outputs, input, schema)?)))
}
