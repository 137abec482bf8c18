//! How a table's definition changes.
//!
//! It is the wish and its effect on the definition; rows are the table's matter
//! ([`Table::altered`](crate::Table)). Invariant: an alteration that is applied leaves positions of keys and indexes right.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{Field, Schema};
use std::sync::Arc;

use crate::conform::{check_column, check_key};
use crate::{Error, KeyConstraint, Result, TableDefinition};

/// One change of a table's definition.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Alteration {
    /// Another name.
    Rename {
        /// The name.
        to: String,
    },
    /// A column more, at the end.
    AddColumn {
        /// The column.
        field: Field,
        /// One value, which the rows that are there have in it.
        value: ArrayRef,
    },
    /// A column less. Keys and indexes that have it go, too.
    DropColumn {
        /// Its position.
        column: usize,
    },
    /// Another name, nullability or metadata; the type stays. Nulls in a column that is to have none are refused.
    SetField {
        /// The column's position.
        column: usize,
        /// What it is to be.
        field: Field,
    },
    /// A constraint more. Rows that violate it are refused.
    AddKey(KeyConstraint),
    /// A constraint less.
    DropKey {
        /// Its name.
        name: String,
    },
    /// Another name for a constraint.
    RenameKey {
        /// The name it has.
        name: String,
        /// The name it gets.
        to: String,
    },
    /// Another name for an index.
    RenameIndex {
        /// The name it has.
        name: String,
        /// The name it gets.
        to: String,
    },
    /// A property set, or removed.
    SetProperty {
        /// Its key.
        key: String,
        /// Its value; `None` removes it.
        value: Option<String>,
    },
}

impl Alteration {
    /// Applies it to a definition.
    pub(crate) fn apply(&self, definition: &mut TableDefinition) -> Result<()> {
        let table = definition.name.clone();
        let fields = || definition.schema.fields().iter().map(|field| field.as_ref().clone());
        match self {
            Alteration::Rename { to } => definition.name.clone_from(to),
            Alteration::AddColumn { field, value } => {
                if value.len() != 1 || value.data_type() != field.data_type() {
                    let detail = format!("column \"{}\" needs one value of its type", field.name());
                    return Err(Error::schema(&table, detail));
                }
                check_column(&table, field)?;
                if definition.schema.index_of(field.name()).is_ok() {
                    return Err(taken(&table, "column", field.name()));
                }
                let fields: Vec<_> = fields().chain([field.clone()]).collect();
                definition.schema = Arc::new(Schema::new(fields));
                definition.layouts.add(field, value);
            }
            Alteration::DropColumn { column } => {
                if *column >= definition.schema.fields().len() {
                    return Err(no_column(&table, *column));
                }
                let kept = fields().enumerate().filter(|(position, _)| position != column);
                definition.schema = Arc::new(Schema::new(kept.map(|(_, field)| field).collect::<Vec<_>>()));
                definition.layouts.remove(*column);
                let after = |position: usize| position - usize::from(position > *column);
                definition.keys.retain(|key| !key.columns.contains(column));
                for key in &mut definition.keys {
                    key.columns.iter_mut().for_each(|position| *position = after(*position));
                }
                definition.indexes.retain(|index| index.columns().all(|other| other != *column));
                definition.indexes.iter_mut().for_each(|index| index.column_dropped(*column));
            }
            Alteration::SetField { column, field } => {
                let Some(old) = definition.schema.fields().get(*column) else {
                    return Err(no_column(&table, *column));
                };
                if old.data_type() != field.data_type() {
                    let detail = format!("column \"{}\" cannot change its type", old.name());
                    return Err(Error::schema(&table, detail));
                }
                if old.name() != field.name() && definition.schema.index_of(field.name()).is_ok() {
                    return Err(taken(&table, "column", field.name()));
                }
                let changed = fields().enumerate().map(
                    |(position, old)| {
                        if position == *column { field.clone() } else { old }
                    },
                );
                definition.schema = Arc::new(Schema::new(changed.collect::<Vec<_>>()));
                for key in &definition.keys {
                    check_key(&table, &definition.schema, key)?;
                }
            }
            Alteration::AddKey(key) => {
                if definition.key(&key.name).is_some() {
                    return Err(taken(&table, "constraint", &key.name));
                }
                check_key(&table, &definition.schema, key)?;
                definition.keys.push(key.clone());
            }
            Alteration::DropKey { name } => {
                let count = definition.keys.len();
                definition.keys.retain(|key| &key.name != name);
                if definition.keys.len() == count {
                    return Err(Error::NoSuchConstraint { table, constraint: name.clone() });
                }
            }
            Alteration::RenameKey { name, to } => {
                if definition.key(to).is_some() {
                    return Err(taken(&table, "constraint", to));
                }
                match definition.keys.iter_mut().find(|key| &key.name == name) {
                    Some(key) => key.name.clone_from(to),
                    None => return Err(Error::NoSuchConstraint { table, constraint: name.clone() }),
                }
            }
            Alteration::RenameIndex { name, to } => {
                match definition.indexes.iter_mut().find(|index| &index.name == name) {
                    Some(index) => index.name.clone_from(to),
                    None => return Err(Error::NoSuchIndex { table, index: name.clone() }),
                }
            }
            Alteration::SetProperty { key, value: Some(value) } => {
                definition.properties.insert(key.clone(), value.clone());
            }
            Alteration::SetProperty { key, value: None } => {
                definition.properties.remove(key);
            }
        }
        Ok(())
    }

    /// Whether rows in the journal are written in a way that no longer fits.
    pub(crate) fn changes_columns(&self) -> bool {
        matches!(
            self,
            Alteration::AddColumn { .. } | Alteration::DropColumn { .. } | Alteration::SetField { .. }
        )
    }
}

fn no_column(table: &str, column: usize) -> Error {
    Error::schema(table, format!("there is no column {column}"))
}

fn taken(table: &str, what: &str, name: &str) -> Error {
    Error::schema(table, format!("there is a {what} \"{name}\" already"))
}
