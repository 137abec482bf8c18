//! `ON CONFLICT [target] DO NOTHING | DO UPDATE SET ... [WHERE ...]`.
//!
//! It decides for each row that is to be inserted: inserted, left out, or in place of it another row updated.
//! The rows that conflict are those of the snapshot and those that the statement itself has put before. Other
//! constraints than the arbiters are checked when the rows join the table. Invariant: no row is changed twice.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, interleave_record_batch, take_record_batch};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{DFSchema, ParamValues, TableReference};
use datafusion::logical_expr::{Expr, cast};
use datafusion::sql::sqlparser::ast::{self, ConflictTarget, OnConflictAction};
use muster_storage::{Snapshot, Table, TableDefinition};

use super::keys::{Hit, Keys, Place, keys_of};
use crate::database::Shared;
use crate::planning::expression;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::write::{Expressions, RowWriter, Target, Written, assignments, new_value, nullable};
use crate::{Error, Result, column};

/// What the row that was to be inserted is called.
const EXCLUDED: &str = "excluded";

/// A planned ON CONFLICT.
#[derive(Clone, Debug)]
pub(crate) struct OnConflict {
    /// The names of the constraints that it is about.
    arbiters: Vec<String>,
    /// `None` is DO NOTHING.
    update: Option<DoUpdate>,
}

/// DO UPDATE. Its expressions are over the columns of the row that is there, then those of the one that is not
/// inserted.
#[derive(Clone, Debug)]
struct DoUpdate {
    condition: Expressions,
    values: Expressions,
    /// By column of the table, where its new value comes from.
    sources: Vec<Source>,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    /// The row that is there.
    Kept,
    /// The value of that number.
    Value(usize),
    /// Computed with the row.
    Generated,
}

impl OnConflict {
    /// Plans the clause, its parameters still open.
    ///
    /// # Errors
    /// 42P10 where no constraint is on the columns, 42704 for no such constraint.
    pub(super) fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        target: &Target,
        written: &ast::OnConflict,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        let arbiters = arbiters(&target.definition, written.conflict_target.as_ref())?;
        let update = match &written.action {
            OnConflictAction::DoNothing => None,
            OnConflictAction::DoUpdate(_) if written.conflict_target.is_none() => {
                return Err(Error::new(
                    SqlState::SyntaxError,
                    "ON CONFLICT DO UPDATE requires inference specification or constraint name",
                )
                .with_hint("For example, ON CONFLICT (column_name)."));
            }
            OnConflictAction::DoUpdate(update) => {
                Some(DoUpdate::of(shared, snapshot, target, update, declared)?)
            }
        };
        Ok(Self { arbiters, update })
    }

    /// The expressions that it evaluates.
    pub(crate) fn expressions(&self) -> Vec<Expr> {
        let lists = self.update.iter().flat_map(|update| [&update.condition, &update.values]);
        lists.flat_map(|list| list.list().iter().cloned()).collect()
    }

    /// What the statement does with these rows, which are whole.
    pub(super) fn written(
        &self,
        context: &StatementContext,
        mut writer: RowWriter,
        made: &[RecordBatch],
        params: &ParamValues,
    ) -> Result<Written> {
        let Some(first) = made.first() else { return Ok(writer.finish()) };
        let proposed = concat_batches(first.schema_ref(), made)?;
        let table = writer.table().clone();
        let mut keys = Keys::of(&table, &self.arbiters, &proposed)?;
        let updated = match &self.update {
            Some(update) => {
                Some(update.rows(context, &mut writer, &table, &proposed, &keys.there, params)?)
            }
            None => None,
        };
        let keys_of_updated = match &updated {
            Some(updated) => keys_of(&table, &self.arbiters, &updated.rows)?,
            None => Vec::new(),
        };
        // The rows to be put: which batch, which row of it.
        let mut put: Vec<(usize, usize)> = Vec::new();
        // The rows that are updated, and their places among those that come in place of them.
        let (mut row_ids, mut places) = (Vec::new(), Vec::new());
        for row in 0..proposed.num_rows() {
            match (keys.hit(row), &updated) {
                (None, _) => {
                    put.push((0, row));
                    let own = keys.proposed.iter().map(|keys| keys.get(row).cloned().flatten()).collect();
                    keys.take(own);
                }
                (Some(_), None) => {}
                (Some(Hit::Own), Some(_)) => return Err(second_time()),
                (Some(Hit::There(row_id)), Some(updated)) => {
                    let Some(place) = updated.of.get(&row) else { continue };
                    put.push((1, *place));
                    writer.delete(row_id);
                    row_ids.push(row_id);
                    places.push((1, *place));
                    keys.gone.insert(row_id);
                    let own = keys_of_updated.iter().map(|keys| keys.get(*place).cloned().flatten());
                    keys.take(own.collect());
                }
            }
        }
        if let Some(updated) = &updated {
            let now = interleave_record_batch(&[&proposed, &updated.rows], &places)?;
            writer.replaced(|| row_ids, &now);
        }
        let rows = match &updated {
            Some(updated) => interleave_record_batch(&[&proposed, &updated.rows], &put)?,
            None if put.len() == proposed.num_rows() => proposed,
            None => interleave_record_batch(&[&proposed], &put)?,
        };
        writer.changed(rows.columns(), rows.num_rows())?;
        writer.put(rows);
        Ok(writer.finish())
    }
}

