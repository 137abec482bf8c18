//! `has_table_privilege(...)` and its kin. GRANT is not there, so whoever is connected has every privilege on whatever there
//! is; but the role, the table and the privilege that are asked about must be there. A NULL argument gives NULL.

use datafusion::error::Result;

use super::super::oid;
use super::Argument::{Any, Number, Text};
use super::names::{id_of, stored_name};
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::roles::Role;
use crate::sqlstate::SqlState;

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("has_any_column_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_column_privilege", &[&[Any; 3], &[Any; 4]], Answer::Flag(all_given)),
    ("has_database_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_foreign_data_wrapper_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_function_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_language_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_parameter_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_schema_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_sequence_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_server_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_table_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(on_table)),
    ("has_tablespace_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_type_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("acldefault", &[&[Text, Number]], Answer::Texts(defaults)),
    ("pg_has_role", &[&[Any; 2], &[Any; 3]], Answer::Flag(has_role)),
];

/// Whether there is whoever is asked about: the first of three arguments, else who is connected.
fn all_given(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    if arguments.count() == 3 {
        role(catalog, arguments, 0, row)?;
    }
    Ok(Some(true))
}

fn on_table(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    if all_given(catalog, arguments, row)?.is_none() {
        return Ok(None);
    }
    let place = arguments.count() - 2;
    let words = arguments.any_text(place + 1, row).unwrap_or_default();
    for word in words.split(',').map(str::trim) {
        let plain = word.to_ascii_uppercase();
        let plain = plain.strip_suffix(" WITH GRANT OPTION").unwrap_or(&plain);
        const KNOWN: [&str; 8] =
            ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "RULE"];
        if !KNOWN.contains(&plain) {
            let message = format!("unrecognized privilege type: \"{word}\"");
            return Err(Error::new(SqlState::InvalidParameterValue, message).into());
        }
    }
    if let Some(id) = arguments.any_number(place, row) {
        let there = match i32::try_from(id) {
            Ok(id) => {
                oid::system_table_name(id).is_some()
                    || oid::is_of_information_schema(id)
                    || stored_name(&catalog.snapshot, id)?.is_some()
            }
            Err(_) => false,
        };
        return Ok(there.then_some(true));
    }
    let name = arguments.any_text(place, row).unwrap_or_default();
    match id_of(catalog, &name)? {
        Some(_) => Ok(Some(true)),
        None => Err(Error::undefined_table(&name).into()),
    }
}

/// Nobody is member of another role, and superusers of all.
fn has_role(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    let Some(wanted) = role(catalog, arguments, arguments.count() - 2, row)? else {
        // Nobody else is whoever has no role.
        return Ok(Some(arguments.count() == 2 || arguments.any_text(0, row) == arguments.any_text(1, row)));
    };
    let identity = &catalog.settings.own.identity;
    if arguments.count() == 2 {
        return Ok(Some(identity.is_superuser(&catalog.snapshot)? || identity.is(&wanted)));
    }
    Ok(Some(match role(catalog, arguments, 0, row)? {
        Some(user) => user.superuser || user.id == wanted.id,
        None => identity.is_superuser(&catalog.snapshot)?,
    }))
}

/// The role that an argument names, or is the number of; `None` for everybody, and for whoever is connected without having a role.
///
/// # Errors
/// 42704 where there is none.
fn role(catalog: &Catalog, arguments: &Arguments, place: usize, row: usize) -> Result<Option<Role>> {
    let (number, name) = (arguments.any_number(place, row), arguments.any_text(place, row));
    let name = name.unwrap_or_default();
    let is_wanted = |role: &Role| match number {
        Some(number) => i64::from(oid::role(role.id)) == number,
        None => role.name == name,
    };
    if let Some(found) = Role::all(&catalog.snapshot)?.into_iter().find(is_wanted) {
        return Ok(Some(found));
    }
    if number.is_none()
        && (name == "public" || name == catalog.settings.own.identity.name(&catalog.snapshot)?)
    {
        return Ok(None);
    }
    Err(Error::new(SqlState::UndefinedObject, format!("role \"{name}\" does not exist")).into())
}

/// The privileges that an object has on which nobody has granted any: what everybody may do, and its owner.
fn defaults(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<Vec<String>>> {
    let (Some(kind), Some(owner)) = (arguments.text(0, row), arguments.number(1, row)) else {
        return Ok(None);
    };
    let (everybody, owners) = match kind {
        "c" => ("", ""),
        "r" => ("", "arwdDxt"),
        "s" => ("", "rwU"),
        "d" => ("Tc", "CTc"),
        "f" => ("X", "X"),
        "l" | "T" => ("U", "U"),
        "L" => ("", "rw"),
        "n" => ("", "UC"),
        "p" => ("", "sA"),
        "t" => ("", "C"),
        "F" | "S" => ("", "U"),
        other => {
            let message = format!("unrecognized object type abbreviation: {other}");
            return Err(Error::new(SqlState::InvalidParameterValue, message).into());
        }
    };
    let roles = Role::all(&catalog.snapshot)?;
    let found = roles.into_iter().find(|role| i64::from(oid::role(role.id)) == owner);
    let name = found.map_or_else(|| owner.to_string(), |role| role.name);
    let mut entries = Vec::new();
    if !everybody.is_empty() {
        entries.push(format!("={everybody}/{name}"));
    }
    if !owners.is_empty() {
        entries.push(format!("{name}={owners}/{name}"));
    }
    Ok(Some(entries))
}
