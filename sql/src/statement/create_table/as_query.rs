//! `CREATE TABLE t [(names)] AS query`: the query's columns, its rows.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::Column;
use datafusion::logical_expr::{Expr, LogicalPlan, Projection};
use datafusion::sql::sqlparser::ast::{self, CreateTable, Query};
use muster_storage::Changes;

use super::super::define::Defined;
use super::super::name;
use super::{Builder, NewTable, options, refuse};
use crate::load::stored_column;
use crate::outcome::CommandTag;
use crate::planning::{OutputNames, assign, bind, in_zone, settle};
use crate::privileges::Needs;
use crate::session::{StatementContext, columns_of};
use crate::sqlstate::SqlState;
use crate::{Error, Result, column, embedding};

/// The table with its rows.
///
/// # Errors
/// What the query gives; 42601 for more names than columns, 42701 for a name twice.
pub(in super::super) async fn define(
    context: &Arc<StatementContext>,
    create: &CreateTable,
    query: &Query,
) -> Result<Defined> {
    refuse(create)?;
    options::check(&create.table_options)?;
    if !create.constraints.is_empty() || create.columns.iter().any(|column| !column.options.is_empty()) {
        return Err(Error::new(
            SqlState::SyntaxError,
            "CREATE TABLE AS takes names of columns and nothing else",
        ));
    }
    let shared = &context.database;
    let planner = &shared.planner;
    let statement = ast::Statement::Query(Box::new(query.clone()));
    let plan = settle(planner.plan(&statement, &context.snapshot, &[]).await?)?;
    let plan = in_zone(planner.analyze(plan)?, context.settings.zone_name())?;
    if let Some(rights) = context.rights()? {
        Needs::of(&statement, (Some(&plan), false), &context.snapshot)?.check(&rights, &context.snapshot)?;
    }
    if let Some(reads) = &context.reads {
        reads.note_plan(&context.snapshot, &plan)?;
    }
    let columns = columns_of(&plan, OutputNames::of(&statement).as_ref());
    if create.columns.len() > columns.fields().len() {
        return Err(Error::new(SqlState::SyntaxError, "too many column names were specified"));
    }
    let names =
        create.columns.iter().map(|column| Some(name::ident(&column.name))).chain(std::iter::repeat(None));
    let mut table = Builder::new(name::table(&create.name)?);
    for (field, given) in columns.fields().iter().zip(names) {
        let field = stored(field, &given.unwrap_or_else(|| field.name().clone()))?;
        if table.fields.iter().any(|known| known.name() == field.name()) {
            return Err(Error::new(
                SqlState::DuplicateColumn,
                format!("column \"{}\" specified more than once", field.name()),
            ));
        }
        table.fields.push(field);
    }
    let mut table = NewTable {
        name: table.name,
        schema: Arc::new(Schema::new(table.fields)),
        keys: Vec::new(),
        checks: Vec::new(),
        foreign: Vec::new(),
        temporary: false,
        on_commit: None,
        sequences: Vec::new(),
    };
    table.set_temporary(create)?;
    let optimized = planner.optimize(bind(assigned(plan, &table)?, context)?, context.now)?;
    let physical = planner.physical(&optimized).await?;
    let batches = embedding::collect(physical, context.clone().task()).await?;
    let mut changes = table.add_to(Changes::new())?;
    let mut rows = 0;
    for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
        // Nothing is computed and nothing constrained: the columns are the rows.
        changes =
            changes.put(&table.name, RecordBatch::try_new(table.schema.clone(), batch.columns().to_vec())?);
        rows += batch.num_rows() as u64;
    }
    Ok(Defined { changes, tag: CommandTag::affecting("SELECT", rows), notices: Vec::new() })
}

/// The column that a result's column is kept in.
fn stored(field: &Field, name: &str) -> Result<Field> {
    if column::is_vector(field) && column::dimensions(field).is_none() {
        return Err(Error::unsupported(format!("vector column \"{name}\" without dimensions"))
            .with_hint("Cast it, as in v::vector(384)."));
    }
    let named = column::type_only(field, name);
    let told = named.metadata().contains_key(column::TYPE_KEY) && field.data_type() == &DataType::Utf8;
    if told || column::dimensions(field).is_some() { Ok(named) } else { stored_column(&named) }
}

/// The plan with its columns assigned to the table's.
fn assigned(plan: LogicalPlan, table: &NewTable) -> Result<LogicalPlan> {
    let mut expressions = Vec::with_capacity(table.schema.fields().len());
    for (place, target) in table.schema.fields().iter().enumerate() {
        let (qualifier, source) = plan.schema().qualified_field(place);
        let column = Expr::Column(Column::from((qualifier, source)));
        expressions.push(assign(column, source, target, &table.name)?.alias(format!("column{}", place + 1)));
    }
    Ok(LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(plan))?))
}
