//! `pg_stat_user_tables` and `pg_stat_all_tables`: rows read and changed since the database was opened. What nobody counts
//! here is NULL.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{Rows, moment_type};
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::relation::{plain, schema_of};

/// The tables of the catalog among them.
pub(super) const ALL: Addition = Addition { name: "pg_stat_all_tables", schema, fill: fill_all };

fn schema() -> Schema {
    Schema::new(adapted(Vec::new()))
}

/// In place of the library's.
pub(super) fn adapted(_fields: Vec<Field>) -> Vec<Field> {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    let counts = |names: &[&str]| names.iter().map(|name| field(name, DataType::Int64)).collect::<Vec<_>>();
    let moments = |names: &[&str]| names.iter().map(|name| field(name, moment_type())).collect::<Vec<_>>();
    let mut fields = vec![
        field("relid", DataType::Int32),
        field("schemaname", DataType::Utf8),
        field("relname", DataType::Utf8),
    ];
    fields.extend(counts(&["seq_scan", "seq_tup_read", "idx_scan", "idx_tup_fetch"]));
    fields.extend(counts(&["n_tup_ins", "n_tup_upd", "n_tup_del", "n_tup_hot_upd"]));
    fields.extend(counts(&["n_live_tup", "n_dead_tup", "n_mod_since_analyze", "n_ins_since_vacuum"]));
    fields.extend(moments(&["last_vacuum", "last_autovacuum", "last_analyze", "last_autoanalyze"]));
    fields.extend(counts(&["vacuum_count", "autovacuum_count", "analyze_count", "autoanalyze_count"]));
    fields
}

/// The tables of users.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let number = |count: u64| ScalarValue::from(i64::try_from(count).unwrap_or(i64::MAX));
    for table in scope.snapshot.tables() {
        let definition = table.definition();
        let counts = scope.statement.database.tally.tables.of(scope.snapshot, definition.id);
        let [scans, scanned, lookups, looked_up] = counts.reads();
        let [inserted, updated, deleted] = counts.writes();
        let indexed = !(definition.keys.is_empty() && definition.indexes.is_empty());
        let of_index = |count| if indexed { number(count) } else { ScalarValue::Int64(None) };
        rows.push([
            ("relid", oid::table(definition.id).into()),
            ("schemaname", schema_of(&definition.name).into()),
            ("relname", plain(&definition.name).into()),
            ("seq_scan", number(scans)),
            ("seq_tup_read", number(scanned)),
            ("idx_scan", of_index(lookups)),
            ("idx_tup_fetch", of_index(looked_up)),
            ("n_tup_ins", number(inserted)),
            ("n_tup_upd", number(updated)),
            ("n_tup_del", number(deleted)),
            ("n_tup_hot_upd", number(0)),
            ("n_live_tup", number(table.live_rows())),
            ("n_dead_tup", number(table.parts().map(|part| part.deleted().len()).sum())),
        ])?;
    }
    Ok(())
}

fn fill_all(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    fill(scope, rows)?;
    for relation in scope.system.iter().filter(|relation| !relation.view) {
        rows.push([
            ("relid", relation.oid.into()),
            ("schemaname", "pg_catalog".into()),
            ("relname", relation.name.as_str().into()),
        ])?;
    }
    Ok(())
}
