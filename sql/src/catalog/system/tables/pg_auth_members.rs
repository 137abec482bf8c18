//! `pg_auth_members`: which role is a member of which.

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::roles::Role;

/// The library's columns are those of a later version.
pub(super) fn adapted(_fields: Vec<Field>) -> Vec<Field> {
    let columns = [
        ("roleid", DataType::Int32),
        ("member", DataType::Int32),
        ("grantor", DataType::Int32),
        ("admin_option", DataType::Boolean),
    ];
    columns.into_iter().map(|(name, data_type)| Field::new(name, data_type, false)).collect()
}

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for role in Role::all(scope.snapshot)? {
        for membership in &role.member_of {
            rows.push([
                ("roleid", oid::role(membership.role).into()),
                ("member", oid::role(role.id).into()),
                ("grantor", oid::role(membership.grantor).into()),
                ("admin_option", membership.admin.into()),
            ])?;
        }
    }
    Ok(())
}
