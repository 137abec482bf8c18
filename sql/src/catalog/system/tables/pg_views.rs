//! `pg_views`: views by name, with their queries.

use datafusion::error::Result;

use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::catalog::View;
use crate::catalog::relation::{plain, schema_of};

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (name, view) in View::all(scope.snapshot)? {
        rows.push([
            ("schemaname", schema_of(&name).into()),
            ("viewname", plain(&name).into()),
            ("viewowner", super::pg_tables::OWNER.into()),
            ("definition", view.shown().as_str().into()),
        ])?;
    }
    Ok(())
}
