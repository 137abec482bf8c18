//! `pg_available_extensions`: `vector`, which is built in.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;

use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::Addition;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_available_extensions", schema, fill };

fn schema() -> Schema {
    let columns = ["name", "default_version", "installed_version", "comment"];
    Schema::new(columns.map(|name| Field::new(name, DataType::Utf8, true)).to_vec())
}

fn fill(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    rows.push([
        ("name", "vector".into()),
        ("default_version", env!("CARGO_PKG_VERSION").into()),
        ("installed_version", env!("CARGO_PKG_VERSION").into()),
        ("comment", "vector data type and hnsw access method".into()),
    ])
}
