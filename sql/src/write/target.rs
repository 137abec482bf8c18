//! The table whose rows a statement changes, as the statement names it.

use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::common::TableReference;
use datafusion::sql::sqlparser::ast::{
    Ident, ObjectName, ObjectNamePart, TableAlias, TableFactor, TableWithJoins,
};
use muster_storage::{Snapshot, TableDefinition};

use crate::catalog::relation::plain;
use crate::planning::TARGET;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) definition: Arc<TableDefinition>,
    /// What the statement calls it: its alias, or its name.
    alias: String,
}

impl Target {
    /// # Errors
    /// 42P01 for no such table, 0A000 for what is no plain table.
    pub(crate) fn of(snapshot: &Snapshot, factor: &TableFactor) -> Result<Self> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            with_hints,
            version: None,
            with_ordinality: false,
            partitions,
            json_path: None,
            sample: None,
            index_hints,
        } = factor
        else {
            return Err(Error::unsupported(format!("changing rows of {factor}")));
        };
        if !with_hints.is_empty() || !partitions.is_empty() || !index_hints.is_empty() {
            return Err(Error::unsupported(format!("changing rows of {factor}")));
        }
        if alias.as_ref().is_some_and(|alias| !alias.columns.is_empty() || alias.at.is_some()) {
            return Err(Error::new(SqlState::SyntaxError, "the target's alias cannot name columns"));
        }
        Self::named(snapshot, name, alias.as_ref().map(|alias| &alias.name))
    }

    /// # Errors
    /// 42P01 for no such table.
    pub(crate) fn named(snapshot: &Snapshot, name: &ObjectName, alias: Option<&Ident>) -> Result<Self> {
        let table_name = name::table(name)?;
        let table = snapshot.table(&table_name).ok_or_else(|| Error::undefined_table(&table_name))?;
        // Without its schema: a reference may name that or not.
        let alias = alias.map_or_else(|| plain(&table_name).to_string(), name::ident);
        Ok(Self { definition: table.definition().clone(), alias })
    }

    /// It as a relation in FROM, with its row ids.
    pub(crate) fn relation(&self) -> TableWithJoins {
        let relation = TableFactor::Table {
            name: ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote('"', TARGET))]),
            alias: Some(TableAlias {
                explicit: true,
                name: Ident::with_quote('"', &self.alias),
                columns: Vec::new(),
                at: None,
            }),
            args: None,
            with_hints: Vec::new(),
            version: None,
            with_ordinality: false,
            partitions: Vec::new(),
            json_path: None,
            sample: None,
            index_hints: Vec::new(),
        };
        TableWithJoins { relation, joins: Vec::new() }
    }

    /// How its columns are qualified.
    pub(crate) fn qualifier(&self) -> TableReference {
        TableReference::bare(self.alias.as_str())
    }

    /// Its columns, as a statement refers to them.
    pub(crate) fn columns(&self) -> Vec<(Option<TableReference>, FieldRef)> {
        let qualifier = self.qualifier();
        let column = |field: &FieldRef| {
            (Some(qualifier.clone()), Arc::new(field.as_ref().clone().with_nullable(true)))
        };
        self.definition.schema.fields().iter().map(column).collect()
    }

    /// Refuses relations beside the target that bear its name.
    ///
    /// # Errors
    /// 42712.
    pub(crate) fn check_beside(&self, relations: &[TableWithJoins]) -> Result<()> {
        let factors = relations.iter().flat_map(|item| {
            std::iter::once(&item.relation).chain(item.joins.iter().map(|join| &join.relation))
        });
        for factor in factors {
            let name = match factor {
                TableFactor::Table { alias: None, name, .. } => {
                    name.0.last().and_then(ObjectNamePart::as_ident).map(name::ident)
                }
                TableFactor::Table { alias: Some(alias), .. }
                | TableFactor::Derived { alias: Some(alias), .. }
                | TableFactor::Function { alias: Some(alias), .. } => Some(name::ident(&alias.name)),
                _ => None,
            };
            if name.as_ref() == Some(&self.alias) {
                return Err(Error::new(
                    SqlState::DuplicateAlias,
                    format!("table name \"{}\" specified more than once", self.alias),
                ));
            }
        }
        Ok(())
    }
}
