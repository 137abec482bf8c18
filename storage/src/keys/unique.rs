//! Whether new rows may join a table: no key twice, neither among them nor with a live row that is there.
//!
//! It does not change anything. Invariant: deleted rows never stand in the way.

use arrow::array::{ArrayRef, RecordBatch};
use arrow::row::Rows;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::keys::{Hashed, KeyEncoder};
use crate::{Error, Part, Result, TableDefinition};

/// Checks that rows may join a table that consists of `parts`.
pub(crate) fn check<'a>(
    definition: &TableDefinition,
    encoders: &[KeyEncoder],
    parts: impl Iterator<Item = &'a Part> + Clone,
    rows: &RecordBatch,
) -> Result<()> {
    for (number, encoder) in encoders.iter().enumerate() {
        let columns = key_columns(encoder, rows);
        let keys = encoder.encode(&columns)?;
        let mut hashed = encoder.hash(&columns, &keys, 0);
        hashed.sort_unstable();
        if let Some(row) = repeated(&hashed, &keys) {
            return Err(duplicate(definition, encoder, &columns, row));
        }
        for part in parts.clone() {
            if let Some((row, _)) = taken(part, number, encoder, &hashed, &keys)? {
                return Err(duplicate(definition, encoder, &columns, row));
            }
        }
    }
    Ok(())
}

/// The constraint's columns of these rows.
pub(crate) fn key_columns(encoder: &KeyEncoder, rows: &RecordBatch) -> Vec<ArrayRef> {
    encoder.constraint().columns.iter().filter_map(|column| rows.columns().get(*column)).cloned().collect()
}

/// A row whose key another of these rows has too.
fn repeated(hashed: &[Hashed], keys: &Rows) -> Option<u32> {
    let same_hash = |left: &Hashed, right: &Hashed| left.0 == right.0;
    for group in hashed.chunk_by(same_hash).filter(|group| group.len() > 1) {
        let mut group: Vec<_> = group.iter().map(|(_, row)| (keys.row(*row as usize), *row)).collect();
        group.sort_unstable();
        if let Some([_, (_, row)]) = group.array_windows().find(|[(left, _), (right, _)]| left == right) {
            return Some(*row);
        }
    }
    None
}

/// The first of these keys that a live row of the part has: the row here and the position there.
pub(crate) fn taken(
    part: &Part,
    number: usize,
    encoder: &KeyEncoder,
    hashed: &[Hashed],
    keys: &Rows,
) -> Result<Option<(u32, u32)>> {
    if part.live_rows() == 0 || hashed.is_empty() {
        return Ok(None);
    }
    let index = part.key_index(number, encoder)?;
    let mut at = 0;
    let mut columns = None;
    for (hash, row) in hashed {
        at = index.lower_bound(at, *hash);
        for position in index.matches(at, *hash) {
            if part.deleted().contains(position) {
                continue;
            }
            let columns = match &mut columns {
                Some(columns) => columns,
                none => none.insert(part.key_columns(encoder)?),
            };
            let single: Vec<_> = columns.iter().map(|column| column.slice(position as usize, 1)).collect();
            let stored = encoder.encode(&single)?;
            if stored.row(0).data() == keys.row(*row as usize).data() {
                return Ok(Some((*row, position)));
            }
        }
    }
    Ok(None)
}

/// The error for a row whose key is taken.
pub(crate) fn duplicate(
    definition: &TableDefinition,
    encoder: &KeyEncoder,
    columns: &[ArrayRef],
    row: u32,
) -> Error {
    let constraint = encoder.constraint();
    let names = constraint.columns.iter().filter_map(|column| definition.schema.fields().get(*column));
    let names: Vec<_> = names.map(|field| field.name().clone()).collect();
    let options = FormatOptions::default().with_null("null");
    let values = columns.iter().map(|column| match ArrayFormatter::try_new(column, &options) {
        Ok(formatter) => formatter.value(row as usize).try_to_string().unwrap_or_else(|error| error.to_string()),
        Err(error) => error.to_string(),
    });
    let values: Vec<_> = values.collect();
    Error::DuplicateKey {
        table: definition.name.clone(),
        constraint: constraint.name.clone(),
        key: format!("({})=({})", names.join(", "), values.join(", ")),
        columns: names,
    }
}
