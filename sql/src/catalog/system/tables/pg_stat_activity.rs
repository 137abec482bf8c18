//! `pg_stat_activity`: the sessions of the database, those of clients and those that the program itself has.
//!
//! As in PostgreSQL, whoever is no superuser and no member of `pg_read_all_stats` sees of sessions only that they are there, but
//! for those of roles whose rights it has.

use arrow::datatypes::{DataType, Field, Schema};
use chrono::{DateTime, Utc};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{Rows, moment, moment_type, text};
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::CATALOG;
use crate::roles::{Role, predefined};

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_stat_activity", schema, fill };

/// In place of a statement that is nobody's business.
const HIDDEN: &str = "<insufficient privilege>";

fn schema() -> Schema {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Schema::new(vec![
        field("datid", DataType::Int32),
        field("datname", DataType::Utf8),
        field("pid", DataType::Int32),
        field("leader_pid", DataType::Int32),
        field("usesysid", DataType::Int32),
        field("usename", DataType::Utf8),
        field("application_name", DataType::Utf8),
        field("client_addr", DataType::Utf8),
        field("client_hostname", DataType::Utf8),
        field("client_port", DataType::Int32),
        field("backend_start", moment_type()),
        field("xact_start", moment_type()),
        field("query_start", moment_type()),
        field("state_change", moment_type()),
        field("wait_event_type", DataType::Utf8),
        field("wait_event", DataType::Utf8),
        field("state", DataType::Utf8),
        field("backend_xid", DataType::Int32),
        field("backend_xmin", DataType::Int32),
        field("query_id", DataType::Int64),
        field("query", DataType::Utf8),
        field("backend_type", DataType::Utf8),
    ])
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let rights = scope.statement.rights()?;
    let roles = Role::all(scope.snapshot)?;
    for session in scope.statement.database.sessions.all() {
        let identity = session.identity();
        let name = identity.name(scope.snapshot)?;
        let role = roles.iter().find(|role| identity.is(role)).map(|role| oid::role(role.id));
        let who = [
            ("datid", oid::DATABASE.into()),
            ("datname", CATALOG.into()),
            ("pid", session.process().into()),
            ("usesysid", ScalarValue::Int32(role)),
            ("usename", name.as_str().into()),
            ("application_name", session.application().as_str().into()),
        ];
        let [datid, datname, pid, usesysid, usename, application] = who;
        let sees = match (&rights, roles.iter().find(|role| identity.is(role))) {
            (None, _) => true,
            (Some(rights), role) => {
                let of_role = role.is_some_and(|role| rights.subject.has_rights_of(role.id));
                of_role || rights.subject.has_rights_of(predefined::READ_ALL_STATS)
            }
        };
        if !sees {
            rows.push([datid, datname, pid, usesysid, usename, application, ("query", HIDDEN.into())])?;
            continue;
        }
        let (seen, client) = (session.see(), session.backend().client);
        rows.push([
            datid,
            datname,
            pid,
            usesysid,
            usename,
            application,
            ("client_addr", text(client.map(|client| client.ip().to_string()).as_deref())),
            ("client_port", ScalarValue::Int32(client.map(|client| client.port().into()))),
            ("backend_start", moment(session.activity.began)),
            ("xact_start", moment_or_none(seen.transaction)),
            ("query_start", moment_or_none(seen.started)),
            ("state_change", moment(seen.changed)),
            ("state", seen.state.into()),
            ("query", seen.query.as_str().into()),
            ("backend_type", "client backend".into()),
        ])?;
    }
    Ok(())
}

fn moment_or_none(when: Option<DateTime<Utc>>) -> ScalarValue {
    when.map_or(ScalarValue::TimestampMicrosecond(None, Some("UTC".into())), moment)
}
