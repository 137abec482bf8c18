//! Indexes, which are made once the rows are there.

use std::convert::Infallible;

use muster_storage::{Snapshot, TableDefinition};

use super::names::{full, list, quoted};
use super::{Dialect, comment_on, line};
use crate::catalog::relation::{plain as plain_name, schema_of, stored};
use crate::index::{self, plain, unique};

/// The statements that make a table's indexes.
pub(super) fn create(
    out: &mut String,
    snapshot: &Snapshot,
    definition: &TableDefinition,
    dialect: Dialect,
    is_builtin: bool,
) {
    let table = full(&definition.name);
    let there = if is_builtin { "IF NOT EXISTS " } else { "" };
    let column =
        |position: usize| definition.schema.fields().get(position).map(|field| field.name().as_str());
    for key in definition.keys.iter().filter(|key| unique::is_index(definition, &key.name)) {
        let nulls = if key.nulls_distinct { "" } else { " NULLS NOT DISTINCT" };
        let columns = list(key.columns.iter().filter_map(|position| column(*position)));
        let name = quoted(&key.name);
        line(out, format_args!("CREATE UNIQUE INDEX {there}{name} ON {table} ({columns}){nulls};"));
        comment_on(out, snapshot, "INDEX", &stored(schema_of(&definition.name), &key.name));
    }
    for index in plain::plain_indexes(definition) {
        let name = quoted(plain_name(&index.name));
        let columns = plain::columns_sql(definition, index, |name| Ok::<_, Infallible>(quoted(name)));
        let Ok(columns) = columns;
        let method = &index.method;
        line(out, format_args!("CREATE INDEX {there}{name} ON {table} USING {method} ({columns});"));
        comment_on(out, snapshot, "INDEX", &index.name);
    }
    for index in index::vector_indexes(definition) {
        let mut options = index::options_of(index);
        if let Dialect::Postgres { .. } = dialect {
            // pgvector has no such option.
            options.retain(|(name, _)| *name != index::CODE_BITS);
        }
        let statement = format!(
            "CREATE INDEX {there}{} ON {table} USING {} ({} {}) {};",
            quoted(plain_name(&index.name)),
            index.method,
            list(column(index.column)),
            index::operator_class(definition, index),
            index::with(&options)
        );
        if let Dialect::Postgres { pgvector: false } = dialect {
            line(out, format_args!("-- Left out, for arrays have no such index: {statement}"));
            continue;
        }
        line(out, format_args!("{statement}"));
        comment_on(out, snapshot, "INDEX", &index.name);
    }
}
