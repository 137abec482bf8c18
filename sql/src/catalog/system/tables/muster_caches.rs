//! `muster_caches`: what the database keeps of statements, and how often that was of use since it was opened.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::Addition;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "muster_caches", schema, fill };

fn schema() -> Schema {
    let count = |name: &str| Field::new(name, DataType::Int64, true);
    let name = Field::new("name", DataType::Utf8, false);
    Schema::new(vec![name, count("hits"), count("misses"), count("entries"), count("bytes")])
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let number = |count: u64| ScalarValue::Int64(Some(i64::try_from(count).unwrap_or(i64::MAX)));
    for (name, counts) in scope.caches.counts() {
        rows.push([
            ("name", name.into()),
            ("hits", number(counts.hits)),
            ("misses", number(counts.misses)),
            ("entries", counts.entries.map_or(ScalarValue::Int64(None), number)),
            ("bytes", counts.bytes.map_or(ScalarValue::Int64(None), number)),
        ])?;
    }
    Ok(())
}
