//! `muster_indexes`: keys and indexes, what they are over, and how far they are built.
//!
//! A graph is a file of each segment; rows in the journal alone are compared one by one until they are sealed. Keys and plain
//! indexes are made in memory when they are first looked into: they have no bytes on the disk.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use muster_storage::{IndexDefinition, Table, TableDefinition};

use super::super::rows::{Rows, list_of, texts};
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::relation::{plain, schema_of};
use crate::index::plain::is_plain;
use crate::index::{METHOD, METRIC, metric_of, options_of};

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "muster_indexes", schema, fill };

fn schema() -> Schema {
    use DataType::{Int64, Utf8};
    let columns = [
        ("schemaname", Utf8),
        ("tablename", Utf8),
        ("indexname", Utf8),
        ("kind", Utf8),
        ("columns", list_of(Utf8)),
        ("rows", Int64),
        ("unindexed_rows", Int64),
        ("bytes", Int64),
        ("options", list_of(Utf8)),
        ("state", Utf8),
    ];
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec())
}

struct Row<'a> {
    table: &'a Table,
    name: &'a str,
    kind: &'a str,
    columns: Vec<usize>,
    unindexed: u64,
    bytes: u64,
    options: Vec<String>,
    state: &'static str,
}

impl Row<'_> {
    fn push(self, rows: &mut Rows) -> Result<()> {
        let number = |count: u64| ScalarValue::Int64(Some(i64::try_from(count).unwrap_or(i64::MAX)));
        let definition = self.table.definition();
        let columns = self.columns.iter().filter_map(|column| definition.schema.fields().get(*column));
        let columns: Vec<String> = columns.map(|field| field.name().clone()).collect();
        rows.push([
            ("schemaname", schema_of(&definition.name).into()),
            ("tablename", plain(&definition.name).into()),
            ("indexname", plain(self.name).into()),
            ("kind", self.kind.into()),
            ("columns", texts(&columns)),
            ("rows", number(self.table.live_rows().saturating_sub(self.unindexed))),
            ("unindexed_rows", number(self.unindexed)),
            ("bytes", number(self.bytes)),
            ("options", texts(&self.options)),
            ("state", self.state.into()),
        ])
    }
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let definition = table.definition();
        for key in &definition.keys {
            let kind = if key.primary { "primary key" } else { "unique" };
            let columns = key.columns.clone();
            let (name, options) = (key.name.as_str(), Vec::new());
            Row { table, name, kind, columns, unindexed: 0, bytes: 0, options, state: "ready" }.push(rows)?;
        }
        for index in &definition.indexes {
            if is_plain(index) {
                let (name, kind) = (index.name.as_str(), index.method.as_str());
                let (columns, options) = (index.columns().collect(), Vec::new());
                Row { table, name, kind, columns, unindexed: 0, bytes: 0, options, state: "ready" }
                    .push(rows)?;
            } else {
                graph(scope, table, definition, index)?.push(rows)?;
            }
        }
    }
    Ok(())
}

/// An index of vectors.
fn graph<'a>(
    scope: &Scope<'_>,
    table: &'a Table,
    definition: &'a TableDefinition,
    index: &'a IndexDefinition,
) -> Result<Row<'a>> {
    let database = &scope.statement.database;
    let (mut unindexed, mut missing, mut bytes) = (0, false, 0);
    for part in table.parts() {
        if database.indexes.graph(table, part, index).is_some() {
            bytes += part.bytes_of_index(index.id).unwrap_or_default();
        } else {
            unindexed += part.live_rows() as u64;
            missing |= part.segment_id().is_some();
        }
    }
    let mut builds = scope.builds.all().into_iter();
    let builds = builds.any(|build| build.table == definition.id && build.index == index.id);
    let state = match (missing, builds) {
        (false, _) => "ready",
        (true, true) => "building",
        (true, false) => "incomplete",
    };
    let mut options = vec![format!("{METRIC}={}", metric_of(index)?)];
    options.extend(options_of(index).into_iter().map(|(name, value)| format!("{name}={value}")));
    let (name, columns) = (index.name.as_str(), index.columns().collect());
    Ok(Row { table, name, kind: METHOD, columns, unindexed, bytes, options, state })
}
