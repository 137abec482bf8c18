//! A plan that is one table's rows: filtered, projected, renamed and sorted, but never joined or grouped.
//!
//! Invariant: each expression in a [`Chain`] is over the columns of its scan, so nothing between matters any more.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::expr::Sort as SortKey;
use datafusion::logical_expr::utils::split_conjunction_owned;
use datafusion::logical_expr::{Expr, LogicalPlan, TableScan};
use muster_storage::TableDefinition;

use crate::catalog::StoredTable;

/// See the module.
pub(super) struct Chain {
    pub(super) scan: TableScan,
    pub(super) definition: Arc<TableDefinition>,
    /// What each column of the plan is.
    pub(super) outputs: Vec<Expr>,
    /// What must be true of a row.
    pub(super) predicates: Vec<Expr>,
    /// By what the rows are sorted, and how many of them there are at most.
    pub(super) order: Option<(Vec<SortKey>, Option<usize>)>,
}

impl Chain {
    /// `plan` as a chain, if it is one.
    ///
    /// # Errors
    /// What DataFusion says of an expression that it cannot walk.
    pub(super) fn of(plan: &LogicalPlan) -> Result<Option<Self>> {
        match plan {
            LogicalPlan::TableScan(scan) => Self::of_scan(scan),
            LogicalPlan::SubqueryAlias(alias) => Self::of(&alias.input),
            LogicalPlan::Projection(projection) => {
                let Some(chain) = Self::of(&projection.input)? else { return Ok(None) };
                let schema = projection.input.schema();
                let outputs = projection.expr.iter().map(|output| chain.over_scan(output, schema));
                let Some(outputs) = outputs.collect::<Result<Option<Vec<_>>>>()? else { return Ok(None) };
                Ok(Some(Self { outputs, ..chain }))
            }
            LogicalPlan::Filter(filter) => {
                let Some(mut chain) = Self::of(&filter.input)?.filter(|chain| chain.order.is_none()) else {
                    return Ok(None);
                };
                let Some(predicate) = chain.over_scan(&filter.predicate, filter.input.schema())? else {
                    return Ok(None);
                };
                chain.predicates.extend(split_conjunction_owned(predicate));
                Ok(Some(chain))
            }
            LogicalPlan::Sort(sort) => {
                let Some(mut chain) = Self::of(&sort.input)?.filter(|chain| chain.order.is_none()) else {
                    return Ok(None);
                };
                let keys = sort.expr.iter().map(|key| {
                    let over_scan = chain.over_scan(&key.expr, sort.input.schema())?;
                    Ok(over_scan.map(|expr| SortKey { expr, ..key.clone() }))
                });
                let Some(keys) = keys.collect::<Result<Option<Vec<_>>>>()? else { return Ok(None) };
                chain.order = Some((keys, sort.fetch));
                Ok(Some(chain))
            }
            _ => Ok(None),
        }
    }

    fn of_scan(scan: &TableScan) -> Result<Option<Self>> {
        let Ok(provider) = source_as_provider(&scan.source) else { return Ok(None) };
        let any: &dyn std::any::Any = provider.as_ref();
        let Some(table) = any.downcast_ref::<StoredTable>() else { return Ok(None) };
        // A few rows by their keys are sorted sooner than any index is searched.
        if scan.fetch.is_some() || table.looks_up(&scan.filters)? {
            return Ok(None);
        }
        let outputs = scan.projected_schema.columns().into_iter().map(Expr::Column).collect();
        Ok(Some(Self {
            scan: scan.clone(),
            definition: table.definition().clone(),
            outputs,
            predicates: Vec::new(),
            order: None,
        }))
    }

    /// An expression over the plan's columns as one over the scan's; `None` where that cannot be told.
    fn over_scan(&self, expression: &Expr, schema: &DFSchema) -> Result<Option<Expr>> {
        if refers_outward(expression)? {
            return Ok(None);
        }
        let mut known = true;
        let expression = expression.clone().unalias().transform_up(|part| {
            let Expr::Column(column) = &part else { return Ok(Transformed::no(part)) };
            let output = schema.maybe_index_of_column(column).and_then(|place| self.outputs.get(place));
            known &= output.is_some();
            Ok(output
                .map_or_else(|| Transformed::no(part.clone()), |output| Transformed::yes(output.clone())))
        })?;
        Ok(known.then_some(expression.data))
    }

    /// The table's column, by its position there, that an expression over the scan is.
    pub(super) fn position(&self, expression: &Expr) -> Option<usize> {
        let Expr::Column(column) = expression else { return None };
        let place = self.scan.projected_schema.maybe_index_of_column(column)?;
        let position = match &self.scan.projection {
            Some(projection) => projection.get(place).copied()?,
            None => place,
        };
        // The row id is beyond the columns.
        (position < self.definition.schema.fields().len()).then_some(position)
    }
}

/// Whether a subquery in the expression refers to the rows that the expression is over.
fn refers_outward(expression: &Expr) -> Result<bool> {
    expression.exists(|part| {
        Ok(match part {
            Expr::ScalarSubquery(subquery) => !subquery.outer_ref_columns.is_empty(),
            Expr::Exists(_) | Expr::InSubquery(_) | Expr::SetComparison(_) => true,
            _ => false,
        })
    })
}
