//! Untyped literals beside columns of types that Arrow's casts do not know: `id = 'a0ee...'` for a uuid,
//! `b = '\x00ff'` for bytes.
//!
//! DataFusion's coercion would compare the bytes of the text. This runs before it.

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::functions::string::rtrim;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use arrow::datatypes::DataType;

use super::each_expression::each_expression;
use crate::column;
use crate::functions::scalar;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Literals;

impl AnalyzerRule for Literals {
    fn name(&self) -> &str {
        "untyped_literals"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        each_expression(plan, type_literals)
    }
}

/// The same for one expression over `schema`.
pub(crate) fn type_literals(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expression.transform_up(|expression| {
        Ok(match expression {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.supports_propagation() => {
                // A type is asked for only where it is needed: it costs a walk through the operand.
                let of_left = if is_text(&right) { reader(&left, schema) } else { None };
                let of_right = if is_text(&left) { reader(&right, schema) } else { None };
                let (left, right) = (read(*left, of_right), read(*right, of_left));
                Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))))
            }
            Expr::InList(InList { expr, list, negated }) => {
                let of_expr = reader(&expr, schema);
                let list = list.into_iter().map(|item| read(item, of_expr)).collect();
                Transformed::yes(Expr::InList(InList { expr, list, negated }))
            }
            Expr::Between(Between { expr, negated, low, high }) => {
                let of_expr = reader(&expr, schema);
                let (low, high) = (Box::new(read(*low, of_expr)), Box::new(read(*high, of_expr)));
                Transformed::yes(Expr::Between(Between { expr, negated, low, high }))
            }
            other => Transformed::no(other),
        })
    })
}

/// How a text beside `expression` is read, if not as a text.
fn reader(expression: &Expr, schema: &DFSchema) -> Option<fn(Expr) -> Expr> {
    if let Expr::Column(column) = expression
        && schema
            .qualified_field_from_column(column)
            .is_ok_and(|(_, field)| column::char_length(field).is_some())
    {
        // Blanks at the end mean nothing beside a char(n), which keeps none.
        return Some(|text| rtrim().call(vec![text]));
    }
    match expression.get_type(schema).ok()? {
        DataType::FixedSizeBinary(16) => Some(scalar::to_uuid),
        DataType::Binary => Some(scalar::to_bytea),
        _ => None,
    }
}

fn read(expression: Expr, reader: Option<fn(Expr) -> Expr>) -> Expr {
    match reader {
        Some(reader) if is_text(&expression) => reader(expression),
        _ => expression,
    }
}

/// Whether an expression is a text as a statement writes it, or a parameter that is one.
fn is_text(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(ScalarValue::Utf8(Some(_)), _) => true,
        Expr::Placeholder(placeholder) => {
            placeholder.field.as_ref().is_some_and(|field| field.data_type() == &DataType::Utf8)
        }
        _ => false,
    }
}
