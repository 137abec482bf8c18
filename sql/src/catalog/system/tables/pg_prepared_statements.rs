//! `pg_prepared_statements`: the statements that the session keeps by name. How often each was planned is not counted.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;

use super::super::rows::{Rows, list_of, moment, moment_type, texts};
use super::super::system_table::Scope;
use super::Addition;
use crate::types::type_name;

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_prepared_statements", schema, fill };

fn schema() -> Schema {
    let field = |name: &str, data_type| Field::new(name, data_type, true);
    Schema::new(vec![
        field("name", DataType::Utf8),
        field("statement", DataType::Utf8),
        field("prepare_time", moment_type()),
        field("parameter_types", list_of(DataType::Utf8)),
        field("result_types", list_of(DataType::Utf8)),
        field("from_sql", DataType::Boolean),
        field("generic_plans", DataType::Int64),
        field("custom_plans", DataType::Int64),
    ])
}

fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let Some(live) = scope.statement.live.upgrade() else { return Ok(()) };
    for (name, kept) in live.named.lock().all() {
        let parameters: Vec<String> =
            kept.statement.parameters().iter().map(|parameter| type_name(parameter)).collect();
        let results = kept
            .statement
            .columns()
            .map(|columns| columns.fields().iter().map(|column| type_name(column)).collect::<Vec<String>>());
        let result_types = match results {
            Some(results) => texts(&results),
            None => datafusion::common::ScalarValue::try_from(&list_of(DataType::Utf8))?,
        };
        rows.push([
            ("name", name.as_str().into()),
            ("statement", kept.statement.statement().text().into()),
            ("prepare_time", moment(kept.prepared)),
            ("parameter_types", texts(&parameters)),
            ("result_types", result_types),
            ("from_sql", kept.from_sql.into()),
        ])?;
    }
    Ok(())
}
