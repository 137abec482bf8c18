//! `MERGE INTO t USING source ON condition WHEN ... THEN ... [RETURNING ...]`.
//!
//! Target and source are joined; each row of the join goes to the first WHEN clause that it meets, which is
//! worked out in the plan, as are the new values. A value is only evaluated for rows of its clause.

mod clause;
mod scope;
mod source;

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type, UInt64Type};
use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::expr::Case;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Projection, lit};
use datafusion::sql::sqlparser::ast::{
    self, Ident, Join, JoinConstraint, JoinOperator, Merge, OutputClause, SelectItem, With,
};
use muster_storage::Snapshot;

use self::clause::{Action, Clause, Kind, clauses};
use self::source::{Source, THERE};
use super::delete::row_ids;
use super::insert::default_of;
use super::update::given;
use crate::database::Shared;
use crate::parse::walk::visit_expressions_mut;
use crate::planning::{column_name, settle};
use crate::sqlstate::SqlState;
use crate::write::{Matching, NewValue, Query, Returning, RowWriter, Target, assigned, row_id, value_name};
use crate::{Error, Result, column};

/// The column that has the number of a row's clause.
const CLAUSE: &str = "\0clause";
/// The column of RETURNING that has what `merge_action()` gives.
const MERGE_ACTION: &str = "\0merge action";

/// A planned MERGE. Its plan gives the row id, the number of the clause, the new row's columns (of a row that is
/// deleted: the old ones), then those of the source where RETURNING needs them.
#[derive(Clone, Debug)]
pub(crate) struct PlannedMerge {
    pub(crate) target: Target,
    pub(crate) plan: LogicalPlan,
    /// Whether the query reads columns of the target.
    pub(crate) reads: bool,
    actions: Vec<Action>,
    /// By column of the table, the plan's column that it comes from; `None` for generated ones.
    sources: Vec<Option<usize>>,
    /// The plan's columns of the source.
    beside: Range<usize>,
    pub(crate) returning: Option<Returning>,
}

