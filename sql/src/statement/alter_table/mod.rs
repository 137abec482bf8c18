//! `ALTER TABLE`: its actions one after the other, each on the definition that those before it leave.
//!
//! - [`Altering`]: the definition while it changes, and the changes so far.
//! - [`add_column`], [`drop_column`], [`rename`], [`alter_column`], [`constraint`]: the actions.
//! - [`foreign_key`]: foreign keys of the table, and to it.
//! - [`rows`]: what is there, looked at through the altered columns; rows that are written anew.
//! - [`relation`]: what ALTER TABLE says of views, sequences and indexes.

mod add_column;
mod alter_column;
mod altering;
mod constraint;
mod drop_column;
mod foreign_key;
mod identity;
mod relation;
mod rename;
mod rows;

use datafusion::sql::sqlparser::ast::{
    AlterTable, AlterTableOperation as Action, ObjectName, RenameTableNameKind,
};
use muster_storage::Changes;

use super::create_table::options;
use super::define::Defined;
use crate::catalog::RelationKind;
use crate::privileges::{Object, owner};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};
use altering::Altering;
pub(super) use rows::positions;

/// The statement's changes.
///
/// # Errors
/// 42P01 for a table that is not there, unless IF EXISTS; 0A000 for an action that is not there, by its name; what the
/// actions give.
pub(super) fn define(context: &StatementContext, alter: &AlterTable) -> Result<Defined> {
    const TAG: &str = "ALTER TABLE";
    let namespace = context.namespace();
    let Some((name, kind)) = namespace.find(&alter.name)? else {
        if alter.if_exists {
            return Ok(Defined::new(Changes::new(), TAG));
        }
        return Err(Error::undefined_table(&alter.name));
    };
    if let [Action::OwnerTo { new_owner }] = alter.operations.as_slice() {
        let worked = owner::change(context, &Object::Relation(kind, name.stored()), new_owner)?;
        let defined = Defined::new(worked.changes, relation::tag(kind));
        return Ok(Defined { notices: worked.notices, ..defined });
    }
    if kind != RelationKind::Table {
        return relation::define(namespace, &name, kind, alter);
    }
    if alter.location.is_some() || alter.on_cluster.is_some() || alter.table_type.is_some() {
        return Err(Error::unsupported("ALTER TABLE with a location, a cluster or a kind of table"));
    }
    let mut altering = Altering::new(context, &name.stored())?;
    for action in &alter.operations {
        apply(&mut altering, action)?;
    }
    Ok(Defined::new(altering.finish()?, TAG))
}

fn apply(altering: &mut Altering<'_>, action: &Action) -> Result<()> {
    match action {
        Action::AddColumn { if_not_exists, column_def, column_position: None, .. } => {
            add_column::apply(altering, column_def, *if_not_exists)
        }
        Action::DropColumn { column_names, if_exists, drop_behavior, .. } => {
            drop_column::apply(altering, column_names, *if_exists, drop_behavior.as_ref())
        }
        Action::RenameColumn { old_column_name, new_column_name } => {
            rename::column(altering, old_column_name, new_column_name)
        }
        Action::RenameTable { table_name: RenameTableNameKind::To(to) } => rename::table(altering, to),
        Action::RenameConstraint { old_name, new_name } => rename::constraint(altering, old_name, new_name),
        Action::AlterColumn { column_name, op } => alter_column::apply(altering, column_name, op),
        Action::AddConstraint { constraint, not_valid } => {
            if *not_valid {
                return Err(Error::unsupported("NOT VALID"));
            }
            constraint::add(altering, constraint)
        }
        Action::DropConstraint { if_exists, name, drop_behavior } => {
            constraint::drop(altering, name, *if_exists, drop_behavior.as_ref())
        }
        // All that are there are valid.
        Action::ValidateConstraint { name } => constraint::find(altering, name).map(drop),
        Action::SetOptionsParens { options } => options.iter().try_for_each(options::check_one),
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(3).collect();
            Err(Error::unsupported(format!("ALTER TABLE ... {}", words.join(" "))))
        }
    }
}

/// A new name without a schema: nothing moves from one schema to another by it.
///
/// # Errors
/// 42601 for a name with a schema.
fn bare(name: &ObjectName) -> Result<String> {
    match super::name::parts(name)? {
        (None, name) => Ok(name),
        (Some(_), _) => {
            Err(Error::new(SqlState::SyntaxError, format!("{name} has a schema, a new name has none")))
        }
    }
}
