//! The tables that the foreign keys of a statement refer to, by the names that it gives them.

use datafusion::sql::sqlparser::ast::{
    AlterTableOperation, ColumnDef, ColumnOption, ObjectName, Statement, TableConstraint,
};

use crate::Result;
use crate::catalog::{Namespace, RelationName};
use crate::statement::name;

/// Calls `each` with every one of them.
pub(super) fn each(
    statement: &mut Statement,
    each: &mut dyn FnMut(&mut ObjectName) -> Result<()>,
) -> Result<()> {
    match statement {
        Statement::CreateTable(create) => {
            create.columns.iter_mut().try_for_each(|column| of_column(column, each))?;
            create.constraints.iter_mut().try_for_each(|constraint| of_constraint(constraint, each))
        }
        Statement::AlterTable(alter) => alter.operations.iter_mut().try_for_each(|action| match action {
            AlterTableOperation::AddColumn { column_def, .. } => of_column(column_def, each),
            AlterTableOperation::AddConstraint { constraint, .. } => of_constraint(constraint, each),
            _ => Ok(()),
        }),
        _ => Ok(()),
    }
}

fn of_column(column: &mut ColumnDef, each: &mut dyn FnMut(&mut ObjectName) -> Result<()>) -> Result<()> {
    column.options.iter_mut().try_for_each(|option| match &mut option.option {
        ColumnOption::ForeignKey(key) => each(&mut key.foreign_table),
        _ => Ok(()),
    })
}

fn of_constraint(
    constraint: &mut TableConstraint,
    each: &mut dyn FnMut(&mut ObjectName) -> Result<()>,
) -> Result<()> {
    match constraint {
        TableConstraint::ForeignKey(key) => each(&mut key.foreign_table),
        _ => Ok(()),
    }
}

/// Whether a name means the table that the statement makes: nothing before it in the search path has the name.
pub(super) fn means(relation: &ObjectName, made: &RelationName, namespace: Namespace<'_>) -> Result<bool> {
    let (schema, name) = name::parts(relation)?;
    if name != made.name {
        return Ok(false);
    }
    Ok(match schema {
        Some(schema) => namespace.path.schema(&schema) == made.schema,
        None => {
            let has = |schema: &&str| {
                *schema == made.schema || namespace.kind(&RelationName::new(*schema, &name)).is_some()
            };
            namespace.path.schemas().find(has).is_some_and(|schema| schema == made.schema)
        }
    })
}
