//! `CREATE ROLE`, `ALTER ROLE`, `DROP ROLE`, and the same of a USER. Membership: [`crate::privileges::membership`].

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{DateTime, Utc};
use datafusion::common::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    AlterRoleOperation, CreateRole, Expr, Ident, ObjectName, ObjectType, Password, RoleOption, Statement,
    Value,
};
use muster_storage::Changes;

use super::define::Defined;
use super::name;
use crate::catalog::object;
use crate::notice::Notice;
use crate::privileges::membership::Work as Memberships;
use crate::privileges::owned;
use crate::roles::{Identity, POSTGRES, ROLE_KIND, Role, Verifier, predefined};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Whether a statement is one of these.
pub(crate) fn is_about_roles(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::CreateRole(_)
            | Statement::AlterRole { .. }
            | Statement::Drop { object_type: ObjectType::Role, .. }
    )
}

/// What the statement changes, and what its session is told.
///
/// # Errors
/// 42710 and 42939 for a name that cannot be had, 42704 for a role that is not there, 42501 for whoever may not, 2BP01 for a
/// role that is needed, 22023 and 22007 for values that cannot be, 0A000 for options that have no meaning here.
pub(crate) fn define(context: &StatementContext, statement: &Statement) -> Result<(Defined, Vec<Notice>)> {
    let identity = context.settings.identity();
    let work = Work { context, identity: &identity, notices: Vec::new() };
    match statement {
        Statement::CreateRole(create) => work.create(create),
        Statement::AlterRole { name, operation } => work.alter(name, operation),
        Statement::Drop { names, if_exists, .. } => work.drop(names, *if_exists),
        other => Err(super::refused::refusal(other)),
    }
}

struct Work<'a> {
    context: &'a StatementContext,
    identity: &'a Identity,
    notices: Vec<Notice>,
}

