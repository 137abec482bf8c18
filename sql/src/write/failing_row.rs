//! A row that a constraint refuses, as the error shows it.

use arrow::array::ArrayRef;
use arrow::datatypes::Schema;

use crate::types::display;

/// PostgreSQL cuts longer values.
const LONGEST: usize = 64;

/// `Failing row contains (1, -5, null).`
pub(super) fn failing_row(schema: &Schema, columns: &[ArrayRef], row: usize) -> String {
    let values: Vec<String> = schema
        .fields()
        .iter()
        .zip(columns)
        .map(|(field, values)| shorten(display(values, row, field)))
        .collect();
    format!("Failing row contains ({}).", values.join(", "))
}

fn shorten(value: String) -> String {
    if value.len() <= LONGEST {
        return value;
    }
    let end = (0..=LONGEST).rev().find(|end| value.is_char_boundary(*end)).unwrap_or_default();
    format!("{}...", value.get(..end).unwrap_or_default())
}
