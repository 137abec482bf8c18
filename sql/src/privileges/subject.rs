//! Who asks: a role, and the roles whose rights it has, worked out once for each state of the catalog.
//!
//! It is not [`Identity`], which stays what it is while roles are altered. Invariant: a superuser is told by one flag.

use std::sync::{Arc, LazyLock};

use muster_storage::{ObjectsId, Snapshot};
use parking_lot::Mutex;

use super::rights::merged;
use super::{Access, Object, Privilege, Privileges};
use crate::Result;
use crate::catalog::RelationKind;
use crate::roles::{Identity, Role, predefined};

const SELECT: Privileges = Privileges::of(&[Privilege::Select]);
const UPDATE: Privileges = Privileges::of(&[Privilege::Update]);
const USAGE: Privileges = Privileges::of(&[Privilege::Usage]);
const WRITE: Privileges = Privileges::of(&[Privilege::Insert, Privilege::Update, Privilege::Delete]);

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// The number of the role; `None` of one that is not there any more, and of somebody without a role.
    pub(crate) role: Option<u64>,
    pub(crate) superuser: bool,
    /// The role and those whose rights it has without more ado.
    pub(crate) roles: Vec<u64>,
    /// The role and those that it is a member of, whether it has their rights or not.
    pub(crate) member_of: Vec<u64>,
}

/// The program that has the database in its own process.
static PROGRAM: LazyLock<Arc<Subject>> = LazyLock::new(|| {
    Arc::new(Subject { role: Some(0), superuser: true, roles: vec![0], member_of: vec![0] })
});

impl Subject {
    /// A role among all that there are.
    pub(crate) fn of_role(role: &Role, all: &[Role]) -> Self {
        Self {
            role: Some(role.id),
            superuser: role.superuser,
            roles: closure(role.id, all, true),
            member_of: closure(role.id, all, false),
        }
    }

    /// The role of that number.
    pub(crate) fn of_number(id: u64, all: &[Role]) -> Self {
        all.iter().find(|role| role.id == id).map_or_else(Self::nobody, |role| Self::of_role(role, all))
    }

    fn nobody() -> Self {
        Self { role: None, superuser: false, roles: Vec::new(), member_of: Vec::new() }
    }

    /// Whoever an identity is now.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(crate) fn of(identity: &Identity, snapshot: &Snapshot) -> Result<Arc<Self>> {
        let all = match identity {
            Identity::Program => return Ok(PROGRAM.clone()),
            Identity::Anybody(_) | Identity::Role(_) => Role::all(snapshot)?,
        };
        let role = all.iter().find(|role| identity.is(role));
        let subject = role.map_or_else(Self::nobody, |role| Self::of_role(role, &all));
        let superuser = identity.is_superuser(snapshot)?;
        Ok(Arc::new(Self { superuser, ..subject }))
    }

    /// Who it is in a block: by what the block has changed itself, and else by what is committed.
    pub(crate) fn merged(draft: Self, latest: &Self, base: &Self) -> Self {
        let roles = |of: fn(&Self) -> &Vec<u64>| {
            let (draft, latest, base) = (of(&draft), of(latest), of(base));
            let all = draft.iter().chain(latest.iter().filter(|role| !draft.contains(role)));
            let has = |role: &u64| merged(draft.contains(role), latest.contains(role), &base.contains(role));
            all.copied().filter(has).collect::<Vec<u64>>()
        };
        Self {
            role: draft.role,
            superuser: merged(draft.superuser, latest.superuser, &base.superuser),
            roles: roles(|subject| &subject.roles),
            member_of: roles(|subject| &subject.member_of),
        }
    }

    /// Whether it has the rights of a role.
    pub(crate) fn has_rights_of(&self, role: u64) -> bool {
        self.superuser || self.roles.contains(&role)
    }

    /// Whether it is a role or a member of it.
    pub(crate) fn is_member_of(&self, role: u64) -> bool {
        self.superuser || self.member_of.contains(&role)
    }

    /// What it may do with an object.
    pub(crate) fn allowed(&self, object: &Object, access: &Access) -> Privileges {
        if self.superuser {
            return object.privileges();
        }
        let granted = access.grants(object).granted(&self.roles);
        let by = |role: u64, privileges: Privileges| match self.roles.contains(&role) {
            true => privileges,
            false => Privileges::NONE,
        };
        let (reads, writes) = match object {
            Object::Relation(RelationKind::Sequence, _) => (SELECT, UPDATE),
            Object::Relation(_, _) => (SELECT, WRITE),
            Object::Schema(_) => (USAGE, USAGE),
            Object::Database => (Privileges::NONE, Privileges::NONE),
        };
        granted.with(by(predefined::READ_ALL_DATA, reads)).with(by(predefined::WRITE_ALL_DATA, writes))
    }

    /// What of an object it may give to others.
    pub(crate) fn grantable(&self, object: &Object, access: &Access) -> Privileges {
        if self.has_rights_of(access.owner) {
            return object.privileges();
        }
        access.grants(object).grantable(&self.roles)
    }
}

