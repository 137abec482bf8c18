//! `DROP COLUMN`: its constraints, indexes and sequences go along, as in PostgreSQL; what else depends on it goes with
//! CASCADE alone.

use datafusion::sql::sqlparser::ast::{DropBehavior, Ident};
use muster_storage::{Alteration, Changes};

use super::super::name;
use super::altering::Altering;
use crate::catalog::comment::{self, Commented};
use crate::catalog::namespace::{SEQUENCE_KIND, VIEW_KIND};
use crate::catalog::{RelationName, Sequence, View};
use crate::check_constraint as check;
use crate::index::unique;
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

pub(super) fn apply(
    altering: &mut Altering<'_>,
    columns: &[Ident],
    if_exists: bool,
    behavior: Option<&DropBehavior>,
) -> Result<()> {
    let cascade = matches!(behavior, Some(DropBehavior::Cascade));
    for ident in columns {
        let name = name::ident(ident);
        if altering.definition.schema.index_of(&name).is_err() && if_exists {
            continue;
        }
        drop_one(altering, &name, cascade)?;
    }
    Ok(())
}

fn drop_one(altering: &mut Altering<'_>, name: &str, cascade: bool) -> Result<()> {
    let position = altering.position(name)?;
    let snapshot = altering.context.snapshot.clone();
    let before = altering.table.definition().name.clone();
    // Generated columns that are computed from it, and views that read it.
    let generated: Vec<String> = altering
        .definition
        .schema
        .fields()
        .iter()
        .filter(|field| {
            let sql = column::generated(field);
            sql.is_some_and(|sql| check::columns(sql, &altering.definition.schema).contains(&position))
        })
        .map(|field| field.name().clone())
        .collect();
    let mut views = Vec::new();
    for (view, used) in View::users(&snapshot, &before)? {
        if used.columns.iter().any(|used| used == name) {
            views.push(view);
        }
    }
    let is_needed = !generated.is_empty() || !views.is_empty();
    if is_needed && !cascade {
        let table = altering.name();
        let of_columns = generated.iter().map(|other| format!("column {other} of table {table}"));
        let of_views = views.iter().map(|view| format!("view {}", RelationName::of_stored(view)));
        let details: Vec<String> = of_columns
            .chain(of_views)
            .map(|dependent| format!("{dependent} depends on column {name} of table {table}"))
            .collect();
        return Err(Error::new(
            SqlState::DependentObjectsStillExist,
            format!("cannot drop column {name} of table {table} because other objects depend on it"),
        )
        .with_detail(details.join("\n"))
        .with_hint("Use DROP ... CASCADE to drop the dependent objects too."));
    }
    for other in generated {
        drop_one(altering, &other, true)?;
    }
    for view in views {
        altering.changes = drop_view(std::mem::take(&mut altering.changes), altering, &view)?;
    }
    super::foreign_key::drop_column(altering, name, cascade)?;
    drop_checks(altering, name)?;
    let position = altering.position(name)?;
    for (sequence, _) in Sequence::owned(&snapshot, &before, Some(name))? {
        altering.change(|changes| {
            comment::move_all(changes, &snapshot, &sequence, None).set_object(SEQUENCE_KIND, &sequence, None)
        });
    }
    let stored = altering.stored();
    altering.change(|changes| comment::move_to(changes, &snapshot, Commented::Column(&stored, name), None));
    altering.alter(Alteration::DropColumn { column: position });
    let after = |place: usize| place - usize::from(place > position);
    let is_gone = |key: &&muster_storage::KeyConstraint| key.columns.contains(&position);
    let gone: Vec<String> =
        altering.definition.keys.iter().filter(is_gone).map(|key| unique::property(&key.name)).collect();
    for key in
        gone.into_iter().filter(|key| altering.definition.properties.contains_key(key)).collect::<Vec<_>>()
    {
        altering.definition.properties.remove(&key);
        altering.alter(Alteration::SetProperty { key, value: None });
    }
    let definition = &mut altering.definition;
    definition.keys.retain(|key| !key.columns.contains(&position));
    for key in &mut definition.keys {
        key.columns.iter_mut().for_each(|place| *place = after(*place));
    }
    definition.indexes.retain(|index| index.columns().all(|other| other != position));
    definition.indexes.iter_mut().for_each(|index| index.column_dropped(position));
    let mut fields = altering.fields();
    fields.remove(position);
    altering.set_fields(fields);
    altering.sources.remove(position);
    Ok(())
}

/// The CHECKs that are about the column.
fn drop_checks(altering: &mut Altering<'_>, name: &str) -> Result<()> {
    let position = altering.position(name)?;
    let about: Vec<String> = check::all(&altering.definition.properties)
        .filter(|(_, sql)| check::columns(sql, &altering.definition.schema).contains(&position))
        .map(|(check, _)| check.to_string())
        .collect();
    for check in about {
        altering.set_check(&check, None);
    }
    Ok(())
}

/// A view and the views over it.
fn drop_view(mut changes: Changes, altering: &Altering<'_>, view: &str) -> Result<Changes> {
    let snapshot = &altering.context.snapshot;
    for (user, _) in View::users(snapshot, view)? {
        changes = drop_view(changes, altering, &user)?;
    }
    Ok(comment::move_all(changes, snapshot, view, None).set_object(VIEW_KIND, view, None))
}
