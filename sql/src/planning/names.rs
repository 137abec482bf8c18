//! Resolves names while a statement is planned: tables against one snapshot, functions against
//! the shared session state.
//!
//! It is why a session sees its own tables: DataFusion's own resolution knows only what all
//! sessions share.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef, TimeUnit};
use chrono::Utc;
use datafusion::catalog::TableProvider;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, TableReference};
use datafusion::datasource::cte_worktable::CteWorkTable;
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result as PlanResult};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, RelationPlanner, TypePlanner};
use datafusion::logical_expr::{AggregateUDF, Expr, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use datafusion::sql::resolve::resolve_table_references;
use datafusion::sql::sqlparser::ast;
use muster_storage::{Snapshot, TableDefinition};

use crate::catalog::relation::{SEPARATOR, stored};
use crate::catalog::{CATALOG, SCHEMA, Sequence, StoredTable, View, system};
use crate::planning::{expression, views};
use crate::statement::name::check;
use crate::statistics::planned;
use crate::types::SqlTypes;
use crate::{Error, Result};

const PG_CATALOG: &str = "pg_catalog";

/// The names that one statement can use.
pub(crate) struct Names<'a> {
    state: &'a SessionState,
    snapshot: &'a Snapshot,
    /// Tables of `pg_catalog` and `information_schema`, looked up beforehand because that is async.
    system: HashMap<(String, String), Arc<dyn TableSource>>,
    /// The table whose rows the statement changes, known as [`TARGET`] too: there it has row ids.
    target: Option<Arc<TableDefinition>>,
    /// Views by the strings that storage knows them by, planned.
    views: HashMap<String, Arc<dyn TableSource>>,
    types: Arc<SqlTypes>,
    /// Whether tables tell their primary keys.
    keys: bool,
}

/// The name of a statement's target. No client can write it: the protocol ends texts at a NUL.
pub(crate) const TARGET: &str = "\0target";

impl<'a> Names<'a> {
    /// Names for an expression over known columns: no system tables.
    pub(crate) fn new(state: &'a SessionState, snapshot: &'a Snapshot) -> Self {
        let (system, views) = (HashMap::new(), HashMap::new());
        Self {
            state,
            snapshot,
            system,
            target: None,
            views,
            types: Arc::new(SqlTypes::default()),
            keys: false,
        }
    }

    /// The same names and [`TARGET`] for a table.
    pub(crate) fn with_target(self, target: Option<Arc<TableDefinition>>) -> Self {
        Self { target, ..self }
    }

    /// The same names, of tables that tell their primary keys.
    pub(crate) fn with_keys(self, keys: bool) -> Self {
        Self { keys, ..self }
    }

    /// Names for a whole statement.
    pub(crate) async fn of_statement(
        state: &'a SessionState,
        snapshot: &'a Snapshot,
        statement: &ast::Statement,
    ) -> Result<Self> {
        let mut names = Self::new(state, snapshot);
        let df_statement = datafusion::sql::parser::Statement::Statement(Box::new(statement.clone()));
        let (references, _ctes) = resolve_table_references(&df_statement, true)?;
        for reference in references {
            if let Some(stored) = Self::stored_name(&reference)
                && let Some(view) = View::find(snapshot, &stored)?
            {
                names.views.insert(stored, views::source(state, snapshot, view).await?);
                continue;
            }
            if let Some(stored) = Self::stored_name(&reference)
                && let Some(sequence) = Sequence::find(snapshot, &stored)?
            {
                let view = system::as_view(&sequence);
                names.views.insert(stored, views::source(state, snapshot, view).await?);
                continue;
            }
            // The search path ends in pg_catalog, whatever it is.
            let unknown =
                Self::stored_name(&reference).is_none_or(|stored| snapshot.table(&stored).is_none());
            let reference = match reference {
                TableReference::Bare { table } if unknown => TableReference::partial(PG_CATALOG, table),
                other => other,
            };
            let Some(schema) = reference.schema().filter(|schema| *schema != SCHEMA) else { continue };
            if let Some(table) = system_table(state, &reference, schema).await? {
                names
                    .system
                    .insert((schema.to_string(), reference.table().to_string()), provider_as_source(table));
            }
        }
        Ok(names)
    }

    /// What storage knows the table by that a reference names, if it names none of another database.
    pub(crate) fn stored_name(reference: &TableReference) -> Option<String> {
        let schema = reference.schema().unwrap_or(SCHEMA);
        Self::is_this_catalog(reference).then(|| stored(schema, reference.table()))
    }

