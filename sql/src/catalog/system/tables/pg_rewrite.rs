//! `pg_rewrite`: the rule of each view, which is all the rules there are. What it says is in `pg_get_viewdef`.

use datafusion::error::Result;

use super::super::oid;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::catalog::View;

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (_, view) in View::all(scope.snapshot)? {
        rows.push([
            ("oid", oid::object(view.id).into()),
            ("rulename", "_RETURN".into()),
            ("ev_class", oid::object(view.id).into()),
            ("ev_type", "1".into()),
            ("ev_enabled", "O".into()),
            ("is_instead", true.into()),
        ])?;
    }
    Ok(())
}
