//! `has_table_privilege(...)` and its kin: who is connected owns everything, and so has every privilege on whatever there
//! is. A NULL argument gives NULL.

use datafusion::error::Result;

use super::super::oid;
use super::super::tables::OWNER_NAME;
use super::Argument::{Any, Number, Text};
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
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
    ("has_table_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_tablespace_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("has_type_privilege", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
    ("acldefault", &[&[Text, Number]], Answer::Texts(defaults)),
    ("pg_has_role", &[&[Any; 2], &[Any; 3]], Answer::Flag(all_given)),
];

fn all_given(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    Ok(arguments.all_given(row).then_some(true))
}

/// The privileges that an object has on which nobody has granted any: what everybody may do, and its owner.
fn defaults(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<Vec<String>>> {
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
    let name = if owner == i64::from(oid::OWNER) { OWNER_NAME.to_string() } else { owner.to_string() };
    let mut entries = Vec::new();
    if !everybody.is_empty() {
        entries.push(format!("={everybody}/{name}"));
    }
    if !owners.is_empty() {
        entries.push(format!("{name}={owners}/{name}"));
    }
    Ok(Some(entries))
}