/// A role and those that it is a member of, directly or by others. Where only rights count, one that does not inherit ends
/// the way.
fn closure(role: u64, all: &[Role], rights: bool) -> Vec<u64> {
    let mut found = vec![role];
    let mut at = 0;
    while let Some(next) = found.get(at).copied() {
        at += 1;
        let Some(member) = all.iter().find(|role| role.id == next) else { continue };
        if rights && !member.inherit {
            continue;
        }
        for membership in &member.member_of {
            let is_there = all.iter().any(|role| role.id == membership.role);
            if is_there && !found.contains(&membership.role) {
                found.push(membership.role);
            }
        }
    }
    found
}

/// The subject that a session was last, which it is while it is the same role and no object has changed.
#[derive(Debug, Default)]
pub(crate) struct LastSubject(Mutex<Option<(Identity, ObjectsId, Arc<Subject>)>>);

impl LastSubject {
    /// As [`Subject::of`].
    pub(crate) fn of(&self, identity: &Identity, snapshot: &Snapshot) -> Result<Arc<Subject>> {
        if *identity == Identity::Program {
            return Ok(PROGRAM.clone());
        }
        let mut last = self.0.lock();
        if let Some((known, objects, subject)) = last.as_ref()
            && known == identity
            && objects.is_of(snapshot)
        {
            return Ok(subject.clone());
        }
        let subject = Subject::of(identity, snapshot)?;
        *last = Some((identity.clone(), snapshot.objects_id(), subject.clone()));
        Ok(subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roles::Membership;

    fn role(id: u64, inherit: bool, of: &[u64]) -> Role {
        let member_of = of.iter().map(|role| Membership { role: *role, admin: false, grantor: 0 }).collect();
        Role { inherit, member_of, ..Role::new(id, id.to_string()) }
    }

    #[test]
    fn a_block_keeps_what_it_has_changed_itself() {
        let of = |superuser: bool, roles: &[u64]| Subject {
            role: Some(1),
            superuser,
            roles: roles.to_vec(),
            member_of: roles.to_vec(),
        };
        // 2 was taken away by others, 3 by the block; 4 was given by the block, 5 by others.
        let (draft, latest, base) = (of(true, &[1, 2, 4]), of(false, &[1, 3, 5]), of(true, &[1, 2, 3]));
        let merged = Subject::merged(draft, &latest, &base);
        assert_eq!(merged, of(false, &[1, 4, 5]));
    }

    #[test]
    fn rights_stop_where_a_role_does_not_inherit() {
        let all = [role(1, true, &[2]), role(2, false, &[3]), role(3, true, &[]), role(4, true, &[9])];
        let subject = Subject::of_number(1, &all);
        assert_eq!((subject.roles, subject.member_of), (vec![1, 2], vec![1, 2, 3]));
        assert_eq!(Subject::of_number(4, &all).roles, [4], "a role that is gone gives nothing");
        assert_eq!(Subject::of_number(8, &all), Subject::nobody());
    }
}
