//! `pg_stat_user_indexes` and `pg_stat_all_indexes`: how often keys and indexes found rows since the database was opened.
//! A graph counts when a search walked it.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::relation::{plain, schema_of};

/// Those of users' tables.
pub(super) const USER: Addition = Addition { name: "pg_stat_user_indexes", schema, fill };

/// The same: tables of the catalog have none.
pub(super) const ALL: Addition = Addition { name: "pg_stat_all_indexes", schema, fill };

fn schema() -> Schema {
    use DataType::{Int32, Int64, Utf8};
    let columns = [
        ("relid", Int32),
        ("indexrelid", Int32),
        ("schemaname", Utf8),
        ("relname", Utf8),
        ("indexrelname", Utf8),
        ("idx_scan", Int64),
        ("idx_tup_read", Int64),
        ("idx_tup_fetch", Int64),
    ];
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec())
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let number = |count: u64| ScalarValue::from(i64::try_from(count).unwrap_or(i64::MAX));
    for table in scope.snapshot.tables() {
        let definition = table.definition();
        let counts = scope.statement.database.tally.tables.of(scope.snapshot, definition.id);
        let keys = definition.keys.iter().enumerate();
        let keys = keys.map(|(place, key)| (oid::key(definition.id, place), key.name.as_str()));
        let indexes = definition.indexes.iter().map(|index| (oid::index(index.id), index.name.as_str()));
        for (id, name) in keys.chain(indexes) {
            let [scans, found] = counts.of_index(name);
            rows.push([
                ("relid", oid::table(definition.id).into()),
                ("indexrelid", id.into()),
                ("schemaname", schema_of(&definition.name).into()),
                ("relname", plain(&definition.name).into()),
                ("indexrelname", plain(name).into()),
                ("idx_scan", number(scans)),
                ("idx_tup_read", number(found)),
                ("idx_tup_fetch", number(found)),
            ])?;
        }
    }
    Ok(())
}
