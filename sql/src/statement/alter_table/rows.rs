//! The rows that are there, under the columns as they are altered: checked, or written anew.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{filter, take};
use arrow::datatypes::Field;
use datafusion::logical_expr::Expr;
use muster_storage::{Changes, Part};

use super::altering::{Altering, Source};
use crate::planning::bind_expression;
use crate::planning::expression::{self, Compiled};
use crate::session::Caller;
use crate::sqlstate::SqlState;
use crate::statement::insert::default_of;
use crate::write::{Checks, RowMaker, RowRules, compile_check};
use crate::{Error, Result, check_constraint as check, column};

impl Altering<'_> {
    /// # Errors
    /// 23514 when a row that is there is refused by a CHECK; it is in the properties already.
    pub(super) fn check_rows(&mut self, name: &str, sql: &str) -> Result<()> {
        let planner = &self.context.database.planner;
        let table = self.stored();
        let compiled = compile_check(planner, &self.context.snapshot, &table, &self.definition.schema, sql)?;
        // Rows that are written anew are checked then.
        let computed =
            |position: &usize| matches!(self.sources.get(*position), Some(Source::Computed(_)) | None);
        if compiled.projection.iter().any(computed) || self.table.live_rows() == 0 {
            return Ok(());
        }
        let checks = Checks::one(name, compiled.clone());
        for part in self.table.parts().filter(|part| part.live_rows() > 0) {
            let columns = self.columns(part, &compiled)?;
            if checks.violated(&columns, part.live_rows())?.is_some() {
                let table = self.name();
                return Err(Error::new(
                    SqlState::CheckViolation,
                    format!("check constraint \"{name}\" of relation \"{table}\" is violated by some row"),
                )
                .with_constraint(&self.stored(), name));
            }
        }
        self.keep_rows();
        Ok(())
    }

    /// # Errors
    /// 23502 when a row that is there has NULL in a column.
    pub(super) fn check_not_null(&mut self, position: usize) -> Result<()> {
        let field = self.definition.schema.field(position).clone();
        let has_nulls = match self.sources.get(position) {
            Some(Source::Stored(stored)) => {
                let mut found = false;
                for part in self.table.parts().filter(|part| part.live_rows() > 0) {
                    let values = live(part, part.columns(&[*stored])?.column(0))?;
                    found |= values.logical_null_count() > 0;
                }
                found
            }
            Some(Source::Constant(value)) => value.null_count() > 0 && self.table.live_rows() > 0,
            // Checked when the rows are written.
            Some(Source::Computed(_)) | None => false,
        };
        if has_nulls {
            return Err(Error::new(
                SqlState::NotNullViolation,
                format!("column \"{}\" of relation \"{}\" contains null values", field.name(), self.name()),
            )
            .with_column(&self.stored(), field.name()));
        }
        self.keep_rows();
        Ok(())
    }

    /// What was seen of the rows must still be so when the statement is committed.
    pub(super) fn keep_rows(&mut self) {
        let table = self.table.definition().name.clone();
        self.change(|changes| changes.unchanged(table));
    }

    /// The live rows' columns that an expression needs, in the definition's places; others are not made.
    fn columns(&self, part: &Part, compiled: &Compiled) -> Result<Vec<ArrayRef>> {
        let nothing: ArrayRef = Arc::new(arrow::array::NullArray::new(part.live_rows()));
        let mut columns = vec![nothing; self.sources.len()];
        for position in &compiled.projection {
            if let (Some(source), Some(place)) = (self.sources.get(*position), columns.get_mut(*position)) {
                *place = values(part, source)?;
            }
        }
        Ok(columns)
    }

    /// The table made anew under the altered definition, with all rows.
    pub(super) fn rewrite(mut self) -> Result<Changes> {
        let context = self.context;
        let definition = Arc::new(self.definition.clone());
        let mut maker = RowMaker::new(RowRules::of(&context.database, &context.snapshot, &definition)?);
        let caller = Caller::with(context, self.made.clone());
        let mut columns = Vec::with_capacity(self.sources.len());
        for (source, field) in self.sources.iter().zip(definition.schema.fields()) {
            columns.push(match source {
                _ if column::generated(field).is_some() && !self.keeps(source, field) => Column::Generated,
                Source::Computed(Some(compiled)) => Column::Expression(compiled.clone()),
                Source::Computed(None) => {
                    let default = default_of(&context.database, &context.snapshot, &definition, field)?;
                    Column::Expression(self.compile(&bind_expression(default, &caller)?)?)
                }
                other => Column::Source(other.clone()),
            });
        }
        let mut changes = self.made_anew();
        for part in self.table.parts().filter(|part| part.live_rows() > 0) {
            let given = columns.iter().map(|column| column.values(part)).collect::<Result<Vec<_>>>()?;
            changes = changes.put(&definition.name, maker.make(given, part.live_rows())?);
        }
        self.changes = changes;
        self.keep_rows();
        self.keep_referring()?;
        Ok(self.changes)
    }

    /// Whether a column has been embedded before, from what has not changed: then it is not embedded again.
    fn keeps(&self, source: &Source, field: &Field) -> bool {
        let stored = |source: Option<&Source>| matches!(source, Some(Source::Stored(_)));
        let inputs = column::generated(field).map(|sql| check::columns(sql, &self.definition.schema));
        column::embedder(field).is_some()
            && stored(Some(source))
            && inputs.into_iter().flatten().all(|input| stored(self.sources.get(input)))
    }

    /// The table dropped and made again without rows.
    fn made_anew(&mut self) -> Changes {
        let definition = &self.definition;
        let changes = std::mem::take(&mut self.changes).drop_table(&self.table.definition().name);
        let (name, schema) = (&definition.name, definition.schema.clone());
        let (keys, properties) = (definition.keys.clone(), definition.properties.clone());
        let mut changes = if definition.temporary {
            changes.create_temporary_table(name, schema, keys, properties)
        } else {
            changes.create_table(name, schema, keys, properties)
        };
        for index in &definition.indexes {
            let properties = index.properties.clone();
            let columns = index.columns().collect();
            changes = changes.create_index_over(name, &index.name, columns, &index.method, properties);
        }
        changes
    }

    /// An expression over no columns.
    pub(super) fn compile(&self, expression: &Expr) -> Result<Compiled> {
        let planner = &self.context.database.planner;
        let nothing = arrow::datatypes::Schema::empty();
        let columns = datafusion::common::DFSchema::empty();
        expression::compile(planner, expression.clone(), &self.stored(), &nothing, &columns)
    }
}

