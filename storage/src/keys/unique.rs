//! Whether new rows may join a table: no key twice, neither among them nor with a live row that is there.
//!
//! It does not change anything. Invariant: deleted rows never stand in the way.

use std::ops::ControlFlow;
use std::path::Path;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::filter;
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

/// Checks that the live rows of a table's parts have no key twice.
pub(crate) fn check_all(
    definition: &TableDefinition,
    number: usize,
    encoder: &KeyEncoder,
    parts: &[Part],
) -> Result<()> {
    for (checked, part) in parts.iter().enumerate() {
        let columns = part.key_columns(encoder)?;
        let live: BooleanArray = (0..part.rows())
            .map(|row| Some(u32::try_from(row).is_ok_and(|row| !part.deleted().contains(row))))
            .collect();
        let columns = columns.iter().map(|column| filter(column, &live));
        let columns = columns.collect::<Result<Vec<_>, _>>();
        let columns = columns.map_err(|error| Error::arrow(Path::new("keys"), error))?;
        let keys = encoder.encode(&columns)?;
        let mut hashed = encoder.hash(&columns, &keys, 0);
        hashed.sort_unstable();
        if let Some(row) = repeated(&hashed, &keys) {
            return Err(duplicate(definition, encoder, &columns, row));
        }
        for earlier in parts.iter().take(checked) {
            if let Some((row, _)) = taken(earlier, number, encoder, &hashed, &keys)? {
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

/// The first of these keys, sorted by hash, that a live row of the part has: the row here and the position there.
pub(crate) fn taken(
    part: &Part,
    number: usize,
    encoder: &KeyEncoder,
    hashed: &[Hashed],
    keys: &Rows,
) -> Result<Option<(u32, u32)>> {
    let mut first = None;
    each_taken(part, number, encoder, hashed, keys, |row, position| {
        first = Some((row, position));
        ControlFlow::Break(())
    })?;
    Ok(first)
}

/// Keys of one part that are read one by one; for more of them all are read.
const SINGLY: usize = 16;

fn at_position(columns: &[ArrayRef], position: u32) -> Vec<ArrayRef> {
    columns.iter().map(|column| column.slice(position as usize, 1)).collect()
}

/// Tells `found` of each of these keys, sorted by hash, that a live row of the part has: the row here and the position
/// there.
pub(crate) fn each_taken(
    part: &Part,
    number: usize,
    encoder: &KeyEncoder,
    hashed: &[Hashed],
    keys: &Rows,
    mut found: impl FnMut(u32, u32) -> ControlFlow<()>,
) -> Result<()> {
    if part.live_rows() == 0 || hashed.is_empty() {
        return Ok(());
    }
    let index = part.key_index(number, encoder)?;
    let (mut at, mut looked_at) = (0, 0_usize);
    let mut columns = None;
    for (hash, row) in hashed {
        at = index.lower_bound(at, *hash);
        for position in index.matches(at, *hash) {
            if part.deleted().contains(position) {
                continue;
            }
            looked_at += 1;
            let single = match &mut columns {
                None if looked_at <= SINGLY => part.key_at(encoder, position)?,
                none @ None => {
                    let all = part.columns(&encoder.constraint().columns)?;
                    at_position(none.insert(all.columns().to_vec()), position)
                }
                Some(columns) => at_position(columns, position),
            };
            let stored = encoder.encode(&single)?;
            if stored.row(0).data() == keys.row(*row as usize).data() {
                if found(*row, position).is_break() {
                    return Ok(());
                }
                break;
            }
        }
    }
    Ok(())
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
        Ok(formatter) => {
            formatter.value(row as usize).try_to_string().unwrap_or_else(|error| error.to_string())
        }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int64Array};
    use arrow::datatypes::{DataType, Field, Schema};

    use super::*;
    use crate::chunk::Chunk;
    use crate::{KeyConstraint, TableId};

    fn encoder(data_type: DataType, nulls_distinct: bool) -> (KeyEncoder, Arc<Schema>) {
        let schema = Arc::new(Schema::new(vec![Field::new("k", data_type, true)]));
        let constraint =
            KeyConstraint { name: "k_key".into(), columns: vec![0], primary: false, nulls_distinct };
        (KeyEncoder::new("t", &schema, &constraint).unwrap(), schema)
    }

    fn check_column(column: ArrayRef, nulls_distinct: bool) -> Result<()> {
        let (encoder, schema) = encoder(column.data_type().clone(), nulls_distinct);
        let rows = RecordBatch::try_new(schema.clone(), vec![column]).unwrap();
        let definition = TableDefinition {
            id: TableId(0),
            name: "t".into(),
            layouts: crate::Layouts::of(&schema),
            temporary: false,
            schema,
            keys: vec![encoder.constraint().clone()],
            indexes: Vec::new(),
            properties: Default::default(),
        };
        check(&definition, &[encoder], std::iter::empty(), &rows)
    }

    #[test]
    fn equal_hashes_of_different_keys_are_no_duplicates() {
        let (encoder, schema) = encoder(DataType::Int64, true);
        let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![1, 2, 3, 1]))];
        let keys = encoder.encode(&columns).unwrap();
        assert_eq!(repeated(&[(9, 0), (9, 1), (9, 2)], &keys), None);
        assert!(repeated(&[(9, 0), (9, 1), (9, 2), (9, 3)], &keys).is_some());

        // The part has key 1; key 2 is looked for under its hash, then key 1.
        let stored: Vec<ArrayRef> = vec![Arc::new(Int64Array::from(vec![7, 1]))];
        let rows = RecordBatch::try_new(schema.clone(), stored).unwrap();
        let part = Part::chunk(schema, 0, Chunk::new(rows), Default::default(), 1);
        let hash = encoder.hash(&columns, &keys, 0)[0].0;
        assert_eq!(taken(&part, 0, &encoder, &[(hash, 1)], &keys).unwrap(), None);
        assert_eq!(taken(&part, 0, &encoder, &[(hash, 0)], &keys).unwrap(), Some((0, 1)));
    }

    #[test]
    fn nulls_are_distinct_unless_told_otherwise() {
        let nulls = || Arc::new(Int64Array::from(vec![None, Some(1), None]));
        check_column(nulls(), true).unwrap();
        let error = check_column(nulls(), false).unwrap_err();
        assert!(matches!(error, Error::DuplicateKey { key, .. } if key == "(k)=(null)"));
    }

    #[test]
    fn minus_zero_is_zero_and_all_nan_are_one() {
        for values in [vec![0.0, -0.0], vec![f64::NAN, -f64::NAN]] {
            assert!(check_column(Arc::new(Float64Array::from(values)), true).is_err());
        }
        check_column(Arc::new(Float64Array::from(vec![0.0, 1.0, f64::NAN])), true).unwrap();
    }
}
