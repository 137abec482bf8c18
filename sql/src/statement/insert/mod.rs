//! `INSERT INTO t [(columns)] VALUES ... | SELECT ... | DEFAULT VALUES [ON CONFLICT ...] [RETURNING ...]`.
//!
//! The source is planned as a query; each of its columns is then assigned to the table's column
//! as PostgreSQL assigns it. Generated columns are computed when the rows are made.

mod conflict;
mod keys;

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{Column, DFSchema, ParamValues};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection};
use datafusion::sql::planner::{PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast::{
    self, Ident, Insert, ObjectName, OnInsert, Query, SetExpr, TableObject, Values, With,
};
use muster_storage::{Snapshot, TableDefinition};

pub(crate) use self::conflict::OnConflict;
use super::name;
use super::refused::refuse_clauses;
use super::update::given;
use crate::column::Identity;
use crate::database::Shared;
use crate::planning::{Names, assign, bare, expression, rewrite_statement, settle_expression};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::write::{Returning, RowWriter, Target, Written, is_default};
use crate::{Error, Result, column, large_object};

/// A planned INSERT. Its plan gives the rows to be inserted, without generated columns.
#[derive(Clone, Debug)]
pub(crate) struct PlannedInsert {
    pub(crate) target: Target,
    /// The table's columns that the statement gives values.
    pub(crate) given: Vec<usize>,
    /// By column of the table, the source's column that it comes from; `None` for generated ones.
    sources: Vec<Option<usize>>,
    /// Gives the sources.
    pub(crate) plan: LogicalPlan,
    pub(crate) conflict: Option<OnConflict>,
    pub(crate) returning: Option<Returning>,
}

impl PlannedInsert {
    /// Plans the statement, its parameters still open.
    pub(crate) async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        insert: &Insert,
        with: Option<&With>,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        refuse(insert)?;
        let TableObject::TableName(table_name) = &insert.table else {
            return Err(Error::unsupported("INSERT into a function"));
        };
        let alias = insert.table_alias.as_ref().map(|alias| &alias.alias);
        let target = Target::named(snapshot, table_name, alias)?;
        let definition = target.definition.clone();
        // OVERRIDING SYSTEM VALUE, which the parser says so: identity columns take what is given.
        let taking = if insert.overwrite { overridden(&definition) } else { definition.clone() };
        let mut targets = targets(&definition, &insert.columns)?;
        let plan = match &insert.source {
            None => {
                targets.clear();
                LogicalPlanBuilder::empty(true).build()?
            }
            Some(source) => {
                let explicit = !insert.columns.is_empty();
                let source = source_with(source, with);
                plan_source(shared, snapshot, &taking, &mut targets, explicit, &source, declared).await?
            }
        };
        let (sources, plan) = complete(shared, snapshot, &definition, &targets, plan)?;
        let conflict = match &insert.on {
            Some(OnInsert::OnConflict(written)) => {
                Some(OnConflict::of(shared, snapshot, &target, written, declared)?)
            }
            _ => None,
        };
        let returning = insert
            .returning
            .as_ref()
            .map(|items| Returning::of(&shared.planner, snapshot, items, target.columns(), declared));
        Ok(Self { returning: returning.transpose()?, target, given: targets, sources, plan, conflict })
    }

    /// What it does, given the rows of its plan.
    pub(crate) fn written(
        &self,
        context: &StatementContext,
        batches: &[RecordBatch],
        params: &ParamValues,
    ) -> Result<Written> {
        let table = &self.target.definition.name;
        let mut writer = RowWriter::new(context, table, self.returning.as_ref(), params)?;
        let mut made = Vec::with_capacity(batches.len());
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            made.push(writer.make(given(&self.sources, batch), batch.num_rows())?);
        }
        if let Some(conflict) = &self.conflict {
            return conflict.written(context, writer, &made, params);
        }
        for rows in made {
            writer.changed(rows.columns(), rows.num_rows())?;
            writer.put(rows);
        }
        Ok(writer.finish())
    }
}

/// The table with identity columns that take any value.
fn overridden(definition: &TableDefinition) -> Arc<TableDefinition> {
    let fields = definition.schema.fields().iter().map(|field| match column::identity(field) {
        Some(Identity::Always) => column::with_identity(field.as_ref().clone(), Identity::ByDefault),
        _ => field.as_ref().clone(),
    });
    let schema = Schema::new_with_metadata(fields.collect::<Vec<_>>(), definition.schema.metadata().clone());
    Arc::new(TableDefinition { schema: Arc::new(schema), ..definition.clone() })
}

/// The source with the statement's own WITH list before its own.
fn source_with<'a>(source: &'a Query, with: Option<&With>) -> Cow<'a, Query> {
    let Some(with) = with else { return Cow::Borrowed(source) };
    let mut source = source.clone();
    match source.with.take() {
        // What a name means depends on which list says that it is recursive.
        Some(own) if own.recursive || with.recursive => {
            source.with = Some(own);
            Cow::Owned(Query { with: Some(with.clone()), ..bare(SetExpr::Query(Box::new(source))) })
        }
        own => {
            let mut all = with.clone();
            all.cte_tables.extend(own.into_iter().flat_map(|own| own.cte_tables));
            source.with = Some(all);
            Cow::Owned(source)
        }
    }
}

