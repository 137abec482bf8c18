//! What is there under which name: schemas, and the relations in them, which share their names with each other.
//!
//! It reads a snapshot along a search path and changes nothing.

use datafusion::sql::sqlparser::ast::ObjectName;
use muster_storage::Snapshot;

use super::relation::schema_of;
use super::search_path::SearchPath;
use super::{RelationName, SCHEMA};
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

/// The kinds of objects that storage keeps for this crate.
pub(crate) const SCHEMA_KIND: &str = "schema";
pub(crate) const SEQUENCE_KIND: &str = "sequence";
pub(crate) const VIEW_KIND: &str = "view";

/// The schemas that hold no tables of anybody's.
const SYSTEM: &[&str] = &["pg_catalog", "information_schema"];

/// What a relation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelationKind {
    Table,
    View,
    Sequence,
    /// An index or the index of a key.
    Index,
}

impl RelationKind {
    /// As errors name it.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::View => "view",
            Self::Sequence => "sequence",
            Self::Index => "index",
        }
    }
}

/// See the module.
#[derive(Clone, Copy)]
pub(crate) struct Namespace<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) path: &'a SearchPath,
}

impl Namespace<'_> {
    /// Whether there is a schema of that name.
    pub(crate) fn has_schema(&self, schema: &str) -> bool {
        schema == SCHEMA
            || schema == self.path.temporary()
            || SYSTEM.contains(&schema)
            || self.snapshot.object(SCHEMA_KIND, schema).is_some()
    }

    /// What is there under a name.
    pub(crate) fn kind(&self, name: &RelationName) -> Option<RelationKind> {
        kind(self.snapshot, &name.stored())
    }

    /// The relation that a statement means, with what it is; `None` when there is none.
    ///
    /// # Errors
    /// What is no name.
    pub(crate) fn find(&self, name: &ObjectName) -> Result<Option<(RelationName, RelationKind)>> {
        let (schema, name) = name::parts(name)?;
        Ok(self.find_parts(schema.as_deref(), &name))
    }

    /// As [`Namespace::find`], by the parts of a name.
    pub(crate) fn find_parts(
        &self,
        schema: Option<&str>,
        name: &str,
    ) -> Option<(RelationName, RelationKind)> {
        let of = |schema: &str| {
            let name = RelationName::new(schema, name);
            self.kind(&name).map(|kind| (name, kind))
        };
        match schema {
            Some(schema) => of(self.path.schema(schema)),
            None => self.path.schemas().find_map(of),
        }
    }

    /// The relation of a kind that a statement means; `None` when there is none and the statement allows it.
    ///
    /// # Errors
    /// 42P01 when there is none, 42809 when it is of another kind.
    pub(crate) fn find_kind(
        &self,
        name: &ObjectName,
        wanted: RelationKind,
        if_exists: bool,
    ) -> Result<Option<RelationName>> {
        match self.find(name)? {
            Some((found, kind)) if kind == wanted => Ok(Some(found)),
            Some((found, _)) => {
                let article = if wanted == RelationKind::Index { "an" } else { "a" };
                Err(Error::new(
                    SqlState::WrongObjectType,
                    format!("\"{}\" is not {article} {}", found.name, wanted.noun()),
                ))
            }
            None if if_exists => Ok(None),
            None => Err(self.missing(name, Some(wanted))?),
        }
    }

    /// The error for a relation, of a kind where one is wanted, that is not there: its schema is told first.
    ///
    /// # Errors
    /// What is no name.
    pub(crate) fn missing(&self, name: &ObjectName, wanted: Option<RelationKind>) -> Result<Error> {
        let (schema, name) = name::parts(name)?;
        if let Some(schema) = &schema
            && !self.has_schema(self.path.schema(schema))
        {
            return Ok(missing_schema(schema));
        }
        let name = match schema {
            Some(schema) => format!("{schema}.{name}"),
            None => name,
        };
        let (state, noun) = match wanted {
            Some(RelationKind::Index) => (SqlState::UndefinedObject, "index"),
            Some(kind @ (RelationKind::Table | RelationKind::View)) => {
                (SqlState::UndefinedTable, kind.noun())
            }
            Some(RelationKind::Sequence) | None => (SqlState::UndefinedTable, "relation"),
        };
        Ok(Error::new(state, format!("{noun} \"{name}\" does not exist")))
    }

    /// The name of a relation that is to be made.
    ///
    /// # Errors
    /// 3F000 for a schema that is not there, 42501 for one of the system's, 42P16 for a temporary relation in another
    /// schema than its own.
    pub(crate) fn new_name(&self, name: &ObjectName, temporary: bool) -> Result<RelationName> {
        let (schema, name) = name::parts(name)?;
        let schema = match schema.as_deref().map(|schema| self.path.schema(schema)) {
            Some(schema) => schema,
            None if temporary => self.path.temporary(),
            None => self.path.written().find(|schema| self.has_schema(schema)).ok_or_else(|| {
                Error::new(SqlState::InvalidSchemaName, "no schema has been selected to create in")
            })?,
        };
        if SYSTEM.contains(&schema) {
            return Err(Error::new(
                SqlState::InsufficientPrivilege,
                format!("permission denied for schema {schema}"),
            ));
        }
        if temporary && schema != self.path.temporary() {
            return Err(Error::new(
                SqlState::InvalidTableDefinition,
                "cannot create temporary relation in non-temporary schema",
            ));
        }
        if !self.has_schema(schema) {
            return Err(missing_schema(schema));
        }
        Ok(RelationName::new(schema, name))
    }

    /// # Errors
    /// 42P07 when the name is taken by a relation of any kind.
    pub(crate) fn check_free(&self, name: &RelationName) -> Result<()> {
        match self.kind(name) {
            None => Ok(()),
            Some(_) => Err(Error::new(
                SqlState::DuplicateTable,
                format!("relation \"{}\" already exists", name.name),
            )),
        }
    }

    /// A name like the wanted one that no relation of the schema has.
    pub(crate) fn free(&self, schema: &str, wanted: &str) -> RelationName {
        let mut name = RelationName::new(schema, wanted);
        let mut number = 0_u32;
        while self.kind(&name).is_some() {
            number += 1;
            name.name = format!("{wanted}{number}");
        }
        name
    }
}

/// What storage has under a relation's string.
pub(crate) fn kind(snapshot: &Snapshot, stored: &str) -> Option<RelationKind> {
    if snapshot.table(stored).is_some() {
        return Some(RelationKind::Table);
    }
    if snapshot.object(VIEW_KIND, stored).is_some() {
        return Some(RelationKind::View);
    }
    if snapshot.object(SEQUENCE_KIND, stored).is_some() {
        return Some(RelationKind::Sequence);
    }
    let name = super::relation::plain(stored);
    let schema = schema_of(stored);
    let is_index = snapshot.tables().any(|table| {
        let table = table.definition();
        schema_of(&table.name) == schema && (table.index(stored).is_some() || table.key(name).is_some())
    });
    is_index.then_some(RelationKind::Index)
}

fn missing_schema(schema: &str) -> Error {
    Error::new(SqlState::InvalidSchemaName, format!("schema \"{schema}\" does not exist"))
}
