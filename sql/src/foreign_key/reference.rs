//! A foreign key with the places of its columns, as two definitions have them now.

use std::sync::Arc;

use arrow::array::ArrayRef;
use muster_storage::{KeySet, Snapshot, Table, TableDefinition};

use super::ForeignKey;
use crate::catalog::relation::plain;
use crate::error::Values;
use crate::sqlstate::SqlState;
use crate::types::display;
use crate::{Error, Result};

/// See the module.
pub(crate) struct Reference {
    pub(crate) key: ForeignKey,
    pub(crate) child: Arc<TableDefinition>,
    pub(crate) parent: Arc<TableDefinition>,
    /// The columns in the table that has the foreign key.
    pub(crate) columns: Vec<usize>,
    /// Those that they refer to, in the same order.
    pub(crate) referenced: Vec<usize>,
    /// The key of the referenced table, and where in `referenced` its columns are.
    pub(crate) constraint: String,
    order: Vec<usize>,
}

impl Reference {
    /// # Errors
    /// XX001 where the definitions do not fit together.
    pub(crate) fn of(snapshot: &Snapshot, child: &Arc<TableDefinition>, key: ForeignKey) -> Result<Self> {
        let parent = match key.parent == child.name {
            true => child.clone(),
            false => table(snapshot, &key.parent)?.definition().clone(),
        };
        let damaged = || {
            let message = format!("foreign key \"{}\" of \"{}\" has no key", key.name, child.name);
            Error::new(SqlState::DataCorrupted, message)
        };
        let places = |table: &TableDefinition, names: &[String]| {
            let places = names.iter().map(|name| table.schema.index_of(name).ok());
            places.collect::<Option<Vec<usize>>>().ok_or_else(damaged)
        };
        let columns = places(child, &key.columns)?;
        let referenced = places(&parent, &key.referenced)?;
        let (constraint, order) = matching(&parent, &referenced).ok_or_else(damaged)?;
        Ok(Self { child: child.clone(), parent, columns, referenced, constraint, order, key })
    }

    /// The columns of a key, in the order of the referenced table's constraint.
    pub(crate) fn ordered(&self, columns: &[ArrayRef]) -> Vec<ArrayRef> {
        self.order.iter().filter_map(|place| columns.get(*place)).cloned().collect()
    }

    /// For each row of these columns, in the foreign key's order, whether the referenced table has the key.
    pub(crate) fn is_there(&self, parent: &Table, columns: &[ArrayRef]) -> Result<Vec<bool>> {
        Ok(parent.has_keys(&self.constraint, &self.ordered(columns))?)
    }

    /// Those of the keys that the referenced table does not have.
    pub(crate) fn gone(&self, parent: &Table, keys: KeySet) -> Result<KeySet> {
        let numbers = keys.numbers();
        let there = self.is_there(parent, &keys.rows(numbers.clone())?)?;
        if !there.contains(&true) {
            return Ok(keys);
        }
        let gone = numbers.into_iter().zip(there).filter(|(_, there)| !there).map(|(number, _)| number);
        Ok(KeySet::new(keys.rows(gone.collect())?)?)
    }

    /// `(a, b)=(1, 2)`.
    fn shown(
        names: &[String],
        of: &TableDefinition,
        places: &[usize],
        values: &[ArrayRef],
        row: usize,
    ) -> String {
        let fields = places.iter().filter_map(|place| of.schema.fields().get(*place));
        let values: Vec<String> =
            fields.zip(values).map(|(field, values)| display(values, row, field)).collect();
        format!("({})=({})", names.join(", "), values.join(", "))
    }

    /// The error for a row whose key is not there.
    pub(crate) fn missing(&self, values: &[ArrayRef], row: usize) -> Error {
        let key = Self::shown(&self.key.columns, &self.child, &self.columns, values, row);
        let of = format!("is not present in table \"{}\".", plain(&self.key.parent));
        let (shown, hidden) = (format!("Key {key} {of}"), format!("Key {of}"));
        self.child_error().with_values(Values::key(&self.child.name, shown, Some(hidden)))
    }

    /// The error for a row that MATCH FULL refuses.
    pub(crate) fn mixed(&self) -> Error {
        self.child_error().with_detail("MATCH FULL does not allow mixing of null and nonnull key values.")
    }

    fn child_error(&self) -> Error {
        let (table, name) = (plain(&self.child.name), &self.key.name);
        Error::new(
            SqlState::ForeignKeyViolation,
            format!("insert or update on table \"{table}\" violates foreign key constraint \"{name}\""),
        )
        .with_constraint(&self.child.name, name)
    }

    /// The error for a key that rows still refer to.
    pub(crate) fn still_used(&self, values: &[ArrayRef], row: usize) -> Error {
        let (table, child, name) = (plain(&self.key.parent), plain(&self.child.name), &self.key.name);
        let key = Self::shown(&self.key.referenced, &self.parent, &self.referenced, values, row);
        let of = format!("is still referenced from table \"{child}\".");
        let words = format!(
            "update or delete on table \"{table}\" violates foreign key constraint \"{name}\" on table \"{child}\""
        );
        Error::new(SqlState::ForeignKeyViolation, words)
            .with_values(Values::key(&self.parent.name, format!("Key {key} {of}"), Some(format!("Key {of}"))))
            .with_constraint(&self.child.name, name)
    }
}

/// The key of a table over exactly these columns, and where among them the key's are.
pub(super) fn matching(table: &TableDefinition, columns: &[usize]) -> Option<(String, Vec<usize>)> {
    let mut keys = table.keys.iter().filter(|key| key.columns.len() == columns.len());
    keys.find_map(|key| {
        let places = key.columns.iter().map(|column| columns.iter().position(|other| other == column));
        Some((key.name.clone(), places.collect::<Option<Vec<usize>>>()?))
    })
}

/// # Errors
/// XX001: a table that a foreign key needs is there.
pub(super) fn table<'a>(snapshot: &'a Snapshot, name: &str) -> Result<&'a Arc<Table>> {
    snapshot.table(name).ok_or_else(|| {
        Error::new(SqlState::DataCorrupted, format!("a foreign key refers to \"{name}\", which is not there"))
    })
}
