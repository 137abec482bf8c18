//! `pg_index`: the indexes of keys, and other indexes.

use datafusion::error::Result;
use muster_storage::{IndexDefinition, KeyConstraint, TableDefinition};

use super::super::column_type::ColumnType;
use super::super::rows::{Rows, int2s, oids};
use super::super::system_table::Scope;
use super::super::{library, oid};
use super::{extension, number};
use crate::index::{operator_class, plain};

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for (position, key) in table.keys.iter().enumerate() {
            let columns = columns(table, &key.columns);
            let classes = columns.iter().map(|column| library::default_class(oid::BTREE, column.oid));
            let index = Row {
                oid: oid::key(table.id, position),
                key: Some(key),
                columns: &key.columns,
                collations: columns.iter().map(|column| column.collation).collect(),
                classes: classes.collect::<Result<_>>()?,
                options: vec![0; key.columns.len()],
            };
            index.push(table, rows)?;
        }
        for index in &table.indexes {
            let positions: Vec<usize> = index.columns().collect();
            let row = if plain::is_plain(index) {
                plain_row(table, index, &positions)?
            } else {
                Row {
                    oid: oid::index(index.id),
                    key: None,
                    columns: &positions,
                    collations: vec![0],
                    classes: vec![extension::class_of(&operator_class(table, index))],
                    options: vec![0],
                }
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

fn plain_row<'a>(
    table: &TableDefinition,
    index: &IndexDefinition,
    positions: &'a [usize],
) -> Result<Row<'a>> {
    let columns = columns(table, positions);
    let method = oid::method(&index.method);
    let class = |(place, column): (usize, &ColumnType)| match plain::class(index, place) {
        Some(class) => Ok(library::class(method, class)?.map_or(0, |class| class.oid)),
        None => library::default_class(method, column.oid),
    };
    Ok(Row {
        oid: oid::index(index.id),
        key: None,
        columns: positions,
        collations: columns.iter().map(|column| column.collation).collect(),
        classes: columns.iter().enumerate().map(class).collect::<Result<_>>()?,
        options: (0..positions.len()).map(|place| plain::order(index, place).0).collect(),
    })
}

struct Row<'a> {
    oid: i32,
    key: Option<&'a KeyConstraint>,
    columns: &'a [usize],
    collations: Vec<i32>,
    classes: Vec<i32>,
    options: Vec<i16>,
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
            ("indoption", int2s(self.options)),
        ])
    }
}
