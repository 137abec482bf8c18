//! Cuts bytes that come in pieces into records: lines, or what quotes and backslashes make one line.
//!
//! It knows where a record ends and no more; [`super::fields`] takes records apart. Invariant: what it
//! has not yet cut is at most one record and one piece.

use super::format::TextFormat;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// The longest record taken: a piece of the wire protocol is no longer either.
pub(super) const MOST_BYTES: usize = 256 * 1024 * 1024;

/// What ends the lines; the first line decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newline {
    Lf,
    Cr,
    CrLf,
}

/// How far the record that is not complete yet was looked through.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    /// Bytes of it that need no second look.
    length: usize,
    in_quotes: bool,
    escaped: bool,
    /// Line ends within quotes.
    lines: u64,
}

/// What the bytes so far hold.
enum Found {
    /// A record: its length, and that of what ends it.
    Record(usize, usize),
    /// The mark that ends the data, `\.`.
    End,
    /// Nothing that is complete.
    Partial,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Records {
    format: TextFormat,
    buffer: Vec<u8>,
    /// Where in the buffer the next record begins.
    start: usize,
    scan: Scan,
    newline: Option<Newline>,
    /// The line of the record that was given last, from 1.
    line: u64,
    ended: bool,
}

impl Records {
    pub(crate) fn new(format: TextFormat) -> Self {
        let buffer = Vec::new();
        Self { format, buffer, start: 0, scan: Scan::default(), newline: None, line: 0, ended: false }
    }

    pub(crate) fn format(&self) -> &TextFormat {
        &self.format
    }

    /// Bytes that wait to be cut.
    pub(crate) fn waiting(&self) -> usize {
        self.buffer.len() - self.start
    }

    /// Adds bytes. What comes after the mark that ends the data is dropped.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if !self.ended {
            self.buffer.drain(..self.start);
            self.start = 0;
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next record and its line; `None` when none is complete. With `last` no more bytes will come, so that
    /// what is left is one.
    ///
    /// # Errors
    /// 22P04 where lines end in different ways or a mark is not alone on its line; 54000 for a record that is too
    /// long.
    pub(crate) fn next(&mut self, last: bool) -> Result<Option<(&[u8], u64)>> {
        if self.ended {
            return Ok(None);
        }
        let line = self.line + 1;
        let found = self.find(last).inspect_err(|_| self.line = line)?;
        match found {
            Found::Record(length, end) => {
                let record = self.start..self.start + length;
                self.start += length + end;
                self.line = line + self.scan.lines;
                self.scan = Scan::default();
                Ok(self.buffer.get(record).map(|record| (record, self.line)))
            }
            Found::End => {
                self.ended = true;
                self.buffer = Vec::new();
                self.start = 0;
                Ok(None)
            }
            Found::Partial if self.waiting() > MOST_BYTES => {
                self.line = line;
                Err(too_long())
            }
            Found::Partial => Ok(None),
        }
    }

    /// The line of what was given last, or of what an error is about.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    fn find(&mut self, last: bool) -> Result<Found> {
        let bytes = self.buffer.get(self.start..).unwrap_or_default();
        let TextFormat { csv, quote, escape, .. } = self.format;
        loop {
            let at = self.scan.length;
            let Some(&byte) = bytes.get(at) else {
                // An unfinished quote is told by whoever takes the record apart.
                return Ok(if last && at > 0 { Found::Record(at, 0) } else { Found::Partial });
            };
            let next = bytes.get(at + 1).copied();
            if byte == b'\\' && (!csv || at == 0) {
                if next.is_none() && !last {
                    return Ok(Found::Partial);
                }
                if next == Some(b'.') {
                    let after = bytes.get(at + 2).copied();
                    if after.is_none() && !last {
                        return Ok(Found::Partial);
                    }
                    let alone = at == 0 && matches!(after, None | Some(b'\n' | b'\r'));
                    match (alone, csv) {
                        (true, _) => return Ok(Found::End),
                        (false, false) => {
                            return Err(bad("end-of-copy marker is not alone on its line"));
                        }
                        (false, true) => {}
                    }
                }
                if !csv {
                    // Whatever a backslash stands before does not end the line.
                    self.scan.length += if next.is_some() { 2 } else { 1 };
                    continue;
                }
            }
            if csv {
                if self.scan.in_quotes && byte == escape && escape != quote {
                    self.scan.escaped = !self.scan.escaped;
                }
                if byte == quote && !self.scan.escaped {
                    self.scan.in_quotes = !self.scan.in_quotes;
                }
                if byte != escape || escape == quote {
                    self.scan.escaped = false;
                }
                if self.scan.in_quotes {
                    let ends_line = if self.newline == Some(Newline::Cr) { b'\r' } else { b'\n' };
                    self.scan.lines += u64::from(byte == ends_line);
                    self.scan.length += 1;
                    continue;
                }
            }
            match byte {
                b'\n' => {
                    if !matches!(self.newline, None | Some(Newline::Lf)) {
                        return Err(stray_newline(csv));
                    }
                    self.newline = Some(Newline::Lf);
                    return Ok(Found::Record(at, 1));
                }
                b'\r' => match (self.newline, next) {
                    (Some(Newline::Lf), _) => return Err(stray_carriage_return(csv)),
                    (Some(Newline::Cr), _) => return Ok(Found::Record(at, 1)),
                    (_, None) if !last => return Ok(Found::Partial),
                    (_, Some(b'\n')) => {
                        self.newline = Some(Newline::CrLf);
                        return Ok(Found::Record(at, 2));
                    }
                    (Some(Newline::CrLf), _) => return Err(stray_carriage_return(csv)),
                    (None, _) => {
                        self.newline = Some(Newline::Cr);
                        return Ok(Found::Record(at, 1));
                    }
                },
                _ => self.scan.length += 1,
            }
        }
    }
}

