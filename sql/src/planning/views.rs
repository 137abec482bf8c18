//! Views as they are planned: the view's query in the place of its name.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection, TableSource, cast};
use datafusion::sql::planner::SqlToRel;
use datafusion::sql::sqlparser::ast;
use futures::future::BoxFuture;
use muster_storage::Snapshot;

use super::Names;
use super::grouped::without_keys;
use super::planner::parser_options;
use super::rewrite::{Rewritten, rewrite_statement};
use crate::catalog::View;
use crate::parse::parse;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// What a query reads where it names the view.
///
/// # Errors
/// What its query gives now.
pub(super) fn source<'a>(
    state: &'a SessionState,
    snapshot: &'a Snapshot,
    view: View,
) -> BoxFuture<'a, Result<Arc<dyn TableSource>>> {
    Box::pin(async move {
        let statements = parse(&view.sql)?;
        let [statement] = statements.as_slice() else {
            return Err(Error::new(SqlState::DataCorrupted, "the definition of a view is no query"));
        };
        let plan = plan(state, snapshot, &statement.ast).await?;
        let plan = named(plan, view.columns.fields().iter().map(|field| field.name().clone()))?;
        let table = ViewTable::new(plan, Some(view.sql));
        Ok(provider_as_source(Arc::new(table)))
    })
}

/// The plan of a view's query.
///
/// # Errors
/// What planning gives.
pub(crate) async fn plan(
    state: &SessionState,
    snapshot: &Snapshot,
    statement: &ast::Statement,
) -> Result<LogicalPlan> {
    let mut statement = statement.clone();
    let Rewritten { groups } = rewrite_statement(&mut statement)?;
    let names = Names::of_statement(state, snapshot, &statement).await?.with_keys(groups);
    let planner = SqlToRel::new_with_options(&names, parser_options(state));
    let plan = planner.sql_statement_to_plan(statement)?;
    Ok(if groups { without_keys(plan)? } else { plan })
}

/// The plan with its columns called by these names, and of types that PostgreSQL has.
///
/// # Errors
/// What DataFusion says of names that are not as many as the columns.
pub(crate) fn named(plan: LogicalPlan, names: impl Iterator<Item = String>) -> Result<LogicalPlan> {
    let columns = (0..plan.schema().fields().len()).zip(names).map(|(place, name)| {
        let (qualifier, field) = plan.schema().qualified_field(place);
        let column = Expr::Column((qualifier, field.as_ref()).into());
        match signed(field) {
            Some(data_type) => cast(column, data_type).alias(name),
            None => column.alias(name),
        }
    });
    let columns = columns.collect();
    Ok(LogicalPlan::Projection(Projection::try_new(columns, Arc::new(plan))?))
}

/// DataFusion counts with unsigned integers now and then.
fn signed(field: &Field) -> Option<DataType> {
    crate::session::signed(field.data_type())
}
