//! `CREATE TABLE`: columns with types, defaults and generation, primary key and unique constraints.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, Volatility};
use datafusion::sql::sqlparser::ast::{
    ColumnDef, ColumnOption, CreateTable, CreateTableOptions, GeneratedAs, GeneratedExpressionMode,
    IndexColumn, NullsDistinctOption, TableConstraint,
};
use muster_storage::{Changes, KeyConstraint, Snapshot};

use super::name;
use crate::database::Shared;
use crate::planning::{assign, expression};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::types::{sql_field, type_name};
use crate::{Error, Result, column, functions};

/// A table as it is to be made.
pub(crate) struct NewTable {
    pub(crate) name: String,
    pub(crate) schema: SchemaRef,
    pub(crate) keys: Vec<KeyConstraint>,
}

impl NewTable {
    /// # Errors
    /// 0A000 for what is not there, by its name; 42701, 42P16, 42804 and others for what is wrong.
    pub(crate) fn of(shared: &Shared, snapshot: &Snapshot, create: &CreateTable) -> Result<Self> {
        refuse(create)?;
        let name = name::table(&create.name)?;
        if create.columns.is_empty() {
            return Err(Error::unsupported("a table without columns"));
        }
        let mut table = Builder { name, fields: Vec::new(), keys: Vec::new() };
        for definition in &create.columns {
            table.add_column(definition)?;
        }
        for constraint in &create.constraints {
            table.add_constraint(constraint)?;
        }
        let schema = Arc::new(Schema::new(table.fields));
        let schema = check_expressions(shared, snapshot, &table.name, &schema)?;
        Ok(Self { name: table.name, schema, keys: table.keys })
    }

    pub(crate) fn add_to(&self, changes: Changes) -> Changes {
        changes.create_table(&self.name, self.schema.clone(), self.keys.clone(), BTreeMap::new())
    }
}

/// The changes that make a table; none when it is there and IF NOT EXISTS was said.
///
/// # Errors
/// 42P07 when it is there; as [`NewTable::of`].
pub(crate) fn changes(context: &StatementContext, create: &CreateTable) -> Result<Changes> {
    let name = name::table(&create.name)?;
    if context.snapshot.table(&name).is_some() {
        if create.if_not_exists {
            return Ok(Changes::new());
        }
        return Err(Error::new(SqlState::DuplicateTable, format!("relation \"{name}\" already exists")));
    }
    Ok(NewTable::of(&context.database, &context.snapshot, create)?.add_to(Changes::new()))
}

/// What CREATE TABLE can say and this one does not do.
fn refuse(create: &CreateTable) -> Result<()> {
    let refused = [
        (create.or_replace, "CREATE OR REPLACE TABLE"),
        (create.temporary, "CREATE TEMPORARY TABLE"),
        (create.external, "CREATE EXTERNAL TABLE"),
        (create.query.is_some(), "CREATE TABLE AS"),
        (create.like.is_some(), "CREATE TABLE LIKE"),
        (create.clone.is_some(), "CREATE TABLE CLONE"),
        (create.inherits.is_some(), "INHERITS"),
        (create.partition_of.is_some() || create.partition_by.is_some(), "PARTITION"),
        (create.on_commit.is_some(), "ON COMMIT"),
        (!matches!(create.table_options, CreateTableOptions::None), "table options"),
        (create.strict || create.without_rowid, "SQLite's table options"),
    ];
    match refused.iter().find(|(said, _)| *said) {
        Some((_, what)) => Err(Error::unsupported(what)),
        None => Ok(()),
    }
}

struct Builder {
    name: String,
    fields: Vec<Field>,
    keys: Vec<KeyConstraint>,
}

