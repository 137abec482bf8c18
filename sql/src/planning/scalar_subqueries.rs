//! Subqueries in place of expressions, as PostgreSQL evaluates them: an analyzer rule that runs before types are
//! coerced.
//!
//! - Without a row the value is NULL, whatever the subquery's column is; DataFusion would fold `(...) IS NULL` to
//!   false.
//! - A correlated subquery may give no more than one row, which DataFusion wants to see from its shape. Others are
//!   given the shape: all rows' values as a list, of which there must be one. The list is looked at where the value
//!   is used, so a group of rows that belongs to no outer row is no error.
//! - `x IN (SELECT ...)` and `EXISTS (SELECT ...)` become values of such subqueries. Where they are all of a condition DataFusion makes
//!   joins of them, unless those would give other rows (see [`decorrelation`]).

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::functions_aggregate::count::count_all;
use datafusion::functions_aggregate::expr_fn::array_agg;
use datafusion::logical_expr::expr::{Exists, InSubquery};
use datafusion::logical_expr::type_coercion::binary::comparison_coercion;
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, Filter, LogicalPlan, Subquery, lit};
use datafusion::optimizer::AnalyzerRule;

use super::decorrelation;
use super::each_expression::{Place, each_expression_at};
use crate::functions::scalar;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct ScalarSubqueries;

impl AnalyzerRule for ScalarSubqueries {
    fn name(&self) -> &str {
        "scalar_subqueries"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        let plan = decorrelation::keep(plan)?;
        each_expression_at(plan, |expression, schema, place| {
            if place == Place::Elsewhere {
                return values(expression, schema, false);
            }
            let conditions = split_conjunction_owned(expression);
            let conditions = conditions.into_iter().map(|condition| {
                let is_whole = is_subquery(&condition);
                Ok(values(condition, schema, is_whole)?.data)
            });
            let condition = conjunction(conditions.collect::<Result<Vec<_>>>()?);
            Ok(Transformed::yes(condition.unwrap_or_else(|| lit(true))))
        })
    }
}

/// Whether a condition is IN or EXISTS, or NOT so, and nothing else: of those DataFusion makes joins.
fn is_subquery(condition: &Expr) -> bool {
    match condition {
        Expr::Not(inner) => is_subquery(inner),
        other => matches!(other, Expr::InSubquery(_) | Expr::Exists(_)),
    }
}

/// The expression with values in place of its subqueries; without those that it wholly is.
fn values(expression: Expr, schema: &DFSchema, is_whole: bool) -> Result<Transformed<Expr>> {
    expression.transform_up(|expression| match expression {
        Expr::ScalarSubquery(subquery) => value_of(subquery, schema),
        Expr::InSubquery(mut contained) => {
            let wrong = decorrelation::goes_wrong_in(&contained.subquery.subquery, contained.negated)?;
            if is_whole && !wrong {
                return Ok(Transformed::no(Expr::InSubquery(contained)));
            }
            if wrong {
                contained.subquery = decorrelation::kept(contained.subquery);
            }
            is_in(contained, schema)
        }
        Expr::Exists(mut exists) => {
            if decorrelation::goes_wrong_exists(&exists.subquery.subquery)? {
                exists.subquery = decorrelation::kept(exists.subquery);
            }
            if is_whole { Ok(Transformed::yes(Expr::Exists(exists))) } else { there_is(exists) }
        }
        other => Ok(Transformed::no(other)),
    })
}

