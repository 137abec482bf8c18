//! Large objects: made under their ids, and written piece by piece.

use std::fmt::Write as _;

use muster_storage::Snapshot;

use super::line;
use crate::Result;
use crate::large_object::Objects;

/// Pages of one statement.
const PAGES: usize = 16;

/// All of them. Their owners are left out, as roles are.
///
/// # Errors
/// XX001 when what is stored is damaged.
pub(super) fn create(out: &mut String, snapshot: &Snapshot) -> Result<()> {
    let objects = Objects::of(snapshot)?;
    for entry in objects.all()? {
        line(out, format_args!("SELECT pg_catalog.lo_create({});", entry.oid));
        let mut piece = Piece::default();
        objects.each_page(&entry, |number, page| {
            let at = i64::from(number) * i64::from(Objects::PAGE_BYTES);
            if piece.next != Some(at) || piece.pages >= PAGES {
                piece.finish(out, entry.oid);
                piece.start = at;
            }
            piece.bytes(page);
            // A page that is not full is followed by none.
            piece.next = Some(at + i64::from(Objects::PAGE_BYTES));
            if page.len() < Objects::PAGE_BYTES as usize {
                piece.next = None;
            }
            Ok(())
        })?;
        piece.finish(out, entry.oid);
        if objects.ends_in_zeros(&entry)? {
            // What no page holds of its end.
            let last = entry.size.saturating_sub(1);
            line(out, format_args!("SELECT pg_catalog.lo_put({}, {last}, '\\x00');", entry.oid));
        }
    }
    Ok(())
}

/// Bytes that one statement writes.
#[derive(Default)]
struct Piece {
    start: i64,
    hex: String,
    pages: usize,
    /// Where the page begins that may follow.
    next: Option<i64>,
}

impl Piece {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let written = write!(self.hex, "{byte:02x}");
            debug_assert!(written.is_ok(), "a string takes all that is written");
        }
        self.pages += 1;
    }

    fn finish(&mut self, out: &mut String, oid: u32) {
        if !self.hex.is_empty() {
            let Self { start, hex, .. } = self;
            line(out, format_args!("SELECT pg_catalog.lo_put({oid}, {start}, '\\x{hex}');"));
        }
        self.hex.clear();
        self.pages = 0;
    }
}
