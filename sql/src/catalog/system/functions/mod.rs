//! PostgreSQL's functions over its catalog, as clients call them to describe what they find.
//!
//! - [`SystemFunction`]: one of them: a name, its arguments, what it gives for a row.
//! - [`definitions`]: `pg_get_indexdef`, `pg_get_constraintdef`, `pg_get_expr`.
//! - [`format_type`]: types by their names.
//! - [`names`]: what is visible, and ids back to names; [`object_ids`]: names to ids.
//! - [`roles`]: who runs the session.
//! - [`server`]: who is connected to what; `pg_notify`. [`signals`]: ending statements and sessions of others.
//! - [`clock`]: what time it is.
//! - [`signatures`]: what functions take and give.
//! - [`privileges`]: who may do what. [`encodings`]: of characters.
//! - `current_setting` and `set_config` are in [`settings`].
//! - [`sizes`]: how large relations are; [`statistics`]: counting anew.
//! - [`descriptions`]: comments, definitions of views: what nobody knows here is NULL.

mod clock;
mod definitions;
mod descriptions;
mod encodings;
mod format_type;
mod names;
mod object_ids;
mod privileges;
mod quoting;
mod roles;
mod server;
mod settings;
mod signals;
mod signatures;
mod sizes;
mod statistics;
mod system_function;

use std::sync::Weak;

use datafusion::logical_expr::ScalarUDF;
use muster_storage::Store;

pub(crate) use format_type::type_text;
pub(super) use names::{NAMESPACE_NAME, RELATION_ID, RELATION_NAME};
pub(super) use object_ids::{FUNCTION_ID, FUNCTION_NAME, NAMESPACE_ID, ROLE_ID, TYPE_ID};
pub(crate) use quoting::quoted_literal;
pub(crate) use roles::CURRENT_USER;
pub(crate) use server::LISTENING;
pub(crate) use system_function::SystemFunction;
use system_function::{Answer, Argument, Arguments, Catalog};

/// All of them.
pub(super) fn all(store: &Weak<Store>) -> Vec<ScalarUDF> {
    let all = [
        clock::FUNCTIONS,
        definitions::FUNCTIONS,
        descriptions::FUNCTIONS,
        format_type::FUNCTIONS,
        encodings::FUNCTIONS,
        names::FUNCTIONS,
        roles::FUNCTIONS,
        server::FUNCTIONS,
        object_ids::FUNCTIONS,
        privileges::FUNCTIONS,
        quoting::FUNCTIONS,
        settings::FUNCTIONS,
        signals::FUNCTIONS,
        signatures::FUNCTIONS,
        sizes::FUNCTIONS,
        statistics::FUNCTIONS,
    ];
    all.concat()
        .into_iter()
        .map(|(name, overloads, answer)| {
            ScalarUDF::new_from_impl(SystemFunction::new(name, overloads, answer, store.clone()))
        })
        .collect()
}

/// A function's name, the arguments that it takes, what it gives.
type Entry = (&'static str, &'static [&'static [Argument]], Answer);
