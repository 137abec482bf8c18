//! When a transaction checks its deferrable foreign keys: as SET CONSTRAINTS says, else as their definitions do.

use super::ForeignKey;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deferral {
    /// What was said of all, if it was.
    all: Option<bool>,
    /// What was said of single ones since: table, name, whether deferred.
    named: Vec<(String, String, bool)>,
}

impl Deferral {
    pub(crate) fn set_all(&mut self, deferred: bool) {
        self.all = Some(deferred);
        self.named.clear();
    }

    pub(crate) fn set(&mut self, table: &str, name: &str, deferred: bool) {
        self.named.retain(|(of, known, _)| of != table || known != name);
        self.named.push((table.to_string(), name.to_string(), deferred));
    }

    /// Whether a foreign key of a table is checked at the end of the transaction.
    pub(crate) fn defers(&self, table: &str, key: &ForeignKey) -> bool {
        let named = self.named.iter().find(|(of, name, _)| of == table && *name == key.name);
        key.deferrable && named.map(|(_, _, deferred)| *deferred).or(self.all).unwrap_or(key.deferred)
    }
}
