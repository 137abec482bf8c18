//! A table of the model: rows under numbers, and what they must keep to.
//!
//! A row has its number for life; an updated row is another row. That is what tells whether two transactions have
//! changed the same row.

use std::collections::{BTreeMap, BTreeSet};

use super::super::action::{Filter, NewRow, Set, Table};
use super::super::answer::Row;

/// All tables, as one moment has them.
pub(crate) type Content = BTreeMap<Table, Relation>;

/// Violations, by SQLSTATE.
pub(crate) type States = BTreeSet<&'static str>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Relation {
    pub(crate) table: Table,
    /// Which of the tables of this name it is.
    pub(crate) number: u64,
    /// Changes with its definition.
    pub(crate) version: u64,
    /// The columns after `id`, `u` and `n`, with their defaults.
    pub(crate) added: Vec<(u8, Option<i64>)>,
    pub(crate) rows: BTreeMap<u64, Row>,
}

impl Relation {
    pub(crate) fn new(table: Table, number: u64) -> Self {
        Self { table, number, version: number, added: Vec::new(), rows: BTreeMap::new() }
    }

    /// A new row with the defaults of what it does not say.
    pub(crate) fn complete(&self, row: NewRow) -> Row {
        row.into_iter().chain(self.added.iter().map(|(_, default)| *default)).collect()
    }

    pub(crate) fn has_column(&self, column: u8) -> bool {
        self.added.iter().any(|(added, _)| *added == column)
    }

    /// Adds a column; the rows that are there get its default.
    pub(crate) fn add_column(&mut self, column: u8, version: u64) {
        let default = (column > 0).then(|| i64::from(column));
        self.added.push((column, default));
        self.version = version;
        self.rows.values_mut().for_each(|row| row.push(default));
    }

    /// The columns that are unique, each by itself.
    pub(crate) fn keys(&self) -> &'static [usize] {
        match self.table {
            Table::A => &[0],
            Table::B => &[0, 1],
            Table::C => &[],
        }
    }

    /// What is wrong with a row for itself.
    pub(crate) fn check(&self, row: &Row) -> States {
        let (id, n) = (row[0], row[2]);
        let mut wrong = States::new();
        let missing = match self.table {
            Table::A => id.is_none() || n.is_none(),
            Table::B => id.is_none(),
            Table::C => false,
        };
        if missing {
            wrong.insert("23502");
        }
        let checked = match self.table {
            Table::A => n.is_none_or(|n| n < 50),
            Table::B => n.is_none_or(|n| n >= 0),
            Table::C => true,
        };
        if !checked {
            wrong.insert("23514");
        }
        wrong
    }

    /// Whether no key is there twice.
    pub(crate) fn is_unique(&self) -> bool {
        self.keys().iter().all(|key| {
            let values: Vec<_> = self.rows.values().filter_map(|row| row[*key]).collect();
            values.iter().collect::<BTreeSet<_>>().len() == values.len()
        })
    }

    /// The row that has this value of a key.
    pub(crate) fn find(&self, key: usize, value: Option<i64>) -> Option<u64> {
        let value = value?;
        self.rows.iter().find(|(_, row)| row[key] == Some(value)).map(|(number, _)| *number)
    }
}

impl Filter {
    /// The table beside the statement's own that it reads.
    pub(crate) fn reads(&self) -> Option<Table> {
        match self {
            Filter::In(table) => Some(*table),
            _ => None,
        }
    }

    /// Whether it is true for a row: NULL is not.
    pub(crate) fn takes(&self, row: &Row, content: &Content) -> bool {
        let [id, u, n] = [row[0], row[1], row[2]];
        match self {
            Filter::All => true,
            Filter::Id(wanted) => id == Some(*wanted),
            Filter::Between(low, high) => id.is_some_and(|id| (*low..=*high).contains(&id)),
            Filter::Below(limit) => n.is_some_and(|n| n < *limit),
            Filter::UIs(wanted) => u == Some(*wanted),
            Filter::NIsNull => n.is_none(),
            Filter::In(table) => id.is_some() && content[table].rows.values().any(|row| row[0] == id),
        }
    }
}

impl Set {
    /// The row after it; `None` where it divides by zero.
    pub(crate) fn of(&self, row: &Row) -> Option<Row> {
        let mut row = row.clone();
        match self {
            Set::N(n) => row[2] = *n,
            Set::AddN(add) => row[2] = row[2].map(|n| n + add),
            Set::DivideN if row[2] == Some(0) => return None,
            Set::DivideN => row[2] = row[2].map(|n| 60 / n),
            Set::U(u) => row[1] = *u,
            Set::AddId(add) => row[0] = row[0].map(|id| id + add),
            Set::MirrorId => row[0] = row[0].map(|id| 7 - id),
        }
        Some(row)
    }
}
