//! `COMMENT ON`: tables, views, sequences, indexes, columns, constraints, schemas.

use datafusion::sql::sqlparser::ast::{CommentObject, ObjectName, ObjectNamePart};
use muster_storage::Changes;

use super::define::Defined;
use super::name;
use crate::catalog::comment::{Commented, EXTENSION, set};
use crate::catalog::{Namespace, RelationKind, View};
use crate::sqlstate::SqlState;
use crate::{Error, Result, check_constraint as check, foreign_key};

/// # Errors
/// 42P01, 42703, 42704 and 3F000 for what is not there, 42809 for an object of another kind, 0A000 for other kinds.
pub(super) fn define(
    namespace: Namespace<'_>,
    kind: &CommentObject,
    written: &ObjectName,
    text: Option<&str>,
) -> Result<Defined> {
    // PostgreSQL takes the empty text for none.
    let text = text.filter(|text| !text.is_empty());
    let relation = |kind| -> Result<String> {
        let found = namespace.find_kind(written, kind, false)?;
        Ok(found.map(|found| found.stored()).unwrap_or_default())
    };
    let changes = Changes::new();
    let changes = match kind {
        CommentObject::Table => set(changes, Commented::Relation(&relation(RelationKind::Table)?), text),
        CommentObject::View => set(changes, Commented::Relation(&relation(RelationKind::View)?), text),
        CommentObject::Sequence => {
            set(changes, Commented::Relation(&relation(RelationKind::Sequence)?), text)
        }
        CommentObject::Index => set(changes, Commented::Relation(&relation(RelationKind::Index)?), text),
        // It has the one comment, which pg_dump writes.
        CommentObject::Extension if text == Some(EXTENSION) && written.to_string() == "vector" => changes,
        CommentObject::Schema => {
            let (_, schema) = name::parts(written)?;
            if !namespace.has_schema(&schema) {
                return Err(Error::new(
                    SqlState::InvalidSchemaName,
                    format!("schema \"{schema}\" does not exist"),
                ));
            }
            set(changes, Commented::Schema(&schema), text)
        }
        CommentObject::Column => match written.0.as_slice() {
            [ObjectNamePart::Function(_), table @ .., constraint] => {
                let table = ObjectName(table.to_vec());
                let (table, _) = relation_of(namespace, &table)?;
                let constraint = constraint.as_ident().map(name::ident).unwrap_or_default();
                let known = namespace.snapshot.table(&table).is_some_and(|known| {
                    let known = known.definition();
                    known.key(&constraint).is_some()
                        || known.properties.contains_key(&check::property(&constraint))
                        || known.properties.contains_key(&foreign_key::property(&constraint))
                });
                if !known {
                    let plain = crate::catalog::relation::plain(&table);
                    return Err(Error::new(
                        SqlState::UndefinedObject,
                        format!("constraint \"{constraint}\" for table \"{plain}\" does not exist"),
                    ));
                }
                set(changes, Commented::Constraint(&table, &constraint), text)
            }
            [table @ .., column] if !table.is_empty() => {
                let (relation, columns) = relation_of(namespace, &ObjectName(table.to_vec()))?;
                let column = column.as_ident().map(name::ident).unwrap_or_default();
                if columns.index_of(&column).is_err() {
                    return Err(Error::undefined_column(&column, &relation));
                }
                set(changes, Commented::Column(&relation, &column), text)
            }
            _ => return Err(Error::new(SqlState::SyntaxError, "column name must be qualified")),
        },
        other => return Err(Error::unsupported(format!("COMMENT ON {other}"))),
    };
    Ok(Defined::new(changes, "COMMENT"))
}

/// A table or view, with its columns.
fn relation_of(
    namespace: Namespace<'_>,
    written: &ObjectName,
) -> Result<(String, arrow::datatypes::SchemaRef)> {
    let stored = match namespace.find(written)? {
        Some((found, RelationKind::Table | RelationKind::View)) => found.stored(),
        Some((found, _)) => {
            return Err(Error::new(
                SqlState::WrongObjectType,
                format!("\"{}\" is not a table or view", found.name),
            ));
        }
        None => return Err(Error::undefined_table(written)),
    };
    if let Some(table) = namespace.snapshot.table(&stored) {
        let columns = table.definition().schema.clone();
        return Ok((stored, columns));
    }
    match View::find(namespace.snapshot, &stored)? {
        Some(view) => Ok((stored, view.columns)),
        None => Err(Error::undefined_table(&stored)),
    }
}
