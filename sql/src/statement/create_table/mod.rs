//! `CREATE TABLE`: columns with types, defaults and generation, keys, CHECK constraints.
//!
//! - [`Builder`]: the definition while it is put together, column by column, constraint by constraint.
//! - [`expressions`]: defaults, generated columns and CHECKs, planned once so that a wrong one is refused.
//! - [`as_query`]: `CREATE TABLE AS`.
//! - [`like`]: `CREATE TABLE (LIKE ...)`.

pub(super) mod as_query;
mod builder;
pub(super) mod expressions;
mod keys;
mod like;
mod options;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::CreateTable;
use muster_storage::{Changes, KeyConstraint, Snapshot};

use super::name;
use crate::check::Check;
use crate::database::Shared;
use crate::{Error, Result, check};

pub(super) use builder::Builder;

/// A table as it is to be made.
pub(crate) struct NewTable {
    /// As storage knows it.
    pub(crate) name: String,
    pub(crate) schema: SchemaRef,
    pub(crate) keys: Vec<KeyConstraint>,
    pub(crate) checks: Vec<Check>,
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
        Self::build(shared, snapshot, table)
    }

    fn build(shared: &Shared, snapshot: &Snapshot, table: Builder) -> Result<Self> {
        let schema = Arc::new(Schema::new(table.fields));
        let schema = expressions::check_columns(shared, snapshot, &table.name, &schema)?;
        expressions::check_checks(shared, snapshot, &table.name, &schema, &table.checks)?;
        Ok(Self { name: table.name, schema, keys: table.keys, checks: table.checks })
    }

    pub(crate) fn add_to(&self, changes: Changes) -> Changes {
        let properties: BTreeMap<String, String> =
            self.checks.iter().map(|check| (check::property(&check.name), check.sql.clone())).collect();
        changes.create_table(&self.name, self.schema.clone(), self.keys.clone(), properties)
    }
}

/// What CREATE TABLE can say and this one does not do.
fn refuse(create: &CreateTable) -> Result<()> {
    let refused = [
        (create.or_replace, "CREATE OR REPLACE TABLE"),
        (create.temporary, "CREATE TEMPORARY TABLE"),
        (create.external, "CREATE EXTERNAL TABLE"),
        (create.clone.is_some(), "CREATE TABLE CLONE"),
        (create.inherits.is_some(), "INHERITS"),
        (create.partition_of.is_some() || create.partition_by.is_some(), "PARTITION"),
        (create.on_commit.is_some(), "ON COMMIT"),
        (create.strict || create.without_rowid, "SQLite's table options"),
    ];
    match refused.iter().find(|(said, _)| *said) {
        Some((_, what)) => Err(Error::unsupported(what)),
        None => Ok(()),
    }
}
