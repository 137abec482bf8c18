//! The `filter` argument: a predicate, compiled once for a statement, as a bitmap of each part.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use datafusion::physical_expr::PhysicalExpr;
use muster_storage::{Part, TableDefinition};
use roaring::RoaringBitmap;

use crate::planning::expression::{self, Compiled};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// A predicate over a corpus's columns.
pub(super) struct Filter {
    compiled: Compiled,
}

impl Filter {
    /// # Errors
    /// 42601 where it does not parse, 42703 where it names no column, 42804 where it is no
    /// condition.
    pub(super) fn compile(
        sql: &str,
        definition: &TableDefinition,
        statement: &StatementContext,
    ) -> Result<Self> {
        let planner = &statement.database.planner;
        let (predicate, columns) =
            expression::logical(planner, &statement.snapshot, sql, &definition.name, &definition.schema)
                .map_err(in_filter)?;
        let data_type = expression::data_type(&predicate, &columns)?;
        if !matches!(data_type, DataType::Boolean | DataType::Null) {
            return Err(Error::new(
                SqlState::DatatypeMismatch,
                format!("argument of filter must be type boolean, not type {}", {
                    let field = arrow::datatypes::Field::new("", data_type, true);
                    crate::types::type_name(&field)
                }),
            ));
        }
        if !expression::is_immutable(&predicate)? {
            statement.varies.store(true, Ordering::Release);
        }
        let compiled =
            expression::compile(planner, predicate, &definition.name, &definition.schema, &columns)?;
        Ok(Self { compiled })
    }

    /// The rows of `part` that it is true for, deleted ones among them.
    pub(super) fn matches(&self, part: &Part) -> Result<RoaringBitmap> {
        let rows = if self.compiled.projection.is_empty() {
            let options = arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(part.rows()));
            RecordBatch::try_new_with_options(self.compiled.schema.clone(), Vec::new(), &options)?
        } else {
            part.columns(&self.compiled.projection)?
        };
        let predicate: &Arc<dyn PhysicalExpr> = &self.compiled.physical;
        let truth = predicate.evaluate(&rows)?.into_array(rows.num_rows())?;
        let truth = arrow::compute::cast(&truth, &DataType::Boolean)?;
        let truth = truth.as_boolean();
        let mut matching = RoaringBitmap::new();
        // NULL is not true.
        let positions = match truth.nulls() {
            None => truth.values().set_indices().collect::<Vec<_>>(),
            Some(nulls) => (truth.values() & nulls.inner()).set_indices().collect(),
        };
        for position in positions {
            matching.insert(
                u32::try_from(position)
                    .map_err(|_| Error::unsupported("a part of more than 4,294,967,295 rows"))?,
            );
        }
        Ok(matching)
    }
}

/// A syntax error's place is one in the filter's text, not in the statement's.
fn in_filter(error: Error) -> Error {
    match error {
        Error::Statement(report) => {
            let place =
                report.position.map_or_else(String::new, |position| format!(" at character {position}"));
            let message = format!("filter: {}{place}", report.message);
            Error::Statement(Box::new(crate::error::Report { message, position: None, ..*report }))
        }
        other => other,
    }
}
