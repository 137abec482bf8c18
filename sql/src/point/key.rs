//! The rows that a filter names by a key or an index: `column = value` for each column of a primary key or unique
//! constraint, or for the first columns of an index.
//!
//! It finds where the rows can be; the filter, which stays a stage, says whether they are. Invariant: each row that the filter is true for
//! is among those found. So a value is looked up in the column's own type, and NULL, which equals nothing, finds nothing.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::datasource::source_as_provider;
use datafusion::error::Result as DataFusionResult;
use datafusion::logical_expr::utils::{expr_to_columns, split_conjunction};
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};
use muster_storage::TableDefinition;

use super::given::{Given, GivenValues};
use super::scalar::{Scalar, open};
use super::{Parts, Rows, Source, Stage};
use crate::catalog::{By, Columns, Lookup, StoredTable, rows_of};
use crate::planning::{Planner, expression};
use crate::session::StatementContext;
use crate::{Error, Result};

/// Rows that an index may find: more are read by a plan that streams them.
const MOST_ROWS: usize = 1024;

/// See the module.
#[derive(Debug)]
pub(super) struct KeyedRows {
    definition: Arc<TableDefinition>,
    by: By,
    /// The value of each of its columns, over what is given.
    values: Vec<Scalar>,
    /// Those columns.
    key: SchemaRef,
    /// What is read of the rows.
    read: Columns,
}

/// The table that a plan reads all rows of, and does nothing else.
pub(super) fn table_of(plan: &LogicalPlan) -> Option<Arc<TableDefinition>> {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => table_of(&alias.input),
        LogicalPlan::TableScan(scan) => {
            if scan.projection.is_some() || !scan.filters.is_empty() || scan.fetch.is_some() {
                return None;
            }
            let provider = source_as_provider(&scan.source).ok()?;
            let provider: &dyn std::any::Any = provider.as_ref();
            Some(provider.downcast_ref::<StoredTable>()?.definition().clone())
        }
        _ => None,
    }
}

impl KeyedRows {
    /// The rows of a table, with the columns that `needed` and the filter use, and the filter; `None` where the filter names
    /// no key and no index. `columns` are all of the table's, qualified as the expressions have them.
    pub(super) fn of(
        planner: &Planner,
        given: &Given,
        definition: Arc<TableDefinition>,
        columns: &DFSchema,
        predicate: &Expr,
        needed: Option<&[Expr]>,
    ) -> Result<Option<Parts>> {
        let mut used = std::collections::HashSet::new();
        expr_to_columns(predicate, &mut used)?;
        let mut projection = match needed {
            Some(list) => {
                list.iter().try_for_each(|item| expr_to_columns(item, &mut used))?;
                used.iter().map(|column| Ok(columns.index_of_column(column)?)).collect::<Result<Vec<_>>>()?
            }
            None => (0..columns.fields().len()).collect(),
        };
        projection.sort_unstable();
        projection.dedup();
        let fields = projection.iter().map(|position| {
            let (table, field) = columns.qualified_field(*position);
            (table.cloned(), field.clone())
        });
        let columns = DFSchema::new_with_metadata(fields.collect(), columns.metadata().clone())?;
        let all = given.after(&columns)?;
        let Some(predicate) = open(planner, given, predicate, &all)? else { return Ok(None) };
        let equal: Vec<(usize, Expr)> = split_conjunction(&predicate)
            .into_iter()
            .filter_map(|condition| equality(given, &definition, &columns, &projection, condition))
            .collect();
        let value =
            |column: &usize| equal.iter().find(|(known, _)| known == column).map(|(_, value)| value.clone());
        let Some(by) = By::of(&definition, |column| value(&column).is_some()) else { return Ok(None) };
        let values = by.columns().iter().filter_map(value);
        let nothing = given.after(&DFSchema::empty())?;
        let values = values.map(|value| Scalar::of_open(value, nothing.clone()));
        let values = values.collect::<Result<Vec<_>>>()?;
        let key = crate::write::nullable_schema(&definition.schema.project(by.columns())?);
        let read = Columns::new(&definition, projection, Arc::new(Schema::clone(columns.as_arrow())));
        let condition = Scalar::of_open(predicate, all)?;
        let source = Source::Key(Self { definition, by, values, key, read });
        Ok(Some(Parts { source, stages: vec![Stage::Filter(condition)], columns }))
    }

    /// The rows; `None` where they are too many to be read on the spot.
    pub(super) fn rows(&self, context: &StatementContext, given: &GivenValues) -> Result<Option<Rows>> {
        let table = context
            .snapshot
            .table(&self.definition.name)
            .filter(|table| table.definition().id == self.definition.id)
            .ok_or_else(|| Error::undefined_table(&self.definition.name))?;
        let one = Rows { columns: Vec::new(), count: 1 };
        let values = self.values.iter().map(|value| value.evaluate(context, &one, given));
        let values = values.collect::<Result<Vec<_>>>()?;
        let found = if values.iter().any(|value| value.is_null(0)) {
            Vec::new()
        } else {
            let keys = RecordBatch::try_new(self.key.clone(), values)?;
            let found = Lookup::at(self.by.clone(), keys).find(table)?;
            found.ok_or_else(|| Error::internal("a key is gone while its table is the same"))?
        };
        if found.len() > MOST_ROWS {
            return Ok(None);
        }
        let counts = context.database.tally.tables.of(&context.snapshot, self.definition.id);
        counts.looked_up(self.by.name(), found.len());
        let batches = rows_of(table, found, self.read.clone()).collect::<DataFusionResult<Vec<_>>>()?;
        let rows = match batches.as_slice() {
            [batch] => batch.clone(),
            several => concat_batches(self.read.schema(), several)?,
        };
        Ok(Some(Rows { columns: rows.columns().to_vec(), count: rows.num_rows() }))
    }
}

/// The column of the table that a condition says is equal to something given, and that, in the column's type.
fn equality(
    given: &Given,
    definition: &TableDefinition,
    columns: &DFSchema,
    projection: &[usize],
    condition: &Expr,
) -> Option<(usize, Expr)> {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = condition else { return None };
    let either = [(left, right), (right, left)];
    either.into_iter().find_map(|(column, value)| {
        let Expr::Column(column) = column.as_ref() else { return None };
        let position = *projection.get(columns.maybe_index_of_column(column)?)?;
        let data_type = definition.schema.fields().get(position)?.data_type();
        if data_type.is_nested() || data_type == &DataType::Null {
            return None;
        }
        let is_given = value.column_refs().into_iter().all(|used| given.has(used));
        // A value that is another in each row has no place of its own.
        if !is_given || expression::varies(value).ok()? || value.is_volatile() {
            return None;
        }
        let of = expression::data_type(value, &given.after(&DFSchema::empty()).ok()?).ok()?;
        (&of == data_type).then(|| (position, value.as_ref().clone()))
    })
}
