//! The built-in tables as functions read them: tables of `public`, whatever the search path.
//!
//! They are ordinary tables: they can be dropped and altered. So what is needed of one is looked for in each snapshot, and
//! what is not there any more is an error that names it.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use muster_storage::{Snapshot, Table, TableDefinition};

use crate::catalog::SCHEMA;
use crate::catalog::namespace::kind;
use crate::catalog::relation::stored;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::{Error, Result};

/// A built-in table, and what its readers say in a hint.
#[derive(Clone, Copy, Debug)]
pub(super) struct BuiltIn {
    pub(super) name: &'static str,
    /// Whom an error concerns who never wrote the table's name.
    pub(super) hint: &'static str,
}

impl BuiltIn {
    /// # Errors
    /// 42P01 where it is gone, 42809 where something else has its name.
    pub(super) fn open<'a>(&self, snapshot: &'a Snapshot) -> Result<&'a Arc<Table>> {
        let table = stored(SCHEMA, self.name);
        snapshot.table(&table).ok_or_else(|| {
            self.hinted(match kind(snapshot, &table) {
                Some(_) => Error::new(SqlState::WrongObjectType, format!("\"{}\" is not a table", self.name)),
                None => Error::undefined_table(&table),
            })
        })
    }

    /// The position of a column of a type that `is_right`, called `expected`.
    ///
    /// # Errors
    /// 42703 where it is gone, 42804 where it has another type.
    pub(super) fn position(
        &self,
        definition: &TableDefinition,
        column: &str,
        is_right: impl Fn(&DataType) -> bool,
        expected: &str,
    ) -> Result<usize> {
        self.field_position(definition, column, |field| is_right(field.data_type()), expected)
    }

    /// As [`Self::position`], for a type that Arrow's does not tell.
    pub(super) fn field_position(
        &self,
        definition: &TableDefinition,
        column: &str,
        is_right: impl Fn(&Field) -> bool,
        expected: &str,
    ) -> Result<usize> {
        let Ok(position) = definition.schema.index_of(column) else {
            return Err(self.hinted(Error::undefined_column(column, self.name)));
        };
        let field = definition.schema.field(position);
        if is_right(field) {
            return Ok(position);
        }
        let message = format!(
            "column \"{column}\" of relation \"{}\" must be {expected}, not {}",
            self.name,
            type_name(field)
        );
        Err(self.hinted(Error::new(SqlState::DatatypeMismatch, message)))
    }

    /// The error, with what its reader should know of the table.
    pub(super) fn hinted(&self, error: Error) -> Error {
        error.with_hint(self.hint)
    }
}
