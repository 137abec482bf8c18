//! Looking rows up by columns that need not be a key: an index over each list of columns that somebody looks up.
//!
//! It does not know which indexes a table has: who asks names the columns. Each takes 12 bytes a row without nulls there,
//! from its first use on. Invariant: rows that have equal values are among the candidates; so may be others, whose hash is
//! the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use parking_lot::Mutex;

use super::{Hashed, KeyEncoder, KeyIndex};
use crate::lazy::Lazy;
use crate::{Error, KeyConstraint, Part, Result, Table, TableDefinition};

/// What is made of one part, by the positions of the columns.
#[derive(Debug, Default)]
pub(crate) struct Lookups(Mutex<BTreeMap<Vec<usize>, Slot>>);

type Slot = Arc<Lazy<Arc<KeyIndex>>>;

impl Lookups {
    fn slot(&self, columns: &[usize]) -> Slot {
        let mut slots = self.0.lock();
        if let Some(slot) = slots.get(columns) {
            return slot.clone();
        }
        slots.entry(columns.to_vec()).or_default().clone()
    }

    /// The lists of columns that an index is made over.
    fn made(&self) -> Vec<Vec<usize>> {
        let slots = self.0.lock();
        slots.iter().filter(|(_, slot)| slot.is_made()).map(|(columns, _)| columns.clone()).collect()
    }

    /// The same without what no index of the definition begins with.
    pub(crate) fn kept(&self, definition: &TableDefinition) -> Self {
        let of_index = |columns: &[usize]| {
            let mut indexes = definition.indexes.iter();
            indexes.any(|index| index.columns().take(columns.len()).eq(columns.iter().copied()))
        };
        let slots = self.0.lock();
        let kept = slots.iter().filter(|(columns, _)| of_index(columns));
        Self(Mutex::new(kept.map(|(columns, slot)| (columns.clone(), slot.clone())).collect()))
    }
}

impl Table {
    /// The live rows that may have these values in these columns, by part and position, in their order: all that have
    /// them, and such as a hash does not tell from these. Nulls find nothing.
    ///
    /// `values` has the columns, each of the column's type, and a row for each combination that is looked for.
    ///
    /// # Errors
    /// [`Error::Schema`] for values of other columns; what reading the columns gives.
    pub fn candidates(&self, columns: &[usize], values: &RecordBatch) -> Result<Vec<(usize, u32)>> {
        let definition = self.definition();
        let fields = columns.iter().map(|column| definition.schema.fields().get(*column));
        let types = fields.map(|field| field.map(|field| field.data_type()));
        let fits = types.eq(values.columns().iter().map(|column| Some(column.data_type())));
        if !fits {
            let detail = format!("columns {columns:?} are looked up by {}", values.schema());
            return Err(Error::schema(&definition.name, detail));
        }
        let encoder = encoder(definition, columns)?;
        let encoded = encoder.encode(values.columns())?;
        let mut hashed = encoder.hash(values.columns(), &encoded, 0);
        hashed.sort_unstable();
        hashed.dedup_by_key(|(hash, _)| *hash);
        let mut found = Vec::new();
        for (number, part) in self.parts().enumerate() {
            found.extend(candidates(part, &encoder, &hashed)?.into_iter().map(|position| (number, position)));
        }
        Ok(found)
    }
}

/// The positions of a part's live rows that have one of these hashes, which are sorted.
fn candidates(part: &Part, encoder: &KeyEncoder, hashed: &[Hashed]) -> Result<Vec<u32>> {
    let mut positions = Vec::new();
    if part.live_rows() == 0 || hashed.is_empty() {
        return Ok(positions);
    }
    let slot = part.lookups().slot(&encoder.constraint().columns);
    let index = slot.get_or_try(|| index_of(part, encoder))?;
    let mut at = 0;
    for (hash, _) in hashed {
        at = index.lower_bound(at, *hash);
        positions.extend(index.matches(at, *hash).filter(|position| !part.deleted().contains(*position)));
    }
    positions.sort_unstable();
    Ok(positions)
}

/// Makes the indexes of a new part that other parts of its table have been looked up by, before anybody waits for them.
pub(crate) fn warm(table: &Table, part: &Part) -> Result<()> {
    let mut made: Vec<Vec<usize>> = table.parts().flat_map(|part| part.lookups().made()).collect();
    made.sort_unstable();
    made.dedup();
    for columns in made {
        let encoder = encoder(table.definition(), &columns)?;
        part.lookups().slot(&columns).get_or_try(|| index_of(part, &encoder))?;
    }
    Ok(())
}

/// The index over an encoder's columns of one part.
pub(crate) fn index_of(part: &Part, encoder: &KeyEncoder) -> Result<Arc<KeyIndex>> {
    /// Rows whose keys are encoded at a time; the encoded keys are not kept.
    const STEP: usize = 1 << 16;
    let columns = part.key_columns(encoder)?;
    let mut hashed = Vec::with_capacity(part.rows());
    for start in (0..part.rows()).step_by(STEP) {
        let length = STEP.min(part.rows() - start);
        let step: Vec<_> = columns.iter().map(|column| column.slice(start, length)).collect();
        let keys = encoder.encode(&step)?;
        hashed.extend(encoder.hash(&step, &keys, start as u32));
    }
    Ok(Arc::new(KeyIndex::new(hashed)))
}

/// Encodes values of these columns; a null is equal to nothing.
fn encoder(definition: &TableDefinition, columns: &[usize]) -> Result<KeyEncoder> {
    let (name, columns) = (String::new(), columns.to_vec());
    let constraint = KeyConstraint { name, columns, primary: false, nulls_distinct: true };
    KeyEncoder::new(&definition.name, &definition.schema, &constraint)
}
