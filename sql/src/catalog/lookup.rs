//! Filters that a primary key or unique constraint answers: `key = constant` for each of its columns, or
//! `key IN (constants)` where it has one.
//!
//! It says where matching rows can be, not which match: the filters themselves stay in the plan. Invariant:
//! each row that the filters are true for is among those that the keys find. So a constant counts only in
//! the column's own type, which is what the optimizer makes of one that the type can hold.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use muster_storage::{KeyConstraint, Table, TableDefinition};

use crate::Error;

/// The keys that a scan looks up.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    constraint: KeyConstraint,
    /// A row for each key, the constraint's columns in its order.
    keys: RecordBatch,
}

impl Lookup {
    /// Whether a filter may be part of a lookup.
    pub(crate) fn understands(definition: &TableDefinition, filter: &Expr) -> bool {
        constants(definition, filter)
            .is_some_and(|(column, _)| definition.keys.iter().any(|key| key.columns.contains(&column)))
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
            let schema = Arc::new(key_schema(definition, constraint)?);
            let arrays = lists.iter().zip(schema.fields()).map(|(values, field)| {
                if values.is_empty() {
                    Ok(arrow::array::new_empty_array(field.data_type()))
                } else {
                    ScalarValue::iter_to_array(values.iter().cloned())
                }
            });
            let arrays = arrays.collect::<Result<_>>()?;
            let keys = RecordBatch::try_new(schema, arrays)?;
            return Ok(Some(Self { constraint: constraint.clone(), keys }));
        }
        Ok(None)
    }

    /// The lookup of these keys, rows of the constraint's columns in its order, all nullable.
    pub(crate) fn at(constraint: KeyConstraint, keys: RecordBatch) -> Self {
        Self { constraint, keys }
    }

    /// How many rows it finds at most.
    pub(crate) fn most(&self) -> usize {
        self.keys.num_rows()
    }

    /// The constraint's name.
    pub(crate) fn name(&self) -> &str {
        &self.constraint.name
    }

    /// Parts of the table by their numbers, and the positions there; `None` where the table has no such
    /// constraint any more.
    pub(crate) fn find(&self, table: &Table) -> Result<Option<Vec<(usize, u32)>>> {
        if table.definition().key(&self.constraint.name) != Some(&self.constraint) {
            return Ok(None);
        }
        let mut found = Vec::with_capacity(self.keys.num_rows());
        for row in 0..self.keys.num_rows() {
            let place = table.find(&self.constraint.name, &self.keys.slice(row, 1)).map_err(Error::from)?;
            found.extend(place);
        }
        // The same constant may be written twice, or differ in a way that the key does not.
        found.sort_unstable();
        found.dedup();
        Ok(Some(found))
    }
}

fn key_schema(definition: &TableDefinition, constraint: &KeyConstraint) -> Result<Schema> {
    let schema = definition.schema.project(&constraint.columns)?;
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
