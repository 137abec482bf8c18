//! What tables are there, for those who list them: the shell's `\d`, a program's own tools.
//!
//! It is a view of the catalog at one moment; the catalog itself is storage's.

use muster_storage::{IndexDefinition, Table, TableDefinition};

use crate::catalog::relation::{plain, schema_of};
use crate::index::plain as plain_index;
use crate::types::type_name;
use crate::{Database, column, index};

/// A table as it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDescription {
    /// The schema that it is in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its rows now.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<ColumnDescription>,
    /// Its primary key and unique constraints.
    pub keys: Vec<KeyDescription>,
    /// Its indexes that are no keys.
    pub indexes: Vec<IndexDescription>,
}

/// A column as it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnDescription {
    /// Its name.
    pub name: String,
    /// Its type, by PostgreSQL's name: `timestamp with time zone`, `vector(768)`.
    pub sql_type: String,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// Its default, as SQL.
    pub default: Option<String>,
    /// What it is generated from, as SQL.
    pub generated: Option<String>,
}

/// A primary key or unique constraint as it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDescription {
    /// Its name.
    pub name: String,
    /// Whether it is the primary key.
    pub primary: bool,
    /// Its columns.
    pub columns: Vec<String>,
    /// Whether two NULLs differ, as they do unless the constraint says otherwise.
    pub nulls_distinct: bool,
}

/// An index as it is described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexDescription {
    /// Its name.
    pub name: String,
    /// The method and what it is over, as CREATE INDEX writes it: `hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 200)`.
    pub definition: String,
}

impl Database {
    /// The tables, by name.
    #[must_use]
    pub fn tables(&self) -> Vec<TableDescription> {
        self.shared().store.snapshot().tables().map(|table| describe(table)).collect()
    }
}

fn describe(table: &Table) -> TableDescription {
    let definition = table.definition();
    let columns = definition.schema.fields().iter().map(|field| ColumnDescription {
        name: field.name().clone(),
        sql_type: type_name(field),
        nullable: field.is_nullable(),
        default: column::default(field).map(str::to_string),
        generated: column::generated(field).map(str::to_string),
    });
    let keys = definition.keys.iter().map(|key| KeyDescription {
        name: key.name.clone(),
        primary: key.primary,
        columns: key.columns.iter().map(|position| column_name(definition, *position)).collect(),
        nulls_distinct: key.nulls_distinct,
    });
    let indexes = definition.indexes.iter().map(|index| IndexDescription {
        name: plain(&index.name).to_string(),
        definition: if plain_index::is_plain(index) {
            format!("{} ({})", index.method, plain_columns(definition, index))
        } else {
            format!(
                "{} ({} {}) {}",
                index.method,
                column_name(definition, index.column),
                index::operator_class(definition, index),
                index::with_of(index)
            )
        },
    });
    TableDescription {
        schema: schema_of(&definition.name).to_string(),
        name: plain(&definition.name).to_string(),
        rows: table.live_rows(),
        columns: columns.collect(),
        keys: keys.collect(),
        indexes: indexes.collect(),
    }
}

fn plain_columns(definition: &TableDefinition, index: &IndexDefinition) -> String {
    let quoted = |name: &str| Ok::<_, std::convert::Infallible>(name.to_string());
    let Ok(columns) = plain_index::columns_sql(definition, index, quoted);
    columns
}

fn column_name(definition: &TableDefinition, position: usize) -> String {
    definition.schema.fields().get(position).map(|field| field.name().clone()).unwrap_or_default()
}
