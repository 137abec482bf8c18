//! SET ROLE and SET SESSION AUTHORIZATION: which role a session may take on.

use datafusion::sql::sqlparser::ast::{ContextModifier, Expr, Ident, Set, SetSessionAuthorizationParamKind};
use muster_storage::Snapshot;

use super::{Subject, merged};
use crate::roles::Role;
use crate::session::settings::assumed::{Assumable, Taken, Wanted};
use crate::session::{Settings, StatementContext};
use crate::sqlstate::SqlState;
use crate::statement::{name, set};
use crate::{Error, Result};

/// What a statement asks for.
#[derive(Debug)]
pub(crate) struct Assumption {
    pub(crate) setting: Assumable,
    /// The role; `None` is what the session began with.
    role: Option<String>,
    /// Whether it lasts until the end of the transaction.
    pub(crate) local: bool,
}

/// Who asks.
pub(crate) struct Asker<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) snapshot: &'a Snapshot,
    /// What is committed.
    pub(crate) latest: &'a Snapshot,
    /// What the block has begun with, where it has changed objects.
    pub(crate) base: Option<&'a Snapshot>,
}

impl Assumption {
    /// Of a setting and the role's name as a text, as SET takes it; `None` is DEFAULT.
    pub(crate) fn by_name(setting: Assumable, role: Option<&str>, local: bool) -> Self {
        Self { setting, role: role.map(str::to_string), local }
    }

    /// Reads a SET; `None` where it is another setting's.
    ///
    /// # Errors
    /// 22023 for what is no value.
    pub(crate) fn of(set: &Set) -> Result<Option<Self>> {
        let is_local = |scope: &Option<ContextModifier>| matches!(scope, Some(ContextModifier::Local));
        let (setting, role, local) = match set {
            Set::SetRole { context_modifier, role_name } => {
                let role = match role_name {
                    None => Some(NONE.to_string()),
                    Some(name) => named(name),
                };
                (Assumable::Role, role, is_local(context_modifier))
            }
            Set::SetSessionAuthorization(said) => {
                let role = match &said.kind {
                    SetSessionAuthorizationParamKind::Default => None,
                    SetSessionAuthorizationParamKind::User(name) => named(name),
                };
                (Assumable::Authorization, role, matches!(said.scope, ContextModifier::Local))
            }
            Set::SingleAssignment { scope, variable, values, .. } => {
                let Some(setting) = Assumable::named(&set::name_of(variable)) else { return Ok(None) };
                if matches!(scope, Some(ContextModifier::Global)) {
                    return Err(Error::unsupported("SET GLOBAL"));
                }
                let role = match values.as_slice() {
                    [Expr::Identifier(name)] => named(name),
                    [value] => Some(set::value(value)?),
                    _ => {
                        let words = format!("SET {} takes only one argument", setting.name());
                        return Err(Error::new(SqlState::InvalidParameterValue, words));
                    }
                };
                (setting, role, is_local(scope))
            }
            _ => return Ok(None),
        };
        Ok(Some(Self { setting, role, local }))
    }

    /// The setting's value.
    ///
    /// # Errors
    /// 22023 for a role that is not there, 42501 for one that the session may not take on.
    pub(crate) fn wanted(&self, asker: &Asker<'_>) -> Result<Wanted> {
        let Some(wanted) = &self.role else { return Ok(Wanted::First) };
        if self.setting == Assumable::Role && wanted == NONE {
            return Ok(Wanted::Role(None));
        }
        let Some(role) = Role::find(asker.snapshot, wanted)? else {
            let message = format!("role \"{wanted}\" does not exist");
            return Err(Error::new(SqlState::InvalidParameterValue, message));
        };
        let refuse = |message: String| Err(Error::new(SqlState::InsufficientPrivilege, message));
        match self.setting {
            Assumable::Role if !asker.is_member_of(role.id)? => {
                return refuse(format!("permission denied to set role \"{wanted}\""));
            }
            Assumable::Authorization if !asker.may_be(&role)? => {
                return refuse(format!("permission denied to set session authorization \"{wanted}\""));
            }
            _ => {}
        }
        Ok(Wanted::Role(Some(Taken { id: role.id, name: role.name })))
    }
}

impl<'a> Asker<'a> {
    pub(crate) fn of(context: &'a StatementContext, latest: &'a Snapshot) -> Self {
        let (settings, snapshot, base) = (&context.settings, &context.snapshot, context.base.as_deref());
        Self { settings, snapshot, latest, base }
    }

    /// Whether whose session it is may take on a role: by what is committed, and by what the block itself has granted.
    fn is_member_of(&self, role: u64) -> Result<bool> {
        let identity = self.settings.authorized();
        let of = |snapshot: &Snapshot| Ok(Subject::of(&identity, snapshot)?.is_member_of(role));
        match self.base {
            None => of(self.latest),
            Some(base) => Ok(merged(of(self.snapshot)?, of(self.latest)?, &of(base)?)),
        }
    }

    /// Whether whoever has begun the session may make it a role's.
    fn may_be(&self, role: &Role) -> Result<bool> {
        let own = &self.settings.own.identity;
        Ok(own.is(role) || (own.is_superuser(self.snapshot)? && own.is_superuser(self.latest)?))
    }
}

/// No role, as SET ROLE says it; no role has this name.
const NONE: &str = "none";

/// The name that a word means; `None` for DEFAULT.
fn named(word: &Ident) -> Option<String> {
    let is_default = word.quote_style.is_none() && word.value.eq_ignore_ascii_case("default");
    (!is_default).then(|| name::ident(word))
}