/// Plans the source: its columns are those of `targets`, of which those that it does not give are taken away.
async fn plan_source(
    shared: &Shared,
    snapshot: &Snapshot,
    definition: &TableDefinition,
    targets: &mut Vec<usize>,
    explicit: bool,
    source: &Query,
    declared: &[Option<FieldRef>],
) -> Result<LogicalPlan> {
    if let Some(values) = values_of(source) {
        let width = values.rows.first().map_or(0, |row| row.content.len());
        fit(targets, width, explicit)?;
        return plan_values(shared, snapshot, definition, targets, source, declared).await;
    }
    let statement = ast::Statement::Query(Box::new(source.clone()));
    let plan = shared.planner.plan(&statement, snapshot, declared).await?;
    fit(targets, plan.schema().fields().len(), explicit)?;
    if let Some(field) = targets
        .iter()
        .map(|target| definition.schema.field(*target))
        .find(|field| column::is_always_generated(field))
    {
        return Err(generated(definition, field));
    }
    let plan = crate::planning::settle(type_parameters(plan, definition, targets)?)?;
    assign_query(plan, definition, targets)
}

fn refuse(insert: &Insert) -> Result<()> {
    refuse_clauses(&[
        (matches!(insert.on, Some(OnInsert::DuplicateKeyUpdate(_))), "ON DUPLICATE KEY UPDATE"),
        (insert.or.is_some() || insert.replace_into || insert.ignore, "INSERT OR REPLACE"),
        (insert.partitioned.is_some(), "INSERT with a partition"),
        (!insert.assignments.is_empty(), "INSERT ... SET"),
        (insert.output.is_some(), "OUTPUT"),
    ])
}

/// The table's columns that the statement writes, in its order.
pub(super) fn targets(definition: &TableDefinition, columns: &[ObjectName]) -> Result<Vec<usize>> {
    if columns.is_empty() {
        return Ok((0..definition.schema.fields().len()).collect());
    }
    let mut targets = Vec::with_capacity(columns.len());
    for written in columns {
        let ident: Option<&Ident> = match written.0.as_slice() {
            [part] => part.as_ident(),
            _ => None,
        };
        let column = ident
            .map(name::ident)
            .ok_or_else(|| Error::unsupported(format!("column {written} in INSERT")))?;
        let position = definition
            .schema
            .index_of(&column)
            .map_err(|_| Error::undefined_column(&column, &definition.name))?;
        if targets.contains(&position) {
            return Err(Error::new(
                SqlState::DuplicateColumn,
                format!("column \"{column}\" specified more than once"),
            ));
        }
        targets.push(position);
    }
    Ok(targets)
}

/// Without a column list, fewer values than columns fill the first ones.
pub(super) fn fit(targets: &mut Vec<usize>, width: usize, explicit: bool) -> Result<()> {
    if width > targets.len() {
        return Err(Error::new(SqlState::SyntaxError, "INSERT has more expressions than target columns"));
    }
    if width < targets.len() {
        if explicit {
            return Err(Error::new(SqlState::SyntaxError, "INSERT has more target columns than expressions"));
        }
        targets.truncate(width);
    }
    Ok(())
}

/// The rows of a source that is VALUES and nothing else.
fn values_of(source: &Query) -> Option<&Values> {
    let bare = source.with.is_none()
        && source.order_by.is_none()
        && source.limit_clause.is_none()
        && source.fetch.is_none();
    match source.body.as_ref() {
        SetExpr::Values(values) if bare => Some(values),
        _ => None,
    }
}

/// Plans VALUES cell by cell: each is assigned to its column, whatever type the other rows' have.
async fn plan_values(
    shared: &Shared,
    snapshot: &Snapshot,
    definition: &TableDefinition,
    targets: &[usize],
    source: &Query,
    declared: &[Option<FieldRef>],
) -> Result<LogicalPlan> {
    let mut statement = ast::Statement::Query(Box::new(source.clone()));
    rewrite_statement(&mut statement)?;
    let names = Names::of_statement(shared.planner.state(), snapshot, &statement).await?;
    let planner = SqlToRel::new_with_options(&names, shared.planner.parser_options());
    let ast::Statement::Query(query) = statement else { return Err(Error::unsupported("VALUES")) };
    let SetExpr::Values(values) = *query.body else { return Err(Error::unsupported("VALUES")) };
    let nothing = DFSchema::empty();
    let mut rows = Vec::with_capacity(values.rows.len());
    for row in values.rows {
        if row.content.len() != targets.len() {
            return Err(Error::new(SqlState::SyntaxError, "VALUES lists must all be the same length"));
        }
        let mut cells = Vec::with_capacity(targets.len());
        for (cell, target) in row.content.into_iter().zip(targets) {
            let field = definition.schema.field(*target);
            if is_default(&cell) {
                cells.push(default_of(shared, snapshot, definition, field)?);
                continue;
            }
            if column::is_always_generated(field) {
                return Err(generated(definition, field));
            }
            let cell = planner.sql_to_expr(cell, &nothing, &mut PlannerContext::new())?;
            let place = Arc::new(column::type_only(field, ""));
            let cell = large_object::as_number(settle_expression(cell, declared, &place)?)?;
            let from = expression::field(&cell, &nothing)?;
            cells.push(assign(cell, &from, field, &definition.name)?);
        }
        rows.push(cells);
    }
    if rows.iter().flatten().any(has_subquery) {
        return select_values(rows);
    }
    Ok(LogicalPlanBuilder::values(rows)?.build()?)
}

