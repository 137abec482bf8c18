//! From the logical node to the execution node: which column, which index, what is evaluated once and what for each row.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::Schema;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, Result, TableReference};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_expr::create_physical_expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use muster_storage::TableDefinition;

use super::chain::Chain;
use super::distance::Distance;
use super::exec::VectorTopKExec;
use super::late::Late;
use super::node::VectorTopK;
use super::rule::index_for;
use super::work::Work;
use crate::Error;
use crate::catalog::relation::plain;
use crate::planning::expression::more_than_rows;
use crate::planning::generic_plan;
use crate::search::Predicate;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct VectorTopKPlanner;

#[async_trait]
impl ExtensionPlanner for VectorTopKPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        context: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let Some(search) = node.as_any().downcast_ref::<VectorTopK>() else { return Ok(None) };
        let Some(input) = physical_inputs.first() else {
            return Err(DataFusionError::Internal("VectorTopK has an input".to_string()));
        };
        let work = work(search, session, context)?;
        let members = physical_inputs.get(2).cloned();
        Ok(Some(Arc::new(VectorTopKExec::new(Arc::new(work), input.clone(), members))))
    }
}

fn work(node: &VectorTopK, session: &dyn Session, context: &PhysicalPlanningContext) -> Result<Work> {
    let chain = Chain::of(&node.scan)?
        .ok_or_else(|| DataFusionError::Internal("the scan of VectorTopK is none".to_string()))?;
    let definition = chain.definition.clone();
    // The scan may have an alias over it: its columns are the chain's, one by one.
    let columns = node.scan.schema();
    let position = |expression: &Expr| {
        let Expr::Column(column) = expression else { return None };
        chain.position(chain.outputs.get(columns.maybe_index_of_column(column)?)?)
    };
    let measured = node.distance.clone().unalias_nested().data;
    let distance = Distance::of(&measured, &position)
        .ok_or_else(|| Error::unsupported("this distance in the ORDER BY of a LATERAL search"))?;
    let props = session.execution_props();
    let over_input =
        |expression: &Expr| create_physical_expr(expression, node.input.schema(), props, context);
    let query = over_input(distance.query)?;
    let fetch = node.fetch.as_ref().map(over_input).transpose()?;
    let skip = node.skip.as_ref().map(over_input).transpose()?;
    // Each predicate over the table's columns by its own name, so that it is known again under any alias.
    let own = TableReference::bare(plain(&definition.name));
    let (mut constant, mut late, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for predicate in &node.predicates {
        let mut refers = false;
        // Names that the analyzer has kept are nobody's here.
        let predicate = predicate.clone().unalias_nested().data;
        shown.push(as_shown(&predicate, &position)?);
        let renamed = predicate.transform_up(|part| match position(&part) {
            Some(position) => {
                let name = definition.schema.field(position).name().clone();
                Ok(Transformed::yes(Expr::Column(Column::new(Some(own.clone()), name))))
            }
            None => {
                let Expr::Column(column) = &part else { return Ok(Transformed::no(part)) };
                refers = true;
                Ok(Transformed::yes(Late::input(node.input.schema().index_of_column(column)?)))
            }
        })?;
        let subquery = more_than_rows(&renamed.data);
        if let Some(what) = subquery.filter(|_| refers) {
            let what = format!("{what} in a condition of LATERAL that refers to the left side");
            return Err(Error::unsupported(what).into());
        }
        let is_late = refers || subquery.is_none() && generic_plan::is_open(&renamed.data)?;
        if is_late { late.push(renamed.data) } else { constant.push(renamed.data) }
    }
    let predicate = conjunction(constant).map(|expression| {
        let (projection, columns) = columns_of(&definition, &own, &expression)?;
        let physical = create_physical_expr(&expression, &columns, props, context)?;
        let schema = columns.inner().clone();
        Ok::<_, DataFusionError>(Predicate::new(physical, projection, schema, expression, &definition)?)
    });
    let late = conjunction(late).map(|expression| Late::new(expression, own.clone()));
    let wanted = node.columns.iter().map(|column| position(&Expr::Column(column.clone())));
    let wanted = wanted.collect::<Option<Vec<_>>>().ok_or_else(|| {
        DataFusionError::Internal("a column of VectorTopK is none of its table's".to_string())
    })?;
    let index = index_for(&definition, distance.column, distance.metric).cloned();
    let fields: Vec<_> = wanted.iter().map(|column| definition.schema.field(*column).clone()).collect();
    Ok(Work {
        column: distance.column,
        metric: distance.metric,
        index,
        query,
        predicate: predicate.transpose()?,
        late,
        filter: (!shown.is_empty()).then(|| shown.join(" AND ")),
        fetch,
        skip,
        ties: node.ties,
        outer: node.outer,
        rows: Arc::new(Schema::new(fields)),
        wanted,
        schema: datafusion::logical_expr::UserDefinedLogicalNodeCore::schema(node).inner().clone(),
        definition,
    })
}

/// The table's columns that an expression reads: their positions, and themselves.
pub(super) fn columns_of(
    definition: &TableDefinition,
    own: &TableReference,
    expression: &Expr,
) -> Result<(Vec<usize>, DFSchema)> {
    let names = expression.column_refs().into_iter().map(|column| definition.schema.index_of(&column.name));
    let projection: BTreeSet<usize> = names.collect::<Result<_, _>>()?;
    let projection: Vec<usize> = projection.into_iter().collect();
    let schema = definition.schema.project(&projection)?;
    Ok((projection, DFSchema::try_from_qualified_schema(own.clone(), &schema)?))
}

/// A predicate as EXPLAIN shows it: the table's columns by their own names.
fn as_shown(predicate: &Expr, position: &dyn Fn(&Expr) -> Option<usize>) -> Result<String> {
    let shown = predicate.clone().transform_up(|part| match (position(&part), part) {
        (Some(_), Expr::Column(column)) => Ok(Transformed::yes(Expr::Column(Column::from_name(column.name)))),
        (_, part) => Ok(Transformed::no(part)),
    })?;
    Ok(shown.data.human_display().to_string())
}
