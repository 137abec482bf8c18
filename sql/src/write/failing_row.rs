//! A row that a constraint refuses, as the error shows it.

use arrow::array::ArrayRef;
use arrow::datatypes::Schema;

use crate::error::Values;
use crate::types::display;

/// PostgreSQL cuts longer values.
const LONGEST: usize = 64;

/// What `Failing row contains (1, -5, null).` is made of.
pub(super) fn failing_row(table: &str, schema: &Schema, columns: &[ArrayRef], row: usize) -> Values {
    let values = schema.fields().iter().zip(columns);
    let values = values.map(|(field, values)| (field.name().clone(), shorten(display(values, row, field))));
    Values::row(table, values.collect())
}

fn shorten(value: String) -> String {
    if value.len() <= LONGEST {
        return value;
    }
    let end = (0..=LONGEST).rev().find(|end| value.is_char_boundary(*end)).unwrap_or_default();
    format!("{}...", value.get(..end).unwrap_or_default())
}
