//! A list of grants on one object: who has which privileges from whom, and of which others may be given.
//!
//! It knows no object and no role but by number. Invariant: there is one entry for each pair of grantee and grantor, and none
//! without privileges.

use serde::{Deserialize, Serialize};

use super::Privileges;

/// Everybody, as whom privileges are granted to.
pub(crate) const PUBLIC: Option<u64> = None;

/// What one role has from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The number of the role; `None` is everybody.
    pub(crate) grantee: Option<u64>,
    pub(crate) grantor: u64,
    pub(crate) privileges: Privileges,
    /// Those of them that the grantee may give to others.
    pub(crate) options: Privileges,
}

/// An entry as storage keeps it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredEntry {
    grantee: Option<u64>,
    grantor: u64,
    /// In PostgreSQL's letters, a star after those with grant option.
    privileges: String,
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Acl(Vec<Entry>);

/// That privileges cannot be taken away while others have them from whom they are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dependent;

impl Acl {
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self(entries)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// As storage keeps it.
    pub(super) fn stored(&self) -> Vec<StoredEntry> {
        let stored = |entry: &Entry| StoredEntry {
            grantee: entry.grantee,
            grantor: entry.grantor,
            privileges: entry.privileges.written(entry.options),
        };
        self.0.iter().map(stored).collect()
    }

    /// `None` for letters that nobody knows.
    pub(super) fn of_stored(stored: Vec<StoredEntry>) -> Option<Self> {
        let entry = |stored: StoredEntry| {
            let (privileges, options) = Privileges::read(&stored.privileges)?;
            Some(Entry { grantee: stored.grantee, grantor: stored.grantor, privileges, options })
        };
        stored.into_iter().map(entry).collect::<Option<Vec<_>>>().map(Self)
    }

    /// What these roles and everybody have.
    pub(crate) fn granted(&self, roles: &[u64]) -> Privileges {
        let of = |entry: &&Entry| entry.grantee.is_none_or(|role| roles.contains(&role));
        self.0.iter().filter(of).fold(Privileges::NONE, |all, entry| all.with(entry.privileges))
    }

    /// What these roles may give to others, beside what the owner may.
    pub(crate) fn grantable(&self, roles: &[u64]) -> Privileges {
        let of = |entry: &&Entry| entry.grantee.is_some_and(|role| roles.contains(&role));
        self.0.iter().filter(of).fold(Privileges::NONE, |all, entry| all.with(entry.options))
    }

    /// Grants privileges.
    pub(crate) fn grant(
        &mut self,
        grantee: Option<u64>,
        grantor: u64,
        privileges: Privileges,
        options: Privileges,
    ) {
        if privileges.is_empty() {
            return;
        }
        match self.0.iter_mut().find(|entry| entry.grantee == grantee && entry.grantor == grantor) {
            Some(entry) => {
                entry.privileges = entry.privileges.with(privileges);
                entry.options = entry.options.with(options);
            }
            None => self.0.push(Entry { grantee, grantor, privileges, options }),
        }
    }

    /// Takes privileges away that a grantor gave, or only the right to give them on. What the grantee gave on goes with it where
    /// `cascade` says so.
    ///
    /// # Errors
    /// [`Dependent`], when others have them from the grantee.
    pub(crate) fn revoke(
        &mut self,
        grantee: Option<u64>,
        grantor: u64,
        privileges: Privileges,
        only_options: bool,
        (owner, cascade): (u64, bool),
    ) -> Result<(), Dependent> {
        let found = self.0.iter_mut().find(|entry| entry.grantee == grantee && entry.grantor == grantor);
        let Some(entry) = found else { return Ok(()) };
        let lost = entry.options.and(privileges);
        entry.options = entry.options.without(privileges);
        if !only_options {
            entry.privileges = entry.privileges.without(privileges);
        }
        self.0.retain(|entry| !entry.privileges.is_empty());
        // The owner may give whatever is taken from it.
        let Some(lost_by) = grantee.filter(|role| *role != owner && !lost.is_empty()) else { return Ok(()) };
        let still = self.grantable(&[lost_by]);
        let gone = lost.without(still);
        loop {
            let dependent = self
                .0
                .iter()
                .find(|entry| entry.grantor == lost_by && !entry.privileges.and(gone).is_empty());
            let Some(dependent) = dependent.copied() else { return Ok(()) };
            if !cascade {
                return Err(Dependent);
            }
            self.revoke(dependent.grantee, lost_by, gone, false, (owner, cascade))?;
        }
    }

    /// The list after the object went from one owner to another: what the old one had and gave the new one has and gives.
    pub(crate) fn with_owner(&self, old: u64, new: u64) -> Self {
        let moved = |role: u64| if role == old { new } else { role };
        let mut acl = Self::default();
        for entry in &self.0 {
            acl.grant(entry.grantee.map(moved), moved(entry.grantor), entry.privileges, entry.options);
        }
        acl
    }

    /// The list without what a role has or gave.
    pub(crate) fn without(&self, role: u64) -> Self {
        let of = |entry: &&Entry| entry.grantee != Some(role) && entry.grantor != role;
        Self(self.0.iter().filter(of).copied().collect())
    }

    /// Whether a role has something from it, or gave something.
    pub(crate) fn mentions(&self, role: u64) -> bool {
        self.0.iter().any(|entry| entry.grantee == Some(role) || entry.grantor == role)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Privilege;
    use super::*;

    const SELECT: Privileges = Privileges::of(&[Privilege::Select]);

    #[test]
    fn what_is_taken_from_a_grantor_is_taken_from_grantees() {
        let mut acl = Acl::default();
        acl.grant(Some(1), 0, SELECT, SELECT);
        acl.grant(Some(2), 1, SELECT, SELECT);
        acl.grant(Some(3), 2, SELECT, Privileges::NONE);
        let before = acl.clone();
        assert_eq!(acl.revoke(Some(1), 0, SELECT, false, (0, false)), Err(Dependent));
        let mut acl = before;
        assert_eq!(acl.revoke(Some(1), 0, SELECT, true, (0, true)), Ok(()));
        assert_eq!(acl.entries().len(), 1, "{acl:?}");
        assert!(acl.granted(&[1]).has(Privilege::Select) && acl.granted(&[2]).is_empty());
    }

    #[test]
    fn a_right_that_came_twice_stays_once() {
        let mut acl = Acl::default();
        acl.grant(Some(1), 0, SELECT, SELECT);
        acl.grant(Some(4), 0, SELECT, SELECT);
        acl.grant(Some(1), 4, SELECT, SELECT);
        acl.grant(Some(2), 1, SELECT, Privileges::NONE);
        assert_eq!(acl.revoke(Some(1), 0, SELECT, false, (0, false)), Ok(()));
        assert!(acl.granted(&[2]).has(Privilege::Select));
    }

    #[test]
    fn entries_of_two_owners_become_one() {
        let mut acl = Acl::default();
        acl.grant(Some(7), 7, SELECT, Privileges::NONE);
        acl.grant(Some(8), 7, SELECT, SELECT);
        let acl = acl.with_owner(7, 8);
        assert_eq!(acl.entries().len(), 1);
    }
}