impl PlannedMerge {
    /// Plans the statement, its parameters still open.
    pub(crate) async fn of(
        shared: &Shared,
        snapshot: &Snapshot,
        merge: &Merge,
        with: Option<&With>,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        if with.is_some_and(|with| with.recursive) {
            let words = "WITH RECURSIVE is not supported for MERGE statement";
            return Err(Error::new(SqlState::SyntaxError, words));
        }
        let returning = match &merge.output {
            None => None,
            Some(OutputClause::Returning { select_items, .. }) => Some(select_items),
            Some(OutputClause::Output { .. }) => return Err(Error::unsupported("OUTPUT")),
        };
        let target = Target::of(snapshot, &merge.table)?;
        let definition = target.definition.clone();
        let source = Source::of(shared, snapshot, &merge.source, with).await?;
        if source.qualifier() == target.qualifier() {
            return Err(Error::new(
                SqlState::DuplicateAlias,
                format!("name \"{}\" specified more than once", target.qualifier()),
            )
            .with_detail("The name is used both as MERGE target table and data source."));
        }
        let clauses = clauses(&definition, &merge.clauses)?;
        let scopes = Scopes::new(&target, &source);
        let matching = Matching::of(
            shared,
            snapshot,
            &target,
            Query {
                clause: "MERGE",
                with,
                values: scopes.written(&clauses),
                from: vec![joined(&target, &source, &merge.on, &clauses)],
                selection: None,
            },
            declared,
        )
        .await?;

        // What each clause needs, in the order in which it was written.
        let mut planned = matching.values.iter().cloned();
        let mut next = || planned.next().ok_or_else(|| Error::unsupported("this MERGE"));
        let mut numbers = Vec::with_capacity(clauses.len());
        let mut new: Vec<Vec<Option<Expr>>> = Vec::with_capacity(clauses.len());
        for (number, clause) in clauses.iter().enumerate() {
            let mut met = scopes.rows_of(clause.kind);
            if clause.condition.is_some() {
                let condition = next()?;
                scopes.check(clause.kind, &condition)?;
                met = met.and(condition);
            }
            numbers.push((met, lit(i32::try_from(number).unwrap_or(i32::MAX))));
            let mut values = vec![None; definition.schema.fields().len()];
            for assignment in &clause.values {
                let field = definition.schema.field(assignment.column);
                let value = match &assignment.value {
                    NewValue::Default => default_of(shared, snapshot, &definition, field)?,
                    NewValue::Of { .. } => return Err(Error::unsupported("a row of a subquery in MERGE")),
                    NewValue::Expression(_) => {
                        let value = next()?;
                        scopes.check(clause.kind, &value)?;
                        assigned(value, matching.columns(), field, declared, &definition.name)?
                    }
                };
                if let Some(slot) = values.get_mut(assignment.column) {
                    *slot = Some(value);
                }
            }
            if clause.action == Action::Insert {
                for (slot, field) in values.iter_mut().zip(definition.schema.fields()) {
                    if slot.is_none() && column::generated(field).is_none() {
                        *slot = Some(default_of(shared, snapshot, &definition, field)?);
                    }
                }
            }
            new.push(values);
        }

        let width = definition.schema.fields().len();
        let columns = matching.columns().clone();
        let column = |position| Expr::Column(Column::from(columns.qualified_field(position)));
        let mut numbered: Vec<Expr> = (0..columns.fields().len()).map(column).collect();
        numbered.push(case(numbers, None).alias(CLAUSE));
        let number = || Expr::Column(Column::new_unqualified(CLAUSE));
        let rows = LogicalPlan::Projection(Projection::try_new(numbered, matching.rows.clone())?);
        let rows = LogicalPlanBuilder::from(rows).filter(number().is_not_null())?.build()?;

        let mut expressions = vec![row_id(&target), number()];
        let mut sources = Vec::with_capacity(width);
        for (position, field) in definition.schema.fields().iter().enumerate() {
            if column::generated(field).is_some() {
                sources.push(None);
                continue;
            }
            sources.push(Some(expressions.len()));
            let of_clause = |(clause, values): (usize, &mut Vec<Option<Expr>>)| {
                let value = values.get_mut(position).and_then(Option::take)?;
                Some((number().eq(lit(i32::try_from(clause).unwrap_or(i32::MAX))), value))
            };
            let values: Vec<_> = new.iter_mut().enumerate().filter_map(of_clause).collect();
            expressions.push(match values.is_empty() {
                true => column(position),
                false => case(values, Some(column(position))).alias(value_name(position)),
            });
        }
        let first = expressions.len();
        let returning = match returning {
            None => None,
            Some(items) => {
                expressions.extend((width + 1..columns.fields().len()).map(column));
                let mut given: Vec<(Option<TableReference>, FieldRef)> = matching.beside(width);
                given.extend(target.columns());
                given.push((None, Arc::new(Field::new(MERGE_ACTION, DataType::Utf8, true))));
                let items = with_merge_action(items);
                Some(Returning::of(&shared.planner, snapshot, &items, given, declared)?)
            }
        };
        let beside = first..expressions.len();
        let plan = LogicalPlan::Projection(Projection::try_new(expressions, Arc::new(rows))?);
        let actions = clauses.iter().map(|clause| clause.action).collect();
        let reads = matching.reads;
        Ok(Self { target, plan: settle(plan)?, reads, actions, sources, beside, returning })
    }

    /// Gathers what it does, given the rows of its plan.
    pub(crate) fn write(&self, writer: &mut RowWriter, batches: &[RecordBatch]) -> Result<()> {
        for batch in batches {
            let of_clause = batch.columns().get(1).and_then(|column| column.as_primitive_opt::<Int32Type>());
            let of_clause = of_clause.ok_or_else(no_plan)?;
            for (number, action) in self.actions.iter().enumerate() {
                let mine: BooleanArray =
                    of_clause.iter().map(|clause| clause.map(|clause| clause as usize == number)).collect();
                if mine.true_count() > 0 {
                    self.act(writer, *action, &filter_record_batch(batch, &mine)?)?;
                }
            }
        }
        Ok(())
    }

    /// Does the same with all rows of a batch.
    fn act(&self, writer: &mut RowWriter, action: Action, batch: &RecordBatch) -> Result<()> {
        if action != Action::Insert {
            let ids = batch.columns().first().and_then(|ids| ids.as_primitive_opt::<UInt64Type>());
            for id in ids.filter(|ids| ids.null_count() == 0).ok_or_else(no_plan)?.values() {
                if !writer.delete(*id) {
                    return Err(Error::new(
                        SqlState::CardinalityViolation,
                        "MERGE command cannot affect row a second time",
                    )
                    .with_hint("Ensure that not more than one source row matches any one target row."));
                }
            }
        }
        let rows = batch.num_rows();
        if action == Action::Delete && self.returning.is_none() {
            return writer.changed(&[], rows);
        }
        let made = writer.make(given(&self.sources, batch), rows)?;
        let mut columns = batch.columns().get(self.beside.clone()).unwrap_or_default().to_vec();
        columns.extend_from_slice(made.columns());
        columns.push(Arc::new(StringArray::from(vec![action.name(); rows])) as ArrayRef);
        writer.changed(&columns, rows)?;
        if action == Action::Update {
            writer.replaced(|| row_ids(batch), &made);
        }
        if action != Action::Delete {
            writer.put(made);
        }
        Ok(())
    }
}

