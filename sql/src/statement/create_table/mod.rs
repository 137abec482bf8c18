//! `CREATE TABLE`: columns with types, defaults and generation, keys, CHECK constraints.
//!
//! - [`Builder`]: the definition while it is put together, column by column, constraint by constraint.
//! - [`expressions`]: defaults, generated columns and CHECKs, planned once so that a wrong one is refused.
//! - [`foreign_keys`]: foreign keys, looked up in the tables that they refer to.
//! - [`as_query`]: `CREATE TABLE AS`.
//! - [`like`]: `CREATE TABLE (LIKE ...)`.

pub(super) mod as_query;
mod builder;
pub(super) mod expressions;
mod foreign_keys;
mod keys;
mod like;
pub(super) mod options;
pub(super) mod sequences;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::CreateTable;
use muster_storage::{Changes, KeyConstraint, Snapshot, TableDefinition};

use super::{name, on_commit};
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::search_path::TEMPORARY;
use crate::catalog::{Sequence, object};
use crate::check_constraint::Check;
use crate::database::Shared;
use crate::foreign_key::{self, ForeignKey, users};
use crate::notice::Notice;
use crate::{Error, Result, check_constraint as check};

pub(super) use builder::Builder;

/// A table as it is to be made.
pub(crate) struct NewTable {
    /// As storage knows it.
    pub(crate) name: String,
    pub(crate) schema: SchemaRef,
    pub(crate) keys: Vec<KeyConstraint>,
    pub(crate) checks: Vec<Check>,
    pub(crate) foreign: Vec<ForeignKey>,
    pub(crate) temporary: bool,
    /// The property that says what the end of a transaction does to it.
    on_commit: Option<(String, String)>,
    /// The sequences of its serial and identity columns, by the names that storage knows them by.
    sequences: Vec<(String, Sequence)>,
}

impl NewTable {
    /// # Errors
    /// 0A000 for what is not there, by its name; 42701, 42P16, 42804 and others for what is wrong.
    pub(crate) fn of(shared: &Shared, snapshot: &Snapshot, create: &CreateTable) -> Result<Self> {
        refuse(create)?;
        options::check(&create.table_options)?;
        let mut table = Builder::new(name::table(&create.name)?);
        if let Some(like) = &create.like {
            table.copy(like::columns(snapshot, like)?);
        } else if create.columns.is_empty() {
            return Err(Error::unsupported("a table without columns"));
        }
        for definition in &create.columns {
            table.add_column(definition)?;
        }
        for constraint in &create.constraints {
            table.add_constraint(constraint)?;
        }
        let mut table = Self::build(shared, snapshot, table)?;
        table.set_temporary(create)?;
        Ok(table)
    }

    fn build(shared: &Shared, snapshot: &Snapshot, mut table: Builder) -> Result<Self> {
        let sequences = sequences::name(snapshot, &mut table)?;
        table.resolve_foreign(snapshot)?;
        let schema = Arc::new(Schema::new(table.fields));
        let schema = expressions::check_columns(shared, snapshot, &table.name, &schema)?;
        expressions::check_checks(shared, snapshot, &table.name, &schema, &table.checks)?;
        Ok(Self {
            name: table.name,
            schema,
            keys: table.keys,
            checks: table.checks,
            foreign: table.foreign,
            sequences,
            temporary: false,
            on_commit: None,
        })
    }

    /// Notes what the statement says of the table's end.
    ///
    /// # Errors
    /// 42P16 for ON COMMIT of a table that is not temporary.
    fn set_temporary(&mut self, create: &CreateTable) -> Result<()> {
        self.temporary = is_temporary(create, &self.name);
        self.on_commit = on_commit::property(create, self.temporary)?;
        Ok(())
    }

    /// What comes with the table.
    pub(crate) fn notices(&self) -> Vec<Notice> {
        let table = plain(&self.name);
        let serial = self.sequences.iter().filter(|(_, sequence)| !sequence.identity);
        let sequences = serial.map(|(name, sequence)| {
            let column = sequence.owner.as_ref().map_or("", |(_, column)| column.as_str());
            let name = plain(name);
            Notice::debug(format!(
                "CREATE TABLE will create implicit sequence \"{name}\" for serial column \"{table}.{column}\""
            ))
        });
        let keys = self.keys.iter().map(|key| {
            let kind = if key.primary { "PRIMARY KEY" } else { "UNIQUE" };
            let name = &key.name;
            Notice::debug(format!(
                "CREATE TABLE / {kind} will create implicit index \"{name}\" for table \"{table}\""
            ))
        });
        sequences.chain(keys).collect()
    }

    /// Whether this is how a table that is there was made, and nothing has been altered since.
    pub(crate) fn is(&self, there: &TableDefinition) -> bool {
        self.name == there.name
            && self.schema.fields() == there.schema.fields()
            && self.keys == there.keys
            && self.properties().is_ok_and(|properties| {
                // What others refer to is as it was made.
                properties
                    .iter()
                    .eq(there.properties.iter().filter(|(key, _)| *key != foreign_key::REFERENCED))
            })
    }

    fn properties(&self) -> Result<BTreeMap<String, String>> {
        let checks = self.checks.iter().map(|check| (check::property(&check.name), check.sql.clone()));
        let mut properties: BTreeMap<_, _> = checks.chain(self.on_commit.clone()).collect();
        for key in &self.foreign {
            properties.extend([key.property()?]);
            if key.parent == self.name {
                properties.insert(foreign_key::REFERENCED.to_string(), "yes".to_string());
            }
        }
        Ok(properties)
    }

    /// # Errors
    /// XX001: every sequence can be written.
    pub(crate) fn add_to(&self, mut changes: Changes) -> Result<Changes> {
        for (name, sequence) in &self.sequences {
            changes = super::sequence::put(changes.raise_mark(object::MARK, sequence.id), name, sequence)?;
        }
        let (schema, keys, properties) = (self.schema.clone(), self.keys.clone(), self.properties()?);
        for key in self.foreign.iter().filter(|key| key.parent != self.name) {
            changes = changes.alter_table(&key.parent, users::mark());
        }
        Ok(if self.temporary {
            changes.create_temporary_table(&self.name, schema, keys, properties)
        } else {
            changes.create_table(&self.name, schema, keys, properties)
        })
    }
}

/// A table in the session's own schema is temporary, whether the statement says so or names the schema.
fn is_temporary(create: &CreateTable, stored: &str) -> bool {
    create.temporary || schema_of(stored).starts_with(TEMPORARY)
}

/// What CREATE TABLE can say and this one does not do.
fn refuse(create: &CreateTable) -> Result<()> {
    let refused = [
        (create.or_replace, "CREATE OR REPLACE TABLE"),
        (create.external, "CREATE EXTERNAL TABLE"),
        (create.clone.is_some(), "CREATE TABLE CLONE"),
        (create.inherits.is_some(), "INHERITS"),
        (create.partition_of.is_some() || create.partition_by.is_some(), "PARTITION"),
        (create.strict || create.without_rowid, "SQLite's table options"),
    ];
    match refused.iter().find(|(said, _)| *said) {
        Some((_, what)) => Err(Error::unsupported(what)),
        None => Ok(()),
    }
}
