//! Filters that a key or an index answers: `column = constant` for each column of a key, or for the first columns of an
//! index, or `column IN (constants)`.
//!
//! It says where matching rows can be, not which match: the filters themselves stay in the plan. Invariant:
//! each row that the filters are true for is among those that are found. So a constant counts only in
//! the column's own type, which is what the optimizer makes of one that the type can hold.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use muster_storage::{IndexDefinition, KeyConstraint, Table, TableDefinition};

use super::relation::plain;
use crate::Error;
use crate::index::plain::plain_indexes;

/// Combinations of values that an index is looked up by at most; more columns than make so many are left to the filter.
const MOST_COMBINATIONS: usize = 4096;

/// The values that a scan looks up.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    by: By,
    /// A row for each key, the columns in the order that `by` has them.
    keys: RecordBatch,
}

/// What finds the rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum By {
    /// A primary key or unique constraint: a row for each key.
    Key(KeyConstraint),
    /// The first columns of an index.
    Index {
        /// The index, as storage knows it.
        name: String,
        columns: Vec<usize>,
    },
}

impl By {
    /// What answers best where these columns are equal to something: a key, or the index whose first columns are the most.
    pub(crate) fn of(definition: &TableDefinition, is_equal: impl Fn(usize) -> bool) -> Option<Self> {
        let mut keys = definition.keys.iter();
        if let Some(key) = keys.find(|key| key.columns.iter().all(|column| is_equal(*column))) {
            return Some(Self::Key(key.clone()));
        }
        Self::index_of(definition, is_equal)
    }

    fn index_of(definition: &TableDefinition, is_equal: impl Fn(usize) -> bool) -> Option<Self> {
        let mut best: Option<(&IndexDefinition, Vec<usize>)> = None;
        for index in plain_indexes(definition) {
            let columns: Vec<usize> = index.columns().take_while(|column| is_equal(*column)).collect();
            if columns.len() > best.as_ref().map_or(0, |(_, columns)| columns.len()) {
                best = Some((index, columns));
            }
        }
        best.map(|(index, columns)| Self::Index { name: index.name.clone(), columns })
    }

    /// The columns that are looked up.
    pub(crate) fn columns(&self) -> &[usize] {
        match self {
            Self::Key(key) => &key.columns,
            Self::Index { columns, .. } => columns,
        }
    }

    /// The name that storage knows the key or index by.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Key(key) => &key.name,
            Self::Index { name, .. } => name,
        }
    }

    /// Whether the table still has it.
    fn is_of(&self, definition: &TableDefinition) -> bool {
        match self {
            Self::Key(key) => definition.key(&key.name) == Some(key),
            Self::Index { name, columns } => definition
                .index(name)
                .is_some_and(|index| index.columns().take(columns.len()).eq(columns.iter().copied())),
        }
    }
}

/// As EXPLAIN tells it.
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "key={}", key.name),
            Self::Index { name, .. } => write!(f, "index={}", plain(name)),
        }
    }
}

impl Lookup {
    /// Whether a filter may be part of a lookup.
    pub(crate) fn understands(definition: &TableDefinition, filter: &Expr) -> bool {
        constants(definition, filter).is_some_and(|(column, _)| {
            definition.keys.iter().any(|key| key.columns.contains(&column))
                || plain_indexes(definition).any(|index| index.columns().any(|of_index| of_index == column))
        })
    }

    /// The lookup that these filters, all of which must be true, allow.
    pub(crate) fn of(definition: &TableDefinition, filters: &[Expr]) -> Result<Option<Self>> {
        let known: Vec<(usize, Vec<ScalarValue>)> =
            filters.iter().filter_map(|filter| constants(definition, filter)).collect();
        let values = |column: &usize| {
            let lists = known.iter().filter(|(known, _)| known == column).map(|(_, values)| values);
            lists.min_by_key(|values| values.len())
        };
        for constraint in &definition.keys {
            let Some(lists) = constraint.columns.iter().map(values).collect::<Option<Vec<_>>>() else {
                continue;
            };
            // Several values for several columns would be all their combinations.
            if lists.len() > 1 && lists.iter().any(|values| values.len() != 1) {
                continue;
            }
            return Self::combined(definition, By::Key(constraint.clone()), &lists).map(Some);
        }
        let Some(By::Index { name, mut columns }) =
            By::index_of(definition, |column| values(&column).is_some())
        else {
            return Ok(None);
        };
        let lists: Vec<&Vec<ScalarValue>> = columns.iter().filter_map(values).collect();
        let mut combinations = 1_usize;
        let few = lists.iter().take_while(|values| {
            combinations = combinations.saturating_mul(values.len());
            combinations <= MOST_COMBINATIONS
        });
        // One column alone may have as many values as are written.
        let used = few.count().max(1);
        columns.truncate(used);
        let lists = lists.get(..used).unwrap_or_default();
        Self::combined(definition, By::Index { name, columns }, lists).map(Some)
    }