impl Builder {
    fn add_column(&mut self, definition: &ColumnDef) -> Result<()> {
        let name = name::ident(&definition.name);
        if self.fields.iter().any(|field| field.name() == &name) {
            return Err(Error::new(
                SqlState::DuplicateColumn,
                format!("column \"{name}\" specified more than once"),
            ));
        }
        let mut field = sql_field(&name, &definition.data_type, true)?;
        if column::is_vector(&field) && column::dimensions(&field).is_none() {
            return Err(Error::unsupported(format!("vector column \"{name}\" without dimensions"))
                .with_hint("Give them, as in vector(384)."));
        }
        let position = self.fields.len();
        let mut keys = Vec::new();
        for option in &definition.options {
            field = match &option.option {
                ColumnOption::Null => field,
                ColumnOption::NotNull => field.with_nullable(false),
                ColumnOption::PrimaryKey(_) => {
                    keys.push((true, option.name.as_ref().map(name::ident), true));
                    field.with_nullable(false)
                }
                ColumnOption::Unique(unique) => {
                    let distinct = !matches!(unique.nulls_distinct, NullsDistinctOption::NotDistinct);
                    keys.push((false, option.name.as_ref().map(name::ident), distinct));
                    field
                }
                ColumnOption::Default(expression) => column::with_default(field, &expression.to_string()),
                ColumnOption::Generated {
                    generated_as: GeneratedAs::ExpStored | GeneratedAs::Always,
                    generation_expr: Some(expression),
                    generation_expr_mode,
                    ..
                } => {
                    if matches!(generation_expr_mode, Some(GeneratedExpressionMode::Virtual)) {
                        return Err(Error::unsupported("a virtual generated column"));
                    }
                    column::with_generated(field, &expression.to_string())
                }
                ColumnOption::Generated { .. } => return Err(Error::unsupported("an identity column")),
                ColumnOption::ForeignKey(_) => return Err(Error::unsupported("a foreign key")),
                ColumnOption::Check(_) => return Err(Error::unsupported("a CHECK constraint")),
                ColumnOption::Collation(_) => return Err(Error::unsupported("COLLATE")),
                other => return Err(Error::unsupported(format!("column option {other}"))),
            };
        }
        if column::default(&field).is_some() && column::generated(&field).is_some() {
            return Err(Error::new(
                SqlState::SyntaxError,
                format!("both default and generation expression specified for column \"{name}\""),
            ));
        }
        self.fields.push(field);
        for (primary, constraint, distinct) in keys {
            self.add_key(constraint, vec![position], primary, distinct)?;
        }
        Ok(())
    }

    fn add_constraint(&mut self, constraint: &TableConstraint) -> Result<()> {
        match constraint {
            TableConstraint::PrimaryKey(key) => {
                let columns = self.positions(&key.columns)?;
                for position in &columns {
                    if let Some(field) = self.fields.get_mut(*position) {
                        field.set_nullable(false);
                    }
                }
                self.add_key(key.name.as_ref().map(name::ident), columns, true, true)
            }
            TableConstraint::Unique(key) => {
                let columns = self.positions(&key.columns)?;
                let distinct = !matches!(key.nulls_distinct, NullsDistinctOption::NotDistinct);
                self.add_key(key.name.as_ref().map(name::ident), columns, false, distinct)
            }
            TableConstraint::ForeignKey(_) => Err(Error::unsupported("a foreign key")),
            TableConstraint::Check(_) => Err(Error::unsupported("a CHECK constraint")),
            other => Err(Error::unsupported(format!("constraint {other}"))),
        }
    }

    fn positions(&self, columns: &[IndexColumn]) -> Result<Vec<usize>> {
        let mut positions = Vec::with_capacity(columns.len());
        for column in columns {
            let written = column.column.expr.to_string();
            let name = match &column.column.expr {
                datafusion::sql::sqlparser::ast::Expr::Identifier(ident) => name::ident(ident),
                _ => return Err(Error::unsupported(format!("an expression ({written}) in a key"))),
            };
            let position = self.fields.iter().position(|field| field.name() == &name).ok_or_else(|| {
                Error::new(
                    SqlState::UndefinedColumn,
                    format!("column \"{name}\" named in key does not exist"),
                )
            })?;
            if positions.contains(&position) {
                return Err(Error::new(
                    SqlState::DuplicateColumn,
                    format!("column \"{name}\" appears twice in a constraint"),
                ));
            }
            positions.push(position);
        }
        Ok(positions)
    }

