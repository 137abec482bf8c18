//! `pg_attrdef`: defaults and generation expressions. `adbin` holds them as SQL, which is what
//! `pg_get_expr` gives.

use datafusion::error::Result;

use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::super::{definition, oid};
use super::number;
use crate::column;

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for (position, field) in table.schema.fields().iter().enumerate() {
            let sql = match column::generated(field) {
                Some(sql) => Some(sql.to_string()),
                None => definition::default(field)?,
            };
            let Some(sql) = sql else { continue };
            rows.push([
                ("oid", oid::default(table.id, number(position)).into()),
                ("adrelid", oid::table(table.id).into()),
                ("adnum", number(position).into()),
                ("adbin", sql.as_str().into()),
            ])?;
        }
    }
    Ok(())
}