fn has_subquery(cell: &Expr) -> bool {
    let is_one =
        |part: &Expr| matches!(part, Expr::ScalarSubquery(_) | Expr::Exists(_) | Expr::InSubquery(_));
    cell.exists(|part| Ok(is_one(part))).unwrap_or(true)
}

/// The rows as a query each: what a subquery gives is not known while DataFusion plans VALUES.
fn select_values(rows: Vec<Vec<Expr>>) -> Result<LogicalPlan> {
    let mut all: Option<LogicalPlanBuilder> = None;
    for cells in rows {
        let named =
            cells.into_iter().enumerate().map(|(place, cell)| cell.alias(format!("column{}", place + 1)));
        let row = LogicalPlanBuilder::empty(true).project(named.collect::<Vec<_>>())?;
        all = Some(match all {
            Some(all) => all.union(row.build()?)?,
            None => row,
        });
    }
    let all = all.ok_or_else(|| Error::internal("an INSERT without rows"))?;
    Ok(all.build()?)
}

/// A query's columns, assigned to the table's.
fn assign_query(plan: LogicalPlan, definition: &TableDefinition, targets: &[usize]) -> Result<LogicalPlan> {
    let mut expressions = Vec::with_capacity(targets.len());
    for (place, target) in targets.iter().enumerate() {
        let (qualifier, source) = plan.schema().qualified_field(place);
        let column = Expr::Column(Column::from((qualifier, source)));
        let field = definition.schema.field(*target);
        let assigned = assign(column, source, field, &definition.name)?;
        expressions.push(assigned.alias(format!("column{}", place + 1)));
    }
    Ok(LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(plan))?))
}

pub(super) fn generated(definition: &TableDefinition, field: &Field) -> Error {
    Error::new(
        SqlState::GeneratedAlways,
        format!("cannot insert a non-DEFAULT value into column \"{}\"", field.name()),
    )
    .with_detail(match column::identity(field) {
        Some(_) => format!("Column \"{}\" is an identity column defined as GENERATED ALWAYS.", field.name()),
        None => format!("Column \"{}\" is a generated column.", field.name()),
    })
    .with_column(&definition.name, field.name())
}

/// A parameter that stands alone in a SELECT list has the type of the column it goes to.
fn type_parameters(
    plan: LogicalPlan,
    definition: &TableDefinition,
    targets: &[usize],
) -> Result<LogicalPlan> {
    let LogicalPlan::Projection(projection) = plan else { return Ok(plan) };
    let typed = |(place, expression): (usize, Expr)| match expression {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let field = targets
                .get(place)
                .map(|target| Arc::new(column::type_only(definition.schema.field(*target), "")));
            Expr::Placeholder(Placeholder { id, field })
        }
        other => other,
    };
    let expressions = projection.expr.into_iter().enumerate().map(typed).collect();
    Ok(LogicalPlan::Projection(Projection::try_new(expressions, projection.input)?))
}

/// Adds the defaults of the columns that are not given. `plan` gives the targets in order.
fn complete(
    shared: &Shared,
    snapshot: &Snapshot,
    definition: &TableDefinition,
    targets: &[usize],
    plan: LogicalPlan,
) -> Result<(Vec<Option<usize>>, LogicalPlan)> {
    let mut expressions = Vec::new();
    let mut sources = Vec::with_capacity(definition.schema.fields().len());
    for (position, field) in definition.schema.fields().iter().enumerate() {
        if column::generated(field).is_some() {
            sources.push(None);
            continue;
        }
        let expression = match targets.iter().position(|target| *target == position) {
            Some(place) => Expr::Column(Column::from(plan.schema().qualified_field(place))),
            None => default_of(shared, snapshot, definition, field)?,
        };
        sources.push(Some(expressions.len()));
        expressions.push(expression.alias(format!("value{}", position + 1)));
    }
    let plan = LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(plan))?);
    Ok((sources, plan))
}

/// The value of a column that is not given.
pub(crate) fn default_of(
    shared: &Shared,
    snapshot: &Snapshot,
    definition: &TableDefinition,
    field: &Field,
) -> Result<Expr> {
    match column::default(field) {
        Some(sql) => {
            let (expression, columns) =
                expression::logical(&shared.planner, snapshot, sql, &definition.name, &Schema::empty())?;
            let source = expression::field(&expression, &columns)?;
            assign(expression, &source, field, &definition.name)
        }
        None => {
            let null = Expr::Literal(datafusion::common::ScalarValue::Null, None);
            assign(null, &Field::new("", arrow::datatypes::DataType::Null, true), field, &definition.name)
        }
    }
}
