//! `pg_cursors`: the cursors that the session has declared. Portals of the protocol are not among them.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;

use super::super::rows::{Rows, moment, moment_type};
use super::super::system_table::Scope;
use super::Addition;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_cursors", schema, fill };

fn schema() -> Schema {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Schema::new(vec![
        field("name", DataType::Utf8),
        field("statement", DataType::Utf8),
        field("is_holdable", DataType::Boolean),
        field("is_binary", DataType::Boolean),
        field("is_scrollable", DataType::Boolean),
        field("creation_time", moment_type()),
    ])
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let Some(live) = scope.statement.live.upgrade() else { return Ok(()) };
    for (name, cursor) in live.cursors.all() {
        rows.push([
            ("name", name.as_str().into()),
            ("statement", cursor.statement.as_ref().into()),
            ("is_holdable", cursor.hold.into()),
            ("is_binary", cursor.binary.into()),
            ("is_scrollable", cursor.scroll.into()),
            ("creation_time", moment(cursor.created)),
        ])?;
    }
    Ok(())
}