/// The subquery with a list of all that it refers to outside of it: DataFusion forgets what `unnest` in FROM refers to, and
/// what subqueries in it do.
fn with_references(subquery: Subquery) -> Result<Subquery> {
    let mut own = Vec::new();
    subquery.subquery.apply(|node| {
        own.extend(node.schema().columns());
        Ok(TreeNodeRecursion::Continue)
    })?;
    let mut outer_ref_columns = subquery.outer_ref_columns;
    subquery.subquery.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::OuterReferenceColumn(_, column) = part
                    && !own.contains(column)
                    && !outer_ref_columns.contains(part)
                {
                    outer_ref_columns.push(part.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(Subquery { outer_ref_columns, ..subquery })
}

fn value_of(subquery: Subquery, around: &DFSchema) -> Result<Transformed<Expr>> {
    let subquery = with_references(subquery)?;
    // The join that DataFusion makes of a subquery over `unnest` does not ask for what that refers to.
    let unnests = subquery.subquery.exists(|node| Ok(matches!(node, LogicalPlan::Unnest(_))))?;
    let unlisted = subquery.outer_ref_columns.iter().filter_map(|reference| match reference {
        Expr::OuterReferenceColumn(_, column)
            if unnests && around.maybe_index_of_column(column).is_some() =>
        {
            Some(Expr::Column(column.clone()))
        }
        _ => None,
    });
    let unlisted: Vec<Expr> = unlisted.collect();
    let schema = subquery.subquery.schema();
    let [field] = schema.fields().iter().as_slice() else {
        return Ok(Transformed::no(Expr::ScalarSubquery(subquery)));
    };
    let field = field.clone();
    if subquery.outer_ref_columns.is_empty() || gives_one_row(&subquery.subquery) {
        let value = Expr::ScalarSubquery(subquery);
        if !unlisted.is_empty() {
            return Ok(Transformed::yes(scalar::beside(value, unlisted, &field)));
        }
        return Ok(match field.is_nullable() {
            true => Transformed::yes(value),
            false => Transformed::yes(scalar::nullable(value, &field)),
        });
    }
    let value = Expr::Column(Column::from(schema.qualified_field(0)));
    let rows = aggregated(subquery, array_agg(value))?;
    Ok(Transformed::yes(scalar::only_row(rows, &field)))
}

/// The one value that an aggregate makes of a subquery's rows.
fn aggregated(subquery: Subquery, aggregate: Expr) -> Result<Expr> {
    let is_kept = decorrelation::is_kept(&subquery.subquery);
    let rows = Aggregate::try_new(subquery.subquery.clone(), Vec::new(), vec![aggregate])?;
    let rows = Subquery { subquery: Arc::new(LogicalPlan::Aggregate(rows)), ..subquery };
    Ok(Expr::ScalarSubquery(if is_kept { decorrelation::kept(rows) } else { rows }))
}

fn is_in(contained: InSubquery, outer: &DFSchema) -> Result<Transformed<Expr>> {
    let inner = contained.subquery.subquery.schema();
    let [field] = inner.fields().iter().as_slice() else {
        return Ok(Transformed::no(Expr::InSubquery(contained)));
    };
    let value_type = contained.expr.get_type(outer)?;
    let Some(common) = comparison_coercion(&value_type, field.data_type()) else {
        // The analyzer says what is wrong with it.
        return Ok(Transformed::no(Expr::InSubquery(contained)));
    };
    let row = Expr::Column(Column::from(inner.qualified_field(0))).cast_to(&common, inner)?;
    let rows = aggregated(contained.subquery, array_agg(row))?;
    let found = scalar::in_rows(contained.expr.cast_to(&common, outer)?, rows);
    Ok(Transformed::yes(if contained.negated { !found } else { found }))
}

fn there_is(exists: Exists) -> Result<Transformed<Expr>> {
    let rows = aggregated(exists.subquery, count_all())?;
    Ok(Transformed::yes(if exists.negated { rows.eq(lit(0_i64)) } else { rows.gt(lit(0_i64)) }))
}

/// Whether a plan's shape says that it gives one row at most, in the ways that DataFusion looks at.
fn gives_one_row(plan: &LogicalPlan) -> bool {
    let mut inner = plan;
    loop {
        inner = match inner {
            LogicalPlan::Projection(projection) => projection.input.as_ref(),
            LogicalPlan::SubqueryAlias(alias) => alias.input.as_ref(),
            LogicalPlan::Aggregate(_) => return true,
            LogicalPlan::Filter(Filter { input, .. }) => {
                return matches!(input.as_ref(), LogicalPlan::Aggregate(_));
            }
            _ => return plan.max_rows().is_some_and(|most| most <= 1),
        };
    }
}
