//! What stands in the search path, and names of object ids.

use datafusion::common::TableReference;
use datafusion::error::Result;
use muster_storage::Snapshot;

use super::super::oid;
use super::Argument::{Flag, Number, Text};
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::catalog::relation::{schema_of, stored};
use crate::catalog::{Namespace, RelationName, Sequence, View};

/// From an id in `pg_class` to a name, as a value of type `regclass` prints.
pub(in super::super) const RELATION_NAME: &str = "muster_relation_name";
/// From a name to an id in `pg_class`, as a text is read as a `regclass`.
pub(in super::super) const RELATION_ID: &str = "muster_relation_id";
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
    ("pg_conversion_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_opfamily_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_statistics_obj_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_ts_config_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_ts_dict_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_ts_parser_is_visible", &[&[Number]], Answer::Flag(is_given)),
    ("pg_ts_template_is_visible", &[&[Number]], Answer::Flag(is_given)),
    (RELATION_NAME, &[&[Number]], Answer::Text(relation)),
    (NAMESPACE_NAME, &[&[Number]], Answer::Text(namespace)),
    (RELATION_ID, &[&[Text]], Answer::Number(relation_id)),
    ("to_regclass", &[&[Text]], Answer::Number(maybe_relation_id)),
    ("current_schema", &[&[]], Answer::Text(current_schema)),
    ("current_schemas", &[&[Flag]], Answer::Texts(current_schemas)),
];

/// Whether the search path finds it by its name alone.
fn table_is_visible(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    let Some(oid) = arguments.oid(0, row) else { return Ok(None) };
    let namespace = Namespace { snapshot: &catalog.snapshot, path: &catalog.settings.path };
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
        Indexed::Index(_, index) => index.name.clone(),
    }))
}

/// All types, functions and operators are in the search path.
fn is_given(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    Ok(arguments.number(0, row).map(|_| true))
}

fn relation(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    use super::super::library::quoted;
    let Some(wanted) = arguments.number(0, row) else { return Ok(None) };
    let Ok(wanted_oid) = i32::try_from(wanted) else { return Ok(Some(wanted.to_string())) };
    let name = match stored_name(&catalog.snapshot, wanted_oid)? {
        Some(found) => {
            let name = RelationName::of_stored(&found);
            let namespace = Namespace { snapshot: &catalog.snapshot, path: &catalog.settings.path };
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

/// The id of the relation of this name; `None` where there is none.
pub(super) fn id_of(catalog: &Catalog, text: &str) -> Result<Option<i64>> {
    let reference = TableReference::parse_str(text);
    let (snapshot, name) = (&catalog.snapshot, reference.table());
    let namespace = Namespace { snapshot, path: &catalog.settings.path };
    let schema = reference.schema();
    let Some((found, _)) = namespace.find_parts(schema, name) else {
        let system = schema.is_none_or(|schema| schema == "pg_catalog").then(|| oid::system_table(name));
        return Ok(system.flatten().map(i64::from));
    };
    let stored = found.stored();
    if let Some(table) = snapshot.table(&stored) {
        return Ok(Some(oid::table(table.definition().id).into()));
    }
    if let Some(view) = View::find(snapshot, &stored)? {
        return Ok(Some(oid::object(view.id).into()));
    }
    if let Some(sequence) = Sequence::find(snapshot, &stored)? {
        return Ok(Some(oid::object(sequence.id).into()));
    }
    for table in snapshot.tables().map(|table| table.definition()) {
        if let Some(index) = table.index(&stored) {
            return Ok(Some(oid::index(index.id).into()));
        }
        let place = table.keys.iter().position(|key| key.name == found.name);
        if let Some(place) = place.filter(|_| schema_of(&table.name) == found.schema) {
            return Ok(Some(oid::key(table.id, place).into()));
        }
    }
    Ok(None)
}

fn maybe_relation_id(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    arguments.text(0, row).map_or(Ok(None), |text| id_of(catalog, text))
}

/// A text of digits is the id itself, as in PostgreSQL.
fn relation_id(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<i64>> {
    let Some(text) = arguments.text(0, row) else { return Ok(None) };
    if let Ok(id) = text.parse::<u32>() {
        return Ok(Some(id.into()));
    }
    match id_of(catalog, text)? {
        Some(id) => Ok(Some(id)),
        None => Err(Error::undefined_table(text).into()),
    }
}

/// The schema that is created in.
fn current_schema(catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(seen(catalog).into_iter().next())
}

/// The schemas of the search path that are there; with true, those too that are always looked through.
fn current_schemas(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<Vec<String>>> {
    let Some(implicit) = arguments.flag(0, row) else { return Ok(None) };
    let mut schemas = seen(catalog);
    if implicit && !schemas.iter().any(|schema| schema == "pg_catalog") {
        schemas.insert(0, "pg_catalog".to_string());
    }
    Ok(Some(schemas))
}

fn seen(catalog: &Catalog) -> Vec<String> {
    let namespace = Namespace { snapshot: &catalog.snapshot, path: &catalog.settings.path };
    let written = catalog.settings.path.written().filter(|schema| namespace.has_schema(schema));
    written.map(str::to_string).collect()
}

fn namespace(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.number(0, row).map(|wanted| {
        let mut schemas = oid::schemas(&catalog.snapshot).into_iter();
        let found = schemas.find(|(_, oid)| i64::from(*oid) == wanted);
        found.map_or_else(|| wanted.to_string(), |(name, _)| name)
    }))
}
