//! `CREATE INDEX` over plain columns: a named list of columns that rows are looked up by.
//!
//! Nothing is stored for it but its definition. Storage makes what is looked up at first use, by
//! [`candidates`](muster_storage::Table::candidates), whatever the access method is called: it knows equality, not order.
//! So ASC, DESC and NULLS are kept for those who ask the catalog, and change no result.

use arrow::datatypes::{DataType, Field};
use muster_storage::{IndexDefinition, TableDefinition};

use crate::types::type_name;
use crate::{Error, Result, column};

/// The access methods.
pub(crate) const BTREE: &str = "btree";
pub(crate) const HASH: &str = "hash";

/// The property with the order of each column, in PostgreSQL's bits: `3,0`.
const ORDER: &str = "order";
/// The property with the operator class of each column; empty for the type's own.
const CLASSES: &str = "classes";

/// PostgreSQL's bits of `pg_index.indoption`.
const DESC: i16 = 1;
const NULLS_FIRST: i16 = 2;

/// The plain indexes of a table.
pub(crate) fn plain_indexes(definition: &TableDefinition) -> impl Iterator<Item = &IndexDefinition> {
    definition.indexes.iter().filter(|index| is_plain(index))
}

/// Whether an index is one of these.
pub(crate) fn is_plain(index: &IndexDefinition) -> bool {
    [BTREE, HASH].contains(&index.method.as_str())
}

/// How one column of an index is said to be ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Order(pub(crate) i16);

impl Order {
    /// What a statement says; nulls are the largest unless it says so.
    pub(crate) fn new(descending: bool, nulls_first: Option<bool>) -> Self {
        let nulls_first = nulls_first.unwrap_or(descending);
        Self(i16::from(descending) * DESC + i16::from(nulls_first) * NULLS_FIRST)
    }

    /// As PostgreSQL writes it after the column's name: nothing, or with a space before.
    pub(crate) fn sql(self) -> &'static str {
        match (self.0 & DESC != 0, self.0 & NULLS_FIRST != 0) {
            (false, false) => "",
            (false, true) => " NULLS FIRST",
            (true, true) => " DESC",
            (true, false) => " DESC NULLS LAST",
        }
    }
}

/// The properties that keep these orders and operator classes.
pub(crate) fn properties(
    orders: &[Order],
    classes: &[Option<String>],
) -> std::collections::BTreeMap<String, String> {
    let mut properties = std::collections::BTreeMap::new();
    if orders.iter().any(|order| *order != Order::default()) {
        let bits: Vec<String> = orders.iter().map(|order| order.0.to_string()).collect();
        properties.insert(ORDER.to_string(), bits.join(","));
    }
    if classes.iter().any(Option::is_some) {
        let names: Vec<&str> = classes.iter().map(|class| class.as_deref().unwrap_or_default()).collect();
        properties.insert(CLASSES.to_string(), names.join(","));
    }
    properties
}

/// The order of an index's column number `place`.
pub(crate) fn order(index: &IndexDefinition, place: usize) -> Order {
    let bits = index.properties.get(ORDER).and_then(|orders| orders.split(',').nth(place));
    Order(bits.and_then(|bits| bits.parse().ok()).unwrap_or_default())
}

/// The operator class of that column, if it is not the type's own.
pub(crate) fn class(index: &IndexDefinition, place: usize) -> Option<&str> {
    let class = index.properties.get(CLASSES).and_then(|classes| classes.split(',').nth(place));
    class.filter(|class| !class.is_empty())
}

/// What stands in the parentheses of CREATE INDEX, each name written by `quoted`.
pub(crate) fn columns_sql<E>(
    definition: &TableDefinition,
    index: &IndexDefinition,
    quoted: impl Fn(&str) -> std::result::Result<String, E>,
) -> std::result::Result<String, E> {
    let mut columns = Vec::new();
    for (place, position) in index.columns().enumerate() {
        let Some(field) = definition.schema.fields().get(position) else { continue };
        let class = class(index, place).map(|class| format!(" {class}")).unwrap_or_default();
        columns.push(format!("{}{class}{}", quoted(field.name())?, order(index, place).sql()));
    }
    Ok(columns.join(", "))
}

/// # Errors
/// 0A000 for a column of a type whose values are not compared as they are stored.
pub(crate) fn check_type(field: &Field) -> Result<()> {
    let nested = matches!(
        field.data_type(),
        DataType::List(_) | DataType::FixedSizeList(_, _) | DataType::Interval(_) | DataType::Null
    );
    if nested || column::is_json(field) {
        return Err(Error::unsupported(format!("an index over a column of type {}", type_name(field))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_written_as_postgresql_writes_them() {
        let sql = |descending, nulls_first| Order::new(descending, nulls_first).sql();
        assert_eq!(sql(false, None), "");
        assert_eq!(sql(false, Some(false)), "");
        assert_eq!(sql(false, Some(true)), " NULLS FIRST");
        assert_eq!(sql(true, None), " DESC");
        assert_eq!(sql(true, Some(true)), " DESC");
        assert_eq!(sql(true, Some(false)), " DESC NULLS LAST");
        assert_eq!(Order::new(true, None).0, 3);
    }
}
