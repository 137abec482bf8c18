//! The tables that say what this database has, one file each. What a table cannot know stays empty.
//!
//! To add one: a file here with its `fill`, and an entry in [`PG_CATALOG`] (columns are
//! datafusion-pg-catalog's, so that its rewrites of clients' queries go on working, and `adapted`
//! changes them) or in [`INFORMATION_SCHEMA`].

mod empty;
mod extension;
mod foreign_keys;
mod information_schema;
mod muster_caches;
mod muster_corpora;
mod muster_indexes;
mod muster_segments;
mod pg_attrdef;
mod pg_attribute;
mod pg_auth_members;
mod pg_authid;
mod pg_available_extensions;
mod pg_class;
mod pg_constraint;
mod pg_cursors;
mod pg_database;
mod pg_depend;
mod pg_index;
mod pg_indexes;
mod pg_largeobject;
mod pg_locks;
mod pg_namespace;
mod pg_prepared_statements;
pub(super) mod pg_proc;
mod pg_rewrite;
mod pg_sequences;
mod pg_settings;
mod pg_stat_activity;
mod pg_stat_database;
mod pg_stat_indexes;
mod pg_stat_progress_create_index;
mod pg_stat_statements;
mod pg_stat_tables;
mod pg_stats;
mod pg_tables;
mod pg_views;
mod relations;
mod table_privileges;

pub(super) use empty::nothing as no_rows;
pub(super) use extension::is_behind_an_operator;
pub(super) use pg_tables::OWNER as OWNER_NAME;

use arrow::datatypes::{Field, Schema};

use super::system_table::Fill;

/// A table that overrides the library's.
pub(super) struct Override {
    pub(super) name: &'static str,
    /// Whether the library's rows stay, with ours after them.
    pub(super) keeps: bool,
    /// From the library's columns to ours.
    pub(super) adapted: fn(Vec<Field>) -> Vec<Field>,
    pub(super) fill: Fill,
}

/// A table that the library does not have.
pub(super) struct Addition {
    pub(super) name: &'static str,
    pub(super) schema: fn() -> Schema,
    pub(super) fill: Fill,
}

const fn computed(name: &'static str, adapted: fn(Vec<Field>) -> Vec<Field>, fill: Fill) -> Override {
    Override { name, keeps: false, adapted, fill }
}

const fn extended(name: &'static str, adapted: fn(Vec<Field>) -> Vec<Field>, fill: Fill) -> Override {
    Override { name, keeps: true, adapted, fill }
}

/// What is ours in `pg_catalog`.
pub(super) const PG_CATALOG: &[Override] = &[
    computed("pg_class", pg_class::adapted, pg_class::fill),
    computed("pg_attribute", same, pg_attribute::fill),
    computed("pg_attrdef", same, pg_attrdef::fill),
    computed("pg_constraint", same, pg_constraint::fill),
    computed("pg_auth_members", pg_auth_members::adapted, pg_auth_members::fill),
    computed("pg_authid", pg_authid::adapted, pg_authid::fill),
    computed("pg_roles", pg_authid::adapted, pg_authid::fill_roles),
    computed("pg_database", pg_database::adapted, pg_database::fill),
    computed("pg_depend", same, pg_depend::fill),
    computed("pg_extension", same, extension::fill_extensions),
    computed("pg_index", same, pg_index::fill),
    computed("pg_largeobject", pg_largeobject::adapted, pg_largeobject::fill),
    computed("pg_largeobject_metadata", pg_largeobject::adapted_metadata, pg_largeobject::fill_metadata),
    computed("pg_namespace", same, pg_namespace::fill),
    computed("pg_rewrite", same, pg_rewrite::fill),
    // The library's are those of another database.
    computed("pg_init_privs", same, empty::nothing),
    computed("pg_shdepend", same, empty::nothing),
    computed("pg_statistic", same, empty::nothing),
    computed("pg_sequence", same, pg_sequences::fill_sequence),
    computed("pg_settings", pg_settings::adapted, pg_settings::fill),
    computed("pg_stat_user_tables", pg_stat_tables::adapted, pg_stat_tables::fill),
    computed("pg_views", same, pg_views::fill),
    computed("pg_tables", pg_tables::adapted, pg_tables::fill),
    extended("pg_am", same, extension::fill_methods),
    extended("pg_description", same, extension::fill_descriptions),
    extended("pg_opclass", same, extension::fill_classes),
    extended("pg_operator", same, extension::fill_operators),
    extended("pg_opfamily", same, extension::fill_families),
    extended("pg_proc", same, pg_proc::fill),
    extended("pg_type", extension::adapted_types, extension::fill_types),
];

/// What PostgreSQL has in `pg_catalog` and the library has not.
const ADDITIONS: &[Addition] = &[
    Addition { name: "pg_indexes", schema: pg_indexes::schema, fill: pg_indexes::fill },
    Addition { name: "pg_sequences", schema: pg_sequences::schema, fill: pg_sequences::fill_sequences },
    Addition { name: "muster_sequences", schema: pg_sequences::states, fill: pg_sequences::fill_states },
    muster_caches::TABLE,
    muster_corpora::TABLE,
    muster_indexes::TABLE,
    muster_segments::TABLE,
    pg_available_extensions::TABLE,
    pg_authid::PG_USER,
    pg_cursors::TABLE,
    pg_locks::TABLE,
    pg_prepared_statements::TABLE,
    pg_stat_activity::TABLE,
    pg_stat_database::TABLE,
    pg_stat_indexes::ALL,
    pg_stat_indexes::USER,
    pg_stat_progress_create_index::TABLE,
    pg_stat_statements::INFO,
    pg_stat_statements::TABLE,
    pg_stat_tables::ALL,
    pg_stats::TABLE,
];

/// The same and what is always empty.
pub(super) fn pg_catalog_additions() -> impl Iterator<Item = &'static Addition> {
    ADDITIONS.iter().chain(empty::TABLES)
}

/// What is ours in `information_schema`; DataFusion has the rest.
pub(super) const INFORMATION_SCHEMA: &[Addition] = information_schema::TABLES;

fn same(fields: Vec<Field>) -> Vec<Field> {
    fields
}

/// A column's number: positions count from 0, `attnum` from 1.
fn number(position: usize) -> i16 {
    i16::try_from(position.saturating_add(1)).unwrap_or(i16::MAX)
}
