//! `pg_index`: the indexes of keys and hnsw indexes.

use datafusion::error::Result;
use muster_storage::{KeyConstraint, TableDefinition};

use super::super::column_type::ColumnType;
use super::super::rows::{Rows, int2s, oids};
use super::super::system_table::Scope;
use super::super::{library, oid};
use super::{extension, number};
use crate::index::operator_class;

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for (position, key) in table.keys.iter().enumerate() {
            let columns = columns(table, &key.columns);
            let classes = columns.iter().map(|column| library::btree_class(column.oid));
            let index = Row {
                oid: oid::key(table.id, position),
                key: Some(key),
                columns: &key.columns,
                collations: columns.iter().map(|column| column.collation).collect(),
                classes: classes.collect::<Result<_>>()?,
            };
            index.push(table, rows)?;
        }
        for index in &table.indexes {
            let row = Row {
                oid: oid::index(index.id),
                key: None,
                columns: &[index.column],
                collations: vec![0],
                classes: vec![extension::class_of(&operator_class(table, index))],
            };
            row.push(table, rows)?;
        }
    }
    Ok(())
}

fn columns(table: &TableDefinition, positions: &[usize]) -> Vec<ColumnType> {
    let fields = positions.iter().filter_map(|position| table.schema.fields().get(*position));
    fields.map(|field| ColumnType::of(field)).collect()
}

struct Row<'a> {
    oid: i32,
    key: Option<&'a KeyConstraint>,
    columns: &'a [usize],
    collations: Vec<i32>,
    classes: Vec<i32>,
}

impl Row<'_> {
    fn push(self, table: &TableDefinition, rows: &mut Rows) -> Result<()> {
        let count = i16::try_from(self.columns.len()).unwrap_or(i16::MAX);
        let not_distinct = self.key.is_some_and(|key| !key.primary && !key.nulls_distinct);
        rows.push([
            ("indexrelid", self.oid.into()),
            ("indrelid", oid::table(table.id).into()),
            ("indnatts", count.into()),
            ("indnkeyatts", count.into()),
            ("indisunique", self.key.is_some().into()),
            ("indnullsnotdistinct", not_distinct.into()),
            ("indisprimary", self.key.is_some_and(|key| key.primary).into()),
            ("indimmediate", true.into()),
            ("indisvalid", true.into()),
            ("indisready", true.into()),
            ("indislive", true.into()),
            ("indkey", int2s(self.columns.iter().map(|column| number(*column)))),
            ("indcollation", oids(self.collations)),
            ("indclass", oids(self.classes)),
            ("indoption", int2s(self.columns.iter().map(|_| 0))),
        ])
    }
}
