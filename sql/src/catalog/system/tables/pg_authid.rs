//! `pg_authid`, `pg_roles` and `pg_user`: the roles. Only superusers see what is kept of passwords.

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{Rows, list_of, text};
use super::super::system_table::Scope;
use super::Addition;
use crate::roles::Role;

/// What PostgreSQL shows in place of a password.
const HIDDEN: &str = "********";

/// `pg_user`, which the library has not.
pub(super) const PG_USER: Addition = Addition { name: "pg_user", schema: user_schema, fill: fill_user };

/// Columns of both tables that the library has as it can, and PostgreSQL otherwise.
pub(super) fn adapted(fields: Vec<Field>) -> Vec<Field> {
    let change = |field: Field| match field.name().as_str() {
        "rolvaliduntil" => field.with_data_type(time()).with_nullable(true),
        "rolpassword" => field.with_data_type(DataType::Utf8).with_nullable(true),
        "rolconfig" => field.with_data_type(list_of(DataType::Utf8)).with_nullable(true),
        _ => field,
    };
    fields.into_iter().map(change).collect()
}

fn time() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn valid_until(role: &Role) -> ScalarValue {
    let micros = role.valid_until.map(|until| until.timestamp_micros());
    ScalarValue::TimestampMicrosecond(micros, Some("UTC".into()))
}

/// As -1, PostgreSQL says that there is none.
fn limit(role: &Role) -> i32 {
    role.connection_limit.map_or(-1, |limit| i32::try_from(limit).unwrap_or(i32::MAX))
}

/// The rows of `pg_roles`.
pub(super) fn fill_roles(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for role in Role::all(scope.snapshot)? {
        push(rows, &role, text(Some(HIDDEN)))?;
    }
    Ok(())
}

/// The rows of `pg_authid`.
///
/// # Errors
/// 42501 for whoever is no superuser.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    scope.statement.need_superuser("permission denied for table pg_authid")?;
    for role in Role::all(scope.snapshot)? {
        let password = role.password.as_ref().map(ToString::to_string);
        push(rows, &role, text(password.as_deref()))?;
    }
    Ok(())
}

fn push(rows: &mut Rows, role: &Role, password: ScalarValue) -> Result<()> {
    rows.push([
        ("oid", oid::role(role.id).into()),
        ("rolname", role.name.as_str().into()),
        ("rolsuper", role.superuser.into()),
        ("rolinherit", role.inherit.into()),
        ("rolcreaterole", role.superuser.into()),
        ("rolcreatedb", false.into()),
        ("rolcanlogin", role.login.into()),
        ("rolreplication", false.into()),
        ("rolbypassrls", role.superuser.into()),
        ("rolconnlimit", limit(role).into()),
        ("rolpassword", password),
        ("rolvaliduntil", valid_until(role)),
    ])
}

fn user_schema() -> Schema {
    let columns = [
        ("usename", DataType::Utf8),
        ("usesysid", DataType::Int32),
        ("usecreatedb", DataType::Boolean),
        ("usesuper", DataType::Boolean),
        ("userepl", DataType::Boolean),
        ("usebypassrls", DataType::Boolean),
        ("passwd", DataType::Utf8),
        ("valuntil", time()),
        ("useconfig", list_of(DataType::Utf8)),
    ];
    let fields = columns.into_iter().map(|(name, data_type)| Field::new(name, data_type, true));
    Schema::new(fields.collect::<Vec<_>>())
}

fn fill_user(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for role in Role::all(scope.snapshot)?.iter().filter(|role| role.login) {
        rows.push([
            ("usename", role.name.as_str().into()),
            ("usesysid", oid::role(role.id).into()),
            ("usecreatedb", false.into()),
            ("usesuper", role.superuser.into()),
            ("userepl", false.into()),
            ("usebypassrls", role.superuser.into()),
            ("passwd", HIDDEN.into()),
            ("valuntil", valid_until(role)),
        ])?;
    }
    Ok(())
}
