//! `table_privileges` and `role_table_grants` of `information_schema`: a row for each privilege on a table or view that the
//! asking role, or one whose rights it has, was granted or has granted.

use arrow::datatypes::{DataType, Schema};
use datafusion::error::Result;

use super::super::owners::Owners;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::information_schema::schema;
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::{CATALOG, RelationKind};
use crate::privileges::{Access, Object, Privilege, owned};

pub(super) fn columns() -> Schema {
    use DataType::Utf8;
    schema(&[
        ("grantor", Utf8),
        ("grantee", Utf8),
        ("table_catalog", Utf8),
        ("table_schema", Utf8),
        ("table_name", Utf8),
        ("privilege_type", Utf8),
        ("is_grantable", Utf8),
        ("with_hierarchy", Utf8),
    ])
}

pub(super) fn fill_privileges(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    fill(scope, rows, true)
}

pub(super) fn fill_grants(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    fill(scope, rows, false)
}

fn fill(scope: &Scope<'_>, rows: &mut Rows, everybody: bool) -> Result<()> {
    let owners = Owners::new(scope.snapshot)?;
    let subject = scope.statement.settings.subject(scope.snapshot)?;
    let is_own = |role: u64| subject.has_rights_of(role);
    for object in owned::relations(scope.snapshot) {
        let Object::Relation(RelationKind::Table | RelationKind::View, stored) = &object else { continue };
        let access = Access::of(scope.snapshot, &object)?;
        for entry in access.grants(&object).entries() {
            let granted = match entry.grantee {
                Some(role) => is_own(role),
                None => everybody,
            };
            if !granted && !is_own(entry.grantor) {
                continue;
            }
            let grantee = entry.grantee.map_or_else(|| "PUBLIC".to_string(), |role| owners.name(role));
            for privilege in entry.privileges.iter() {
                let grantable = entry.options.has(privilege) || entry.grantee == Some(access.owner);
                let yes = |flag: bool| if flag { "YES" } else { "NO" };
                rows.push([
                    ("grantor", owners.name(entry.grantor).as_str().into()),
                    ("grantee", grantee.as_str().into()),
                    ("table_catalog", CATALOG.into()),
                    ("table_schema", schema_of(stored).into()),
                    ("table_name", plain(stored).into()),
                    ("privilege_type", privilege.word().into()),
                    ("is_grantable", yes(grantable).into()),
                    ("with_hierarchy", yes(privilege == Privilege::Select).into()),
                ])?;
            }
        }
    }
    Ok(())
}
