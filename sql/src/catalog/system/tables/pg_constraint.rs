//! `pg_constraint`: primary keys, unique and CHECK constraints, foreign keys.

use std::sync::Arc;

use datafusion::error::Result;
use muster_storage::{Snapshot, TableDefinition};

use super::super::oid;
use super::super::rows::{Rows, int2s};
use super::super::system_table::Scope;
use super::number;
use crate::check_constraint as check;
use crate::foreign_key::{self, Reference};
use crate::index::unique;

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        let namespace = scope.namespace(&table.name);
        for (position, key) in table.keys.iter().enumerate() {
            if unique::is_index(table, &key.name) {
                continue;
            }
            let oid = oid::key(table.id, position);
            rows.push([
                ("oid", oid.into()),
                ("conname", key.name.as_str().into()),
                ("connamespace", namespace.into()),
                ("contype", if key.primary { "p" } else { "u" }.into()),
                ("convalidated", true.into()),
                ("conrelid", oid::table(table.id).into()),
                ("conindid", oid.into()),
                ("confupdtype", " ".into()),
                ("confdeltype", " ".into()),
                ("confmatchtype", " ".into()),
                ("conislocal", true.into()),
                ("connoinherit", true.into()),
                ("conkey", int2s(key.columns.iter().map(|column| number(*column)))),
            ])?;
        }
        for (position, (name, sql)) in check::all(&table.properties).enumerate() {
            let columns = check::columns(sql, &table.schema);
            rows.push([
                ("oid", oid::check(table.id, position).into()),
                ("conname", name.into()),
                ("connamespace", namespace.into()),
                ("contype", "c".into()),
                ("convalidated", true.into()),
                ("conrelid", oid::table(table.id).into()),
                ("confupdtype", " ".into()),
                ("confdeltype", " ".into()),
                ("confmatchtype", " ".into()),
                ("conislocal", true.into()),
                ("conkey", int2s(columns.into_iter().map(number))),
                ("conbin", sql.into()),
            ])?;
        }
        if foreign_key::has_any(&table.properties) {
            fill_foreign(scope.snapshot, table, namespace, rows)?;
        }
    }
    Ok(())
}

fn fill_foreign(
    snapshot: &Snapshot,
    table: &Arc<TableDefinition>,
    namespace: i32,
    rows: &mut Rows,
) -> Result<()> {
    for (place, key) in foreign_key::all(&table.properties)?.into_iter().enumerate() {
        let reference = Reference::of(snapshot, table, key)?;
        let (key, parent) = (&reference.key, &reference.parent);
        let index = parent.keys.iter().position(|key| key.name == reference.constraint);
        rows.push([
            ("oid", oid::foreign_key(table.id, place).into()),
            ("conname", key.name.as_str().into()),
            ("connamespace", namespace.into()),
            ("contype", "f".into()),
            ("condeferrable", key.deferrable.into()),
            ("condeferred", key.deferred.into()),
            ("convalidated", true.into()),
            ("conrelid", oid::table(table.id).into()),
            ("conindid", oid::key(parent.id, index.unwrap_or_default()).into()),
            ("confrelid", oid::table(parent.id).into()),
            ("confupdtype", key.on_update.code().into()),
            ("confdeltype", key.on_delete.code().into()),
            ("confmatchtype", if key.full { "f" } else { "s" }.into()),
            ("conislocal", true.into()),
            ("connoinherit", true.into()),
            ("conkey", int2s(reference.columns.iter().map(|column| number(*column)))),
            ("confkey", int2s(reference.referenced.iter().map(|column| number(*column)))),
        ])?;
    }
    Ok(())
}
