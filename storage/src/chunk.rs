//! Rows that are still in the journal, in memory.
//!
//! It is immutable: new rows make a new chunk. Neighbours merge as in a binary counter, so a table has few chunks however
//! it was filled. Invariant: a chunk's rows are those with ids from its first, without gaps.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use roaring::RoaringBitmap;

use crate::part::Part;

/// Most rows of a merged chunk: bounds what one commit may have to copy.
const MERGED_ROWS: usize = 1 << 16;

/// Most bytes of a merged chunk: a commit copies them in some 20 ms, and 32-bit string offsets do not overflow.
const MERGED_BYTES: usize = 32 << 20;

/// A run of unsealed rows.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) rows: RecordBatch,
    bytes: usize,
    /// Which chunk of this process it is: no other has the number.
    pub(crate) number: u64,
}

impl Chunk {
    pub(crate) fn new(rows: RecordBatch) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let sizes = rows.columns().iter().map(|column| column.to_data().get_slice_memory_size());
        Self { bytes: sizes.map(Result::unwrap_or_default).sum(), rows, number }
    }
}

/// Appends rows to a table's chunks, merging from the end while the neighbour is less than twice as long.
///
/// Each merge makes the chunk of a row at least one and a half times as long, so a row is copied O(log n) times; and
/// each chunk that stays is at least twice as long as the next, so there are O(log n) of them below the largest.
pub(crate) fn append(
    chunks: &mut Vec<Part>,
    schema: &SchemaRef,
    first_row_id: u64,
    rows: RecordBatch,
    constraints: usize,
) -> Result<(), ArrowError> {
    let new = Part::chunk(schema.clone(), first_row_id, Chunk::new(rows), RoaringBitmap::new(), constraints);
    let mut merged_rows = new.rows();
    let mut merged_bytes = new.as_chunk().map_or(0, |chunk| chunk.bytes);
    let mut start = first_row_id;
    let mut keep = chunks.len();
    for part in chunks.iter().rev() {
        let Some(chunk) = part.as_chunk() else { break };
        let contiguous = part.first_row_id() + part.rows() as u64 == start;
        merged_rows += part.rows();
        merged_bytes += chunk.bytes;
        let short = part.rows() < 2 * (merged_rows - part.rows());
        if !contiguous || !short || merged_rows > MERGED_ROWS || merged_bytes > MERGED_BYTES {
            break;
        }
        start = part.first_row_id();
        keep -= 1;
    }
    let mut merging = chunks.split_off(keep);
    merging.push(new);
    let merged = match merging.as_slice() {
        [single] => single.clone(),
        several => merge(schema, start, several, constraints)?,
    };
    chunks.push(merged);
    Ok(())
}

fn merge(schema: &SchemaRef, start: u64, parts: &[Part], constraints: usize) -> Result<Part, ArrowError> {
    let chunks = parts.iter().filter_map(|part| part.as_chunk());
    let rows = concat_batches(schema, chunks.map(|chunk| &chunk.rows))?;
    let mut deleted = RoaringBitmap::new();
    for part in parts {
        let offset = (part.first_row_id() - start) as u32;
        deleted.extend(part.deleted().iter().map(|position| position + offset));
    }
    Ok(Part::chunk(schema.clone(), start, Chunk::new(rows), deleted, constraints))
}

/// The rest of a chunk from row `from` on.
pub(crate) fn tail(
    schema: &SchemaRef,
    part: &Part,
    chunk: &Arc<Chunk>,
    from: usize,
    constraints: usize,
) -> Part {
    let rows = chunk.rows.slice(from, chunk.rows.num_rows() - from);
    let offset = from as u32;
    let deleted =
        part.deleted().iter().filter(|position| *position >= offset).map(|position| position - offset);
    let deleted = deleted.collect();
    Part::chunk(schema.clone(), part.first_row_id() + from as u64, Chunk::new(rows), deleted, constraints)
}
