//! `CREATE ROLE`, `ALTER ROLE`, `DROP ROLE`, and the same of a USER.

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
use super::refused::refuse_clauses;
use crate::catalog::object;
use crate::notice::Notice;
use crate::roles::{Identity, POSTGRES, ROLE_KIND, Role, Verifier};
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
    let work = Work { context, identity: &context.settings.own.identity, notices: Vec::new() };
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
        refuse_clauses(&[
            (!create.in_role.is_empty(), "CREATE ROLE ... IN ROLE"),
            (!create.role.is_empty(), "CREATE ROLE ... ROLE"),
            (!create.admin.is_empty(), "CREATE ROLE ... ADMIN"),
        ])?;
        check_new(&name)?;
        if Role::find(snapshot, &name)?.is_some() {
            return Err(exists(&name));
        }
        let (changes, id) = object::number(Changes::new(), snapshot);
        let mut role = Role {
            id,
            name,
            login: false,
            superuser: false,
            connection_limit: None,
            valid_until: None,
            password: None,
        };
        for option in options_of(create) {
            self.apply(&mut role, &option)?;
        }
        let changes = changes.set_object(ROLE_KIND, role.name.clone(), Some(role.encode()?));
        Ok((Defined::new(changes, "CREATE ROLE"), self.notices))
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
        let mut changes = Changes::new();
        self.need_superuser("drop role")?;
        for written in names {
            let name = role_name(written)?;
            let Some(role) = Role::find(&self.context.snapshot, &name)? else {
                if if_exists {
                    self.notices.push(Notice::note(format!("role \"{name}\" does not exist, skipping")));
                    continue;
                }
                return Err(undefined(&name));
            };
            if role.id == 0 {
                return Err(Error::new(
                    SqlState::DependentObjectsStillExist,
                    format!("cannot drop role {POSTGRES} because it is required by the database system"),
                ));
            }
            if self.identity.is(&role) {
                return Err(Error::new(SqlState::ObjectInUse, "current user cannot be dropped"));
            }
            changes = changes.set_object(ROLE_KIND, name, None);
        }
        Ok((Defined::new(changes, "DROP ROLE"), self.notices))
    }

    /// The role that a statement names, which may be whoever runs it.
    fn named(&self, written: &Ident) -> Result<String> {
        let name = name::ident(written);
        name::check(&name)?;
        let own = ["current_user", "current_role", "session_user", "user"];
        if written.quote_style.is_none() && own.contains(&name.as_str()) {
            return self.identity.name(&self.context.snapshot);
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
            // What roles are without saying so.
            RoleOption::Inherit(true)
            | RoleOption::CreateDB(false)
            | RoleOption::CreateRole(false)
            | RoleOption::Replication(false)
            | RoleOption::BypassRLS(false) => {}
            RoleOption::Inherit(false)
            | RoleOption::CreateDB(true)
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