    /// The lookup of all combinations of the values of each column.
    fn combined(definition: &TableDefinition, by: By, lists: &[&Vec<ScalarValue>]) -> Result<Self> {
        let schema = Arc::new(key_schema(definition, by.columns())?);
        let rows: usize = lists.iter().map(|values| values.len()).product();
        let mut alike = rows;
        let arrays = lists.iter().zip(schema.fields()).map(|(values, field)| {
            if rows == 0 {
                return Ok(arrow::array::new_empty_array(field.data_type()));
            }
            alike /= values.len();
            let places = (0..rows).map(|row| (row / alike) % values.len());
            ScalarValue::iter_to_array(places.filter_map(|place| values.get(place)).cloned())
        });
        let arrays = arrays.collect::<Result<_>>()?;
        Ok(Self { by, keys: RecordBatch::try_new(schema, arrays)? })
    }

    /// The lookup of these keys, rows of the columns that `by` has in its order, all nullable.
    pub(crate) fn at(by: By, keys: RecordBatch) -> Self {
        Self { by, keys }
    }

    /// How many rows it finds at most; `None` where each key may have any number.
    pub(crate) fn most(&self) -> Option<usize> {
        matches!(self.by, By::Key(_)).then(|| self.keys.num_rows())
    }

    /// How many keys it looks for.
    pub(crate) fn keys(&self) -> usize {
        self.keys.num_rows()
    }

    /// What finds the rows.
    pub(crate) fn by(&self) -> &By {
        &self.by
    }

    /// Parts of the table by their numbers, and the positions there, in their order; `None` where the table has no such
    /// constraint or index any more.
    pub(crate) fn find(&self, table: &Table) -> Result<Option<Vec<(usize, u32)>>> {
        if !self.by.is_of(table.definition()) {
            return Ok(None);
        }
        let constraint = match &self.by {
            By::Key(constraint) => constraint,
            By::Index { columns, .. } => {
                return Ok(Some(table.candidates(columns, &self.keys).map_err(Error::from)?));
            }
        };
        let mut found = Vec::with_capacity(self.keys.num_rows());
        for row in 0..self.keys.num_rows() {
            let place = table.find(&constraint.name, &self.keys.slice(row, 1)).map_err(Error::from)?;
            found.extend(place);
        }
        // The same constant may be written twice, or differ in a way that the key does not.
        found.sort_unstable();
        found.dedup();
        Ok(Some(found))
    }
}

fn key_schema(definition: &TableDefinition, columns: &[usize]) -> Result<Schema> {
    let schema = definition.schema.project(columns)?;
    let nullable = |field: &Arc<Field>| field.as_ref().clone().with_nullable(true);
    Ok(Schema::new(schema.fields().iter().map(nullable).collect::<Vec<_>>()))
}

/// The column that a filter restricts to constants of its type, and the constants. NULL is equal to nothing.
fn constants(definition: &TableDefinition, filter: &Expr) -> Option<(usize, Vec<ScalarValue>)> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            let (column, value) = match (left.as_ref(), right.as_ref()) {
                (Expr::Column(column), Expr::Literal(value, _))
                | (Expr::Literal(value, _), Expr::Column(column)) => (column, value),
                _ => return None,
            };
            let column = position(definition, &column.name, value)?;
            Some((column, Some(value.clone()).filter(|value| !value.is_null()).into_iter().collect()))
        }
        // A short IN list is a chain of these by now.
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let (column, mut values) = constants(definition, left)?;
            let (other, more) = constants(definition, right)?;
            values.extend(more);
            (column == other).then_some((column, values))
        }
        Expr::InList(InList { expr, list, negated: false }) => {
            let Expr::Column(column) = expr.as_ref() else { return None };
            let mut known = None;
            let mut values = Vec::with_capacity(list.len());
            for item in list {
                let Expr::Literal(value, _) = item else { return None };
                known = Some(position(definition, &column.name, value)?);
                if !value.is_null() {
                    values.push(value.clone());
                }
            }
            known.map(|column| (column, values))
        }
        _ => None,
    }
}

/// The position of a column that can be compared with `value` as it is.
fn position(definition: &TableDefinition, column: &str, value: &ScalarValue) -> Option<usize> {
    let position = definition.schema.index_of(column).ok()?;
    let data_type = definition.schema.fields().get(position)?.data_type();
    (!data_type.is_nested() && data_type != &DataType::Null && &value.data_type() == data_type)
        .then_some(position)
}
