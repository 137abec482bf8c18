//! `RENAME`: of the table, a column, a constraint. Expressions that name a column follow it; a view that reads what is
//! renamed is text here, so that is refused.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName, VisitorMut};
use muster_storage::Alteration;

use super::super::{name, sequence};
use super::altering::Altering;
use super::{bare, constraint, foreign_key};
use crate::catalog::comment::{self, Commented};
use crate::catalog::namespace::Namespace;
use crate::catalog::{RelationName, Sequence, View};
use crate::parse::parse_expression;
use crate::parse::walk::change;
use crate::sqlstate::SqlState;
use crate::{Error, Result, check_constraint as check, column};

pub(super) fn table(altering: &mut Altering<'_>, to: &ObjectName) -> Result<()> {
    let from = altering.stored();
    let to = RelationName::new(RelationName::of_stored(&from).schema, bare(to)?);
    altering.context.namespace().check_free(&to)?;
    let snapshot = altering.context.snapshot.clone();
    refuse_views(altering, None)?;
    let stored = to.stored();
    for (sequence_name, mut owned) in Sequence::owned(&snapshot, &altering.table.definition().name, None)? {
        if let Some(owner) = &mut owned.owner {
            owner.0.clone_from(&stored);
        }
        altering.changes = sequence::put(std::mem::take(&mut altering.changes), &sequence_name, &owned)?;
    }
    altering.change(|changes| comment::move_all(changes, &snapshot, &from, Some(&stored)));
    foreign_key::rename_table(altering, &from, &stored)?;
    altering.alter(Alteration::Rename { to: stored.clone() });
    altering.definition.name = stored;
    Ok(())
}

pub(super) fn column(altering: &mut Altering<'_>, from: &Ident, to: &Ident) -> Result<()> {
    let (from, to) = (name::ident(from), name::ident(to));
    name::check(&to)?;
    let position =
        altering.definition.schema.index_of(&from).map_err(|_| {
            Error::new(SqlState::UndefinedColumn, format!("column \"{from}\" does not exist"))
        })?;
    if altering.definition.schema.index_of(&to).is_ok() {
        return Err(Error::new(
            SqlState::DuplicateColumn,
            format!("column \"{to}\" of relation \"{}\" already exists", altering.name()),
        ));
    }
    refuse_views(altering, Some(&from))?;
    let checks: Vec<(String, String)> = check::all(&altering.definition.properties)
        .filter_map(|(check, sql)| Some((check.to_string(), renamed(sql, &from, &to)?)))
        .collect();
    let generated: Vec<(usize, String)> = altering
        .definition
        .schema
        .fields()
        .iter()
        .enumerate()
        .filter_map(|(place, field)| Some((place, renamed(column::generated(field)?, &from, &to)?)))
        .collect();
    let field = altering.definition.schema.field(position).clone().with_name(&to);
    altering.set_field(position, field);
    for (check, sql) in checks {
        altering.set_check(&check, Some(sql));
    }
    foreign_key::rename_column(altering, &from, &to)?;
    for (place, sql) in generated {
        let field = column::with_generated(altering.definition.schema.field(place).clone(), &sql);
        altering.set_field(place, field);
    }
    let snapshot = altering.context.snapshot.clone();
    let stored = altering.stored();
    for (sequence_name, mut owned) in
        Sequence::owned(&snapshot, &altering.table.definition().name, Some(&from))?
    {
        if let Some(owner) = &mut owned.owner {
            owner.0.clone_from(&stored);
            owner.1.clone_from(&to);
        }
        altering.changes = sequence::put(std::mem::take(&mut altering.changes), &sequence_name, &owned)?;
    }
    altering.change(|changes| {
        let (from, to) = (Commented::Column(&stored, &from), Commented::Column(&stored, &to));
        comment::move_to(changes, &snapshot, from, Some(to))
    });
    Ok(())
}

pub(super) fn constraint(altering: &mut Altering<'_>, from: &Ident, to: &Ident) -> Result<()> {
    let found = constraint::find(altering, from)?;
    let (from, to) = (name::ident(from), name::ident(to));
    name::check(&to)?;
    let to = altering.builder()?.taken_or(to)?;
    match found {
        constraint::Found::Key => {
            let schema = RelationName::of_stored(&altering.definition.name).schema;
            altering.context.namespace().check_free(&RelationName::new(schema, &to))?;
            for key in altering.definition.keys.iter_mut().filter(|key| key.name == from) {
                key.name.clone_from(&to);
            }
            altering.alter(Alteration::RenameKey { name: from.clone(), to: to.clone() });
        }
        constraint::Found::Check(sql) => {
            altering.set_check(&from, None);
            altering.set_check(&to, Some(sql));
        }
        constraint::Found::Foreign(mut key) => {
            altering.unset_foreign(&from);
            key.name.clone_from(&to);
            altering.set_foreign(&key)?;
        }
    }
    let snapshot = altering.context.snapshot.clone();
    let stored = altering.stored();
    altering.change(|changes| {
        let (from, to) = (Commented::Constraint(&stored, &from), Commented::Constraint(&stored, &to));
        comment::move_to(changes, &snapshot, from, Some(to))
    });
    Ok(())
}

/// # Errors
/// 0A000 where a view reads the table, or the column.
fn refuse_views(altering: &Altering<'_>, column: Option<&str>) -> Result<()> {
    let Namespace { snapshot, .. } = altering.context.namespace();
    let users = View::users(snapshot, &altering.table.definition().name)?;
    let reads = |used: &crate::catalog::view::Use| {
        column.is_none_or(|column| used.columns.iter().any(|used| used == column))
    };
    match users.into_iter().find(|(_, used)| reads(used)) {
        None => Ok(()),
        Some((view, _)) => {
            let what = if column.is_some() { "a column" } else { "a table" };
            let view = RelationName::of_stored(&view);
            Err(Error::unsupported(format!("renaming {what} that view \"{view}\" reads")))
        }
    }
}

/// An expression with a column under its new name; `None` where it does not name it.
fn renamed(sql: &str, from: &str, to: &str) -> Option<String> {
    struct Rename<'a> {
        from: &'a str,
        to: &'a str,
        found: bool,
    }
    impl VisitorMut for Rename<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<()> {
            if let Expr::Identifier(ident) = expression
                && name::ident(ident) == self.from
            {
                *ident = Ident::with_quote('"', self.to);
                self.found = true;
            }
            ControlFlow::Continue(())
        }
    }
    let mut expression = parse_expression(sql).ok()?;
    let mut rename = Rename { from, to, found: false };
    let _: ControlFlow<()> = change(&mut expression, &mut rename);
    rename.found.then(|| expression.to_string())
}