fn second_time() -> Error {
    Error::new(
        SqlState::CardinalityViolation,
        "ON CONFLICT DO UPDATE command cannot affect row a second time",
    )
    .with_hint(
        "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.",
    )
}

/// The constraints that a conflict target means.
fn arbiters(definition: &TableDefinition, target: Option<&ConflictTarget>) -> Result<Vec<String>> {
    let names = |keys: Vec<&muster_storage::KeyConstraint>| keys.iter().map(|key| key.name.clone()).collect();
    match target {
        None => Ok(names(definition.keys.iter().collect())),
        Some(ConflictTarget::OnConstraint(written)) => {
            let constraint = name::table(written)?;
            if definition.key(&constraint).is_none() {
                return Err(Error::new(
                    SqlState::UndefinedObject,
                    format!("constraint \"{constraint}\" for table \"{}\" does not exist", definition.name),
                ));
            }
            Ok(vec![constraint])
        }
        Some(ConflictTarget::Columns(written)) => {
            let mut columns = Vec::with_capacity(written.len());
            for ident in written {
                let column = name::ident(ident);
                let position = definition.schema.index_of(&column).map_err(|_| {
                    Error::new(SqlState::UndefinedColumn, format!("column \"{column}\" does not exist"))
                })?;
                columns.push(position);
            }
            let columns: HashSet<usize> = columns.into_iter().collect();
            let on_them = |key: &&muster_storage::KeyConstraint| {
                key.columns.iter().copied().collect::<HashSet<_>>() == columns
            };
            let found: Vec<_> = definition.keys.iter().filter(on_them).collect();
            if found.is_empty() {
                return Err(Error::new(
                    SqlState::InvalidColumnReference,
                    "there is no unique or exclusion constraint matching the ON CONFLICT specification",
                ));
            }
            Ok(names(found))
        }
    }
}

/// The rows that DO UPDATE makes.
struct Updated {
    rows: RecordBatch,
    /// By row that was to be inserted, its place among them. Those that WHERE left out have none.
    of: HashMap<usize, usize>,
}

impl DoUpdate {
    fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        target: &Target,
        written: &ast::DoUpdate,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        let planner = &shared.planner;
        let definition = &target.definition;
        let mut fields = target.columns();
        let excluded = definition.schema.fields().iter();
        fields.extend(excluded.map(|field| (Some(TableReference::bare(EXCLUDED)), nullable(field))));
        let columns = DFSchema::new_with_metadata(fields, HashMap::new())?;

