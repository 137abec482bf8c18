//! `ADD CONSTRAINT` and `DROP CONSTRAINT`: keys, CHECKs and foreign keys. What is there is checked when one is added.

use datafusion::sql::sqlparser::ast::{DropBehavior, Ident, TableConstraint};
use muster_storage::Alteration;

use super::super::name;
use super::altering::Altering;
use super::foreign_key;
use crate::catalog::RelationName;
use crate::catalog::comment::{self, Commented};
use crate::check_constraint as check;
use crate::foreign_key::ForeignKey;
use crate::index::unique;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// A constraint that is there.
pub(super) enum Found {
    Key,
    /// Its condition.
    Check(String),
    Foreign(ForeignKey),
}

pub(super) fn add(altering: &mut Altering<'_>, constraint: &TableConstraint) -> Result<()> {
    let before = altering.builder()?;
    let mut builder = altering.builder()?;
    builder.add_constraint(constraint)?;
    builder.resolve_foreign(&altering.context.snapshot)?;
    for key in builder.keys.into_iter().skip(before.keys.len()) {
        if key.primary {
            for position in key.columns.clone() {
                let field = altering.definition.schema.field(position).clone();
                if field.is_nullable() {
                    altering.check_not_null(position)?;
                    altering.set_field(position, field.with_nullable(false));
                }
            }
        }
        let schema = RelationName::of_stored(&altering.definition.name).schema;
        altering.context.namespace().check_free(&RelationName::new(schema, &key.name))?;
        altering.definition.keys.push(key.clone());
        altering.alter(Alteration::AddKey(key));
    }
    for check in builder.checks.into_iter().filter(|check| !before.checks.contains(check)) {
        altering.set_check(&check.name, Some(check.sql.clone()));
        altering.check_rows(&check.name, &check.sql)?;
    }
    for key in builder.foreign.into_iter().skip(before.foreign.len()) {
        foreign_key::add(altering, &key)?;
    }
    Ok(())
}

pub(super) fn drop(
    altering: &mut Altering<'_>,
    ident: &Ident,
    if_exists: bool,
    behavior: Option<&DropBehavior>,
) -> Result<()> {
    let found = match find(altering, ident) {
        Ok(found) => found,
        Err(_) if if_exists => return Ok(()),
        Err(error) => return Err(error),
    };
    let name = name::ident(ident);
    match found {
        Found::Key => {
            let cascade = matches!(behavior, Some(DropBehavior::Cascade));
            foreign_key::drop_users_of_key(altering, &name, cascade)?;
            altering.definition.keys.retain(|key| key.name != name);
            altering.alter(Alteration::DropKey { name: name.clone() });
        }
        Found::Check(_) => altering.set_check(&name, None),
        Found::Foreign(_) => altering.unset_foreign(&name),
    }
    let snapshot = altering.context.snapshot.clone();
    let stored = altering.stored();
    altering
        .change(|changes| comment::move_to(changes, &snapshot, Commented::Constraint(&stored, &name), None));
    Ok(())
}

/// The constraint of a name.
///
/// # Errors
/// 42704 when there is none.
pub(super) fn find(altering: &Altering<'_>, ident: &Ident) -> Result<Found> {
    let name = name::ident(ident);
    if altering.definition.key(&name).is_some() && !unique::is_index(&altering.definition, &name) {
        return Ok(Found::Key);
    }
    let mut foreign = crate::foreign_key::all(&altering.definition.properties)?.into_iter();
    if let Some(key) = foreign.find(|key| key.name == name) {
        return Ok(Found::Foreign(key));
    }
    match altering.definition.properties.get(&check::property(&name)) {
        Some(sql) => Ok(Found::Check(sql.clone())),
        None => Err(Error::new(
            SqlState::UndefinedObject,
            format!("constraint \"{name}\" of relation \"{}\" does not exist", altering.name()),
        )),
    }
}