    fn add_key(
        &mut self,
        name: Option<String>,
        columns: Vec<usize>,
        primary: bool,
        distinct: bool,
    ) -> Result<()> {
        if primary && self.keys.iter().any(|key| key.primary) {
            return Err(Error::new(
                SqlState::InvalidTableDefinition,
                format!("multiple primary keys for table \"{}\" are not allowed", self.name),
            ));
        }
        let named: Vec<&Field> = columns.iter().filter_map(|column| self.fields.get(*column)).collect();
        for field in &named {
            if matches!(
                field.data_type(),
                DataType::List(_) | DataType::FixedSizeList(_, _) | DataType::Interval(_)
            ) || column::is_json(field)
            {
                return Err(Error::unsupported(format!("a key over a column of type {}", type_name(field))));
            }
        }
        let name = name.unwrap_or_else(|| {
            if primary {
                return format!("{}_pkey", self.name);
            }
            let columns: Vec<&str> = named.iter().map(|field| field.name().as_str()).collect();
            format!("{}_{}_key", self.name, columns.join("_"))
        });
        if self.keys.iter().any(|key| key.name == name) {
            return Err(Error::new(
                SqlState::DuplicateObject,
                format!("constraint \"{name}\" for relation \"{}\" already exists", self.name),
            ));
        }
        self.keys.push(KeyConstraint { name, columns, primary, nulls_distinct: distinct });
        Ok(())
    }
}

/// Plans each default and generation expression once, so that a wrong one is refused here.
fn check_expressions(
    shared: &Shared,
    snapshot: &Snapshot,
    table: &str,
    schema: &SchemaRef,
) -> Result<SchemaRef> {
    let given: Vec<Field> = schema
        .fields()
        .iter()
        .filter(|field| column::generated(field).is_none())
        .map(|field| field.as_ref().clone())
        .collect();
    let given = Schema::new(given);
    let mut fields = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        let mut field = field.as_ref().clone();
        if let Some(sql) = column::default(&field) {
            let (expression, columns) =
                expression::logical(&shared.planner, snapshot, sql, table, &Schema::empty())
                    .map_err(|error| no_columns_in_default(error, field.name()))?;
            let source = expression::field(&expression, &columns)?;
            let assigned = assign(expression, &source, &field, table)?;
            expression::compile(&shared.planner, assigned, table, &Schema::empty(), &columns)?;
        }
        if let Some(sql) = column::generated(&field) {
            let (expression, columns) = expression::logical(&shared.planner, snapshot, sql, table, &given)?;
            if !immutable(&expression)? {
                return Err(Error::new(
                    SqlState::InvalidObjectDefinition,
                    "generation expression is not immutable",
                ));
            }
            let source = expression::field(&expression, &columns)?;
            if let (Some(found), Some(expected)) = (column::dimensions(&source), column::dimensions(&field))
                && found != expected
            {
                return Err(Error::new(
                    SqlState::DatatypeMismatch,
                    format!(
                        "column \"{}\" is of type {} but its generation expression is of type {}",
                        field.name(),
                        type_name(&field),
                        type_name(&source)
                    ),
                ));
            }
            let model = functions::scalar::model_of(&expression);
            let assigned = assign(expression, &source, &field, table)?;
            expression::compile(&shared.planner, assigned, table, &given, &columns)?;
            if let Some(model) = model {
                field = column::with_model(field, &model);
            }
        }
        fields.push(field);
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn no_columns_in_default(error: Error, column: &str) -> Error {
    if error.sqlstate() == SqlState::UndefinedColumn.code() {
        return Error::unsupported(format!("a column reference in the default of \"{column}\""));
    }
    error
}

fn immutable(expression: &Expr) -> Result<bool> {
    let mut immutable = true;
    expression.apply(|part| {
        if let Expr::ScalarFunction(call) = part
            && call.func.signature().volatility != Volatility::Immutable
        {
            immutable = false;
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(immutable)
}
