//! `FROM left, LATERAL vector_search(..., left.column)` and `FROM left, LATERAL (SELECT f(left.column))`: the
//! analyzer rule that runs first.
//!
//! DataFusion plans it as a join with a subquery that refers outward, and can run no such
//! subquery. The rule moves the left side into the search node's input: the search then runs once
//! for each row of it. A SELECT without FROM gives one row for each of the left side's, and becomes more
//! columns of these. Projections, filters and aliases above move along.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, JoinType, Result};
use datafusion::logical_expr::{Expr, Extension, Join, LogicalPlan, LogicalPlanBuilder, Projection};
use datafusion::optimizer::AnalyzerRule;

use crate::Error;
use crate::functions::table::{Call, VectorSearch};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Lateral;

impl AnalyzerRule for Lateral {
    fn name(&self) -> &str {
        "lateral"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| match plan {
            LogicalPlan::Join(join) if is_lateral(&join.right) => apply_join(join).map(Transformed::yes),
            other => Ok(Transformed::no(other)),
        })
        .map(|transformed| transformed.data)
    }
}

/// Whether this side of a join is a subquery that reaches outward, over a table function or over nothing.
fn is_lateral(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => is_lateral(&alias.input),
        LogicalPlan::Subquery(subquery) => {
            // DataFusion forgets what `unnest` in FROM refers to.
            (!subquery.outer_ref_columns.is_empty() || refers_outward(&subquery.subquery))
                && (search_below(&subquery.subquery)
                    || is_one_row(&subquery.subquery)
                    || is_unnested(&subquery.subquery)
                    || ends_in_limit(&subquery.subquery))
        }
        _ => false,
    }
}

/// Whether an expression of an operator, or of one below it, is of the rows around it.
fn refers_outward(plan: &LogicalPlan) -> bool {
    plan.contains_outer_reference() || plan.inputs().into_iter().any(refers_outward)
}

/// Whether this is `unnest` of what is no table's.
fn is_unnested(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => is_unnested(&alias.input),
        LogicalPlan::Projection(projection) => is_unnested(&projection.input),
        LogicalPlan::Unnest(unnest) => is_one_row(&unnest.input),
        _ => false,
    }
}

/// Whether this is a SELECT list without a FROM.
fn is_one_row(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => is_one_row(&alias.input),
        LogicalPlan::Projection(projection) => is_one_row(&projection.input),
        LogicalPlan::EmptyRelation(nothing) => nothing.produce_one_row,
        _ => false,
    }
}

/// Whether its rows are limited: what DataFusion's own LATERAL cannot do for each row apart.
fn ends_in_limit(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => ends_in_limit(&alias.input),
        LogicalPlan::Projection(projection) => ends_in_limit(&projection.input),
        LogicalPlan::Filter(filter) => ends_in_limit(&filter.input),
        LogicalPlan::Limit(_) => true,
        _ => false,
    }
}

fn search_below(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Extension(Extension { node }) => {
            node.as_any().is::<VectorSearch>() || node.as_any().is::<Call>()
        }
        _ => plan.inputs().into_iter().any(search_below),
    }
}

fn apply_join(join: Join) -> Result<LogicalPlan> {
    let outer = match join.join_type {
        JoinType::Inner => false,
        JoinType::Left => true,
        other => return Err(Error::unsupported(format!("{other} JOIN LATERAL")).into()),
    };
    let always = |filter: &Expr| matches!(filter, Expr::Literal(value, _) if *value == true.into());
    let filter = join.filter.filter(|filter| !always(filter));
    if outer && (filter.is_some() || !join.on.is_empty()) {
        return Err(Error::unsupported("LEFT JOIN LATERAL with a condition other than TRUE").into());
    }
    let applied = apply(&join.left, &join.right, outer)?;
    let mut conditions: Vec<Expr> =
        join.on.into_iter().map(|(left, right)| left.eq(right)).chain(filter).collect();
    let mut builder = LogicalPlanBuilder::from(applied);
    while let Some(condition) = conditions.pop() {
        builder = builder.filter(condition)?;
    }
    builder.build()
}

