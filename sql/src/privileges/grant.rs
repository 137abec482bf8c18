//! GRANT and REVOKE of privileges.

use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{Ident, ObjectName};
use muster_storage::Changes;

use super::rights::denied;
use super::{Access, Command, Object, Objects, Privilege, Privileges, RoleSpec, Subject, Wanted};
use crate::catalog::relation::schema_of;
use crate::catalog::{CATALOG, RelationKind};
use crate::notice::Notice;
use crate::roles::Role;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::statement::role::undefined;
use crate::{Error, Result};

/// What a statement comes to.
#[derive(Default)]
pub(crate) struct Worked {
    pub(crate) changes: Changes,
    pub(crate) notices: Vec<Notice>,
}

/// Who works on what.
pub(super) struct Granting<'a> {
    pub(super) context: &'a StatementContext,
    pub(super) subject: Arc<Subject>,
    pub(super) roles: Vec<Role>,
}

impl<'a> Granting<'a> {
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(super) fn new(context: &'a StatementContext) -> Result<Self> {
        let subject = context.settings.subject(&context.snapshot)?;
        // What was taken away meanwhile is gone within a block as well.
        let subject = match context.rights()? {
            Some(rights) => rights.subject,
            None => subject,
        };
        Ok(Self { context, subject, roles: Role::all(&context.snapshot)? })
    }

    /// The role that a statement names.
    ///
    /// # Errors
    /// 42704 where there is none.
    pub(super) fn role(&self, spec: &RoleSpec) -> Result<&Role> {
        let lost = || Error::new(SqlState::UndefinedObject, "there is no role that runs the session");
        let found =
            |id: Option<u64>| id.and_then(|id| self.roles.iter().find(|role| role.id == id)).ok_or_else(lost);
        match spec {
            RoleSpec::Named(name) => self.named(name),
            RoleSpec::Current => found(self.subject.role),
            RoleSpec::Session => {
                found(Subject::of(&self.context.settings.authorized(), &self.context.snapshot)?.role)
            }
            RoleSpec::Public => Err(undefined("public")),
        }
    }

    pub(super) fn named(&self, name: &Ident) -> Result<&Role> {
        let name = name::ident(name);
        self.roles.iter().find(|role| role.name == name).ok_or_else(|| undefined(&name))
    }

    /// # Errors
    /// 0A000 for a grantor who does not run the statement.
    pub(super) fn check_grantor(&self, granted_by: Option<&RoleSpec>) -> Result<()> {
        match granted_by {
            Some(spec) if Some(self.role(spec)?.id) != self.subject.role => {
                Err(Error::new(SqlState::FeatureNotSupported, "grantor must be current user"))
            }
            _ => Ok(()),
        }
    }
}

/// GRANT or REVOKE.
///
/// # Errors
/// What is not there; 42501 for whoever may not give it; 0LP01 for a privilege that such an object has not; 2BP01 for privileges
/// that others have been given on; 0A000 for kinds of objects and for columns.
pub(crate) fn privileges(context: &StatementContext, command: &Command) -> Result<Worked> {
    let Command::Privileges { grant, only_option, wanted, objects, roles, with_option, granted_by, cascade } =
        command
    else {
        return Err(Error::internal("a GRANT that is none"));
    };
    let verb = if *grant { "GRANT" } else { "REVOKE" };
    let granting = Granting::new(context)?;
    granting.check_grantor(granted_by.as_ref())?;
    let grantees = roles.iter().map(|spec| match spec {
        RoleSpec::Public if *with_option => {
            Err(Error::new(SqlState::InvalidGrantOperation, "grant options can only be granted to roles"))
        }
        RoleSpec::Public => Ok(None),
        spec => granting.role(spec).map(|role| Some(role.id)),
    });
    let mut worked = Worked::default();
    let found = find(context, objects, verb)?;
    let grantees = grantees.collect::<Result<Vec<Option<u64>>>>()?;
    for object in found {
        let asked = asked(wanted, &object, matches!(objects, Objects::Tables(_)), verb)?;
        let access = Access::of(&context.snapshot, &object)?;
        let mut acl = access.grants(&object);
        let (grantor, may) = grantor(&granting.subject, &object, &access, asked);
        if may.is_empty() {
            let has = granting.subject.allowed(&object, &access);
            if has.is_empty() && acl.grantable(&granting.subject.roles).is_empty() {
                return Err(denied(&object));
            }
        }
        let given = asked.and(may);
        if given.is_empty() || (given != asked && *wanted != Wanted::All) {
            worked.notices.push(incomplete(*grant, given.is_empty(), object.name()));
        }
        for grantee in &grantees {
            if *grant {
                acl.grant(*grantee, grantor, given, if *with_option { given } else { Privileges::NONE });
                continue;
            }
            let revoked = acl.revoke(*grantee, grantor, given, *only_option, (access.owner, *cascade));
            revoked.map_err(|_| {
                Error::new(SqlState::DependentObjectsStillExist, "dependent privileges exist")
                    .with_hint("Use CASCADE to revoke them too.")
            })?;
        }
        let access = Access { owner: access.owner, acl: Some(acl) };
        worked.changes = access.put(worked.changes, &object)?;
    }
    Ok(worked)
}

