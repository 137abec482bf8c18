//! How rows are written as text: the formats text and csv of COPY.

/// What the first line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Header {
    /// A row.
    None,
    /// Skipped (or written): columns are matched by position.
    Skip,
    /// The names of the columns, which must be those that are loaded.
    Match,
    /// The names of the columns, in whatever order: how a file is loaded without COPY.
    Names,
}

/// A format of lines and fields.
#[derive(Clone, Debug)]
pub(crate) struct TextFormat {
    /// Fields in quotes, rather than with backslashes.
    pub(crate) csv: bool,
    pub(crate) delimiter: u8,
    /// What stands for NULL.
    pub(crate) null: String,
    pub(crate) header: Header,
    pub(crate) quote: u8,
    pub(crate) escape: u8,
}

impl TextFormat {
    /// PostgreSQL's text format, with its defaults.
    pub(crate) fn text() -> Self {
        let null = "\\N".to_string();
        Self { csv: false, delimiter: b'\t', null, header: Header::None, quote: b'"', escape: b'"' }
    }

    /// CSV, with PostgreSQL's defaults.
    pub(crate) fn csv() -> Self {
        Self { csv: true, delimiter: b',', null: String::new(), ..Self::text() }
    }
}
