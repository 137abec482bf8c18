//! The DataFusion session state that all sessions of a database share: functions, planners, rules.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, SchemaProvider, Session};
use datafusion::error::Result as PlanResult;
use datafusion::execution::FunctionRegistry;
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::pg_catalog::setup_pg_catalog;
use muster_embedders::Embedders;

use crate::apply::ApplyPlanner;
use crate::catalog::{CATALOG, PublicSchema, SCHEMA, system};
use crate::functions::table::{CallPlanner, TableFunctions, VectorSearchPlanner};
use crate::functions::{aggregate, scalar};
use crate::planning::{
    CheckedArithmetic, Dates, DecimalTexts, IntervalOperators, IntervalOrder, JsonOperators, Lateral,
    Literals, ScalarSubqueries, Texts, VectorOperators, with_filters_below_searches, with_limit_fences,
};
use crate::sequence::{self, Sequences};
use crate::topk::VectorTopKPlanner;
use crate::yielding::with_yielding_joins;
use crate::{Result, large_object, memory};

/// Makes the state. It is made once a database and not changed after.
pub(crate) fn session_state(
    public: Arc<PublicSchema>,
    options: &crate::Options,
    embedders: &Arc<Embedders>,
    runtime: Arc<RuntimeEnv>,
) -> Result<SessionState> {
    let mut config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true);
    memory::configure(options, &mut config);
    let options = config.options_mut();
    options.sql_parser.map_string_types_to_utf8view = false;
    // A number with a point is a numeric, as in PostgreSQL.
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.dialect = datafusion::common::config::Dialect::PostgreSQL;
    // So that the few rows that a key finds are not spread over threads.
    options.execution.use_row_number_estimates_to_optimize_partitioning = true;
    // Rows that one source gives stay in their order, as people expect of a series; tables are scanned in parts anyhow.
    options.optimizer.enable_round_robin_repartition = false;
    // A filter that a join has made of one run's rows would be left for the next run of a prepared statement.
    options.optimizer.enable_dynamic_filter_pushdown = false;
    options.optimizer.enable_join_dynamic_filter_pushdown = false;
    options.optimizer.enable_topk_dynamic_filter_pushdown = false;
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    options.execution.time_zone = Some("UTC".to_string());
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .build();
    let catalog = Arc::new(MemoryCatalogProvider::new());
    let store = public.store().clone();
    catalog.register_schema(SCHEMA, public as Arc<dyn SchemaProvider>)?;
    state.catalog_list().register_catalog(CATALOG.to_string(), catalog.clone());
    let context = SessionContext::new_with_state(state);
    setup_pg_catalog(&context, CATALOG, EmptyContextProvider).map_err(|error| crate::Error::from(*error))?;
    // In place of the library's schema: what it says of tables is Arrow's view of them.
    let sequences = Arc::new(Sequences::new(store.clone()));
    system::register(&context, catalog.as_ref(), &store, &sequences)?;
    for function in sequence::functions(&sequences).into_iter().chain(large_object::functions(&store)) {
        context.register_udf(function);
    }
    let state = context.state();
    let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> =
        vec![Arc::new(Lateral), Arc::new(ScalarSubqueries), Arc::new(Literals), Arc::new(Dates)];
    rules.extend(state.analyzer().rules.iter().cloned());
    rules.push(Arc::new(CheckedArithmetic));
    rules.push(Arc::new(DecimalTexts));
    rules.push(Arc::new(Texts));
    rules.push(Arc::new(IntervalOrder));
    // Before the library's, which take `||` of lists for theirs.
    let mut planners: Vec<Arc<dyn ExprPlanner>> =
        vec![Arc::new(JsonOperators), Arc::new(VectorOperators), Arc::new(IntervalOperators)];
    planners.extend(state.expr_planners().iter().cloned());
    let logical = with_filters_below_searches(&state.optimizer().rules);
    let physical = with_yielding_joins(with_limit_fences(state.physical_optimizers()));
    let mut state = SessionStateBuilder::new_from_existing(state)
        .with_expr_planners(planners)
        .with_analyzer_rules(rules)
        .with_optimizer_rules(logical)
        .with_physical_optimizer_rules(physical)
        .with_relation_planners(vec![Arc::new(TableFunctions)])
        .with_query_planner(Arc::new(Physical::new()))
        .build();
    // Last, for they take names of DataFusion's, which a builder gives back to the function whose alias it is.
    for function in scalar::all(embedders) {
        state.register_udf(function)?;
    }
    for function in aggregate::all() {
        state.register_udaf(Arc::new(function))?;
    }
    Ok(state)
}

/// DataFusion's physical planner with our nodes.
#[derive(Debug)]
struct Physical {
    planner: PlannerDebug,
}

impl Physical {
    fn new() -> Self {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![
            Arc::new(VectorSearchPlanner),
            Arc::new(CallPlanner),
            Arc::new(VectorTopKPlanner),
            Arc::new(ApplyPlanner),
        ]);
        Self { planner: PlannerDebug(planner) }
    }
}

/// The default planner has no `Debug` of its own.
struct PlannerDebug(DefaultPhysicalPlanner);

impl std::fmt::Debug for PlannerDebug {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DefaultPhysicalPlanner")
    }
}

#[async_trait]
impl QueryPlanner for Physical {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> PlanResult<Arc<dyn ExecutionPlan>> {
        self.planner.0.create_physical_plan(plan, session).await
    }
}
