//! `has_table_privilege(...)` and its kin, and `pg_has_role`. The role, the object and the privilege that are asked about must be
//! there. A NULL argument gives NULL, and so does an id that nothing has. Functions, types and the like are open to everybody.

use datafusion::common::TableReference;
use datafusion::error::Result;

use super::super::oid;
use super::Argument::{Any, Number, Text};
use super::names::{id_of, stored_name};
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::catalog::{CATALOG, Namespace, RelationKind};
use crate::privileges::membership::is_admin;
use crate::privileges::{Access, Object, Privilege, Privileges, Subject};
use crate::roles::Role;
use crate::sqlstate::SqlState;

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("has_any_column_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(on_table)),
    ("has_column_privilege", &[&[Any; 3], &[Any; 4]], Answer::Flag(on_column)),
    ("has_database_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(on_database)),
    ("has_foreign_data_wrapper_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_function_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_language_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_parameter_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_schema_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(on_schema)),
    ("has_sequence_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(on_sequence)),
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

/// What a call asks about.
enum Asked {
    Object(Object),
    /// A table of the catalogs by its name, of which no object tells.
    Catalog(String),
    /// An id that nothing has.
    Nothing,
}

const TABLE: Privileges = Privileges::of(&[
    Privilege::Select,
    Privilege::Insert,
    Privilege::Update,
    Privilege::Delete,
    Privilege::Truncate,
    Privilege::References,
    Privilege::Trigger,
]);

fn on_table(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    answer(catalog, arguments, (row, 2), TABLE, relation)
}

/// Privileges on columns are those on the table: there are none on columns alone.
fn on_column(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    answer(catalog, arguments, (row, 3), TABLE, relation)
}

fn on_sequence(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    let known = const { Privileges::of(&[Privilege::Select, Privilege::Update, Privilege::Usage]) };
    answer(catalog, arguments, (row, 2), known, |catalog, number, name| {
        let asked = relation(catalog, number, name)?;
        match &asked {
            Asked::Object(Object::Relation(RelationKind::Sequence, _)) | Asked::Nothing => Ok(asked),
            Asked::Object(_) | Asked::Catalog(_) => {
                Err(Error::new(SqlState::WrongObjectType, format!("\"{name}\" is not a sequence")).into())
            }
        }
    })
}

fn on_schema(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    let known = const { Privileges::of(&[Privilege::Usage, Privilege::Create]) };
    answer(catalog, arguments, (row, 2), known, |catalog, number, name| {
        let mut schemas = oid::schemas(&catalog.snapshot).into_iter();
        if let Some(number) = number {
            let found = schemas.find(|(_, id)| i64::from(*id) == number);
            return Ok(found.map_or(Asked::Nothing, |(name, _)| Asked::Object(Object::Schema(name))));
        }
        let namespace = Namespace { snapshot: &catalog.snapshot, path: &catalog.settings.path };
        Ok(Asked::Object(Object::schema(namespace, name)?))
    })
}

fn on_database(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    let known = const { Privileges::of(&[Privilege::Create, Privilege::Temporary, Privilege::Connect]) };
    answer(catalog, arguments, (row, 2), known, |_, number, name| match number {
        Some(number) if [oid::DATABASE, oid::DATABASE_AS_POSTGRES].map(i64::from).contains(&number) => {
            Ok(Asked::Object(Object::Database))
        }
        Some(_) => Ok(Asked::Nothing),
        None if name == CATALOG || name == "postgres" => Ok(Asked::Object(Object::Database)),
        None => {
            let message = format!("database \"{name}\" does not exist");
            Err(Error::new(SqlState::InvalidCatalogName, message).into())
        }
    })
}

/// The relation of an id or a name.
fn relation(catalog: &Catalog, number: Option<i64>, name: &str) -> Result<Asked> {
    if let Some(number) = number {
        let Ok(id) = i32::try_from(number) else { return Ok(Asked::Nothing) };
        if let Some(stored) = stored_name(&catalog.snapshot, id)? {
            let object = Object::of_stored(&catalog.snapshot, &stored);
            return Ok(object.map_or(Asked::Nothing, Asked::Object));
        }
        let of_catalog = oid::system_table_name(id).map(str::to_string);
        let of_catalog = of_catalog
            .or_else(|| oid::is_of_information_schema(id).then(|| "information_schema".to_string()));
        return Ok(of_catalog.map_or(Asked::Nothing, Asked::Catalog));
    }
    let reference = TableReference::parse_str(name);
    let namespace = Namespace { snapshot: &catalog.snapshot, path: &catalog.settings.path };
    if let Some((found, kind)) = namespace.find_parts(reference.schema(), reference.table()) {
        return Ok(Asked::Object(Object::Relation(kind, found.stored())));
    }
    match id_of(catalog, name)? {
        Some(_) => Ok(Asked::Catalog(reference.table().to_string())),
        None => Err(Error::undefined_table(name).into()),
    }
}

/// Whether one of the privileges is given. `least` arguments are those without the role.
fn answer(
    catalog: &Catalog,
    arguments: &Arguments,
    (row, least): (usize, usize),
    known: Privileges,
    find: fn(&Catalog, Option<i64>, &str) -> Result<Asked>,
) -> Result<Option<bool>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    let place = arguments.count() - least;
    let subject = match place {
        0 => catalog.settings.subject(&catalog.snapshot)?.as_ref().clone(),
        _ => match role(catalog, arguments, 0, row)? {
            Some(role) => Subject::of_role(&role, &Role::all(&catalog.snapshot)?),
            None if arguments.any_text(0, row).is_some_and(|name| name == "public") => {
                Subject { role: None, superuser: false, roles: Vec::new(), member_of: Vec::new() }
            }
            None => catalog.settings.subject(&catalog.snapshot)?.as_ref().clone(),
        },
    };
    let words = arguments.any_text(arguments.count() - 1, row).unwrap_or_default();
    let wanted = wanted(&words, known)?;
    let name = arguments.any_text(place, row).unwrap_or_default();
    let object = match find(catalog, arguments.any_number(place, row), &name)? {
        Asked::Object(object) => object,
        Asked::Nothing => return Ok(None),
        // Everybody reads the catalogs, but for what is kept of passwords.
        Asked::Catalog(name) => {
            let reads = wanted.iter().any(|(privilege, option)| *privilege == Privilege::Select && !option);
            return Ok(Some(subject.superuser || (reads && name != "pg_authid")));
        }
    };
    let access = Access::of(&catalog.snapshot, &object)?;
    let (allowed, grantable) = (subject.allowed(&object, &access), subject.grantable(&object, &access));
    Ok(Some(wanted.iter().any(|(privilege, option)| match option {
        true => grantable.has(*privilege),
        false => allowed.has(*privilege),
    })))
}

/// The privileges that a text names, and whether it is asked for the right to give each on.
fn wanted(words: &str, known: Privileges) -> Result<Vec<(Privilege, bool)>> {
    let one = |word: &str| {
        let plain = word.to_ascii_uppercase();
        let (plain, option) = match plain.strip_suffix(" WITH GRANT OPTION") {
            Some(plain) => (plain.trim(), true),
            None => (plain.as_str(), false),
        };
        let found = Privilege::named(plain).filter(|privilege| known.has(*privilege));
        let message = format!("unrecognized privilege type: \"{word}\"");
        let found = found.ok_or_else(|| Error::new(SqlState::InvalidParameterValue, message))?;
        Ok((found, option))
    };
    words.split(',').map(str::trim).map(one).collect()
}

/// Whether a role is a member of another: superusers of all. USAGE asks for its rights, MEMBER for SET ROLE.
fn has_role(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    if !arguments.all_given(row) {
        return Ok(None);
    }
    let Some(wanted) = role(catalog, arguments, arguments.count() - 2, row)? else {
        // Nobody else is whoever has no role.
        return Ok(Some(arguments.count() == 2 || arguments.any_text(0, row) == arguments.any_text(1, row)));
    };
    let all = Role::all(&catalog.snapshot)?;
    let subject = match arguments.count() {
        3 => role(catalog, arguments, 0, row)?.map(|user| Subject::of_role(&user, &all)),
        _ => None,
    };
    let subject = match subject {
        Some(subject) => subject,
        None => catalog.settings.subject(&catalog.snapshot)?.as_ref().clone(),
    };
    let words = arguments.any_text(arguments.count() - 1, row).unwrap_or_default();
    let mut has = false;
    for word in words.split(',').map(str::trim) {
        has |= match word.to_ascii_uppercase().as_str() {
            "USAGE" => subject.has_rights_of(wanted.id),
            "MEMBER" => subject.is_member_of(wanted.id),
            "USAGE WITH GRANT OPTION"
            | "USAGE WITH ADMIN OPTION"
            | "MEMBER WITH GRANT OPTION"
            | "MEMBER WITH ADMIN OPTION" => is_admin(&subject, wanted.id, &all),
            _ => {
                let message = format!("unrecognized privilege type: \"{word}\"");
                return Err(Error::new(SqlState::InvalidParameterValue, message).into());
            }
        };
    }
    Ok(Some(has))
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
        && (name == "public" || name == catalog.settings.identity().name(&catalog.snapshot)?)
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
