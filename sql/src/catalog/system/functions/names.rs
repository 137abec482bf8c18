//! What stands in the search path, and names of object ids.

use datafusion::error::Result;

use super::super::oid;
use super::Argument::Number;
use super::{Answer, Arguments, Catalog, Entry};

/// From an id in `pg_class` to a name, as a value of type `regclass` prints.
pub(in super::super) const RELATION_NAME: &str = "muster_relation_name";
/// From an id in `pg_namespace` to a name, as a value of type `regnamespace` prints.
pub(in super::super) const NAMESPACE_NAME: &str = "muster_namespace_name";

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("pg_table_is_visible", &[&[Number]], Answer::Flag(table_is_visible)),
    ("pg_function_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_type_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_opclass_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_operator_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_collation_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_encoding_to_char", &[&[Number]], Answer::Text(encoding)),
    (RELATION_NAME, &[&[Number]], Answer::Text(relation)),
    (NAMESPACE_NAME, &[&[Number]], Answer::Text(namespace)),
];

/// The search path is `pg_catalog` and `public`.
fn table_is_visible(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    Ok(arguments.oid(0, row).map(|oid| !oid::is_of_information_schema(oid)))
}

/// All types, functions and operators are in the search path.
fn is_given(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    Ok(arguments.number(0, row).map(|_| true))
}

fn encoding(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    // The only one that there is; PostgreSQL gives an empty text for a number that is none.
    Ok(arguments.number(0, row).map(|code| if code == 6 { "UTF8" } else { "" }.to_string()))
}

fn relation(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    use super::super::definition::{Indexed, find};
    use super::super::library::quoted;
    let Some(wanted) = arguments.number(0, row) else { return Ok(None) };
    let Ok(wanted_oid) = i32::try_from(wanted) else { return Ok(Some(wanted.to_string())) };
    let table = catalog.snapshot.tables().find(|table| oid::table(table.definition().id) == wanted_oid);
    let name = match (table, find(&catalog.snapshot, wanted_oid)) {
        (Some(table), _) => quoted(&table.definition().name)?,
        (None, Some(Indexed::Key(_, key))) => quoted(&key.name)?,
        (None, Some(Indexed::Vector(_, index))) => quoted(&index.name)?,
        (None, None) => match oid::system_table_name(wanted_oid) {
            Some(name) => name.to_string(),
            None if wanted == 0 => "-".to_string(),
            None => wanted.to_string(),
        },
    };
    Ok(Some(name))
}

fn namespace(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.number(0, row).map(|wanted| {
        let name = oid::SCHEMAS.iter().find(|(_, oid)| i64::from(*oid) == wanted);
        name.map_or_else(|| wanted.to_string(), |(name, _)| (*name).to_string())
    }))
}
