//! Indexes of a database. Those of vectors are built for each segment, opened once, mended when damaged; [`plain`] and
//! [`unique`] are those of other columns.
//!
//! Graphs are the engine's, files are storage's; this is where the two meet. The table is the
//! truth: a graph that is missing or damaged costs an exact search and a rebuild, nothing else.
//!
//! - [`Indexes`]: the open graphs, and building them.
//! - [`Builds`]: what is being built just now.
//!
//! What is missing is built in the [background](crate::background). A compaction gets the graphs of its new segments built
//! before it is seen ([`make_files`]).

mod builds;
mod indexes;
mod operator_class;
pub(crate) mod plain;
mod rows;
pub(crate) mod unique;

use muster_engine::{CodeBits, HnswParams, Metric};
use muster_storage::{IndexDefinition, TableDefinition};

pub(crate) use builds::{Builds, Command};
pub(crate) use indexes::{Indexes, make_files};
pub(crate) use operator_class::{find_class, operator_class};
pub(crate) use rows::Reader;

use crate::{Error, Result};

/// The method's name in CREATE INDEX.
pub(crate) const METHOD: &str = "hnsw";
/// The properties that an index keeps in its definition.
pub(crate) const METRIC: &str = "metric";
pub(crate) const M: &str = "m";
pub(crate) const EF_CONSTRUCTION: &str = "ef_construction";
pub(crate) const CODE_BITS: &str = "code_bits";
pub(crate) const LIST_ROWS: &str = "list_rows";

/// The vector indexes of a table.
pub(crate) fn vector_indexes(definition: &TableDefinition) -> impl Iterator<Item = &IndexDefinition> {
    definition.indexes.iter().filter(|index| !plain::is_plain(index))
}

/// The distance that an index is for.
pub(crate) fn metric_of(index: &IndexDefinition) -> Result<Metric> {
    let name = index.properties.get(METRIC).map_or("cosine", String::as_str);
    name.parse::<Metric>().map_err(Error::from)
}

/// What an index is built with.
pub(crate) fn params_of(index: &IndexDefinition) -> HnswParams {
    let default = HnswParams::default();
    let property = |name: &str| index.properties.get(name).and_then(|value| value.parse::<usize>().ok());
    HnswParams {
        m: property(M).unwrap_or(default.m),
        ef_construction: property(EF_CONSTRUCTION).unwrap_or(default.ef_construction),
        code_bits: property(CODE_BITS).and_then(CodeBits::from_number).unwrap_or(default.code_bits),
        list_rows: property(LIST_ROWS).unwrap_or(default.list_rows),
    }
}

/// The options of CREATE INDEX that an index was made with; `code_bits` and `list_rows` only where they are not the usual ones.
pub(crate) fn options_of(index: &IndexDefinition) -> Vec<(&'static str, usize)> {
    let params = params_of(index);
    let mut options = vec![(M, params.m), (EF_CONSTRUCTION, params.ef_construction)];
    if params.code_bits != CodeBits::default() {
        options.push((CODE_BITS, params.code_bits.number()));
    }
    if params.list_rows != HnswParams::default().list_rows {
        options.push((LIST_ROWS, params.list_rows));
    }
    options
}

/// The same as `WITH (m = 16, ef_construction = 200)`.
pub(crate) fn with_of(index: &IndexDefinition) -> String {
    with(&options_of(index))
}

/// Options as CREATE INDEX takes them.
pub(crate) fn with(options: &[(&str, usize)]) -> String {
    let options: Vec<String> = options.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    format!("WITH ({})", options.join(", "))
}
