//! `pg_namespace`: the schemas.

use datafusion::error::Result;

use super::super::oid;
use super::super::owners::Owners;
use super::super::rows::Rows;
use super::super::system_table::Scope;

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let owners = Owners::new(scope.snapshot)?;
    for (name, oid) in oid::schemas(scope.snapshot) {
        let owned = owners.of_schema(&name)?;
        rows.push([
            ("oid", oid.into()),
            ("nspname", name.as_str().into()),
            ("nspowner", owned.oid.into()),
            ("nspacl", owned.acl),
        ])?;
    }
    Ok(())
}
