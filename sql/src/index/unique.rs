//! `CREATE UNIQUE INDEX` over scalar columns: a key of the table that is no constraint.
//!
//! A key is looked up by its values, whether it came as a constraint or as an index; the difference is who may drop
//! it, and a property of the table keeps it.

use muster_storage::TableDefinition;

/// The property that says that the key of this name is an index and no constraint.
pub(crate) fn property(name: &str) -> String {
    format!("index.{name}")
}

/// Whether the key of this name is an index and no constraint.
pub(crate) fn is_index(definition: &TableDefinition, name: &str) -> bool {
    definition.properties.contains_key(&property(name))
}
