//! Correlated subqueries of which DataFusion would make joins that give other rows than PostgreSQL: it takes the conditions on rows
//! outside from where they stand and puts them on a join, whatever is between.
//!
//! [`kept`] puts a sort by nothing around them, through which DataFusion takes no condition; so they are left for
//! [`apply`](crate::apply), which runs them for each row.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, JoinType, Result, TableReference};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{
    BinaryExpr, Expr, FetchType, Join, LogicalPlan, Operator, SkipType, Sort, Subquery, lit,
};

/// The subqueries of a plan that are to be left as they are.
pub(super) fn keep(plan: LogicalPlan) -> Result<LogicalPlan> {
    plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Subquery(subquery) if goes_wrong(&subquery.subquery)? => {
            Ok(Transformed::yes(LogicalPlan::Subquery(kept(subquery))))
        }
        other => Ok(Transformed::no(other)),
    })
    .map(|transformed| transformed.data)
}

/// The subquery, of which DataFusion makes no join.
pub(super) fn kept(subquery: Subquery) -> Subquery {
    let expr = vec![lit(0_i64).sort(true, false)];
    let sort = Sort { expr, input: subquery.subquery.clone(), fetch: None };
    Subquery { subquery: Arc::new(LogicalPlan::Sort(sort)), ..subquery }
}

/// Whether a plan is such a subquery's.
pub(crate) fn is_kept(plan: &LogicalPlan) -> bool {
    matches!(plan, LogicalPlan::Sort(Sort { expr, fetch: None, .. }) if *expr == [lit(0_i64).sort(true, false)])
}

/// Whether a join of the subquery would give other rows.
pub(super) fn goes_wrong(plan: &LogicalPlan) -> Result<bool> {
    if !is_correlated(plan) {
        return Ok(false);
    }
    let mut seen = Seen::default();
    plan.apply(|node| {
        seen.node(node);
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(seen.goes_wrong())
}

/// The same for `x IN (SELECT ...)`: a row for each group, or a limit, is for each row outside.
pub(super) fn goes_wrong_in(plan: &LogicalPlan, negated: bool) -> Result<bool> {
    if !is_correlated(plan) {
        return Ok(false);
    }
    let within = |node: &LogicalPlan| matches!(node, LogicalPlan::Aggregate(_) | LogicalPlan::Limit(_));
    Ok(negated || plan.exists(|node| Ok(within(node)))? || goes_wrong(plan)?)
}

/// The same for EXISTS: an aggregate has a row even of none, and OFFSET leaves rows out.
pub(super) fn goes_wrong_exists(plan: &LogicalPlan) -> Result<bool> {
    if !is_correlated(plan) {
        return Ok(false);
    }
    let within = |node: &LogicalPlan| match node {
        LogicalPlan::Aggregate(aggregate) => aggregate.group_expr.is_empty(),
        LogicalPlan::Limit(limit) => {
            !matches!(limit.get_skip_type(), Ok(SkipType::Literal(0)))
                || matches!(
                    limit.get_fetch_type(),
                    Ok(FetchType::Literal(Some(0)) | FetchType::UnsupportedExpr)
                )
        }
        _ => false,
    };
    Ok(plan.exists(|node| Ok(within(node)))? || goes_wrong(plan)?)
}

/// Whether a plan refers to rows outside of it.
fn is_correlated(plan: &LogicalPlan) -> bool {
    plan.contains_outer_reference() || plan.inputs().into_iter().any(is_correlated)
}

/// What is known of a subquery's operators.
#[derive(Default)]
struct Seen {
    /// A window over, or a join that fills up, rows that depend on those outside.
    between: bool,
    aggregates: bool,
    /// A condition with rows outside that is no equality.
    other_conditions: bool,
    /// With which tables of the subquery each column outside is compared.
    compared: HashMap<Column, HashSet<Option<TableReference>>>,
}

impl Seen {
    fn node(&mut self, node: &LogicalPlan) {
        match node {
            LogicalPlan::Window(window) => self.between |= is_correlated(&window.input),
            LogicalPlan::Aggregate(_) => self.aggregates = true,
            LogicalPlan::Filter(filter) => self.condition(&filter.predicate),
            LogicalPlan::Join(join) => self.join(join),
            _ => {}
        }
    }

    fn join(&mut self, join: &Join) {
        let condition = join.on.iter().flat_map(|(left, right)| [left, right]).chain(&join.filter);
        let outside = condition.clone().any(Expr::contains_outer);
        let (left, right) = (is_correlated(&join.left), is_correlated(&join.right));
        self.between |= match join.join_type {
            JoinType::Inner => false,
            JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => outside || right,
            JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
                outside || left
            }
            JoinType::Full => outside || left || right,
        };
        condition.for_each(|condition| self.condition(condition));
    }

    fn condition(&mut self, condition: &Expr) {
        for part in split_conjunction(condition).into_iter().filter(|part| part.contains_outer()) {
            self.other_conditions |= !matches!(part, Expr::BinaryExpr(BinaryExpr { op: Operator::Eq, .. }));
            let tables: Vec<_> =
                part.column_refs().into_iter().map(|column| column.relation.clone()).collect();
            let walked = part.apply(|inner| {
                if let Expr::OuterReferenceColumn(_, column) = inner {
                    self.compared.entry(column.clone()).or_default().extend(tables.iter().cloned());
                }
                Ok(TreeNodeRecursion::Continue)
            });
            debug_assert!(walked.is_ok(), "the closure gives no error");
        }
    }

    fn goes_wrong(&self) -> bool {
        self.between
            || self.aggregates && self.other_conditions
            || self.compared.values().any(|tables| tables.len() > 1)
    }
}
