//! `FROM q, LATERAL (SELECT ... FROM t WHERE ... ORDER BY distance(t.v, q.v) LIMIT k)`: a search for each row of `q`.
//!
//! It runs with the first analyzer rule, before types are coerced. An index is not asked for: without one the rows are
//! compared, each with each.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, Result, TableReference};
use datafusion::logical_expr::{Expr, Extension, Limit, LogicalPlan, Projection, SubqueryAlias, col, when};

use super::chain::Chain;
use super::distance::Distance;
use super::node::{FOUND, Parts, VectorTopK};
use super::rule::by_distance;
use crate::Error;

/// The table's name within the node: no table of the left side has it.
const TABLE: &str = "\0nearest";

/// The plan of a subquery that ends in a limit for each row of `left`: the columns of `left`, then the subquery's.
/// `inward` makes an expression's references to the left side columns.
///
/// # Errors
/// 0A000, saying why, where the subquery is no search.
pub(crate) fn per_row(
    left: &LogicalPlan,
    limit: &Limit,
    outer: bool,
    inward: &dyn Fn(Expr) -> Result<Expr>,
) -> Result<LogicalPlan> {
    let refused = |what: &str| Error::unsupported(format!("{what} inside a LATERAL search with a LIMIT"));
    let hint = "Sort one table by a distance between its vector column and the left side, as in ORDER BY t.v <=> q.v.";
    let chain =
        Chain::of(&limit.input)?.ok_or_else(|| refused("another query than of one table").with_hint(hint))?;
    let Some((keys, None)) = &chain.order else {
        return Err(refused("a query without ORDER BY a distance").with_hint(hint).into());
    };
    let Some((nearest, [])) = keys.split_first() else {
        return Err(refused("a second key of ORDER BY").with_hint(hint).into());
    };
    let is_distance = Distance::of(&nearest.expr, &|expression| chain.position(expression)).is_some();
    if !is_distance || !nearest.asc || nearest.nulls_first {
        return Err(refused("another order than by a distance, nearest first").with_hint(hint).into());
    }
    let mut all = std::iter::once(&nearest.expr).chain(&chain.predicates).chain(&chain.outputs);
    if all.any(Expr::is_volatile) {
        return Err(refused("a volatile function").into());
    }
    let table = TableReference::bare(TABLE);
    let scan = LogicalPlan::TableScan(chain.scan.clone());
    let scan_schema = scan.schema().clone();
    // The table's columns under the node's name for it, then the left side's.
    let over_both = |expression: Expr| -> Result<Expr> {
        let renamed = expression.transform_up(|part| match part {
            Expr::Column(column) if scan_schema.maybe_index_of_column(&column).is_some() => {
                Ok(Transformed::yes(Expr::Column(Column::new(Some(table.clone()), column.name))))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(inward(renamed.data)?.unalias())
    };
    let scan = LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(Arc::new(scan), table.clone())?);
    let distance = over_both(nearest.expr.clone())?;
    let node = VectorTopK::try_new(Parts {
        input: Arc::new(left.clone()),
        columns: scan.schema().columns(),
        scan: Arc::new(scan),
        members: None,
        distance: distance.clone(),
        predicates: chain.predicates.iter().cloned().map(over_both).collect::<Result<_>>()?,
        fetch: limit.fetch.as_deref().cloned(),
        skip: limit.skip.as_deref().cloned(),
        ties: false,
        outer,
    })?;
    let outputs =
        chain.outputs.iter().zip(limit.input.schema().iter()).map(|(output, (qualifier, field))| {
            let mut output = by_distance(&over_both(output.clone())?, &distance)?;
            if outer && !matches!(output, Expr::Column(_)) {
                output = when(col(Column::from_name(FOUND)), output).end()?;
            }
            Ok(output.alias_qualified(qualifier.cloned(), field.name()))
        });
    let left = left.schema().columns().into_iter().map(|column| Ok(Expr::Column(column)));
    let outputs = left.chain(outputs).collect::<Result<Vec<_>>>()?;
    let search = LogicalPlan::Extension(Extension { node: Arc::new(node) });
    Ok(LogicalPlan::Projection(Projection::try_new(outputs, Arc::new(search))?))
}
