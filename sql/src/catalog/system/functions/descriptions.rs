//! Comments and definitions of views. There are no triggers, rules, statistics objects and
//! partitions: the answers are NULL, which is how PostgreSQL says that it does not know.

use datafusion::common::TableReference;
use datafusion::error::Result;

use super::super::tables::OWNER_NAME;
use super::super::{comments, library, oid};
use super::Argument::{Flag, Number, Text};
use super::{Answer, Arguments, Catalog, Entry};
use crate::Error;
use crate::catalog::{Namespace, RelationKind, RelationName, Sequence, View};

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("col_description", &[&[Number, Number]], Answer::Text(column_comment)),
    ("obj_description", &[&[Number], &[Number, Text]], Answer::Text(comment_on)),
    ("shobj_description", &[&[Number, Text]], Answer::Text(no_text)),
    ("pg_get_viewdef", &[&[Number], &[Number, Flag]], Answer::Text(view)),
    ("pg_get_ruledef", &[&[Number], &[Number, Flag]], Answer::Text(no_text)),
    ("pg_get_partition_constraintdef", &[&[Number]], Answer::Text(no_text)),
    ("pg_get_statisticsobjdef", &[&[Number]], Answer::Text(no_text)),
    ("pg_get_statisticsobjdef_columns", &[&[Number]], Answer::Text(no_text)),
    ("pg_get_statisticsobjdef_expressions", &[&[Number]], Answer::Texts(no_texts)),
    ("pg_get_triggerdef", &[&[Number], &[Number, Flag]], Answer::Text(no_text)),
    ("pg_get_partkeydef", &[&[Number]], Answer::Text(no_text)),
    ("pg_get_serial_sequence", &[&[Text, Text]], Answer::Text(serial_sequence)),
    ("pg_relation_is_publishable", &[&[Number]], Answer::Flag(is_publishable)),
    ("pg_get_userbyid", &[&[Number]], Answer::Text(role)),
    ("pg_tablespace_location", &[&[Number]], Answer::Text(no_text)),
    ("pg_describe_object", &[&[Number, Number, Number]], Answer::Text(no_text)),
];

fn no_text(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(None)
}

/// The comment on an object, by its id in any catalog: ids of different catalogs never meet.
fn comment_on(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(wanted) = arguments.oid(0, row) else { return Ok(None) };
    let mut comments = comments::all(&catalog.snapshot)?.into_iter();
    // A key and its index have one id and may both have a comment: the catalog that is named tells them apart.
    let constraint = arguments.text(1, row).map(|class| class == "pg_constraint");
    let found = comments.find(|comment| {
        comment.object == wanted
            && comment.column == 0
            && constraint.is_none_or(|constraint| constraint == comment.constraint)
    });
    Ok(found.map(|comment| comment.text))
}

fn column_comment(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let (Some(relation), Some(column)) = (arguments.oid(0, row), arguments.number(1, row)) else {
        return Ok(None);
    };
    let mut comments = comments::all(&catalog.snapshot)?.into_iter();
    let found = comments
        .find(|comment| comment.object == relation && column != 0 && i64::from(comment.column) == column);
    Ok(found.map(|comment| comment.text))
}

fn view(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(wanted) = arguments.oid(0, row) else { return Ok(None) };
    let views = View::all(&catalog.snapshot)?;
    let found = views.into_iter().find(|(_, view)| oid::object(view.id) == wanted);
    Ok(found.map(|(_, view)| view.shown()))
}

/// The sequence of a table's column, with its schema.
fn serial_sequence(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let (Some(table), Some(column)) = (arguments.text(0, row), arguments.text(1, row)) else {
        return Ok(None);
    };
    let reference = TableReference::parse_str(table);
    let namespace = Namespace { snapshot: &catalog.snapshot, path: &catalog.settings.path };
    let found = namespace.find_parts(reference.schema(), reference.table());
    let Some((name, RelationKind::Table)) = found else { return Err(Error::undefined_table(table).into()) };
    let stored = name.stored();
    let known = catalog.snapshot.table(&stored);
    if known.is_none_or(|known| known.definition().schema.index_of(column).is_err()) {
        return Err(Error::undefined_column(column, &stored).into());
    }
    match Sequence::owned(&catalog.snapshot, &stored, Some(column))?.first() {
        Some((sequence, _)) => {
            let name = RelationName::of_stored(sequence);
            Ok(Some(format!("{}.{}", library::quoted(&name.schema)?, library::quoted(&name.name)?)))
        }
        None => Ok(None),
    }
}

fn no_texts(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<Vec<String>>> {
    Ok(None)
}

/// A table of a user's could be published, if there were publications.
fn is_publishable(catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<bool>> {
    let Some(wanted) = arguments.oid(0, row) else { return Ok(None) };
    Ok(Some(catalog.snapshot.tables().any(|table| oid::table(table.definition().id) == wanted)))
}

fn role(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(wanted) = arguments.number(0, row) else { return Ok(None) };
    Ok(Some(match wanted == i64::from(oid::OWNER) {
        true => OWNER_NAME.to_string(),
        false => format!("unknown (OID={wanted})"),
    }))
}