/// As whom somebody grants, and which privileges: as the owner whoever has an owner's rights; else as that of its roles which may
/// give the most.
fn grantor(subject: &Subject, object: &Object, access: &Access, asked: Privileges) -> (u64, Privileges) {
    if subject.has_rights_of(access.owner) {
        return (access.owner, object.privileges());
    }
    let acl = access.grants(object);
    let mut best = (subject.role.unwrap_or_default(), Privileges::NONE);
    for role in &subject.roles {
        let may = acl.grantable(&[*role]);
        if may.and(asked).count() > best.1.and(asked).count() {
            best = (*role, may);
        }
    }
    best
}

fn incomplete(grant: bool, nothing: bool, name: &str) -> Notice {
    let (state, done) = match grant {
        true => (SqlState::PrivilegeNotGranted, "were granted"),
        false => (SqlState::PrivilegeNotRevoked, "could be revoked"),
    };
    let amount = if nothing { "no" } else { "not all" };
    Notice::warning(state, format!("{amount} privileges {done} for \"{name}\""))
}

/// The privileges that are asked for on an object.
fn asked(wanted: &Wanted, object: &Object, as_table: bool, verb: &str) -> Result<Privileges> {
    let Wanted::Named(words) = wanted else { return Ok(object.privileges()) };
    let mut asked = Privileges::NONE;
    for (word, columns) in words {
        if *columns {
            return Err(Error::unsupported(format!("{verb} on columns")));
        }
        let privilege = Privilege::named(&word.value);
        // What there is of functions and settings is known by its word and fits nothing here.
        let elsewhere = || ["EXECUTE", "SET"].iter().any(|known| known.eq_ignore_ascii_case(&word.value));
        if privilege.is_none() && !elsewhere() {
            let words = format!("unrecognized privilege type \"{}\"", word.value.to_lowercase());
            return Err(Error::new(SqlState::SyntaxError, words));
        }
        let Some(privilege) = privilege.filter(|privilege| object.privileges().has(*privilege)) else {
            let noun = match object {
                Object::Relation(RelationKind::Sequence, _) if as_table => "sequence",
                Object::Relation(RelationKind::View, _) => "table",
                other => other.noun(),
            };
            let words = format!("invalid privilege type {} for {noun}", word.value.to_uppercase());
            return Err(Error::new(SqlState::InvalidGrantOperation, words));
        };
        asked = asked.with(privilege.into());
    }
    Ok(asked)
}

/// The objects that a statement names, each once.
fn find(context: &StatementContext, objects: &Objects, verb: &str) -> Result<Vec<Object>> {
    let namespace = context.namespace();
    let mut found: Vec<Object> = Vec::new();
    let mut add = |object: Object| {
        if !found.contains(&object) {
            found.push(object);
        }
    };
    let rights = context.rights()?;
    let usage = |schema: &str| rights.as_ref().map_or(Ok(()), |rights| rights.need_usage(schema));
    let relation = |name: &ObjectName| -> Result<Object> {
        let object = Object::relation(namespace, name)?;
        usage(object.schema_name().unwrap_or_default())?;
        let wrong = |words: &str| {
            let message = format!("\"{}\" is {words}", object.name());
            Err(Error::new(SqlState::WrongObjectType, message))
        };
        match (&object, objects) {
            (Object::Relation(RelationKind::Index, _), _) => wrong("an index"),
            (Object::Relation(kind, _), Objects::Sequences(_)) if *kind != RelationKind::Sequence => {
                wrong("not a sequence")
            }
            _ => Ok(object),
        }
    };
    match objects {
        Objects::Tables(names) | Objects::Sequences(names) => {
            for name in names {
                add(relation(name)?);
            }
        }
        Objects::Schemas(names) => {
            for name in names {
                add(Object::schema(namespace, &name::ident(name))?);
            }
        }
        Objects::Databases(names) => {
            for name in names {
                let name = name::ident(name);
                if name != CATALOG && name != "postgres" {
                    let message = format!("database \"{name}\" does not exist");
                    return Err(Error::new(SqlState::InvalidCatalogName, message));
                }
                add(Object::Database);
            }
        }
        Objects::AllTables(schemas) | Objects::AllSequences(schemas) => {
            let sequences = matches!(objects, Objects::AllSequences(_));
            for schema in schemas {
                let schema = name::ident(schema);
                Object::schema(namespace, &schema)?;
                usage(&schema)?;
                for object in super::owned::relations(&context.snapshot) {
                    let Object::Relation(kind, stored) = &object else { continue };
                    if schema_of(stored) == schema && sequences == (*kind == RelationKind::Sequence) {
                        add(object);
                    }
                }
            }
        }
        Objects::Refused(kind) => return Err(Error::unsupported(format!("{verb} ON {kind}"))),
    }
    Ok(found)
}
