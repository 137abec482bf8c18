//! `pg_depend`: which sequences and defaults belong to which columns, what views and defaults are made of, and what came with the
//! extension. By it pg_dump knows what to leave out, and the order of the rest.

use datafusion::error::Result;

use super::super::definition;
use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::{extension, number};
use crate::catalog::{Sequence, View};
use crate::{column, sequence};

/// An object: its catalog, its id, a column of it or 0.
type Object = (&'static str, i32, i16);

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (depends, on, kind) in of_columns(scope)?.into_iter().chain(of_views(scope)?) {
        push(rows, depends, on, kind)?;
    }
    for (class, object) in extension::members(scope)? {
        push(rows, (class, object, 0), ("pg_extension", oid::VECTOR_EXTENSION, 0), "e")?;
    }
    Ok(())
}

fn push(rows: &mut Rows, depends: Object, on: Object, kind: &str) -> Result<()> {
    let catalog = |name| oid::system_table(name).unwrap_or_default();
    rows.push([
        ("classid", catalog(depends.0).into()),
        ("objid", depends.1.into()),
        ("objsubid", i32::from(depends.2).into()),
        ("refclassid", catalog(on.0).into()),
        ("refobjid", on.1.into()),
        ("refobjsubid", i32::from(on.2).into()),
        ("deptype", kind.into()),
    ])
}

/// Sequences and defaults depend on their columns, and defaults on the sequences that they draw from.
fn of_columns(scope: &Scope<'_>) -> Result<Vec<(Object, Object, &'static str)>> {
    let mut found = Vec::new();
    for table in scope.snapshot.tables() {
        let table = table.definition();
        let id = oid::table(table.id);
        for (position, field) in table.schema.fields().iter().enumerate() {
            let column = number(position);
            let of_column = ("pg_class", id, column);
            for (_, sequence) in Sequence::owned(scope.snapshot, &table.name, Some(field.name()))? {
                // That of an identity column is part of the column.
                let kind = if column::identity(field).is_some() { "i" } else { "a" };
                found.push((("pg_class", oid::object(sequence.id), 0), of_column, kind));
            }
            let default = definition::default(field)?;
            let of_default = ("pg_attrdef", oid::default(table.id, column), 0);
            if column::generated(field).is_some() || default.is_some() {
                found.push((of_default, of_column, "a"));
            }
            for drawn in default.iter().flat_map(|default| sequence::drawn(default)) {
                if let Some(sequence) = Sequence::find(scope.snapshot, &drawn)? {
                    found.push((of_default, ("pg_class", oid::object(sequence.id), 0), "n"));
                }
            }
        }
    }
    Ok(found)
}

/// A view's rule is part of the view, and depends on what the view reads.
fn of_views(scope: &Scope<'_>) -> Result<Vec<(Object, Object, &'static str)>> {
    let mut found = Vec::new();
    for (_, view) in View::all(scope.snapshot)? {
        let rule = ("pg_rewrite", oid::object(view.id), 0);
        found.push((rule, ("pg_class", oid::object(view.id), 0), "i"));
        for used in &view.uses {
            let read = match scope.snapshot.table(&used.relation) {
                Some(table) => Some(oid::table(table.definition().id)),
                None => View::find(scope.snapshot, &used.relation)?.map(|view| oid::object(view.id)),
            };
            found.extend(read.map(|read| (rule, ("pg_class", read, 0), "n")));
        }
    }
    Ok(found)
}
