//! The foreign keys of a table that is put together: named, and looked up in the tables that they refer to.

use muster_storage::Snapshot;

use super::Builder;
use crate::Result;
use crate::catalog::relation::plain;
use crate::foreign_key::new::Own;

impl Builder {
    /// Makes definitions of the foreign keys that were said, once columns and keys are all there.
    ///
    /// # Errors
    /// 42710 for a name that is taken; what [`Wanted::resolve`](crate::foreign_key::new::Wanted::resolve) gives.
    pub(in super::super) fn resolve_foreign(&mut self, snapshot: &Snapshot) -> Result<()> {
        for wanted in std::mem::take(&mut self.wanted) {
            let name = match &wanted.name {
                Some(name) => self.taken_or(name.clone())?,
                None => self.free(&wanted.default_name(plain(&self.name))),
            };
            let own = Own { name: &self.name, fields: &self.fields, keys: &self.keys };
            let key = wanted.resolve(snapshot, &own, name)?;
            self.foreign.push(key);
        }
        Ok(())
    }
}
