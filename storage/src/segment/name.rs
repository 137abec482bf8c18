//! How the files of segments are named.
//!
//! Invariant: a name is used once in the life of a database, and a file that does not have such a name is none of ours
//! and is never removed.

use crate::{IndexId, SegmentId, TableId};

pub(crate) fn parquet(table: TableId, segment: SegmentId) -> String {
    format!("{table}-{segment}.parquet")
}

pub(crate) fn vectors(table: TableId, segment: SegmentId, column: usize) -> String {
    format!("{table}-{segment}-{column}.vec")
}

/// `generation` tells the file of a rebuilt index from the one it replaces.
pub(crate) fn index(table: TableId, segment: SegmentId, index: IndexId, generation: u64) -> String {
    format!("{table}-{segment}-{index}-{generation}.graph")
}

/// Not named by any manifest: a file that is there when a store is opened is a stray.
pub(crate) fn rows(table: TableId, segment: SegmentId, number: u64) -> String {
    format!("{table}-{segment}-{number}.rows")
}

/// Whether a file of this name is one of single rows.
pub(crate) fn is_rows(name: &str) -> bool {
    name.ends_with(".rows")
}

/// Whether a file of this name was made by a store.
pub(crate) fn is_ours(name: &str) -> bool {
    let (numbers, count) = match name.rsplit_once('.') {
        Some((numbers, "parquet")) => (numbers, 2),
        Some((numbers, "vec" | "rows")) => (numbers, 3),
        Some((numbers, "graph")) => (numbers, 4),
        _ => return false,
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    numbers.split('-').count() == count && numbers.split('-').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_names_and_no_others() {
        let (table, segment) = (TableId(7), SegmentId(42));
        assert!(is_ours(&parquet(table, segment)));
        assert!(is_ours(&rows(table, segment, 0)));
        assert!(is_ours(&vectors(table, segment, 3)));
        assert!(is_ours(&index(table, segment, IndexId(1), 43)));
        for other in
            ["notes.txt", "a-b.parquet", "1.parquet", "1-2-3.parquet", "1-2.vec", "-1-2.vec", ".graph"]
        {
            assert!(!is_ours(other), "{other}");
        }
    }
}