fn no_plan() -> Error {
    Error::new(SqlState::InternalError, "a plan gives no row ids or no clauses")
}

/// The first value whose condition is true.
fn case(branches: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Expr {
    let branches = branches.into_iter().map(|(when, then)| (Box::new(when), Box::new(then))).collect();
    Expr::Case(Case::new(None, branches, otherwise.map(Box::new)))
}

/// `target ... JOIN source ON condition`, outer where a clause is for rows that one side does not have.
fn joined(target: &Target, source: &Source, on: &ast::Expr, clauses: &[Clause]) -> ast::TableWithJoins {
    let any = |kind| clauses.iter().any(|clause| clause.kind == kind);
    let on = JoinConstraint::On(on.clone());
    let join_operator = match (any(Kind::NotMatched), any(Kind::NotMatchedBySource)) {
        (false, false) => JoinOperator::Inner(on),
        (true, false) => JoinOperator::RightOuter(on),
        (false, true) => JoinOperator::LeftOuter(on),
        (true, true) => JoinOperator::FullOuter(on),
    };
    let mut relation = target.relation();
    relation.joins.push(Join { relation: source.relation.clone(), global: false, join_operator });
    relation
}

/// The RETURNING list with `merge_action()` as a column.
fn with_merge_action(items: &[SelectItem]) -> Vec<SelectItem> {
    let replaced = |item: &SelectItem| {
        let mut item = match item {
            // The name is that of the call.
            SelectItem::UnnamedExpr(expr) => SelectItem::ExprWithAlias {
                alias: Ident::with_quote('"', column_name(expr)),
                expr: expr.clone(),
            },
            other => other.clone(),
        };
        if let SelectItem::ExprWithAlias { expr, .. } = &mut item {
            let flow = visit_expressions_mut(expr, &mut |part| {
                if let ast::Expr::Function(call) = part
                    && call.name.to_string().eq_ignore_ascii_case("merge_action")
                {
                    *part = ast::Expr::Identifier(Ident::with_quote('"', MERGE_ACTION));
                }
                std::ops::ControlFlow::<()>::Continue(())
            });
            debug_assert!(flow.is_continue(), "the visitor never breaks");
        }
        item
    };
    items.iter().map(replaced).collect()
}

/// What the clauses see.
struct Scopes {
    target: TableReference,
    source: TableReference,
    target_columns: Vec<String>,
    source_columns: Vec<String>,
    row_id: Expr,
}

impl Scopes {
    fn new(target: &Target, source: &Source) -> Self {
        Self {
            target: target.qualifier(),
            source: source.qualifier(),
            target_columns: target.definition.schema.fields().iter().map(|f| f.name().clone()).collect(),
            source_columns: source.columns.clone(),
            row_id: row_id(target),
        }
    }

    /// The conditions and values of the clauses, with the names that each sees.
    fn written(&self, clauses: &[Clause]) -> Vec<ast::Expr> {
        let mut written = Vec::new();
        for clause in clauses {
            let mut push = |expression: &ast::Expr| {
                written.push(match clause.kind {
                    Kind::Matched => expression.clone(),
                    Kind::NotMatched => scope::qualify(expression, &self.source, &self.source_columns),
                    Kind::NotMatchedBySource => {
                        scope::qualify(expression, &self.target, &self.target_columns)
                    }
                });
            };
            clause.condition.iter().for_each(&mut push);
            for assignment in &clause.values {
                if let NewValue::Expression(expression) = &assignment.value {
                    push(expression);
                }
            }
        }
        written
    }

    /// Refuses what a clause does not see.
    fn check(&self, kind: Kind, expression: &Expr) -> Result<()> {
        match kind {
            Kind::Matched => Ok(()),
            Kind::NotMatched => scope::check_unseen(expression, &self.target),
            Kind::NotMatchedBySource => scope::check_unseen(expression, &self.source),
        }
    }

    /// Whether a row of the join is one of a clause of this kind.
    fn rows_of(&self, kind: Kind) -> Expr {
        let of_target = self.row_id.clone();
        let of_source = Expr::Column(Column::new(Some(self.source.clone()), THERE));
        match kind {
            Kind::Matched => of_target.is_not_null().and(of_source.is_not_null()),
            Kind::NotMatched => of_target.is_null(),
            Kind::NotMatchedBySource => of_source.is_null(),
        }
    }
}
