//! What can go wrong in the engine, and what the caller should do about it.
//!
//! It is not a list of internal conditions: each variant is something a caller can tell a person.
//! Invariant: the text of an error is a sentence that can be acted on without reading the source.

use crate::Metric;

/// The engine's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A vector has the wrong length. Pass one of the expected length.
    #[error("expected {expected} dimensions, not {found}")]
    Dimensions {
        /// The dimensions of the column, index or query.
        expected: usize,
        /// The dimensions of the vector at hand.
        found: usize,
    },
    /// A vector holds NaN or an infinity. Leave the row out, or repair its source.
    #[error("element {position} of the vector is NaN or infinite")]
    NotFinite {
        /// Position of the first such element, from 0.
        position: usize,
    },
    /// A vector of length zero has no direction, so no cosine distance. Use another metric, or NULL.
    #[error("a zero vector has no cosine distance")]
    ZeroVector,
    /// A vector holds a NULL element. Make the whole vector NULL, or fill the element.
    #[error("element {position} of the vector is NULL")]
    NullElement {
        /// Position of the first such element, from 0.
        position: usize,
    },
    /// Something is wrong with one row. Repair that row; the others were not looked at.
    #[error("row {row}: {source}")]
    Row {
        /// The number of the row, counted as the caller counts.
        row: u64,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A batch of vectors does not have the shape it must have. This is a fault in the calling code.
    #[error("not a batch of vectors: {reason}")]
    Shape {
        /// What was found, and what was expected.
        reason: String,
    },
    /// A parameter is out of its range. Choose a value inside.
    #[error("{name} must be between {least} and {most}, not {value}")]
    Parameter {
        /// The parameter's name.
        name: &'static str,
        /// The value given.
        value: u64,
        /// The least value allowed.
        least: u64,
        /// The greatest value allowed.
        most: u64,
    },
    /// No metric of this name. Use one of cosine, l2, l1, ip.
    #[error("unknown metric \"{name}\"; known are cosine, l2, l1, ip")]
    UnknownMetric {
        /// The name given.
        name: String,
    },
    /// No embedder of this name. Use one of those the message lists.
    #[error("unknown embedding model \"{model}\"; known are {known}")]
    UnknownModel {
        /// The name given.
        model: String,
        /// The names that would have worked.
        known: String,
    },
    /// A provider of embeddings cannot be reached, refuses, or answers what is no embedding. See to it, then run the
    /// statement again: nothing of it has happened.
    #[error("embedder \"{model}\": {endpoint}: {reason}")]
    Provider {
        /// The embedder's name.
        model: String,
        /// Where the provider is: scheme, host and port, or a folder.
        endpoint: String,
        /// What was found.
        reason: String,
    },
    /// An embedder's configuration cannot be. Mend it; the message says what is wrong with it.
    #[error("configuration of embedder \"{model}\": {reason}")]
    Configuration {
        /// The embedder's name.
        model: String,
        /// What is wrong.
        reason: String,
    },
    /// An embedder that this program was built without. Build it with the feature that the message names.
    #[error(
        "embedder \"{model}\": this build has no {provider} embedders; build it with the feature {feature}"
    )]
    NotBuilt {
        /// The embedder's name.
        model: String,
        /// The kind of provider.
        provider: &'static str,
        /// The feature of cargo.
        feature: &'static str,
    },
    /// The caller's function asked an embedder to stop. Nothing was embedded.
    #[error("canceling statement due to user request")]
    Interrupted,
    /// The caller's progress function asked to stop. Nothing was produced.
    #[error("building the index was cancelled")]
    Cancelled,
    /// The bytes are not a graph, or a damaged one. Drop them and build the index again.
    #[error("damaged index: {reason} (at byte {offset})")]
    Graph {
        /// Where in the bytes it was noticed.
        offset: u64,
        /// What was found.
        reason: String,
    },
    /// The graph was written by a newer version. Open it with that version, or build it again.
    #[error("index format version {found} is newer than {newest}, the newest that this version reads")]
    GraphVersion {
        /// The version in the bytes.
        found: u32,
        /// The newest version this code reads.
        newest: u32,
    },
    /// A graph was given together with vectors it was not built over. Pair it with its own, or build it again.
    #[error("the index does not belong to these vectors: {reason}")]
    GraphMismatch {
        /// In what they differ.
        reason: String,
    },
    /// A graph for one metric was asked for another. Search exactly, or use the index of that metric.
    #[error("the index is for {graph} distance, the query asks for {query}")]
    GraphMetric {
        /// The graph's metric.
        graph: Metric,
        /// The query's.
        query: Metric,
    },
    /// More rows than one part may hold. Split them into several segments.
    #[error("{rows} rows are more than one segment can hold ({most})")]
    TooManyRows {
        /// Rows given.
        rows: u64,
        /// The most that are possible.
        most: u64,
    },
    /// A row could not be read from where it is stored. The search may be tried again; the disk may be failing.
    #[error("cannot read row {row}: {source}")]
    Read {
        /// The row, counted within its part.
        row: u64,
        /// What the reader said.
        source: std::io::Error,
    },
    /// A part of an index could not be read from where it is stored. The search may be tried again; the disk may be failing.
    #[error("cannot read the index: {source}")]
    ReadIndex {
        /// What the reader said.
        source: std::io::Error,
    },
    /// The result does not fit into Arrow's limits. Pass fewer rows at a time.
    #[error("cannot make an Arrow array: {source}")]
    Arrow {
        /// Arrow's own words.
        #[from]
        source: arrow::error::ArrowError,
    },
}

impl Error {
    /// The same error, said of one row.
    pub(crate) fn at_row(self, row: u64) -> Self {
        Self::Row { row, source: Box::new(self) }
    }
}
