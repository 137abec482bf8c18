//! What a setting is: its name, its type, what becomes of its value.
//!
//! It holds no values: [`super::Settings`] does. Invariant: a value that [`Definition::read`] gave is written in one way, in
//! the setting's unit.

use super::value;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// A setting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Definition {
    /// As SHOW and `pg_settings` write it.
    pub(crate) name: &'static str,
    /// Its category.
    pub(crate) group: &'static str,
    pub(crate) context: Context,
    pub(crate) kind: Kind,
    /// Its value unless somebody changes it.
    pub(crate) boot: &'static str,
    pub(crate) effect: Effect,
    /// What it is for, in a sentence.
    pub(crate) about: &'static str,
}

/// Who may change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    User,
    Superuser,
    Internal,
}

/// The type of its values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Flag,
    Integer(Unit, i64, i64),
    Real(Unit, f64, f64),
    Text,
    Choice(&'static [&'static str]),
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    None,
    Milliseconds,
    Kilobytes,
    /// Of 8 kB.
    Blocks,
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    /// [`super::Settings`] knows what it means.
    Own,
    /// Nothing here depends on it: it is kept and told.
    Kept,
    /// There is one value; these are other ways to write it, or mean the same here.
    Only(&'static [&'static str]),
    /// It cannot be changed.
    Preset,
}

/// Makes the list of a file: `"group": { "name" Context, kind, "default", effect, "about"; }`.
macro_rules! settings {
    ($($group:literal: {
        $($name:literal $context:ident, $kind:expr, $boot:expr, $effect:expr, $about:literal;)*
    })*) => {
        /// See the module.
        pub(super) const SETTINGS: &[Definition] = &[$($(
            Definition {
                name: $name,
                group: $group,
                context: Context::$context,
                kind: $kind,
                boot: $boot,
                effect: $effect,
                about: $about,
            },
        )*)*];
    };
}
pub(super) use settings;

impl Definition {
    /// A value as it is kept.
    ///
    /// # Errors
    /// 22023 for what is none of its type; 0A000 for a value that means something that is not there; 55P02 for a setting
    /// that cannot be changed.
    pub(super) fn read(&self, written: &str) -> Result<String> {
        let read = value::read(self, written);
        match self.effect {
            Effect::Own | Effect::Kept => read,
            Effect::Preset if read.as_deref().is_ok_and(|read| read == self.boot) => read,
            Effect::Preset => Err(cannot_change(self.name)),
            Effect::Only(same) => {
                let read = read?;
                if read.eq_ignore_ascii_case(self.boot) {
                    return Ok(self.boot.to_string());
                }
                match same.iter().find(|same| same.eq_ignore_ascii_case(&read)) {
                    // Another number is told as it was set, another word for the same is not.
                    Some(same) if matches!(self.kind, Kind::Integer(..)) => Ok((*same).to_string()),
                    Some(_) => Ok(self.boot.to_string()),
                    None => Err(Error::unsupported(format!("setting {} to \"{written}\"", self.name))),
                }
            }
        }
    }

    /// A kept value as SHOW tells it.
    pub(super) fn shown(&self, kept: &str) -> String {
        value::shown(self, kept)
    }

    /// The name of its type.
    pub(crate) fn type_name(&self) -> &'static str {
        match self.kind {
            Kind::Flag => "bool",
            Kind::Integer(..) => "integer",
            Kind::Real(..) => "real",
            Kind::Text => "string",
            Kind::Choice(_) => "enum",
        }
    }

    /// The bounds of a number.
    pub(crate) fn bounds(&self) -> Option<(String, String)> {
        match self.kind {
            Kind::Integer(_, least, most) => Some((least.to_string(), most.to_string())),
            Kind::Real(_, least, most) => Some((value::real(least), value::real(most))),
            Kind::Flag | Kind::Text | Kind::Choice(_) => None,
        }
    }

    /// What a number counts, as `pg_settings` writes it.
    pub(crate) fn unit(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Integer(unit, ..) | Kind::Real(unit, ..) => match unit {
                Unit::None => None,
                Unit::Milliseconds => Some("ms"),
                Unit::Kilobytes => Some("kB"),
                Unit::Blocks => Some("8kB"),
            },
            Kind::Flag | Kind::Text | Kind::Choice(_) => None,
        }
    }
}

/// The refusal to change a setting.
pub(super) fn cannot_change(name: &str) -> Error {
    Error::new(SqlState::CantChangeRuntimeParam, format!("parameter \"{name}\" cannot be changed"))
}
