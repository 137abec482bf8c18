//! `pg_views`: views by name, with their queries.

use datafusion::error::Result;

use super::super::owners::Owners;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::{RelationKind, View};

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let owners = Owners::new(scope.snapshot)?;
    for (name, view) in View::all(scope.snapshot)? {
        rows.push([
            ("schemaname", schema_of(&name).into()),
            ("viewname", plain(&name).into()),
            ("viewowner", owners.of_relation(RelationKind::View, &name)?.name.as_str().into()),
            ("definition", view.shown().as_str().into()),
        ])?;
    }
    Ok(())
}
