//! REASSIGN OWNED, DROP OWNED and ALTER LARGE OBJECT, and what keeps a role from being dropped.

use muster_storage::{Changes, Snapshot};

use super::grant::{Granting, Worked};
use super::{Access, Command, Object, all, owner};
use crate::catalog::namespace::{SEQUENCE_KIND, VIEW_KIND};
use crate::catalog::{RelationKind, Sequence};
use crate::roles::Role;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::statement::drop;
use crate::{Error, Result, large_object};

/// All tables, views and sequences.
pub(crate) fn relations(snapshot: &Snapshot) -> Vec<Object> {
    let tables = snapshot.tables().map(|table| (RelationKind::Table, table.definition().name.clone()));
    let kinds = [(RelationKind::View, VIEW_KIND), (RelationKind::Sequence, SEQUENCE_KIND)];
    let objects = kinds.into_iter().flat_map(|(kind, stored)| {
        snapshot.objects(stored).map(move |(name, _)| (kind, name.to_string())).collect::<Vec<_>>()
    });
    tables.chain(objects).map(|(kind, stored)| Object::Relation(kind, stored)).collect()
}

/// What depends on a role, as PostgreSQL tells it; nothing when it may be dropped.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(crate) fn dependents(snapshot: &Snapshot, role: u64) -> Result<Vec<String>> {
    let mut told = Vec::new();
    for (object, access) in all(snapshot)? {
        if is_own(snapshot, &object)? && access.owner == role {
            told.push(format!("owner of {}", object.shown()));
        } else if access.owner != role && access.acl.is_some_and(|acl| acl.mentions(role)) {
            told.push(format!("privileges for {}", object.shown()));
        }
    }
    let large = large_object::owned_by(snapshot, role)?;
    told.extend(large.into_iter().map(|oid| format!("owner of large object {oid}")));
    Ok(told)
}

/// Whether an object has an owner of its own: a sequence that goes with a column has not.
fn is_own(snapshot: &Snapshot, object: &Object) -> Result<bool> {
    let Object::Relation(RelationKind::Sequence, stored) = object else { return Ok(true) };
    Ok(Sequence::find(snapshot, stored)?.is_none_or(|sequence| sequence.owner.is_none()))
}

/// REASSIGN OWNED.
///
/// # Errors
/// 42704 for a role that is not there, 42501 for whoever has not the rights of both, 2BP01 for `postgres`.
pub(crate) fn reassign(context: &StatementContext, command: &Command) -> Result<Worked> {
    let Command::Reassign { from, to } = command else {
        return Err(Error::internal("a REASSIGN OWNED that is none"));
    };
    let granting = Granting::new(context)?;
    let from = from.iter().map(|spec| granting.role(spec)).collect::<Result<Vec<_>>>()?;
    let to = granting.role(to)?;
    for role in &from {
        need_rights_of(&granting, role, "reassign objects")?;
        check_not_first(role, "reassign ownership of objects owned by")?;
    }
    need_rights_of(&granting, to, "reassign objects")?;
    let mut changes = Changes::new();
    for (object, access) in all(&context.snapshot)? {
        let owned = from.iter().any(|role| role.id == access.owner);
        // What goes with a table's column still has grants that the old owner gave.
        if owned {
            changes = owner::give(changes, context, &object, to)?;
        }
    }
    let from: Vec<u64> = from.iter().map(|role| role.id).collect();
    let changes = large_object::reassigned(changes, &context.snapshot, &from, to.id)?;
    Ok(Worked { changes, notices: Vec::new() })
}

/// DROP OWNED: what belongs to roles is dropped, what was granted to them is taken away.
///
/// # Errors
/// As [`reassign`]; 2BP01 where something else depends on what is dropped.
pub(crate) fn drop_owned(context: &StatementContext, command: &Command) -> Result<Worked> {
    let Command::DropOwned { roles, cascade } = command else {
        return Err(Error::internal("a DROP OWNED that is none"));
    };
    let granting = Granting::new(context)?;
    let roles = roles.iter().map(|spec| granting.role(spec)).collect::<Result<Vec<_>>>()?;
    for role in &roles {
        need_rights_of(&granting, role, "drop objects")?;
        check_not_first(role, "drop objects owned by")?;
    }
    let snapshot = &context.snapshot;
    let (mut dropped, mut revoked) = (Vec::new(), Vec::new());
    for (object, access) in all(snapshot)? {
        if roles.iter().any(|role| role.id == access.owner) {
            if is_own(snapshot, &object)? && object != Object::Database {
                dropped.push(object);
            }
            continue;
        }
        let Some(acl) = &access.acl else { continue };
        if roles.iter().any(|role| acl.mentions(role.id)) {
            let acl = roles.iter().fold(acl.clone(), |acl, role| acl.without(role.id));
            revoked.push((object, Access { owner: access.owner, acl: Some(acl) }));
        }
    }
    let mut changes = Changes::new();
    for (object, access) in revoked {
        changes = access.put(changes, &object)?;
    }
    let roles: Vec<u64> = roles.iter().map(|role| role.id).collect();
    let changes = large_object::dropped(changes, snapshot, &roles)?;
    Ok(Worked {
        changes: drop::objects(changes, context.namespace(), &dropped, *cascade)?,
        notices: Vec::new(),
    })
}

/// ALTER LARGE OBJECT ... OWNER TO.
///
/// # Errors
/// 42704 for an object or a role that is not there, 42501 for whoever does not own the object or is no member of the role.
pub(crate) fn give_large_object(context: &StatementContext, command: &Command) -> Result<Worked> {
    let Command::LargeObjectOwner { oid, to } = command else {
        return Err(Error::internal("an ALTER LARGE OBJECT that is none"));
    };
    let granting = Granting::new(context)?;
    let to = granting.role(to)?;
    let (owner, changes) = large_object::given(&context.snapshot, *oid, to.id)?;
    let denied = |message: String| Err(Error::new(SqlState::InsufficientPrivilege, message));
    if !granting.subject.has_rights_of(owner) {
        return denied(format!("must be owner of large object {oid}"));
    }
    if owner != to.id && !granting.subject.is_member_of(to.id) {
        return denied(format!("must be member of role \"{}\"", to.name));
    }
    Ok(Worked { changes, notices: Vec::new() })
}

fn need_rights_of(granting: &Granting<'_>, role: &Role, action: &str) -> Result<()> {
    if granting.subject.has_rights_of(role.id) {
        return Ok(());
    }
    Err(Error::new(SqlState::InsufficientPrivilege, format!("permission denied to {action}")))
}

/// # Errors
/// 2BP01 for `postgres`, whom everything belongs to of which nobody has said anything.
fn check_not_first(role: &Role, action: &str) -> Result<()> {
    if role.id != 0 {
        return Ok(());
    }
    let message =
        format!("cannot {action} role {} because they are required by the database system", role.name);
    Err(Error::new(SqlState::DependentObjectsStillExist, message))
}