/// The plan of `right` for each row of `left`: `left`'s columns, then `right`'s.
fn apply(left: &Arc<LogicalPlan>, right: &LogicalPlan, outer: bool) -> Result<LogicalPlan> {
    let left_columns = || left.schema().columns().into_iter().map(Expr::Column);
    match right {
        LogicalPlan::Subquery(subquery) => apply(left, &subquery.subquery, outer),
        LogicalPlan::SubqueryAlias(alias) => {
            let input = apply(left, &alias.input, outer)?;
            let renamed = alias.input.schema().columns().into_iter().map(|column| {
                let name = column.name.clone();
                Expr::Column(column).alias_qualified(Some(alias.alias.clone()), name)
            });
            let expressions = left_columns().chain(renamed).collect();
            Ok(LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(input))?))
        }
        LogicalPlan::Projection(projection) => {
            let input = apply(left, &projection.input, outer)?;
            let own = projection.expr.iter().cloned().map(inward);
            let expressions = left_columns().map(Ok).chain(own).collect::<Result<Vec<_>>>()?;
            Ok(LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(input))?))
        }
        LogicalPlan::EmptyRelation(nothing) if nothing.produce_one_row => Ok(left.as_ref().clone()),
        LogicalPlan::Limit(limit) if !search_below(&limit.input) => {
            crate::topk::per_row(left, limit, outer, &inward)
        }
        LogicalPlan::Unnest(unnest) if !outer => {
            let input = apply(left, &unnest.input, outer)?;
            let columns = unnest.exec_columns.clone();
            LogicalPlanBuilder::from(input)
                .unnest_columns_with_options(columns, unnest.options.clone())?
                .build()
        }
        LogicalPlan::Filter(filter) if !outer => {
            let input = apply(left, &filter.input, outer)?;
            LogicalPlanBuilder::from(input).filter(inward(filter.predicate.clone())?)?.build()
        }
        LogicalPlan::Extension(Extension { node }) => {
            let inward = |arguments: &[Option<Expr>]| {
                let arguments = arguments.iter().cloned().map(|argument| argument.map(inward).transpose());
                arguments.collect::<Result<Vec<_>>>()
            };
            if let Some(search) = node.as_any().downcast_ref::<VectorSearch>() {
                let arguments = inward(search.arguments())?;
                let node = search.applied_to(left.as_ref().clone(), arguments, outer)?;
                Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
            } else if let Some(call) = node.as_any().downcast_ref::<Call>() {
                let arguments = inward(call.arguments())?;
                let node = call.applied_to(left.as_ref().clone(), arguments, outer)?;
                Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
            } else {
                Err(Error::unsupported(format!("LATERAL over {}", node.name())).into())
            }
        }
        other => {
            let operator = other.display().to_string();
            let operator = operator.split([':', ' ']).next().unwrap_or_default().to_string();
            Err(Error::unsupported(format!("{operator} inside a LATERAL search"))
                .with_hint("Give k and filter to the function, and sort or aggregate outside of LATERAL.")
                .into())
        }
    }
}

/// References to the outer query become references to the node's own input.
fn inward(expression: Expr) -> Result<Expr> {
    let name = expression.schema_name().to_string();
    let is_column = matches!(expression, Expr::Column(_));
    let transformed = expression.transform_up(|expression| match expression {
        Expr::OuterReferenceColumn(_, column) => {
            Ok(Transformed::yes(Expr::Column(Column::new(column.relation, column.name))))
        }
        other => Ok(Transformed::no(other)),
    })?;
    let expression = transformed.data;
    // The column keeps its name for whoever refers to it from above.
    if transformed.transformed && !is_column && !matches!(expression, Expr::Alias(_)) {
        return Ok(expression.alias(name));
    }
    Ok(expression)
}
