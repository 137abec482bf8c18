//! What privileges are granted on: tables, views and sequences, schemas, the database.

use datafusion::sql::sqlparser::ast::ObjectName;
use muster_storage::{Snapshot, TableDefinition};

use super::{Acl, Entry, PUBLIC, Privilege, Privileges};
use crate::catalog::relation::{SEPARATOR, plain, schema_of};
use crate::catalog::{CATALOG, Namespace, RelationKind, SCHEMA, Sequence, View};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// See the module. Relations by the strings that storage knows them by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    Relation(RelationKind, String),
    Schema(String),
    Database,
}

/// The schemas that came with the database; everybody may look into them.
const OPEN: [&str; 3] = [SCHEMA, "pg_catalog", "information_schema"];

impl Object {
    /// The relation that storage knows by this string, if there is one.
    pub(crate) fn of_stored(snapshot: &Snapshot, stored: &str) -> Option<Self> {
        crate::catalog::namespace::kind(snapshot, stored).map(|kind| Self::Relation(kind, stored.to_string()))
    }

    /// The relation that a statement means.
    ///
    /// # Errors
    /// 42P01 where there is none.
    pub(crate) fn relation(namespace: Namespace<'_>, name: &ObjectName) -> Result<Self> {
        match namespace.find(name)? {
            Some((found, kind)) => Ok(Self::Relation(kind, found.stored())),
            None => Err(namespace.missing(name, None)?),
        }
    }

    /// The schema of that name.
    ///
    /// # Errors
    /// 3F000 where there is none.
    pub(crate) fn schema(namespace: Namespace<'_>, name: &str) -> Result<Self> {
        if namespace.has_schema(name) {
            return Ok(Self::Schema(name.to_string()));
        }
        Err(Error::new(SqlState::InvalidSchemaName, format!("schema \"{name}\" does not exist")))
    }

    /// What storage knows its owner and grants by.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Relation(_, stored) => format!("relation{SEPARATOR}{stored}"),
            Self::Schema(name) => format!("schema{SEPARATOR}{name}"),
            Self::Database => "database".to_string(),
        }
    }

    /// The object of that key, if it is there.
    pub(super) fn of_key(snapshot: &Snapshot, key: &str) -> Option<Self> {
        match key.split_once(SEPARATOR) {
            Some(("relation", stored)) => Self::of_stored(snapshot, stored),
            Some(("schema", name)) => Some(Self::Schema(name.to_string())),
            _ => (key == "database").then_some(Self::Database),
        }
    }

    /// As errors call it: `table t`.
    pub(crate) fn shown(&self) -> String {
        format!("{} {}", self.noun(), self.name())
    }

    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Relation(kind, _) => kind.noun(),
            Self::Schema(_) => "schema",
            Self::Database => "database",
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Relation(_, stored) => plain(stored),
            Self::Schema(name) => name,
            Self::Database => CATALOG,
        }
    }

    /// The number of a relation, which no other of its kind ever has; `None` where there is none of its name.
    ///
    /// # Errors
    /// XX001 when what is stored is damaged.
    pub(super) fn number(&self, snapshot: &Snapshot) -> Result<Option<u64>> {
        let Self::Relation(kind, stored) = self else { return Ok(None) };
        Ok(match kind {
            RelationKind::Table => snapshot.table(stored).map(|table| table.definition().id.0),
            RelationKind::View => View::find(snapshot, stored)?.map(|view| view.id),
            RelationKind::Sequence => Sequence::find(snapshot, stored)?.map(|sequence| sequence.id),
            RelationKind::Index => table_of_index(snapshot, stored).map(|table| table.id.0),
        })
    }

    /// The schema that it is in, of a relation.
    pub(crate) fn schema_name(&self) -> Option<&str> {
        match self {
            Self::Relation(_, stored) => Some(schema_of(stored)),
            Self::Schema(_) | Self::Database => None,
        }
    }

    /// All privileges that there are on it.
    pub(crate) fn privileges(&self) -> Privileges {
        use Privilege::{
            Connect, Create, Delete, Insert, References, Select, Temporary, Trigger, Truncate, Update, Usage,
        };
        match self {
            Self::Relation(RelationKind::Table | RelationKind::View, _) => {
                const { Privileges::of(&[Insert, Select, Update, Delete, Truncate, References, Trigger]) }
            }
            Self::Relation(RelationKind::Sequence, _) => const { Privileges::of(&[Select, Update, Usage]) },
            Self::Relation(RelationKind::Index, _) => Privileges::NONE,
            Self::Schema(_) => const { Privileges::of(&[Usage, Create]) },
            Self::Database => const { Privileges::of(&[Create, Temporary, Connect]) },
        }
    }

    /// The grants on it while nobody has granted or revoked anything.
    pub(super) fn default_acl(&self, owner: u64) -> Acl {
        let everybody = match self {
            Self::Database => const { Privileges::of(&[Privilege::Temporary, Privilege::Connect]) },
            Self::Schema(name) if OPEN.contains(&name.as_str()) => {
                const { Privileges::of(&[Privilege::Usage]) }
            }
            _ => Privileges::NONE,
        };
        let entry =
            |grantee, privileges| Entry { grantee, grantor: owner, privileges, options: Privileges::NONE };
        let (all, own) = (entry(PUBLIC, everybody), entry(Some(owner), self.privileges()));
        // In the order that PostgreSQL has them in.
        let entries = if matches!(self, Self::Schema(_)) { [own, all] } else { [all, own] };
        Acl::new(entries.into_iter().filter(|entry| !entry.privileges.is_empty()).collect())
    }

    /// Whether its grants are shown though nobody has granted anything: PostgreSQL begins with those of the schemas.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Schema(name) if OPEN.contains(&name.as_str()))
    }
}

/// The table that an index belongs to.
pub(crate) fn table_of_index<'a>(snapshot: &'a Snapshot, stored: &str) -> Option<&'a TableDefinition> {
    let schema = schema_of(stored);
    let mut tables = snapshot.tables().map(|table| table.definition().as_ref());
    tables.find(|table| {
        let is_key = || schema_of(&table.name) == schema && table.key(plain(stored)).is_some();
        table.index(stored).is_some() || is_key()
    })
}
