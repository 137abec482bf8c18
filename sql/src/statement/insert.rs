//! `INSERT INTO t [(columns)] VALUES ... | SELECT ...`.
//!
//! The source is planned as a query; each of its columns is then assigned to the table's column
//! as PostgreSQL assigns it. Generated columns are computed when the rows are made.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::common::Column;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection};
use datafusion::sql::sqlparser::ast::{self, Ident, Insert, Query, SetExpr, TableObject};
use muster_storage::{Snapshot, TableDefinition};

use super::name;
use crate::database::Shared;
use crate::planning::{assign, expression};
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
        let explicit = !insert.columns.is_empty();
        let mut targets = targets(&definition, insert)?;
        let mut source = match &insert.source {
            Some(source) => source.as_ref().clone(),
            // DEFAULT VALUES: one row of nothing given.
            None => return Err(Error::unsupported("INSERT ... DEFAULT VALUES")),
        };
        let width = match source.body.as_ref() {
            SetExpr::Values(values) => {
                let width = values.rows.first().map_or(0, |row| row.content.len());
                if values.rows.iter().any(|row| row.content.len() != width) {
                    return Err(Error::new(
                        SqlState::SyntaxError,
                        "VALUES lists must all be the same length",
                    ));
                }
                Some(width)
            }
            _ => None,
        };
        if let Some(width) = width {
            fit(&mut targets, width, explicit)?;
            replace_defaults(&definition, &targets, &mut source)?;
        }
        let statement = ast::Statement::Query(Box::new(source));
        let plan = shared.planner.plan(&statement, snapshot, declared).await?;
        fit(&mut targets, plan.schema().fields().len(), explicit)?;
        let plan = type_parameters(plan, &definition, &targets)?;
        let plan = crate::planning::settle(plan)?;
        assign_all(shared, snapshot, definition, &targets, plan, width.is_some())
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

/// `DEFAULT` in VALUES becomes the column's default. Only `DEFAULT` goes into a generated column.
fn replace_defaults(definition: &TableDefinition, targets: &[usize], source: &mut Query) -> Result<()> {
    let SetExpr::Values(values) = source.body.as_mut() else { return Ok(()) };
    for row in &mut values.rows {
        for (value, target) in row.content.iter_mut().zip(targets) {
            let field = definition.schema.field(*target);
            let is_default = matches!(value, ast::Expr::Identifier(ident)
                if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("default"));
            if column::generated(field).is_some() && !is_default {
                return Err(generated(definition, field));
            }
            if is_default {
                *value = match column::default(field) {
                    Some(sql) => crate::parse::parse_expression(sql)?,
                    None => ast::Expr::value(ast::Value::Null),
                };
            }
        }
    }
    Ok(())
}

fn generated(definition: &TableDefinition, field: &Field) -> Error {
    Error::new(
        SqlState::GeneratedAlways,
        format!("cannot insert a non-DEFAULT value into column \"{}\"", field.name()),
    )
    .with_detail(format!("Column \"{}\" is a generated column.", field.name()))
    .with_column(&definition.name, field.name())
}

/// A parameter that stands alone as a value has the type of the column it goes to.
fn type_parameters(
    plan: LogicalPlan,
    definition: &TableDefinition,
    targets: &[usize],
) -> Result<LogicalPlan> {
    let typed = |expression: Expr, place: usize| match expression {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            let field = targets
                .get(place)
                .map(|target| Arc::new(column::type_only(definition.schema.field(*target), "")));
            Expr::Placeholder(Placeholder { id, field })
        }
        other => other,
    };
    Ok(match plan {
        LogicalPlan::Values(values) => {
            let rows = values
                .values
                .into_iter()
                .map(|row| row.into_iter().enumerate().map(|(place, value)| typed(value, place)).collect())
                .collect();
            LogicalPlanBuilder::values(rows)?.build()?
        }
        LogicalPlan::Projection(projection) => {
            let expressions =
                projection.expr.into_iter().enumerate().map(|(place, value)| typed(value, place)).collect();
            LogicalPlan::Projection(Projection::try_new(expressions, projection.input)?)
        }
        other => other,
    })
}

fn assign_all(
    shared: &Shared,
    snapshot: &Snapshot,
    definition: Arc<TableDefinition>,
    targets: &[usize],
    plan: LogicalPlan,
    values: bool,
) -> Result<PlannedInsert> {
    let mut expressions = Vec::new();
    let mut sources = Vec::with_capacity(definition.schema.fields().len());
    for (position, field) in definition.schema.fields().iter().enumerate() {
        let given = targets.iter().position(|target| *target == position);
        if column::generated(field).is_some() {
            if given.is_some() && !values {
                return Err(generated(&definition, field));
            }
            sources.push(None);
            continue;
        }
        let expression = match given {
            Some(place) => {
                let (qualifier, source) = plan.schema().qualified_field(place);
                let column = Expr::Column(Column::from((qualifier, source)));
                assign(column, source, field, &definition.name)?
            }
            None => default_of(shared, snapshot, &definition, field)?,
        };
        sources.push(Some(expressions.len()));
        expressions.push(expression.alias(format!("column{}", position + 1)));
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
        None => Ok(Expr::Literal(datafusion::common::ScalarValue::try_from(field.data_type())?, None)),
    }
}
