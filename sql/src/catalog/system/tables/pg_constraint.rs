//! `pg_constraint`: primary keys, unique and CHECK constraints.

use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{Rows, int2s};
use super::super::system_table::Scope;
use super::number;
use crate::check_constraint as check;
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
    }
    Ok(())
}
