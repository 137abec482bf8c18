//! SET ROLE and SET SESSION AUTHORIZATION: which role a session may take on.

use datafusion::sql::sqlparser::ast::{
    ContextModifier, Expr, Ident, Set, SetSessionAuthorizationParamKind, Value,
};

use super::Subject;
use crate::roles::Role;
use crate::session::StatementContext;
use crate::session::settings::assumed::{ROLE, SESSION_AUTHORIZATION, Taken};
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

/// What a statement asks for.
#[derive(Debug)]
pub(crate) struct Assumption {
    /// The setting.
    pub(crate) setting: &'static str,
    /// The role; `None` is whoever has begun the session.
    role: Option<String>,
    /// Whether it lasts until the end of the transaction.
    pub(crate) local: bool,
}

impl Assumption {
    /// Reads a SET; `None` where it is another setting's.
    pub(crate) fn of(set: &Set) -> Option<Self> {
        let is_local = |scope: &Option<ContextModifier>| matches!(scope, Some(ContextModifier::Local));
        match set {
            Set::SetRole { context_modifier, role_name } => {
                let none = |name: &&Ident| name.quote_style.is_some() || !is_word(name, &["none", "default"]);
                let role = role_name.as_ref().filter(none).map(name::ident);
                Some(Self { setting: ROLE, role, local: is_local(context_modifier) })
            }
            Set::SetSessionAuthorization(said) => {
                let role = match &said.kind {
                    SetSessionAuthorizationParamKind::Default => None,
                    SetSessionAuthorizationParamKind::User(name) => {
                        Some(name).filter(|name| !is_word(name, &["default"])).map(name::ident)
                    }
                };
                let local = matches!(said.scope, ContextModifier::Local);
                Some(Self { setting: SESSION_AUTHORIZATION, role, local })
            }
            Set::SingleAssignment { scope, variable, values, .. } => {
                let setting = Self::setting(&crate::statement::set::name_of(variable))?;
                let role = match values.as_slice() {
                    [Expr::Identifier(name)] if is_word(name, &["none", "default"]) => None,
                    [Expr::Identifier(name)] => Some(name::ident(name)),
                    [Expr::Value(value)] => match &value.value {
                        Value::SingleQuotedString(text) => Some(text.clone()).filter(|text| text != "none"),
                        _ => return None,
                    },
                    _ => return None,
                };
                Some(Self { setting, role, local: is_local(scope) })
            }
            _ => None,
        }
    }

    /// The setting of that name, if it is one of these.
    pub(crate) fn setting(name: &str) -> Option<&'static str> {
        [ROLE, SESSION_AUTHORIZATION].into_iter().find(|known| known.eq_ignore_ascii_case(name))
    }

    /// The setting's value.
    ///
    /// # Errors
    /// 22023 for a role that is not there, 42501 for one that the session may not take on.
    pub(crate) fn value(&self, context: &StatementContext) -> Result<Option<String>> {
        let Some(wanted) = &self.role else { return Ok(None) };
        let (snapshot, settings) = (&context.snapshot, &context.settings);
        let Some(role) = Role::find(snapshot, wanted)? else {
            let message = format!("role \"{wanted}\" does not exist");
            return Err(Error::new(SqlState::InvalidParameterValue, message));
        };
        let refuse = |message: String| Err(Error::new(SqlState::InsufficientPrivilege, message));
        if self.setting == ROLE {
            // Membership of a transaction's own, and what others have left of it.
            let latest = context.database.store.snapshot();
            let now = if context.own_objects { snapshot } else { &latest };
            if !Subject::of(&settings.authorized(), now)?.is_member_of(role.id) {
                return refuse(format!("permission denied to set role \"{wanted}\""));
            }
        } else if !settings.own.identity.is(&role) {
            let own = &settings.own.identity;
            let latest = context.database.store.snapshot();
            if !(own.is_superuser(snapshot)? && own.is_superuser(&latest)?) {
                return refuse("permission denied to set session authorization".to_string());
            }
        }
        Ok(Some(Taken { id: role.id, name: role.name }.written()))
    }
}

fn is_word(name: &Ident, words: &[&str]) -> bool {
    name.quote_style.is_none() && words.iter().any(|word| word.eq_ignore_ascii_case(&name.value))
}
