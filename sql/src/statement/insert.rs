//! `INSERT INTO t [(columns)] VALUES ... | SELECT ...`.
//!
//! The source is planned as a query; each of its columns is then assigned to the table's column
//! as PostgreSQL assigns it. Generated columns are computed when the rows are made.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::common::{Column, DFSchema};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection};
use datafusion::sql::planner::{PlannerContext, SqlToRel};
use datafusion::sql::sqlparser::ast::{self, Ident, Insert, Query, SetExpr, TableObject, Values};
use muster_storage::{Snapshot, TableDefinition};

use super::name;
use crate::database::Shared;
use crate::planning::{Names, assign, expression, rewrite_statement, settle_expression};
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

/// A planned INSERT.
#[derive(Clone, Debug)]
pub(crate) struct PlannedInsert {
    pub(crate) definition: Arc<TableDefinition>,
    /// By column of the table, the source's column that it comes from; `None` for generated ones.
    pub(crate) sources: Vec<Option<usize>>,
    /// Gives the sources.
    pub(crate) plan: LogicalPlan,
}

impl PlannedInsert {
    /// Plans the statement, its parameters still open.
    pub(crate) async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        insert: &Insert,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        refuse(insert)?;
        let TableObject::TableName(table_name) = &insert.table else {
            return Err(Error::unsupported("INSERT into a function"));
        };
        let table_name = name::table(table_name)?;
        let table = snapshot.table(&table_name).ok_or_else(|| Error::undefined_table(&table_name))?;
        let definition = table.definition().clone();
        let mut targets = targets(&definition, insert)?;
        let explicit = !insert.columns.is_empty();
        let Some(source) = &insert.source else {
            return Err(Error::unsupported("INSERT ... DEFAULT VALUES"));
        };
        let plan = match values_of(source) {
            Some(values) => {
                let width = values.rows.first().map_or(0, |row| row.content.len());
                fit(&mut targets, width, explicit)?;
                plan_values(shared, snapshot, &definition, &targets, source, declared).await?
            }
            None => {
                let statement = ast::Statement::Query(source.clone());
                let plan = shared.planner.plan(&statement, snapshot, declared).await?;
                fit(&mut targets, plan.schema().fields().len(), explicit)?;
                if let Some(field) = targets
                    .iter()
                    .map(|target| definition.schema.field(*target))
                    .find(|field| column::is_always_generated(field))
                {
                    return Err(generated(&definition, field));
                }
                assign_query(
                    crate::planning::settle(type_parameters(plan, &definition, &targets)?)?,
                    &definition,
                    &targets,
                )?
            }
        };
        complete(shared, snapshot, definition, &targets, plan)
    }

    /// The columns of one batch of the plan, by column of the table.
    pub(crate) fn given(&self, batch: &RecordBatch) -> Vec<Option<ArrayRef>> {
        self.sources
            .iter()
            .map(|source| source.and_then(|source| batch.columns().get(source).cloned()))
            .collect()
    }
}

fn refuse(insert: &Insert) -> Result<()> {
    let refused = [
        (insert.on.is_some(), "ON CONFLICT"),
        (insert.returning.is_some(), "INSERT ... RETURNING"),
        (insert.or.is_some() || insert.replace_into || insert.ignore, "INSERT OR REPLACE"),
        (insert.overwrite, "INSERT OVERWRITE"),
        (insert.partitioned.is_some(), "INSERT with a partition"),
        (!insert.assignments.is_empty(), "INSERT ... SET"),
        (insert.output.is_some(), "OUTPUT"),
    ];
    match refused.iter().find(|(said, _)| *said) {
        Some((_, what)) => Err(Error::unsupported(what)),
        None => Ok(()),
    }
}

/// The table's columns that the statement writes, in its order.
fn targets(definition: &TableDefinition, insert: &Insert) -> Result<Vec<usize>> {
    if insert.columns.is_empty() {
        return Ok((0..definition.schema.fields().len()).collect());
    }
    let mut targets = Vec::with_capacity(insert.columns.len());
    for written in &insert.columns {
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
fn fit(targets: &mut Vec<usize>, width: usize, explicit: bool) -> Result<()> {
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
            let is_default = matches!(&cell, ast::Expr::Identifier(ident)
                if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"));
            if is_default {
                cells.push(default_of(shared, snapshot, definition, field)?);
                continue;
            }
            if column::is_always_generated(field) {
                return Err(generated(definition, field));
            }
            let cell = planner.sql_to_expr(cell, &nothing, &mut PlannerContext::new())?;
            let place = Arc::new(column::type_only(field, ""));
            let cell = settle_expression(cell, declared, &place)?;
            let from = expression::field(&cell, &nothing)?;
            cells.push(assign(cell, &from, field, &definition.name)?);
        }
        rows.push(cells);
    }
    Ok(LogicalPlanBuilder::values(rows)?.build()?)
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

fn generated(definition: &TableDefinition, field: &Field) -> Error {
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
    definition: Arc<TableDefinition>,
    targets: &[usize],
    plan: LogicalPlan,
) -> Result<PlannedInsert> {
    let mut expressions = Vec::new();
    let mut sources = Vec::with_capacity(definition.schema.fields().len());
    for (position, field) in definition.schema.fields().iter().enumerate() {
        if column::generated(field).is_some() {
            sources.push(None);
            continue;
        }
        let expression = match targets.iter().position(|target| *target == position) {
            Some(place) => Expr::Column(Column::from(plan.schema().qualified_field(place))),
            None => default_of(shared, snapshot, &definition, field)?,
        };
        sources.push(Some(expressions.len()));
        expressions.push(expression.alias(format!("value{}", position + 1)));
    }
    let plan = LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(plan))?);
    Ok(PlannedInsert { definition, sources, plan })
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
