//! What stands in the search path, and names of object ids.

use datafusion::error::Result;
use muster_storage::Snapshot;

use super::super::oid;
use super::Argument::Number;
use super::{Answer, Arguments, Catalog, Entry};
use crate::catalog::relation::{schema_of, stored};
use crate::catalog::{Namespace, RelationName, Sequence, View};

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

/// Whether the search path finds it by its name alone.
fn table_is_visible(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    let Some(oid) = arguments.oid(0, row) else { return Ok(None) };
    let namespace = Namespace { snapshot: &catalog.snapshot, path: &catalog.path };
    let Some(stored) = stored_name(&catalog.snapshot, oid)? else {
        return Ok(Some(!oid::is_of_information_schema(oid)));
    };
    let name = RelationName::of_stored(&stored);
    let found = namespace.find_parts(None, &name.name);
    Ok(Some(found.is_some_and(|(found, _)| found == name)))
}

/// What storage knows a relation of this id by.
pub(super) fn stored_name(snapshot: &Snapshot, wanted: i32) -> Result<Option<String>> {
    use super::super::definition::{Indexed, find};
    if let Some(table) = snapshot.tables().find(|table| oid::table(table.definition().id) == wanted) {
        return Ok(Some(table.definition().name.clone()));
    }
    if let Some((name, _)) = View::all(snapshot)?.into_iter().find(|(_, view)| oid::object(view.id) == wanted)
    {
        return Ok(Some(name));
    }
    let mut sequences = Sequence::all(snapshot)?.into_iter();
    if let Some((name, _)) = sequences.find(|(_, sequence)| oid::object(sequence.id) == wanted) {
        return Ok(Some(name));
    }
    Ok(find(snapshot, wanted).map(|found| match found {
        Indexed::Key(table, key) => stored(schema_of(&table.name), &key.name),
        Indexed::Vector(_, index) => index.name.clone(),
    }))
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
    use super::super::library::quoted;
    let Some(wanted) = arguments.number(0, row) else { return Ok(None) };
    let Ok(wanted_oid) = i32::try_from(wanted) else { return Ok(Some(wanted.to_string())) };
    let name = match stored_name(&catalog.snapshot, wanted_oid)? {
        Some(found) => {
            let name = RelationName::of_stored(&found);
            let namespace = Namespace { snapshot: &catalog.snapshot, path: &catalog.path };
            let seen = namespace.find_parts(None, &name.name).is_some_and(|(seen, _)| seen == name);
            // What the search path does not find is written with its schema.
            let schema = if seen { String::new() } else { format!("{}.", quoted(&name.schema)?) };
            format!("{schema}{}", quoted(&name.name)?)
        }
        None => match oid::system_table_name(wanted_oid) {
            Some(name) => name.to_string(),
            None if wanted == 0 => "-".to_string(),
            None => wanted.to_string(),
        },
    };
    Ok(Some(name))
}

fn namespace(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.number(0, row).map(|wanted| {
        let mut schemas = oid::schemas(&catalog.snapshot).into_iter();
        let found = schemas.find(|(_, oid)| i64::from(*oid) == wanted);
        found.map_or_else(|| wanted.to_string(), |(name, _)| name)
    }))
}
