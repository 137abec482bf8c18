//! From what DataFusion's optimizer leaves of correlated subqueries to [`Apply`] nodes.
//!
//! A subquery's references to the rows around it become parameters; then it is optimized like any query. So what is
//! nested in it is found when its turn comes.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, DFSchemaRef, JoinType, Result, TableReference};
use datafusion::functions_aggregate::count::count_all;
use datafusion::logical_expr::expr::{Exists, Placeholder};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Aggregate, Expr, Extension, Join, LogicalPlan, LogicalPlanBuilder, Subquery, lit,
};

use super::node::{Apply, Gives};
use crate::Error;
use crate::planning::is_kept;

/// Optimizes a subquery whose references have become parameters.
pub(crate) type Optimize<'a> = &'a dyn Fn(LogicalPlan) -> Result<LogicalPlan>;

/// The plan without correlated subqueries.
///
/// # Errors
/// 0A000 for a condition of LEFT JOIN LATERAL; what optimizing a subquery says.
pub(crate) fn apply_subqueries(plan: LogicalPlan, optimize: Optimize<'_>) -> Result<LogicalPlan> {
    if !refers_outwards(&plan)? {
        return Ok(plan);
    }
    applied(plan, optimize, "applied", refers_outwards)
}

/// The plan without those correlated subqueries that `planning::decorrelation` has marked: before DataFusion's optimizer, which
/// would take columns away that only they read.
///
/// # Errors
/// As [`apply_subqueries`].
pub(crate) fn apply_kept(plan: LogicalPlan, optimize: Optimize<'_>) -> Result<LogicalPlan> {
    let mut any = false;
    plan.apply_with_subqueries(|node| {
        any |= is_kept(node);
        Ok(if any { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if !any {
        return Ok(plan);
    }
    applied(plan, optimize, "kept", |subquery| Ok(is_kept(subquery) && refers_outwards(subquery)?))
}

/// The plan without the subqueries that are `wanted`.
fn applied(
    plan: LogicalPlan,
    optimize: Optimize<'_>,
    values: &'static str,
    wanted: fn(&LogicalPlan) -> Result<bool>,
) -> Result<LogicalPlan> {
    let mut applied = Applied { optimize, values, wanted, aliases: aliases(&plan)?, count: 0 };
    plan.transform_up(|node| {
        if let LogicalPlan::Join(join) = &node
            && wanted(lateral_subquery(&join.right))?
            && let Some(plan) = applied.lateral(join)?
        {
            return Ok(Transformed::yes(plan));
        }
        applied.node(node)
    })
    .map(|transformed| transformed.data)
}

/// The subquery of a join's right side, if that is a LATERAL one.
fn lateral_subquery(plan: &LogicalPlan) -> &LogicalPlan {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => lateral_subquery(&alias.input),
        LogicalPlan::Subquery(subquery) => &subquery.subquery,
        other => other,
    }
}

/// Whether a plan, or a subquery in it, refers to rows around it.
fn refers_outwards(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                found |= matches!(part, Expr::OuterReferenceColumn(..));
                Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })?;
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

struct Applied<'a> {
    optimize: Optimize<'a>,
    /// What the columns of values are called, beside those of another walk over the plan.
    values: &'static str,
    /// Which subqueries it is about.
    wanted: fn(&LogicalPlan) -> Result<bool>,
    /// What has an alias, and the alias.
    aliases: Vec<(TableReference, DFSchemaRef)>,
    /// Values that have a column.
    count: usize,
}

impl Applied<'_> {
    /// An operator over nodes that give the values of the subqueries in its expressions.
    fn node(&mut self, node: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let inputs = node.inputs();
        let [input] = inputs.as_slice() else { return Ok(Transformed::no(node)) };
        let mut correlated = false;
        node.apply_expressions(|expression| {
            correlated |= expression.exists(|part| self.is_wanted(part))?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        if !correlated {
            return Ok(Transformed::no(node));
        }
        let before: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
        let mut below = Arc::new((*input).clone());
        let names = NamePreserver::new(&node);
        let mut expressions = Vec::new();
        for expression in node.expressions() {
            let name = names.save(&expression);
            let changed = expression.transform_up(|part| self.value(part, &mut below))?.data;
            expressions.push(name.restore(changed));
        }
        let keeps_columns =
            matches!(node, LogicalPlan::Filter(_) | LogicalPlan::Sort(_) | LogicalPlan::Window(_));
        let own: Vec<Expr> = match &node {
            LogicalPlan::Window(_) => node.schema().columns().into_iter().map(Expr::Column).collect(),
            _ => before,
        };
        let over = node.with_new_exprs(expressions, vec![below.as_ref().clone()])?;
        if !keeps_columns {
            return Ok(Transformed::yes(over));
        }
        Ok(Transformed::yes(LogicalPlanBuilder::from(over).project(own)?.build()?))
    }

    /// Whether a part of an expression is a subquery that it is about.
    fn is_wanted(&self, part: &Expr) -> Result<bool> {
        match part {
            Expr::ScalarSubquery(subquery) | Expr::Exists(Exists { subquery, .. }) => {
                (self.wanted)(&subquery.subquery)
            }
            _ => Ok(false),
        }
    }

    /// A correlated subquery in an expression as the column that a node below gives.
    fn value(&mut self, part: Expr, below: &mut Arc<LogicalPlan>) -> Result<Transformed<Expr>> {
        let (subquery, negated) = match part {
            Expr::ScalarSubquery(subquery) if (self.wanted)(&subquery.subquery)? => (subquery, None),
            Expr::Exists(Exists { subquery, negated }) if (self.wanted)(&subquery.subquery)? => {
                let rows = Aggregate::try_new(subquery.subquery.clone(), Vec::new(), vec![count_all()])?;
                let subquery = Subquery { subquery: Arc::new(LogicalPlan::Aggregate(rows)), ..subquery };
                (subquery, Some(negated))
            }
            other => return Ok(Transformed::no(other)),
        };
        self.count += 1;
        let name = format!("\0{} {}", self.values, self.count);
        let (plan, arguments) = self.closed(subquery.subquery.as_ref().clone(), below.schema())?;
        let node = Apply::try_new(below.clone(), Arc::new(plan), arguments, Gives::Value(name.clone()))?;
        *below = Arc::new(LogicalPlan::Extension(Extension { node: Arc::new(node) }));
        let value = Expr::Column(Column::from_name(name));
        Ok(Transformed::yes(match negated {
            None => value,
            Some(true) => value.eq(lit(0_i64)),
            Some(false) => value.gt(lit(0_i64)),
        }))
    }

    /// A join with a LATERAL subquery.
    fn lateral(&mut self, join: &Join) -> Result<Option<LogicalPlan>> {
        let outer = match join.join_type {
            JoinType::Inner => false,
            JoinType::Left => true,
            _ => return Ok(None),
        };
        let is_true = |filter: &Expr| filter == &lit(true);
        let filter = join.filter.clone().filter(|filter| !is_true(filter));
        if outer && !(join.on.is_empty() && filter.is_none()) {
            return Err(Error::unsupported("LEFT JOIN LATERAL on another condition than TRUE").into());
        }
        let (plan, arguments) = self.closed(join.right.as_ref().clone(), join.left.schema())?;
        if arguments.is_empty() {
            // It refers to rows further outside.
            return Ok(None);
        }
        let node = Apply::try_new(join.left.clone(), Arc::new(plan), arguments, Gives::Rows { outer })?;
        let mut builder =
            LogicalPlanBuilder::from(LogicalPlan::Extension(Extension { node: Arc::new(node) }));
        let on = join.on.iter().map(|(left, right)| left.clone().eq(right.clone()));
        for condition in on.chain(filter) {
            builder = builder.filter(condition)?;
        }
        builder.build().map(Some)
    }

    /// The subquery with parameters in place of the columns of `around`, optimized, and what these are.
    fn closed(&self, subquery: LogicalPlan, around: &DFSchema) -> Result<(LogicalPlan, Vec<Expr>)> {
        let mut closing = Closing { around, aliases: &self.aliases, arguments: Vec::new() };
        let closed = closing.plan(subquery, &[])?;
        Ok(((self.optimize)(closed)?, closing.arguments))
    }
}

/// What has an alias in a plan, and the alias.
fn aliases(plan: &LogicalPlan) -> Result<Vec<(TableReference, DFSchemaRef)>> {
    let mut aliases = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::SubqueryAlias(alias) = node {
            aliases.push((alias.alias.clone(), alias.input.schema().clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(aliases)
}

/// Parameters in place of a subquery's references.
struct Closing<'a> {
    /// The rows around it.
    around: &'a DFSchema,
    aliases: &'a [(TableReference, DFSchemaRef)],
    arguments: Vec<Expr>,
}

impl Closing<'_> {
    /// A plan of the subquery or of one in it; `between` are the columns of those that the plan is in.
    fn plan(&mut self, plan: LogicalPlan, between: &[Column]) -> Result<LogicalPlan> {
        let mut own = between.to_vec();
        own.extend(names_of(&plan)?);
        let closed = plan.transform_up(|node| {
            let node = match node {
                // One that stands among the inputs: a LATERAL one.
                LogicalPlan::Subquery(subquery) => match self.without(subquery, between) {
                    subquery if subquery.outer_ref_columns.is_empty() => subquery.subquery.as_ref().clone(),
                    subquery => LogicalPlan::Subquery(subquery),
                },
                other => other,
            };
            let names = NamePreserver::new(&node);
            let changed = node.map_expressions(|expression| {
                let name = names.save(&expression);
                let changed = expression.transform_up(|part| self.part(part, between, &own))?;
                Ok(changed.update_data(|expression| name.restore(expression)))
            })?;
            // What was computed from a reference has its schema anew.
            Ok(Transformed::yes(changed.data.recompute_schema()?))
        })?;
        Ok(closed.data)
    }

    /// One part of an expression of a plan that is in plans with the columns `between`, and has itself with them the columns `own`.
    fn part(&mut self, part: Expr, between: &[Column], own: &[Column]) -> Result<Transformed<Expr>> {
        Ok(match part {
            Expr::OuterReferenceColumn(field, column) => match self.found(&column, between) {
                Some(found) => Transformed::yes(self.parameter(Expr::Column(found), &field)),
                None => Transformed::no(Expr::OuterReferenceColumn(field, column)),
            },
            // A parameter of a subquery around: for this one it is an argument as well.
            Expr::Placeholder(Placeholder { id, field: Some(field) }) => {
                let around = Expr::Placeholder(Placeholder { id, field: Some(field.clone()) });
                Transformed::yes(self.parameter(around, &field))
            }
            Expr::ScalarSubquery(subquery) => {
                Transformed::yes(Expr::ScalarSubquery(self.nested(subquery, own)?))
            }
            Expr::Exists(Exists { subquery, negated }) => {
                Transformed::yes(Expr::Exists(Exists { subquery: self.nested(subquery, own)?, negated }))
            }
            Expr::InSubquery(mut contained) => {
                contained.subquery = self.nested(contained.subquery, own)?;
                Transformed::yes(Expr::InSubquery(contained))
            }
            other => Transformed::no(other),
        })
    }

    /// A subquery in an expression of the subquery.
    fn nested(&mut self, subquery: Subquery, own: &[Column]) -> Result<Subquery> {
        let mut subquery = self.without(subquery, own);
        subquery.subquery = Arc::new(self.plan(subquery.subquery.as_ref().clone(), own)?);
        Ok(subquery)
    }

    /// The parameter for an argument.
    fn parameter(&mut self, argument: Expr, field: &FieldRef) -> Expr {
        let place = self.arguments.iter().position(|known| known == &argument).unwrap_or_else(|| {
            self.arguments.push(argument);
            self.arguments.len() - 1
        });
        let field = Arc::new(field.as_ref().clone().with_nullable(true));
        Expr::Placeholder(Placeholder { id: format!("${}", place + 1), field: Some(field) })
    }

    /// A subquery that does not say that it refers to what are parameters now.
    fn without(&self, subquery: Subquery, between: &[Column]) -> Subquery {
        let left = subquery.outer_ref_columns.iter().filter(|reference| match reference {
            Expr::OuterReferenceColumn(_, column) => self.found(column, between).is_none(),
            _ => true,
        });
        let outer_ref_columns = left.cloned().collect();
        Subquery { outer_ref_columns, ..subquery }
    }

    /// The column around the subquery that a reference means, unless it means one of those between.
    fn found(&self, column: &Column, between: &[Column]) -> Option<Column> {
        if between.contains(column) {
            return None;
        }
        if self.around.maybe_index_of_column(column).is_some() {
            return Some(column.clone());
        }
        // A filter that moved below the alias of its table still refers to the alias.
        let alias = column.relation.as_ref()?;
        let [(_, aliased)] =
            *self.aliases.iter().filter(|(name, _)| name == alias).collect::<Vec<_>>().as_slice()
        else {
            return None;
        };
        let [(qualifier, field)] =
            *self.around.qualified_fields_with_unqualified_name(&column.name).as_slice()
        else {
            return None;
        };
        let found = Column::new(qualifier.cloned(), field.name());
        aliased.maybe_index_of_column(&found).is_some().then_some(found)
    }
}

/// The columns of a subquery's own operators.
fn names_of(plan: &LogicalPlan) -> Result<Vec<Column>> {
    let mut names = Vec::new();
    plan.apply(|node| {
        names.extend(node.schema().columns());
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(names)
}
