//! One planner a database: the shared session state, its analyzer and its optimizer.
//!
//! The optimizer runs with a context of its own for each statement, because `now()` is folded
//! there; nothing else of the state changes from statement to statement, so it is never cloned.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use chrono::{DateTime, Utc};
use datafusion::common::alias::AliasGenerator;
use datafusion::common::config::ConfigOptions;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::OptimizerConfig;
use datafusion::optimizer::optimizer::OptimizerContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::planner::{ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast;
use muster_storage::{Snapshot, TableDefinition};

use super::grouped::without_keys;
use super::json_keys::type_keys;
use super::rewrite::{Rewritten, rewrite_statement};
use super::{Names, declare};
use crate::Result;
use crate::apply::{apply_kept, apply_subqueries};
use crate::embedding::{scope, without_waiting_values};

/// Plans statements over one session state.
#[derive(Debug)]
pub(crate) struct Planner {
    state: SessionState,
}

impl Planner {
    pub(crate) fn new(state: SessionState) -> Self {
        Self { state }
    }

    pub(crate) fn state(&self) -> &SessionState {
        &self.state
    }

    /// The options of DataFusion's SQL planner, as this database sets them.
    pub(crate) fn parser_options(&self) -> ParserOptions {
        parser_options(&self.state)
    }

    /// The plan of a query as it stands, with its parameters still open.
    pub(crate) async fn plan(
        &self,
        statement: &ast::Statement,
        snapshot: &Snapshot,
        declared: &[Option<FieldRef>],
    ) -> Result<LogicalPlan> {
        self.plan_over(statement, snapshot, declared, None).await
    }

    /// The same for a query over [`TARGET`](super::TARGET).
    pub(crate) async fn plan_over(
        &self,
        statement: &ast::Statement,
        snapshot: &Snapshot,
        declared: &[Option<FieldRef>],
        target: Option<Arc<TableDefinition>>,
    ) -> Result<LogicalPlan> {
        let mut statement = statement.clone();
        type_keys(&mut statement, declared);
        let Rewritten { groups } = rewrite_statement(&mut statement)?;
        let names = Names::of_statement(&self.state, snapshot, &statement).await?;
        let names = names.with_target(target).with_keys(groups);
        let planner = SqlToRel::new_with_options(&names, self.parser_options());
        let plan = planner.sql_statement_to_plan(statement)?;
        let plan = if groups { without_keys(plan)? } else { plan };
        declare(plan, declared)
    }

    /// Resolves LATERAL and coerces types. The parameters may still be open, but must have types.
    pub(crate) fn analyze(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        Ok(self.state.analyzer().execute_and_check(plan, self.state.config_options(), |_, _| {})?)
    }

    /// Optimizes an analyzed plan whose parameters are bound.
    pub(crate) fn optimize(&self, plan: LogicalPlan, now: DateTime<Utc>) -> Result<LogicalPlan> {
        let context = Optimization {
            context: OptimizerContext::new_with_config_options(self.state.config_options().clone())
                .with_query_execution_start_time(now),
            state: &self.state,
        };
        let plan = without_waiting_values(plan)?;
        let plan = apply_kept(plan, &|subquery| Ok(self.optimize(subquery, now)?))?;
        let optimizer = self.state.optimizer();
        let optimized = scope::planning(|| optimizer.optimize(plan, &context, |_, _| {}))?;
        let indexed = crate::topk::use_indexes(super::prune::prune(optimized)?, &context)?;
        Ok(apply_subqueries(indexed, &|subquery| Ok(self.optimize(subquery, now)?))?)
    }

    /// The physical plan of an optimized one.
    pub(crate) async fn physical(&self, plan: &LogicalPlan) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self.state.query_planner().create_physical_plan(plan, &self.state).await?)
    }
}

/// DataFusion's context of one statement, which knows the functions that there are: DISTINCT ON needs one.
struct Optimization<'a> {
    context: OptimizerContext,
    state: &'a SessionState,
}

impl OptimizerConfig for Optimization<'_> {
    fn query_execution_start_time(&self) -> Option<DateTime<Utc>> {
        self.context.query_execution_start_time()
    }

    fn alias_generator(&self) -> &Arc<AliasGenerator> {
        self.context.alias_generator()
    }

    fn options(&self) -> Arc<ConfigOptions> {
        self.context.options()
    }

    fn function_registry(&self) -> Option<&dyn FunctionRegistry> {
        Some(self.state)
    }
}

/// As [`Planner::parser_options`], of a state.
pub(super) fn parser_options(state: &SessionState) -> ParserOptions {
    let options = &state.config_options().sql_parser;
    ParserOptions::new()
        .with_parse_float_as_decimal(options.parse_float_as_decimal)
        .with_enable_ident_normalization(options.enable_ident_normalization)
        .with_support_varchar_with_length(options.support_varchar_with_length)
        .with_map_string_types_to_utf8view(options.map_string_types_to_utf8view)
}
