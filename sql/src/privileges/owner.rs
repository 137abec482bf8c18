//! `OWNER TO`: an object gets another owner.

use datafusion::sql::sqlparser::ast::Owner;
use muster_storage::Changes;

use super::grant::{Granting, Worked};
use super::rights::denied;
use super::{Access, Object, Privilege, RoleSpec};
use crate::catalog::{RelationKind, RelationName, Sequence};
use crate::notice::Notice;
use crate::roles::Role;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The changes that give an object to another role.
///
/// # Errors
/// 42704 for a role that is not there; 42501 for whoever does not own the object or is no member of the role, and where the role
/// may make nothing in the object's schema; 0A000 for a sequence that goes with a column.
pub(crate) fn change(context: &StatementContext, object: &Object, owner: &Owner) -> Result<Worked> {
    let spec = match owner {
        Owner::Ident(name) => RoleSpec::Named(name.clone()),
        Owner::CurrentRole | Owner::CurrentUser => RoleSpec::Current,
        Owner::SessionUser => RoleSpec::Session,
    };
    let granting = Granting::new(context)?;
    let role = granting.role(&spec)?;
    if let Object::Relation(RelationKind::Index, stored) = object {
        let message = format!("cannot change owner of index \"{}\"", RelationName::of_stored(stored).name);
        let notices = vec![Notice::warning(SqlState::WrongObjectType, message)];
        return Ok(Worked { changes: Changes::new(), notices });
    }
    check_linked(context, object)?;
    check(&granting, object, role)?;
    Ok(Worked { changes: give(Changes::new(), context, object, role)?, notices: Vec::new() })
}

/// # Errors
/// 0A000 for a sequence that goes with a column, and with its table.
fn check_linked(context: &StatementContext, object: &Object) -> Result<()> {
    let Object::Relation(RelationKind::Sequence, stored) = object else { return Ok(()) };
    let linked = Sequence::find(&context.snapshot, stored)?.and_then(|sequence| sequence.owner);
    let Some((table, _)) = linked else { return Ok(()) };
    let name = object.name();
    let words = format!("cannot change owner of sequence \"{name}\"");
    let table = RelationName::of_stored(&table).name;
    Err(Error::new(SqlState::FeatureNotSupported, words)
        .with_detail(format!("Sequence \"{name}\" is linked to table \"{table}\".")))
}

fn check(granting: &Granting<'_>, object: &Object, role: &Role) -> Result<()> {
    let Some(rights) = granting.context.rights()? else { return Ok(()) };
    rights.need_owner(object)?;
    if rights.owner(object)? == role.id {
        return Ok(());
    }
    if !rights.subject.is_member_of(role.id) {
        let message = format!("must be member of role \"{}\"", role.name);
        return Err(Error::new(SqlState::InsufficientPrivilege, message));
    }
    let Some(schema) = object.schema_name() else {
        return rights.need(&Object::Database, Privilege::Create.into());
    };
    let schema = Object::Schema(schema.to_string());
    if rights.allowed_to(&rights.role(role.id)?, &schema)?.has(Privilege::Create) {
        return Ok(());
    }
    Err(denied(&schema))
}

/// Adds that an object belongs to a role.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(crate) fn give(
    changes: Changes,
    context: &StatementContext,
    object: &Object,
    role: &Role,
) -> Result<Changes> {
    let before = Access::of(&context.snapshot, object)?;
    let acl = before.acl.map(|acl| acl.with_owner(before.owner, role.id));
    Access { owner: role.id, acl }.put(changes, object)
}