fn bad(message: &str) -> Error {
    Error::new(SqlState::BadCopyFileFormat, message)
}

fn stray_newline(csv: bool) -> Error {
    if csv {
        bad("unquoted newline found in data").with_hint("Use quoted CSV field to represent newline.")
    } else {
        bad("literal newline found in data").with_hint("Use \"\\n\" to represent newline.")
    }
}

fn stray_carriage_return(csv: bool) -> Error {
    if csv {
        bad("unquoted carriage return found in data")
            .with_hint("Use quoted CSV field to represent carriage return.")
    } else {
        bad("literal carriage return found in data").with_hint("Use \"\\r\" to represent carriage return.")
    }
}

/// The error for a row of more than [`MOST_BYTES`].
pub(super) fn too_long() -> Error {
    let message = format!("a row of more than {} MiB", MOST_BYTES >> 20);
    Error::new(SqlState::ProgramLimitExceeded, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records of `text`, fed in pieces of every size; all must give the same.
    fn records(format: TextFormat, text: &str) -> std::result::Result<Vec<(String, u64)>, String> {
        let cut = |size: usize| {
            let mut records = Records::new(format.clone());
            let mut found = Vec::new();
            let mut take = |records: &mut Records, last: bool| {
                while let Some((record, line)) = records.next(last).map_err(|error| error.to_string())? {
                    found.push((String::from_utf8(record.to_vec()).unwrap(), line));
                }
                Ok::<_, String>(())
            };
            for piece in text.as_bytes().chunks(size) {
                records.feed(piece);
                take(&mut records, false)?;
            }
            take(&mut records, true)?;
            Ok(found)
        };
        let whole = cut(text.len().max(1));
        for size in 1..text.len() {
            assert_eq!(cut(size), whole, "in pieces of {size}");
        }
        whole
    }

    fn found(records: &[(&str, u64)]) -> std::result::Result<Vec<(String, u64)>, String> {
        Ok(records.iter().map(|(text, line)| ((*text).to_string(), *line)).collect())
    }

    #[test]
    fn lines_end_in_any_one_way() {
        for end in ["\n", "\r", "\r\n"] {
            let text = format!("a{end}{end}b{end}c");
            let expected = found(&[("a", 1), ("", 2), ("b", 3), ("c", 4)]);
            assert_eq!(records(TextFormat::text(), &text), expected);
            assert_eq!(records(TextFormat::csv(), &text), expected);
        }
        for text in ["a\nb\r\n", "a\r\nb\n", "a\rb\n", "a\r\nb\rc\r\n"] {
            assert!(records(TextFormat::text(), text).is_err(), "{text:?}");
            assert!(records(TextFormat::csv(), text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_mark_ends_the_data() {
        let text = TextFormat::text();
        assert_eq!(records(text.clone(), "a\n\\.\nb\n"), found(&[("a", 1)]));
        assert_eq!(records(text.clone(), "a\n\\."), found(&[("a", 1)]));
        assert_eq!(records(text.clone(), "\\\\.\n"), found(&[("\\\\.", 1)]));
        assert!(records(text.clone(), "a\\.\n").is_err());
        assert!(records(text, "\\.a\n").is_err());
        let csv = TextFormat::csv();
        assert_eq!(records(csv.clone(), "a\n\\.\nb\n"), found(&[("a", 1)]));
        assert_eq!(records(csv.clone(), "\\.a\n"), found(&[("\\.a", 1)]));
        assert_eq!(records(csv, "a,\\.\n"), found(&[("a,\\.", 1)]));
    }

    #[test]
    fn a_backslash_keeps_the_line_together() {
        assert_eq!(records(TextFormat::text(), "a\\\nb\nc\\"), found(&[("a\\\nb", 1), ("c\\", 2)]));
    }

    #[test]
    fn quotes_keep_the_line_together() {
        let csv = TextFormat::csv();
        assert_eq!(records(csv.clone(), "1,\"a\nb\"\n2,c\n"), found(&[("1,\"a\nb\"", 2), ("2,c", 3)]));
        assert_eq!(records(csv.clone(), "\"a\"\"\n\"\"\"\nb"), found(&[("\"a\"\"\n\"\"\"", 2), ("b", 3)]));
        assert_eq!(records(csv.clone(), "\"a\nb"), found(&[("\"a\nb", 2)]));
        let escaped = TextFormat { escape: b'\\', ..csv };
        assert_eq!(records(escaped, "\"a\\\"\nb\"\nc"), found(&[("\"a\\\"\nb\"", 2), ("c", 3)]));
    }
}
