//! A table's definition while ALTER TABLE changes it, and the changes so far.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{Field, Schema};
use muster_storage::{Alteration, Changes, Table, TableDefinition};

use super::super::create_table::Builder;
use crate::catalog::relation::plain;
use crate::catalog::{Sequence, object};
use crate::check_constraint::{self as check, Check};
use crate::foreign_key::{self, ForeignKey, users};
use crate::planning::expression::Compiled;
use crate::session::StatementContext;
use crate::{Error, Result};

/// Where the rows that are there have a column from.
#[derive(Clone)]
pub(super) enum Source {
    /// The column of this place in the stored rows.
    Stored(usize),
    /// One value for all of them.
    Constant(ArrayRef),
    /// Each has its own, from an expression over the stored columns, or, without one, from the column's default or
    /// generation expression. The rows are written anew then.
    Computed(Option<Compiled>),
}

/// See the module.
pub(super) struct Altering<'a> {
    pub(super) context: &'a StatementContext,
    /// As it is before the statement.
    pub(super) table: Arc<Table>,
    /// As it is after the actions so far.
    pub(super) definition: TableDefinition,
    /// By column of the definition.
    pub(super) sources: Vec<Source>,
    /// Changes of other things than the table.
    pub(super) changes: Changes,
    /// Changes of the definition, each with the name that the table has before it.
    alterations: Vec<(String, Alteration)>,
    /// The sequences that the statement makes.
    pub(super) made: Vec<(String, Sequence)>,
}

impl<'a> Altering<'a> {
    pub(super) fn new(context: &'a StatementContext, stored: &str) -> Result<Self> {
        let table = context.snapshot.table(stored).ok_or_else(|| Error::undefined_table(stored))?.clone();
        let definition = TableDefinition::clone(table.definition());
        let sources = (0..definition.schema.fields().len()).map(Source::Stored).collect();
        Ok(Self {
            context,
            table,
            definition,
            sources,
            changes: Changes::new(),
            alterations: Vec::new(),
            made: Vec::new(),
        })
    }

    /// The table's own name, as errors show it.
    pub(super) fn name(&self) -> &str {
        plain(&self.definition.name)
    }

    /// The name that storage knows the table by, as the actions so far leave it.
    pub(super) fn stored(&self) -> String {
        self.definition.name.clone()
    }

    /// Changes what is kept, without a look at the definition here.
    pub(super) fn change(&mut self, change: impl FnOnce(Changes) -> Changes) {
        self.changes = change(std::mem::take(&mut self.changes));
    }

    pub(super) fn alter(&mut self, alteration: Alteration) {
        let table = self.stored();
        self.alterations.push((table, alteration));
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        self.definition.schema.fields().iter().map(|field| field.as_ref().clone()).collect()
    }

    pub(super) fn set_fields(&mut self, fields: Vec<Field>) {
        self.definition.schema = Arc::new(Schema::new(fields));
    }

    /// The place of a column.
    ///
    /// # Errors
    /// 42703 when it is not there.
    pub(super) fn position(&self, column: &str) -> Result<usize> {
        let position = self.definition.schema.index_of(column);
        position.map_err(|_| Error::undefined_column(column, self.name()))
    }

    /// Gives a column another field: name, nullability or metadata.
    pub(super) fn set_field(&mut self, position: usize, field: Field) {
        let mut fields = self.fields();
        if let Some(place) = fields.get_mut(position) {
            place.clone_from(&field);
        }
        self.set_fields(fields);
        self.alter(Alteration::SetField { column: position, field });
    }

    /// Makes a sequence.
    ///
    /// # Errors
    /// XX001: every sequence can be written.
    pub(super) fn make_sequence(&mut self, name: String, sequence: Sequence) -> Result<()> {
        let changes = std::mem::take(&mut self.changes).raise_mark(object::MARK, sequence.id);
        self.changes = super::super::sequence::put(changes, &name, &sequence)?;
        self.made.push((name, sequence));
        Ok(())
    }

    /// Sets or removes a CHECK.
    pub(super) fn set_check(&mut self, name: &str, sql: Option<String>) {
        let key = check::property(name);
        match &sql {
            Some(sql) => drop(self.definition.properties.insert(key.clone(), sql.clone())),
            None => drop(self.definition.properties.remove(&key)),
        }
        self.alter(Alteration::SetProperty { key, value: sql });
    }

    /// Sets a foreign key.
    ///
    /// # Errors
    /// None: every foreign key can be written.
    pub(super) fn set_foreign(&mut self, key: &ForeignKey) -> Result<()> {
        self.definition.properties.extend([key.property()?]);
        self.alter(users::set(key)?);
        Ok(())
    }

    /// Removes a foreign key.
    pub(super) fn unset_foreign(&mut self, name: &str) {
        self.definition.properties.remove(&foreign_key::property(name));
        self.alter(users::unset(name));
    }

    /// What CREATE TABLE puts together, as if it had come as far as this definition.
    pub(super) fn builder(&self) -> Result<Builder> {
        let mut builder = Builder::new(self.stored());
        builder.fields = self.fields();
        builder.keys.clone_from(&self.definition.keys);
        let checks = check::all(&self.definition.properties);
        builder.checks =
            checks.map(|(name, sql)| Check { name: name.to_string(), sql: sql.to_string() }).collect();
        builder.foreign = foreign_key::all(&self.definition.properties)?;
        Ok(builder)
    }

    /// Whether the rows are to be written anew.
    fn rewrites(&self) -> bool {
        self.sources.iter().any(|source| matches!(source, Source::Computed(_)))
    }

    /// All changes. Where columns are computed the table is made anew, with its rows, under the altered definition.
    ///
    /// # Errors
    /// What the rows give under the altered definition; 0A000 for a table that has lost its last column.
    pub(super) fn finish(mut self) -> Result<Changes> {
        if self.definition.schema.fields().is_empty() {
            return Err(Error::unsupported("a table without columns"));
        }
        if self.rewrites() {
            return self.rewrite();
        }
        for (table, alteration) in std::mem::take(&mut self.alterations) {
            self.changes = self.changes.alter_table(table, alteration);
        }
        Ok(self.changes)
    }
}