        let mut condition = Vec::new();
        if let Some(parsed) = &written.selection {
            let place = Arc::new(arrow::datatypes::Field::new("", DataType::Boolean, true));
            let planned = expression::planned(planner, snapshot, parsed, &columns)?;
            let planned = crate::planning::settle_expression(planned, declared, &place)?;
            condition.push(as_condition(planned, &columns)?);
        }
        let mut values = Vec::new();
        let mut sources: Vec<Source> = definition
            .schema
            .fields()
            .iter()
            .map(|field| if column::generated(field).is_some() { Source::Generated } else { Source::Kept })
            .collect();
        let clause = "ON CONFLICT DO UPDATE";
        for assignment in assignments(definition, &written.assignments)?.without_rows(clause)? {
            if let Some(source) = sources.get_mut(assignment.column) {
                *source = Source::Value(values.len());
            }
            values.push(new_value(shared, snapshot, definition, &assignment, &columns, declared)?);
        }
        Ok(Self {
            condition: Expressions::new(planner, condition, columns.clone(), clause)?,
            values: Expressions::new(planner, values, columns, clause)?,
            sources,
        })
    }

    /// The rows that are there with their new values.
    fn rows(
        &self,
        context: &StatementContext,
        writer: &mut RowWriter,
        table: &Table,
        proposed: &RecordBatch,
        there: &[Vec<Option<Place>>],
        params: &ParamValues,
    ) -> Result<Updated> {
        let pairs = (0..proposed.num_rows()).filter_map(|row| {
            let found = there.iter().find_map(|places| places.get(row).copied().flatten());
            found.map(|place| (row, place))
        });
        let mut pairs: Vec<(usize, Place)> = pairs.collect();
        let mut columns = joined(table, proposed, &pairs)?;
        if !self.condition.list().is_empty() {
            let condition = self.condition.bind(context, params)?.evaluate(0, &columns, pairs.len())?;
            let condition = arrow::compute::cast(&condition, &DataType::Boolean)?;
            let condition: &BooleanArray = condition.as_boolean();
            let mut row = 0;
            pairs.retain(|_| {
                let kept = condition.is_valid(row) && condition.value(row);
                row += 1;
                kept
            });
            columns = joined(table, proposed, &pairs)?;
        }
        let values = self.values.bind(context, params)?.evaluate_all(&columns, pairs.len())?;
        let given = self.sources.iter().enumerate().map(|(position, source)| match source {
            Source::Kept => columns.get(position).cloned(),
            Source::Value(number) => values.get(*number).cloned(),
            Source::Generated => None,
        });
        let rows = writer.make(given.collect(), pairs.len())?;
        let of = pairs.iter().enumerate().map(|(place, (row, _))| (*row, place)).collect();
        Ok(Updated { rows, of })
    }
}

/// A condition, whatever gives its truth.
///
/// # Errors
/// 42804.
fn as_condition(expression: Expr, columns: &DFSchema) -> Result<Expr> {
    let field = expression::field(&expression, columns)?;
    match field.data_type() {
        DataType::Boolean => Ok(expression),
        DataType::Null => Ok(cast(expression, DataType::Boolean)),
        _ => Err(Error::new(
            SqlState::DatatypeMismatch,
            format!("argument of WHERE must be type boolean, not type {}", crate::types::type_name(&field)),
        )),
    }
}

/// For each pair the columns of the row that is there, then those of the row that was to be inserted.
fn joined(table: &Table, proposed: &RecordBatch, pairs: &[(usize, Place)]) -> Result<Vec<ArrayRef>> {
    let schema = &table.definition().schema;
    let all: Vec<usize> = (0..schema.fields().len()).collect();
    let mut numbers: Vec<usize> = pairs.iter().map(|(_, place)| place.part).collect();
    numbers.sort_unstable();
    numbers.dedup();
    // For each part the rows that are wanted of it; a pair's place is its rank among them.
    let mut wanted = vec![Vec::new(); numbers.len()];
    let mut places: Vec<(usize, usize)> = Vec::with_capacity(pairs.len());
    for (_, place) in pairs {
        let part = numbers.binary_search(&place.part).unwrap_or_default();
        if let Some(wanted) = wanted.get_mut(part) {
            places.push((part, wanted.len()));
            wanted.push(place.position);
        }
    }
    let mut parts = Vec::with_capacity(numbers.len());
    for (number, part) in table.parts().enumerate() {
        if let Ok(at) = numbers.binary_search(&number) {
            let wanted = wanted.get(at).map_or(&[][..], Vec::as_slice);
            parts.push(part.rows_at(&all, wanted)?.with_schema(schema.clone())?);
        }
    }
    let there = if parts.is_empty() {
        RecordBatch::new_empty(schema.clone())
    } else {
        interleave_record_batch(&parts.iter().collect::<Vec<_>>(), &places)?
    };
    let rows = pairs.iter().map(|(row, _)| u32::try_from(*row));
    let rows: UInt32Array = rows
        .collect::<std::result::Result<Vec<u32>, _>>()
        .map_err(|_| Error::unsupported("an INSERT of more than 4,294,967,295 rows"))?
        .into();
    let excluded = take_record_batch(proposed, &rows)?;
    Ok(there.columns().iter().chain(excluded.columns()).cloned().collect())
}
