//! `muster_corpora`: the tables that `vector_search` and `matrix_search` may name: those with a primary key of one column and a
//! vector column.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::rows::{Rows, text};
use super::super::system_table::Scope;
use super::Addition;
use crate::catalog::relation::{plain, schema_of, shown};
use crate::column;
use crate::functions::table::Corpus;
use crate::sqlstate::SqlState;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "muster_corpora", schema, fill };

fn schema() -> Schema {
    use DataType::{Int32, Int64, Utf8};
    let columns = [
        ("corpus", Utf8),
        ("schemaname", Utf8),
        ("tablename", Utf8),
        ("key_column", Utf8),
        ("vector_column", Utf8),
        ("dimensions", Int32),
        ("metric", Utf8),
        ("indexname", Utf8),
        ("embedding", Utf8),
        ("rows", Int64),
    ];
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec())
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let definition = table.definition();
        let corpus = match Corpus::of(definition) {
            Ok(corpus) => corpus,
            // It is none.
            Err(error) if error.sqlstate() == SqlState::WrongObjectType.code() => continue,
            Err(error) => return Err(error.into()),
        };
        let field = |column: usize| definition.schema.fields().get(column);
        let name = |column: usize| text(field(column).map(|field| field.name().as_str()));
        let generated = field(corpus.vector_column).and_then(|field| column::generated(field));
        rows.push([
            ("corpus", shown(&definition.name).as_str().into()),
            ("schemaname", schema_of(&definition.name).into()),
            ("tablename", plain(&definition.name).into()),
            ("key_column", name(corpus.key_column)),
            ("vector_column", name(corpus.vector_column)),
            ("dimensions", ScalarValue::Int32(i32::try_from(corpus.dimensions).ok())),
            ("metric", corpus.metric.to_string().as_str().into()),
            ("indexname", text(corpus.index.map(|index| plain(&index.name)))),
            ("embedding", text(generated)),
            ("rows", ScalarValue::Int64(i64::try_from(table.live_rows()).ok())),
        ])?;
    }
    Ok(())
}