impl Work<'_> {
    fn create(mut self, create: &CreateRole) -> Result<(Defined, Vec<Notice>)> {
        let snapshot = &self.context.snapshot;
        let [written] = create.names.as_slice() else {
            return Err(Error::unsupported("CREATE ROLE of several roles"));
        };
        let name = role_name(written)?;
        self.need_superuser("create role")?;
        check_new(&name)?;
        if Role::find(snapshot, &name)?.is_some() {
            return Err(exists(&name));
        }
        let (changes, id) = object::number(Changes::new(), snapshot);
        let mut role = Role::new(id, name);
        for option in options_of(create) {
            self.apply(&mut role, &option)?;
        }
        let changes = self.with_members(changes, create, &role)?;
        Ok((Defined::new(changes, "CREATE ROLE"), self.notices))
    }

    /// The role that is made, as a member of others and others as members of it.
    fn with_members(&self, changes: Changes, create: &CreateRole, role: &Role) -> Result<Changes> {
        let mut all = Role::all(&self.context.snapshot)?;
        let find = |all: &[Role], written: &Ident| {
            let name = self.named(written)?;
            all.iter().find(|known| known.name == name).cloned().ok_or_else(|| undefined(&name))
        };
        let of = create.in_role.iter().map(|name| find(&all, name)).collect::<Result<Vec<_>>>()?;
        let members = create.role.iter().map(|name| (name, false));
        let members = members.chain(create.admin.iter().map(|name| (name, true)));
        let members = members
            .map(|(name, admin)| Ok((find(&all, name)?.id, admin)))
            .collect::<Result<Vec<(u64, bool)>>>()?;
        all.push(role.clone());
        let grantor = self.context.settings.subject(&self.context.snapshot)?.role.unwrap_or_default();
        let mut work = Memberships { all, altered: vec![role.id], notices: Vec::new() };
        for other in &of {
            work.add(other, role.id, false, grantor)?;
        }
        for (member, admin) in members {
            work.add(role, member, admin, grantor)?;
        }
        work.changes(changes)
    }

    fn alter(mut self, written: &Ident, operation: &AlterRoleOperation) -> Result<(Defined, Vec<Notice>)> {
        let snapshot = &self.context.snapshot;
        let name = self.named(written)?;
        let found = Role::find(snapshot, &name)?.ok_or_else(|| undefined(&name));
        match operation {
            AlterRoleOperation::WithOptions { options } => {
                let mut role = found?;
                let own = self.identity.is(&role) && options.iter().all(sets_password);
                if !own {
                    self.need_superuser("alter role")?;
                }
                check_predefined(&role)?;
                for option in options {
                    self.apply(&mut role, option)?;
                }
                if role.id == 0 && !(role.superuser && role.login) {
                    return Err(Error::new(
                        SqlState::FeatureNotSupported,
                        format!("role \"{POSTGRES}\" must have the SUPERUSER and LOGIN attributes"),
                    ));
                }
                let changes = Changes::new().set_object(ROLE_KIND, name, Some(role.encode()?));
                Ok((Defined::new(changes, "ALTER ROLE"), self.notices))
            }
            AlterRoleOperation::RenameRole { role_name: to } => {
                let role = found?;
                let to = name::ident(to);
                name::check(&to)?;
                self.need_superuser("rename role")?;
                if self.identity.is(&role) {
                    return Err(Error::new(SqlState::FeatureNotSupported, "session user cannot be renamed"));
                }
                if role.id == 0 {
                    return Err(Error::unsupported(format!("renaming role \"{POSTGRES}\"")));
                }
                check_predefined(&role)?;
                check_new(&to)?;
                if Role::find(snapshot, &to)?.is_some() {
                    return Err(exists(&to));
                }
                let role = Role { name: to.clone(), ..role };
                let changes = Changes::new().set_object(ROLE_KIND, name, None);
                let changes = changes.set_object(ROLE_KIND, to, Some(role.encode()?));
                Ok((Defined::new(changes, "ALTER ROLE"), self.notices))
            }
            AlterRoleOperation::AddMember { member_name } => {
                Err(Error::unsupported(format!("ALTER ROLE ... {}", member_name.value)))
            }
            other => Err(Error::unsupported(format!("ALTER ROLE ... {other}"))),
        }
    }

    fn drop(mut self, names: &[ObjectName], if_exists: bool) -> Result<(Defined, Vec<Notice>)> {
        self.need_superuser("drop role")?;
        let snapshot = self.context.snapshot.clone();
        let mut memberships =
            Memberships { all: Role::all(&snapshot)?, altered: Vec::new(), notices: Vec::new() };
        let mut dropped = Vec::new();
        for written in names {
            let name = role_name(written)?;
            let Some(role) = Role::find(&self.context.snapshot, &name)? else {
                if if_exists {
                    self.notices.push(Notice::note(format!("role \"{name}\" does not exist, skipping")));
                    continue;
                }
                return Err(undefined(&name));
            };
            if role.id == 0 || predefined::oid(role.id).is_some() {
                return Err(Error::new(
                    SqlState::DependentObjectsStillExist,
                    format!("cannot drop role {name} because it is required by the database system"),
                ));
            }
            if self.identity.is(&role) {
                return Err(Error::new(SqlState::ObjectInUse, "current user cannot be dropped"));
            }
            if self.context.settings.authorized().is(&role) {
                return Err(Error::new(SqlState::ObjectInUse, "session user cannot be dropped"));
            }
            let dependents = owned::dependents(&snapshot, role.id)?;
            if !dependents.is_empty() {
                let words = format!("role \"{name}\" cannot be dropped because some objects depend on it");
                return Err(Error::new(SqlState::DependentObjectsStillExist, words)
                    .with_detail(dependents.join("\n")));
            }
            memberships.forget(role.id);
            dropped.push(role);
        }
        memberships.all.retain(|role| !dropped.iter().any(|gone| gone.id == role.id));
        let mut changes = memberships.changes(Changes::new())?;
        for role in dropped {
            changes = changes.set_object(ROLE_KIND, role.name, None);
        }
        Ok((Defined::new(changes, "DROP ROLE"), self.notices))
    }

    /// The role that a statement names, which may be whoever runs it.
    fn named(&self, written: &Ident) -> Result<String> {
        let name = name::ident(written);
        name::check(&name)?;
        if written.quote_style.is_none() && ["current_user", "current_role", "user"].contains(&name.as_str())
        {
            return self.identity.name(&self.context.snapshot);
        }
        if written.quote_style.is_none() && name == "session_user" {
            return self.context.settings.authorized().name(&self.context.snapshot);
        }
        Ok(name)
    }

    fn need_superuser(&self, action: &str) -> Result<()> {
        self.context.need_superuser(&format!("permission denied to {action}"))
    }

    fn apply(&mut self, role: &mut Role, option: &RoleOption) -> Result<()> {
        match option {
            RoleOption::Login(on) => role.login = *on,
            RoleOption::SuperUser(on) => role.superuser = *on,
            RoleOption::ConnectionLimit(limit) => role.connection_limit = connection_limit(limit)?,
            RoleOption::ValidUntil(until) => role.valid_until = valid_until(until)?,
            RoleOption::Password(Password::NullPassword) => role.password = None,
            RoleOption::Password(Password::Password(password)) => {
                let password = text(password)?;
                if password.is_empty() {
                    self.notices
                        .push(Notice::note("empty string is not a valid password, clearing password"));
                }
                role.password = if password.is_empty() { None } else { Some(verifier(password)?) };
            }
            RoleOption::Inherit(on) => role.inherit = *on,
            // What roles are without saying so.
            RoleOption::CreateDB(false)
            | RoleOption::CreateRole(false)
            | RoleOption::Replication(false)
            | RoleOption::BypassRLS(false) => {}
            RoleOption::CreateDB(true)
            | RoleOption::CreateRole(true)
            | RoleOption::Replication(true)
            | RoleOption::BypassRLS(true) => {
                return Err(Error::unsupported(format!("the role attribute {option}")));
            }
        }
        Ok(())
    }
}

