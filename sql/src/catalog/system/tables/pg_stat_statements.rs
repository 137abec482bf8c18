//! `pg_stat_statements`, in the columns of its version 1.10, and `pg_stat_statements_info`. Planning, blocks and the journal
//! are not counted by statement: NULL.
//!
//! As in PostgreSQL, whoever is no superuser sees of other roles' statements the counts alone.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{Rows, moment, moment_type};
use super::super::system_table::Scope;
use super::Addition;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_stat_statements", schema, fill };

/// How often room was made, and since when is counted.
pub(super) const INFO: Addition =
    Addition { name: "pg_stat_statements_info", schema: info_schema, fill: fill_info };

/// In place of a statement that is nobody's business.
const HIDDEN: &str = "<insufficient privilege>";

fn schema() -> Schema {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    let counts = |names: &[&str]| names.iter().map(|name| field(name, DataType::Int64)).collect::<Vec<_>>();
    let times = |names: &[&str]| names.iter().map(|name| field(name, DataType::Float64)).collect::<Vec<_>>();
    let mut fields = vec![
        field("userid", DataType::Int32),
        field("dbid", DataType::Int32),
        field("toplevel", DataType::Boolean),
        field("queryid", DataType::Int64),
        field("query", DataType::Utf8),
        field("plans", DataType::Int64),
    ];
    fields.extend(times(&["total_plan_time", "min_plan_time", "max_plan_time", "mean_plan_time"]));
    fields.push(field("stddev_plan_time", DataType::Float64));
    fields.push(field("calls", DataType::Int64));
    fields.extend(times(&["total_exec_time", "min_exec_time", "max_exec_time", "mean_exec_time"]));
    fields.push(field("stddev_exec_time", DataType::Float64));
    fields.push(field("rows", DataType::Int64));
    fields.extend(counts(&["shared_blks_hit", "shared_blks_read", "shared_blks_dirtied"]));
    fields.extend(counts(&["shared_blks_written", "local_blks_hit", "local_blks_read"]));
    fields.extend(counts(&["local_blks_dirtied", "local_blks_written"]));
    fields.extend(counts(&["temp_blks_read", "temp_blks_written"]));
    fields.extend(times(&["blk_read_time", "blk_write_time", "temp_blk_read_time", "temp_blk_write_time"]));
    fields.extend(counts(&["wal_records", "wal_fpi", "wal_bytes", "jit_functions"]));
    fields.push(field("jit_generation_time", DataType::Float64));
    for step in ["inlining", "optimization", "emission"] {
        fields.push(field(&format!("jit_{step}_count"), DataType::Int64));
        fields.push(field(&format!("jit_{step}_time"), DataType::Float64));
    }
    Schema::new(fields)
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let own = &scope.statement.settings.own.identity;
    let latest = scope.statement.database.store.snapshot();
    let sees_all = own.is_superuser(scope.snapshot)? && own.is_superuser(&latest)?;
    let number = |count: u64| ScalarValue::from(i64::try_from(count).unwrap_or(i64::MAX));
    let milliseconds = |time: std::time::Duration| ScalarValue::from(time.as_secs_f64() * 1e3);
    for row in scope.statement.database.tally.statements.all() {
        let seen = sees_all || row.user == own.number();
        let mean = row.total.div_f64(row.calls.max(1) as f64);
        rows.push([
            ("userid", oid::role(row.user).into()),
            ("dbid", oid::DATABASE.into()),
            ("toplevel", true.into()),
            ("queryid", ScalarValue::Int64(seen.then_some(row.id))),
            ("query", if seen { row.text.as_ref() } else { HIDDEN }.into()),
            ("calls", number(row.calls)),
            ("total_exec_time", milliseconds(row.total)),
            ("min_exec_time", milliseconds(row.least)),
            ("max_exec_time", milliseconds(row.most)),
            ("mean_exec_time", milliseconds(mean)),
            ("rows", number(row.rows)),
        ])?;
    }
    Ok(())
}

fn info_schema() -> Schema {
    let dealloc = Field::new("dealloc", DataType::Int64, true);
    Schema::new(vec![dealloc, Field::new("stats_reset", moment_type(), true)])
}

fn fill_info(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let (evictions, reset) = scope.statement.database.tally.statements.info();
    let evictions = ScalarValue::from(i64::try_from(evictions).unwrap_or(i64::MAX));
    rows.push([("dealloc", evictions), ("stats_reset", moment(reset))])
}
