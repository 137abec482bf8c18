//! `pg_stat_progress_create_index`: the index builds that run, those in the background among them.
//!
//! Rows are told both as tuples and as blocks, since it is blocks that pgvector's users look at; segments are the partitions.
//! `pid` is the process: all sessions are in one.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::CATALOG;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_stat_progress_create_index", schema, fill };

fn schema() -> Schema {
    use DataType::{Int32, Int64, Utf8};
    let columns = [
        ("pid", Int32),
        ("datid", Int32),
        ("datname", Utf8),
        ("relid", Int32),
        ("index_relid", Int32),
        ("command", Utf8),
        ("phase", Utf8),
        ("lockers_total", Int64),
        ("lockers_done", Int64),
        ("current_locker_pid", Int64),
        ("blocks_total", Int64),
        ("blocks_done", Int64),
        ("tuples_total", Int64),
        ("tuples_done", Int64),
        ("partitions_total", Int64),
        ("partitions_done", Int64),
    ];
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec())
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let number = |count: u64| ScalarValue::from(i64::try_from(count).unwrap_or(i64::MAX));
    for build in scope.builds.all() {
        let ((total, done), (segments, segments_done)) = (build.rows(), build.segments());
        rows.push([
            ("pid", i32::try_from(std::process::id()).unwrap_or(0).into()),
            ("datid", oid::DATABASE.into()),
            ("datname", CATALOG.into()),
            ("relid", oid::table(build.table).into()),
            ("index_relid", oid::index(build.index).into()),
            ("command", build.command.name().into()),
            ("phase", build.phase().into()),
            ("lockers_total", number(0)),
            ("lockers_done", number(0)),
            ("current_locker_pid", number(0)),
            ("blocks_total", number(total)),
            ("blocks_done", number(done)),
            ("tuples_total", number(total)),
            ("tuples_done", number(done)),
            ("partitions_total", number(segments)),
            ("partitions_done", number(segments_done)),
        ])?;
    }
    Ok(())
}
