//! RETURNING: what a statement that changes rows gives back of them.
//!
//! Its columns are those of the target's row as it is after the change (of a deleted row: as it was), then
//! those of the relations beside the target.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::record_batch::RecordBatchOptions;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, ParamValues, TableReference};
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast::{
    SelectItem, SelectItemQualifiedWildcardKind, WildcardAdditionalOptions,
};
use muster_storage::Snapshot;

use super::Target;
use super::expressions::{Bound, Expressions};
use crate::planning::{Planner, column_name, expression, settle_expression};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result, column};

/// A planned RETURNING list.
#[derive(Clone, Debug)]
pub(crate) struct Returning {
    expressions: Expressions,
    columns: SchemaRef,
}

impl Returning {
    /// Plans a list over rows that have these columns.
    ///
    /// # Errors
    /// 42703, 42P01 for what the rows do not have, 0A000 for subqueries.
    pub(crate) fn of(
        planner: &Planner,
        snapshot: &Snapshot,
        items: &[SelectItem],
        columns: Vec<(Option<TableReference>, FieldRef)>,
        declared: &[Option<FieldRef>],
    ) -> Result<Self> {
        let columns = DFSchema::new_with_metadata(columns, HashMap::new())?;
        let place = Arc::new(Field::new("", DataType::Utf8, true));
        let mut list = Vec::new();
        let mut names = Vec::new();
        for item in items {
            let (parsed, name) = match item {
                SelectItem::UnnamedExpr(parsed) => (parsed, column_name(parsed)),
                SelectItem::ExprWithAlias { expr, alias } => (expr, name::ident(alias)),
                wildcard => {
                    for (table, field) in stands_for(wildcard, &columns)? {
                        list.push(Expr::from((table, field)));
                        names.push(field.name().clone());
                    }
                    continue;
                }
            };
            let expression = expression::planned(planner, snapshot, parsed, &columns)?;
            list.push(settle_expression(expression, declared, &place)?);
            names.push(name);
        }
        let expressions = Expressions::new(planner, list, columns, "RETURNING")?;
        let fields = expressions.fields()?;
        let fields = fields.iter().zip(&names).map(|(field, name)| result_field(field, name));
        let columns = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(Self { expressions, columns })
    }

    /// The columns that clients see.
    pub(crate) fn columns(&self) -> &SchemaRef {
        &self.columns
    }

    /// Whether columns of the target are in it.
    pub(crate) fn reads(&self, target: &Target) -> bool {
        let own = target.qualifier();
        let is_own =
            |part: &Expr| Ok(matches!(part, Expr::Column(column) if column.relation.as_ref() == Some(&own)));
        // What cannot be looked at reads.
        self.list().iter().any(|expression| expression.exists(is_own).unwrap_or(true))
    }

    /// What its parameters stand in.
    pub(crate) fn list(&self) -> &[Expr] {
        self.expressions.list()
    }

    /// With the parameters' values.
    pub(crate) fn bind(&self, context: &StatementContext, params: &ParamValues) -> Result<BoundReturning> {
        Ok(BoundReturning {
            expressions: self.expressions.bind(context, params)?,
            columns: self.columns.clone(),
        })
    }
}

/// The columns that a wildcard stands for.
fn stands_for<'a>(
    item: &SelectItem,
    columns: &'a DFSchema,
) -> Result<Vec<(Option<&'a TableReference>, &'a FieldRef)>> {
    match item {
        SelectItem::Wildcard(options) if is_plain(options) => {
            Ok(columns.iter().filter(|(_, field)| !is_hidden(field)).collect())
        }
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(of), options)
            if is_plain(options) =>
        {
            let of = of.0.last().and_then(|part| part.as_ident()).map(name::ident).unwrap_or_default();
            let named = |table: Option<&TableReference>| table.is_some_and(|table| table.table() == of);
            let found = columns.iter().filter(|(table, field)| named(*table) && !is_hidden(field));
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                return Err(Error::new(
                    SqlState::UndefinedTable,
                    format!("missing FROM-clause entry for table \"{of}\""),
                ));
            }
            Ok(found)
        }
        other => Err(Error::unsupported(format!("RETURNING {other}"))),
    }
}

/// Whether a column is one that no statement can name.
fn is_hidden(field: &Field) -> bool {
    field.name().starts_with('\0')
}

/// Whether a wildcard has none of the additions that other databases know.
fn is_plain(options: &WildcardAdditionalOptions) -> bool {
    options.opt_ilike.is_none()
        && options.opt_exclude.is_none()
        && options.opt_except.is_none()
        && options.opt_replace.is_none()
        && options.opt_rename.is_none()
        && options.opt_alias.is_none()
}

/// A result's column: any may be NULL as far as a reader can tell, and an untyped NULL is a text.
fn result_field(field: &Field, name: &str) -> Field {
    let field = column::type_only(field, name);
    match field.data_type() {
        DataType::UInt64 | DataType::UInt32 => field.with_data_type(DataType::Int64),
        DataType::UInt16 => field.with_data_type(DataType::Int32),
        DataType::UInt8 | DataType::Int8 => field.with_data_type(DataType::Int16),
        DataType::Null => field.with_data_type(DataType::Utf8),
        _ => field,
    }
}

/// A RETURNING list, ready to be evaluated.
#[derive(Debug)]
pub(crate) struct BoundReturning {
    expressions: Bound,
    columns: SchemaRef,
}

impl BoundReturning {
    /// What is given back of `rows` rows: the target's columns, then those of the relations beside it.
    pub(crate) fn rows(&self, columns: &[ArrayRef], rows: usize) -> Result<RecordBatch> {
        let values = self.expressions.evaluate_all(columns, rows)?;
        let values = values.into_iter().zip(self.columns.fields()).map(|(values, field)| {
            if values.data_type() == field.data_type() {
                return Ok(values);
            }
            let options = arrow::compute::CastOptions { safe: false, ..Default::default() };
            arrow::compute::cast_with_options(&values, field.data_type(), &options)
        });
        let values = values.collect::<std::result::Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        Ok(RecordBatch::try_new_with_options(self.columns.clone(), values, &options)?)
    }
}
