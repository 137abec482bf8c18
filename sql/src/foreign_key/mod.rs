//! Foreign keys: what they are, and that no committed state has a row whose key is not there.
//!
//! - [`ForeignKey`]: one as its table keeps it, a property `foreign key.NAME`. The referenced table is marked by a
//!   property, so that statements on tables without foreign keys look no further than at two properties.
//! - [`new`]: from SQL to a definition; [`Reference`]: a definition with the places of its columns.
//! - [`enforce`]: what a statement's changes come to with the actions of foreign keys ([`cascade`]) carried out and all
//!   that is not deferred checked ([`check`]); [`commit`]: what has to hold when they are committed beside others'.
//! - [`users`]: what follows when a table, a column or a key is renamed or dropped.
//!
//! It is not storage's: storage checks the conditions that are worked out here, once more and in the order of commits.

mod cascade;
mod check;
mod commit;
mod deferral;
mod enforce;
pub(crate) mod new;
mod reference;
pub(crate) mod users;

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_storage::{Snapshot, TableDefinition};
use serde::{Deserialize, Serialize};

use crate::catalog::SearchPath;
use crate::catalog::relation::{plain, schema_of};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

pub(crate) use check::{check as check_now, check_rows};
pub(crate) use commit::{before_commit, touches};
pub(crate) use deferral::Deferral;
pub(crate) use enforce::{concerns, enforce};
pub(crate) use reference::Reference;

/// What the properties that are foreign keys begin with.
const PREFIX: &str = "foreign key.";
/// The property of a table that foreign keys refer to, or referred to once.
pub(crate) const REFERENCED: &str = "referenced";

/// A foreign key of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ForeignKey {
    #[serde(skip)]
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    /// The referenced table, as storage knows it.
    pub(crate) parent: String,
    /// The referenced columns, in the order of `columns`.
    pub(crate) referenced: Vec<String>,
    pub(crate) on_update: Action,
    pub(crate) on_delete: Action,
    /// MATCH FULL: all columns are null, or none.
    pub(crate) full: bool,
    pub(crate) deferrable: bool,
    pub(crate) deferred: bool,
}

/// What becomes of rows whose key goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Action {
    #[serde(rename = "NoAction")]
    Nothing,
    Restrict,
    Cascade,
    SetNull,
    SetDefault,
}

impl Action {
    /// As `pg_constraint` has it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Nothing => "a",
            Self::Restrict => "r",
            Self::Cascade => "c",
            Self::SetNull => "n",
            Self::SetDefault => "d",
        }
    }

    pub(crate) fn sql(self) -> &'static str {
        match self {
            Self::Nothing => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

impl ForeignKey {
    /// The property that keeps it.
    ///
    /// # Errors
    /// None: every foreign key can be written.
    pub(crate) fn property(&self) -> Result<(String, String)> {
        let value = serde_json::to_string(self).map_err(|error| Error::internal(error.to_string()))?;
        Ok((property(&self.name), value))
    }

    /// As CREATE TABLE writes it, and as PostgreSQL shows it: `quoted` writes names; `table` is the referenced one.
    pub(crate) fn sql(&self, quoted: impl Fn(&str) -> String, table: &str) -> String {
        let list = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", ");
        let mut sql =
            format!("FOREIGN KEY ({}) REFERENCES {table}({})", list(&self.columns), list(&self.referenced));
        if self.full {
            sql.push_str(" MATCH FULL");
        }
        for (event, action) in [("UPDATE", self.on_update), ("DELETE", self.on_delete)] {
            if action != Action::Nothing {
                sql.push_str(&format!(" ON {event} {}", action.sql()));
            }
        }
        if self.deferrable {
            sql.push_str(" DEFERRABLE");
        }
        if self.deferred {
            sql.push_str(" INITIALLY DEFERRED");
        }
        sql
    }

    /// The referenced table's name as it is shown where the search path is this one.
    pub(crate) fn parent_name(
        &self,
        snapshot: &Snapshot,
        path: &SearchPath,
        quoted: impl Fn(&str) -> String,
    ) -> String {
        let namespace = crate::catalog::Namespace { snapshot, path };
        let (schema, name) = (schema_of(&self.parent), plain(&self.parent));
        let visible = namespace.find_parts(None, name).is_some_and(|(found, _)| found.schema == schema);
        if visible { quoted(name) } else { format!("{}.{}", quoted(schema), quoted(name)) }
    }
}

/// The property that keeps the foreign key of that name.
pub(crate) fn property(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// Whether a table has foreign keys.
pub(crate) fn has_any(properties: &BTreeMap<String, String>) -> bool {
    let first = properties.range(PREFIX.to_string()..).next();
    first.is_some_and(|(key, _)| key.starts_with(PREFIX))
}

/// Whether foreign keys refer to a table, or did once.
pub(crate) fn is_referenced(properties: &BTreeMap<String, String>) -> bool {
    properties.contains_key(REFERENCED)
}

/// The foreign keys of a table by name.
///
/// # Errors
/// XX001 for one that is damaged.
pub(crate) fn all(properties: &BTreeMap<String, String>) -> Result<Vec<ForeignKey>> {
    let kept = properties.range(PREFIX.to_string()..);
    let kept = kept.map_while(|(key, value)| Some((key.strip_prefix(PREFIX)?, value)));
    kept.map(|(name, value)| {
        let mut key: ForeignKey = serde_json::from_str(value).map_err(|error| {
            Error::new(SqlState::DataCorrupted, format!("foreign key \"{name}\" cannot be read: {error}"))
        })?;
        key.name = name.to_string();
        Ok(key)
    })
    .collect()
}

/// The foreign keys of this name of the tables in a schema.
///
/// # Errors
/// XX001 for one that is damaged.
pub(crate) fn of_schema(snapshot: &Snapshot, schema: &str, name: &str) -> Result<Vec<(String, ForeignKey)>> {
    let mut found = Vec::new();
    for table in snapshot.tables().map(|table| table.definition()) {
        if schema_of(&table.name) == schema && table.properties.contains_key(&property(name)) {
            let named = all(&table.properties)?.into_iter().filter(|key| key.name == name);
            found.extend(named.map(|key| (table.name.clone(), key)));
        }
    }
    Ok(found)
}

/// The foreign keys that refer to a table, with the tables that they are of.
///
/// # Errors
/// XX001 for one that is damaged.
pub(crate) fn referring(
    snapshot: &Snapshot,
    parent: &str,
) -> Result<Vec<(Arc<TableDefinition>, ForeignKey)>> {
    let mut found = Vec::new();
    for table in snapshot.tables().filter(|table| has_any(&table.definition().properties)) {
        let definition = table.definition();
        let keys = all(&definition.properties)?.into_iter().filter(|key| key.parent == parent);
        found.extend(keys.map(|key| (definition.clone(), key)));
    }
    Ok(found)
}
