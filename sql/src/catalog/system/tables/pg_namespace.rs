//! `pg_namespace`: the schemas.

use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::rows::{Rows, texts};
use super::super::system_table::Scope;

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (name, oid) in oid::schemas(scope.snapshot) {
        // As PostgreSQL begins with it, so that pg_dump has nothing to tell of it.
        let acl = ["postgres=UC/postgres", "=U/postgres"].map(String::from);
        let acl =
            if oid == oid::PUBLIC { texts(&acl) } else { ScalarValue::try_from(texts(&acl).data_type())? };
        rows.push([
            ("oid", oid.into()),
            ("nspname", name.as_str().into()),
            ("nspowner", oid::OWNER.into()),
            ("nspacl", acl),
        ])?;
    }
    Ok(())
}
