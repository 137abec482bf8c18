//! `pg_namespace`: the schemas.

use datafusion::error::Result;

use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (name, oid) in oid::schemas(scope.snapshot) {
        rows.push([("oid", oid.into()), ("nspname", name.as_str().into()), ("nspowner", oid::OWNER.into())])?;
    }
    Ok(())
}