/// The options of CREATE ROLE, as ALTER ROLE has them.
fn options_of(create: &CreateRole) -> Vec<RoleOption> {
    let flags = [
        create.login.map(RoleOption::Login),
        create.superuser.map(RoleOption::SuperUser),
        create.inherit.map(RoleOption::Inherit),
        create.create_db.map(RoleOption::CreateDB),
        create.create_role.map(RoleOption::CreateRole),
        create.replication.map(RoleOption::Replication),
        create.bypassrls.map(RoleOption::BypassRLS),
        create.connection_limit.clone().map(RoleOption::ConnectionLimit),
        create.valid_until.clone().map(RoleOption::ValidUntil),
        create.password.clone().map(RoleOption::Password),
    ];
    flags.into_iter().flatten().collect()
}

/// Whether an option gives a password, which anybody may do for themselves. Taking it away could let others in unasked.
fn sets_password(option: &RoleOption) -> bool {
    match option {
        RoleOption::Password(Password::Password(password)) => {
            text(password).is_ok_and(|text| !text.is_empty())
        }
        _ => false,
    }
}

fn role_name(written: &ObjectName) -> Result<String> {
    match name::parts(written)? {
        (None, name) => Ok(name),
        (Some(_), _) => Err(Error::new(SqlState::SyntaxError, format!("{written} is no name of a role"))),
    }
}

/// # Errors
/// 42939 for a role that is always there: of it only its members change.
fn check_predefined(role: &Role) -> Result<()> {
    if predefined::oid(role.id).is_none() {
        return Ok(());
    }
    Err(Error::new(SqlState::ReservedName, format!("role name \"{}\" is reserved", role.name))
        .with_detail("Cannot alter reserved roles."))
}

/// # Errors
/// 42939 for names that mean something else.
fn check_new(name: &str) -> Result<()> {
    let reserved = || Error::new(SqlState::ReservedName, format!("role name \"{name}\" is reserved"));
    if name.starts_with("pg_") {
        return Err(reserved().with_detail("Role names starting with \"pg_\" are reserved."));
    }
    if ["public", "none"].contains(&name) { Err(reserved()) } else { Ok(()) }
}

fn exists(name: &str) -> Error {
    Error::new(SqlState::DuplicateObject, format!("role \"{name}\" already exists"))
}

pub(crate) fn undefined(name: &str) -> Error {
    Error::new(SqlState::UndefinedObject, format!("role \"{name}\" does not exist"))
}

fn text(value: &Expr) -> Result<&str> {
    match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Ok(text),
            other => Err(Error::new(SqlState::SyntaxError, format!("{other} is no text"))),
        },
        other => Err(Error::new(SqlState::SyntaxError, format!("{other} is no text"))),
    }
}

/// What is kept of a password. One that is a verifier already is kept as it is.
fn verifier(password: &str) -> Result<Verifier> {
    if let Ok(verifier) = password.parse() {
        return Ok(verifier);
    }
    let is_md5 = |digest: &str| digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    if password.strip_prefix("md5").is_some_and(is_md5) {
        return Err(Error::unsupported("a password that is an MD5 hash")
            .with_hint("Give the password itself, or its SCRAM-SHA-256 verifier."));
    }
    Verifier::of_password(password).ok_or_else(|| Error::internal("a password could not be hashed"))
}

fn connection_limit(limit: &Expr) -> Result<Option<u32>> {
    let number: Option<i64> = limit.to_string().parse().ok();
    match number {
        Some(-1) => Ok(None),
        Some(number) if (0..=i64::from(i32::MAX)).contains(&number) => Ok(u32::try_from(number).ok()),
        _ => Err(Error::new(SqlState::InvalidParameterValue, format!("invalid connection limit: {limit}"))),
    }
}

fn valid_until(until: &Expr) -> Result<Option<DateTime<Utc>>> {
    let written = text(until)?;
    if written.trim().eq_ignore_ascii_case("infinity") {
        return Ok(None);
    }
    let time =
        ScalarValue::from(written).cast_to(&DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())));
    let micros = match time {
        Ok(ScalarValue::TimestampMicrosecond(Some(micros), _)) => DateTime::from_timestamp_micros(micros),
        _ => None,
    };
    micros.map(Some).ok_or_else(|| {
        let message = format!("invalid input syntax for type timestamp with time zone: \"{written}\"");
        Error::new(SqlState::InvalidDatetimeFormat, message)
    })
}