/// A column of rows that are written anew.
enum Column {
    /// The row maker computes it.
    Generated,
    Expression(Compiled),
    Source(Source),
}

impl Column {
    /// The values of a part's live rows; `None` for what the row maker computes.
    fn values(&self, part: &Part) -> Result<Option<ArrayRef>> {
        Ok(Some(match self {
            Self::Generated => return Ok(None),
            Self::Source(source) => values(part, source)?,
            Self::Expression(compiled) => {
                let inputs = compiled.projection.iter().map(|input| values(part, &Source::Stored(*input)));
                let inputs = inputs.collect::<Result<Vec<_>>>()?;
                let options = RecordBatchOptions::new().with_row_count(Some(part.live_rows()));
                let inputs = RecordBatch::try_new_with_options(compiled.schema.clone(), inputs, &options)?;
                compiled.physical.evaluate(&inputs)?.into_array(part.live_rows())?
            }
        }))
    }
}

/// The places of the rows that are not deleted.
pub(crate) fn positions(part: &Part) -> impl Iterator<Item = u32> + '_ {
    let rows = u32::try_from(part.rows()).unwrap_or(u32::MAX);
    (0..rows).filter(|position| !part.deleted().contains(*position))
}

/// The values of the rows that are not deleted.
fn live(part: &Part, values: &ArrayRef) -> Result<ArrayRef> {
    if part.deleted().is_empty() {
        return Ok(values.clone());
    }
    let mut kept = vec![false; values.len()];
    for position in positions(part) {
        if let Some(kept) = usize::try_from(position).ok().and_then(|position| kept.get_mut(position)) {
            *kept = true;
        }
    }
    Ok(filter(values, &BooleanArray::from(kept))?)
}

/// The live rows' values of a column that is not computed.
pub(super) fn values(part: &Part, source: &Source) -> Result<ArrayRef> {
    match source {
        Source::Stored(stored) => live(part, part.columns(&[*stored])?.column(0)),
        Source::Constant(value) => {
            let first = UInt32Array::from(vec![0; part.live_rows()]);
            Ok(take(value, &first, None)?)
        }
        Source::Computed(_) => {
            Err(Error::new(SqlState::InternalError, "a column is needed before it is computed"))
        }
    }
}