    /// An argument of a table function of DataFusion's, which takes constants: what can be computed without rows is.
    fn constant(&self, argument: Expr) -> PlanResult<Expr> {
        // What is only known once the statement runs is told of by the function.
        let waits = |part: &Expr| Ok(matches!(part, Expr::Placeholder(_) | Expr::OuterReferenceColumn(..)));
        if argument.exists(waits)? || argument.any_column_refs() || !expression::is_immutable(&argument)? {
            return Ok(argument);
        }
        let nothing = DFSchema::empty();
        let folded = expression::simplify(self.state, argument, &nothing, Utc::now())?;
        let value = match folded {
            Expr::Literal(value, _) => value,
            // What cannot be computed says why.
            folded => expression::evaluated(&folded, &nothing)?,
        };
        // It takes integers of one size, and moments of one unit.
        let wanted = match value.data_type() {
            data_type if data_type.is_integer() => DataType::Int64,
            DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Nanosecond, zone),
            data_type => data_type,
        };
        Ok(Expr::Literal(value.cast_to(&wanted)?, None))
    }

    /// Whether a reference names no other database than this one.
    fn is_this_catalog(reference: &TableReference) -> bool {
        reference.catalog().is_none_or(|catalog| catalog == CATALOG || catalog == "postgres")
    }
}

/// A table of `pg_catalog` or `information_schema`: what the catalog has itself, then what DataFusion adds.
async fn system_table(
    state: &SessionState,
    reference: &TableReference,
    schema: &str,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let ours = state.catalog_list().catalog(CATALOG).and_then(|catalog| catalog.schema(schema));
    if let Some(ours) = ours
        && Names::is_this_catalog(reference)
        && let Some(table) = ours.table(reference.table()).await?
    {
        return Ok(Some(table));
    }
    match state.schema_for_ref(reference.clone()) {
        Ok(provider) => Ok(provider.table(reference.table()).await?),
        // No such schema: the table is reported as missing where it is used.
        Err(_) => Ok(None),
    }
}

impl ContextProvider for Names<'_> {
    fn get_table_source(&self, name: TableReference) -> PlanResult<Arc<dyn TableSource>> {
        let parts = [name.catalog(), name.schema(), Some(name.table())];
        if let Some(wrong) = parts.into_iter().flatten().find(|part| part.contains(SEPARATOR)) {
            return Err(check(wrong).err().unwrap_or_else(|| Error::undefined_table(&name)).into());
        }
        if let Some(target) = self.target.as_ref().filter(|_| name == TableReference::bare(TARGET)) {
            let mut table = StoredTable::with_row_ids(target.clone());
            if let Some(stored) = self.snapshot.table(&target.name) {
                table = table.with_statistics(planned(self.snapshot, stored));
            }
            return Ok(provider_as_source(Arc::new(table)));
        }
        if let Some(stored) = Self::stored_name(&name)
            && let Some(table) = self.snapshot.table(&stored)
        {
            let statistics = planned(self.snapshot, table);
            let table = StoredTable::new(table.definition().clone()).with_statistics(statistics);
            let table = if self.keys { table.with_keys() } else { table };
            return Ok(provider_as_source(Arc::new(table)));
        }
        if let Some(stored) = Self::stored_name(&name)
            && let Some(view) = self.views.get(&stored)
        {
            return Ok(view.clone());
        }
        let schema = name.schema().unwrap_or(PG_CATALOG);
        if let Some(source) = self.system.get(&(schema.to_string(), name.table().to_string())) {
            return Ok(source.clone());
        }
        Err(Error::undefined_table(&name).into())
    }

    fn get_table_function_source(&self, name: &str, args: Vec<Expr>) -> PlanResult<Arc<dyn TableSource>> {
        use datafusion::catalog::TableFunctionArgs;
        let mut name = name.to_ascii_lowercase();
        if name == super::set_returning::NUMBERS {
            name = "generate_series".to_string();
        }
        let function = self.state.table_functions().get(&name).ok_or_else(|| {
            DataFusionError::from(Error::new(
                crate::sqlstate::SqlState::UndefinedFunction,
                format!("table function {name} does not exist"),
            ))
        })?;
        let args = args.into_iter().map(|argument| self.constant(argument));
        let args = args.collect::<PlanResult<Vec<_>>>()?;
        let provider = function.create_table_provider_with_args(TableFunctionArgs::new(&args, self.state))?;
        Ok(provider_as_source(provider))
    }

    fn create_cte_work_table(&self, name: &str, schema: SchemaRef) -> PlanResult<Arc<dyn TableSource>> {
        Ok(provider_as_source(Arc::new(CteWorkTable::new(name, schema))))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.state.expr_planners()
    }

    fn get_relation_planners(&self) -> &[Arc<dyn RelationPlanner>] {
        self.state.relation_planners()
    }

    fn get_type_planner(&self) -> Option<Arc<dyn TypePlanner>> {
        Some(self.types.clone())
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.state.higher_order_functions().get(name).cloned()
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.state.scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        self.state.higher_order_functions().keys().cloned().collect()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.state.aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.state.window_functions().keys().cloned().collect()
    }
}
