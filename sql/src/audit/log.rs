//! The table of the log.

use muster_storage::TableDefinition;

use crate::column;

/// The table's name.
pub(crate) const TABLE: &str = "audit_baselines";

/// What a line fills, as [`AuditLine`](super::AuditLine) has it, in this order.
pub(crate) const COLUMNS: [&str; 5] = ["recorded_at", "git_commit", "runtime", "metrics", "raw"];

/// Whether a table is the log: by its name and by the columns that a line fills.
pub(crate) fn is_log(definition: &TableDefinition) -> bool {
    let has = |name: &&str| {
        let field = definition.schema.field_with_name(name);
        field.is_ok_and(|field| column::generated(field).is_none())
    };
    definition.name == TABLE && COLUMNS.iter().all(has)
}

/// The query that gives the log's lines in their order: [`COLUMNS`].
pub(crate) fn lines_query() -> String {
    format!("SELECT {} FROM {TABLE} ORDER BY seq", COLUMNS.join(", "))
}
