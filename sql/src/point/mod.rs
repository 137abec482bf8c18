//! Point plans: statements over VALUES, or over the rows of one key or a few of an index, evaluated on the spot.
//!
//! A point plan gives the rows that DataFusion's executor would give for the same analyzed plan, without optimizing and
//! planning it anew for each run: its expressions are compiled once, with parameters and `now()` as columns. It knows
//! projections and filters over VALUES and over a table whose key or index the filter names; any other plan is not one.
//! Invariant: it reads the statement's snapshot alone.

mod given;
mod key;
mod scalar;
mod values;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::common::{DFSchema, ParamValues};
use datafusion::logical_expr::{Expr, LogicalPlan};

use self::given::Given;
use self::key::KeyedRows;
use self::scalar::Scalar;
use self::values::Values;
use crate::planning::Planner;
use crate::session::StatementContext;
use crate::write::nullable_schema;
use crate::{Error, Result};

/// See the module.
#[derive(Debug)]
pub(crate) struct PointPlan {
    given: Given,
    source: Source,
    stages: Vec<Stage>,
    schema: SchemaRef,
}

/// Where the rows come from.
#[derive(Debug)]
enum Source {
    /// One row without columns.
    Nothing,
    Values(Values),
    Key(KeyedRows),
}

/// What is made of them, first to last.
#[derive(Debug)]
enum Stage {
    Filter(Scalar),
    Project(Vec<Scalar>),
}

/// Rows on their way through the stages.
pub(crate) struct Rows {
    columns: Vec<ArrayRef>,
    count: usize,
}

/// A plan being taken apart.
struct Parts {
    source: Source,
    stages: Vec<Stage>,
    /// The columns after the last stage.
    columns: DFSchema,
}

impl PointPlan {
    /// The point plan of an analyzed plan, if it is one. `parameters` are the types of `$1` and on.
    ///
    /// # Errors
    /// What is wrong with an expression whatever the parameters are.
    pub(crate) fn of(planner: &Planner, plan: &LogicalPlan, parameters: &[FieldRef]) -> Result<Option<Self>> {
        if !is_point(plan) {
            return Ok(None);
        }
        let given = Given::new(planner, parameters)?;
        let Some(parts) = take_apart(planner, &given, plan)? else { return Ok(None) };
        let schema = nullable_schema(plan.schema().as_arrow());
        Ok(Some(Self { given, source: parts.source, stages: parts.stages, schema }))
    }

    /// The rows; `None` where an index finds so many that they are for DataFusion's executor.
    ///
    /// # Errors
    /// What an expression gives: a division by zero, a value out of range.
    pub(crate) fn run(
        &self,
        context: &StatementContext,
        params: &ParamValues,
    ) -> Result<Option<RecordBatch>> {
        let given = self.given.values(context, params)?;
        let mut rows = match &self.source {
            Source::Nothing => Rows { columns: Vec::new(), count: 1 },
            Source::Values(values) => values.rows(context, &given)?,
            Source::Key(key) => match key.rows(context, &given)? {
                Some(rows) => rows,
                None => return Ok(None),
            },
        };
        for stage in &self.stages {
            match stage {
                Stage::Filter(condition) => {
                    let truth = condition.evaluate(context, &rows, &given)?;
                    let truth =
                        truth.as_boolean_opt().ok_or_else(|| Error::internal("a filter is no boolean"))?;
                    // NULL is not true.
                    let truth = match truth.null_count() {
                        0 => truth.clone(),
                        _ => arrow::compute::prep_null_mask_filter(truth),
                    };
                    let kept = rows.columns.iter().map(|column| arrow::compute::filter(column, &truth));
                    let columns = kept.collect::<std::result::Result<_, _>>()?;
                    let count = truth.true_count();
                    rows = Rows { columns, count };
                }
                Stage::Project(list) => {
                    let columns = list.iter().map(|item| item.evaluate(context, &rows, &given));
                    rows = Rows { columns: columns.collect::<Result<_>>()?, count: rows.count };
                }
            }
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.count));
        let typed = rows.columns.into_iter().zip(self.schema.fields()).map(|(column, field)| {
            if column.data_type() == field.data_type() {
                return Ok(column);
            }
            let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
            arrow::compute::cast_with_options(&column, field.data_type(), &options)
        });
        let columns = typed.collect::<std::result::Result<_, _>>()?;
        Ok(Some(RecordBatch::try_new_with_options(self.schema.clone(), columns, &options)?))
    }
}

/// Whether a plan has the shape of a point plan, as far as its nodes tell.
fn is_point(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Projection(projection) => is_point(&projection.input),
        LogicalPlan::SubqueryAlias(alias) => is_point(&alias.input),
        LogicalPlan::Filter(filter) => key::table_of(&filter.input).is_some() || is_point(&filter.input),
        LogicalPlan::Values(_) => true,
        LogicalPlan::EmptyRelation(empty) => empty.produce_one_row,
        _ => false,
    }
}

fn take_apart(planner: &Planner, given: &Given, plan: &LogicalPlan) -> Result<Option<Parts>> {
    let compile = |list: &[Expr], columns: &DFSchema| {
        let scalars = list.iter().map(|item| Scalar::compile(planner, given, item, columns));
        scalars.collect::<Result<Option<Vec<_>>>>()
    };
    match plan {
        LogicalPlan::Projection(projection) => {
            let Some(mut parts) =
                take_apart_input(planner, given, &projection.input, Some(&projection.expr))?
            else {
                return Ok(None);
            };
            let Some(list) = compile(&projection.expr, &parts.columns)? else { return Ok(None) };
            parts.stages.push(Stage::Project(list));
            parts.columns = projection.schema.as_ref().clone();
            Ok(Some(parts))
        }
        other => take_apart_input(planner, given, other, None),
    }
}

/// As [`take_apart`] for what stands below a projection, whose list tells which columns are needed.
fn take_apart_input(
    planner: &Planner,
    given: &Given,
    plan: &LogicalPlan,
    needed: Option<&[Expr]>,
) -> Result<Option<Parts>> {
    match plan {
        LogicalPlan::Projection(_) => take_apart(planner, given, plan),
        LogicalPlan::SubqueryAlias(alias) => {
            let parts = take_apart(planner, given, &alias.input)?;
            Ok(parts.map(|parts| Parts { columns: alias.schema.as_ref().clone(), ..parts }))
        }
        LogicalPlan::Filter(filter) => {
            if let Some(table) = key::table_of(&filter.input) {
                let columns = filter.input.schema();
                return KeyedRows::of(planner, given, table, columns, &filter.predicate, needed);
            }
            let Some(mut parts) = take_apart_input(planner, given, &filter.input, None)? else {
                return Ok(None);
            };
            let Some(condition) = Scalar::compile(planner, given, &filter.predicate, &parts.columns)? else {
                return Ok(None);
            };
            parts.stages.push(Stage::Filter(condition));
            Ok(Some(parts))
        }
        LogicalPlan::Values(values) => {
            let source = Values::of(planner, given, values)?;
            let columns = values.schema.as_ref().clone();
            Ok(source.map(|values| Parts { source: Source::Values(values), stages: Vec::new(), columns }))
        }
        LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => {
            Ok(Some(Parts { source: Source::Nothing, stages: Vec::new(), columns: DFSchema::empty() }))
        }
        _ => Ok(None),
    }
}
