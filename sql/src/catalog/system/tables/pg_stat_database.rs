//! `pg_stat_database`: sessions and transactions since the database was opened. What nobody counts here is NULL.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{Rows, moment, moment_type};
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::CATALOG;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_stat_database", schema, fill };

fn schema() -> Schema {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    let counts = |names: &[&str]| names.iter().map(|name| field(name, DataType::Int64)).collect::<Vec<_>>();
    let times = |names: &[&str]| names.iter().map(|name| field(name, DataType::Float64)).collect::<Vec<_>>();
    let mut fields = vec![
        field("datid", DataType::Int32),
        field("datname", DataType::Utf8),
        field("numbackends", DataType::Int32),
    ];
    fields.extend(counts(&["xact_commit", "xact_rollback", "blks_read", "blks_hit"]));
    fields.extend(counts(&["tup_returned", "tup_fetched", "tup_inserted", "tup_updated", "tup_deleted"]));
    fields.extend(counts(&["conflicts", "temp_files", "temp_bytes", "deadlocks", "checksum_failures"]));
    fields.push(field("checksum_last_failure", moment_type()));
    fields.extend(times(&["blk_read_time", "blk_write_time"]));
    fields.extend(times(&["session_time", "active_time", "idle_in_transaction_time"]));
    fields.extend(counts(&["sessions", "sessions_abandoned", "sessions_fatal", "sessions_killed"]));
    fields.push(field("stats_reset", moment_type()));
    Schema::new(fields)
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let database = &scope.statement.database;
    let open = i32::try_from(database.sessions.all().len()).unwrap_or(i32::MAX);
    let [sessions, terminated, commits, rollbacks] = database.sessions.counts.read();
    rows.push([
        ("datid", oid::DATABASE.into()),
        ("datname", CATALOG.into()),
        ("numbackends", open.into()),
        ("xact_commit", commits.into()),
        ("xact_rollback", rollbacks.into()),
        ("sessions", sessions.into()),
        ("sessions_killed", terminated.into()),
        ("stats_reset", moment(database.started)),
    ])
}
