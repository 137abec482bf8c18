//! GRANT and REVOKE of membership in roles.

use muster_storage::Changes;

use super::grant::{Granting, Worked};
use super::{Command, Subject};
use crate::notice::Notice;
use crate::roles::{Membership, ROLE_KIND, Role};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// GRANT or REVOKE of roles.
///
/// # Errors
/// 42704 for a role that is not there, 42501 for whoever may not give it, 0LP01 for a circle.
pub(crate) fn membership(context: &StatementContext, command: &Command) -> Result<Worked> {
    let Command::Membership { grant, only_option, roles, members, with_option, granted_by, .. } = command
    else {
        return Err(Error::internal("a GRANT of roles that is none"));
    };
    let granting = Granting::new(context)?;
    granting.check_grantor(granted_by.as_ref())?;
    let mut work = Work { all: granting.roles.clone(), altered: Vec::new(), notices: Vec::new() };
    for name in roles {
        let role = granting.named(name)?;
        may_give(&granting, role)?;
        for member in members {
            let member = granting.role(member)?;
            match grant {
                true => work.add(role, member.id, *with_option, granting.subject.role.unwrap_or_default())?,
                false => work.remove(role, member.id, *only_option),
            }
        }
    }
    Ok(Worked { changes: work.changes(Changes::new())?, notices: work.notices })
}

/// # Errors
/// 42501 for whoever may not make others members of a role.
fn may_give(granting: &Granting<'_>, role: &Role) -> Result<()> {
    let subject = &granting.subject;
    if subject.superuser {
        return Ok(());
    }
    let refuse = |message: String| Err(Error::new(SqlState::InsufficientPrivilege, message));
    if role.superuser {
        return refuse("must be superuser to alter superusers".to_string());
    }
    if is_admin(subject, role.id, &granting.roles) {
        return Ok(());
    }
    refuse(format!("must have admin option on role \"{}\"", role.name))
}

/// Whether one may make others members of a role.
pub(crate) fn is_admin(subject: &Subject, role: u64, all: &[Role]) -> bool {
    let of_subject = all.iter().filter(|known| subject.member_of.contains(&known.id));
    let mut memberships = of_subject.flat_map(|known| &known.member_of);
    subject.superuser || memberships.any(|membership| membership.role == role && membership.admin)
}

/// The roles as they become.
pub(crate) struct Work {
    pub(crate) all: Vec<Role>,
    /// Numbers of those that are altered.
    pub(crate) altered: Vec<u64>,
    pub(crate) notices: Vec<Notice>,
}

impl Work {
    /// Makes a role a member of another.
    ///
    /// # Errors
    /// 0LP01 where the other is a member of it, or it itself.
    pub(crate) fn add(&mut self, role: &Role, member: u64, admin: bool, grantor: u64) -> Result<()> {
        let circle = Subject::of_role(role, &self.all).member_of.contains(&member);
        let Some(found) = self.all.iter_mut().find(|known| known.id == member) else { return Ok(()) };
        if circle {
            let message = format!("role \"{}\" is a member of role \"{}\"", role.name, found.name);
            return Err(Error::new(SqlState::InvalidGrantOperation, message));
        }
        match found.member_of.iter_mut().find(|membership| membership.role == role.id) {
            Some(membership) if membership.admin || !admin => {
                let message =
                    format!("role \"{}\" is already a member of role \"{}\"", found.name, role.name);
                self.notices.push(Notice::note(message));
                return Ok(());
            }
            Some(membership) => *membership = Membership { role: role.id, admin, grantor },
            None => found.member_of.push(Membership { role: role.id, admin, grantor }),
        }
        self.altered.push(member);
        Ok(())
    }

    fn remove(&mut self, role: &Role, member: u64, only_option: bool) {
        let Some(found) = self.all.iter_mut().find(|known| known.id == member) else { return };
        let place = found.member_of.iter().position(|membership| membership.role == role.id);
        let Some(place) = place else {
            let message = format!("role \"{}\" is not a member of role \"{}\"", found.name, role.name);
            self.notices.push(Notice::warning(SqlState::Warning, message));
            return;
        };
        if only_option {
            found.member_of.iter_mut().skip(place).take(1).for_each(|membership| membership.admin = false);
        } else {
            found.member_of.remove(place);
        }
        self.altered.push(member);
    }

    /// Takes all members from a role that is dropped.
    pub(crate) fn forget(&mut self, role: u64) {
        for known in &mut self.all {
            let before = known.member_of.len();
            known.member_of.retain(|membership| membership.role != role);
            if known.member_of.len() != before {
                self.altered.push(known.id);
            }
        }
    }

    /// # Errors
    /// XX000: every role can be written.
    pub(crate) fn changes(&self, mut changes: Changes) -> Result<Changes> {
        for role in self.all.iter().filter(|role| self.altered.contains(&role.id)) {
            changes = changes.set_object(ROLE_KIND, role.name.clone(), Some(role.encode()?));
        }
        Ok(changes)
    }
}
