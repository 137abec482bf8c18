//! Casts to text that write what PostgreSQL writes: an analyzer rule that runs after types are coerced, for `||` and `concat` cast
//! what they are given.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use super::each_expression::each_expression;
use crate::functions::scalar::{is_written, to_text};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Texts;

impl AnalyzerRule for Texts {
    fn name(&self) -> &str {
        "texts"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        each_expression(plan, write_texts)
    }
}

/// The same for one expression over `schema`.
pub(crate) fn write_texts(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expression.transform_up(|expression| {
        let Expr::Cast(Cast { expr, field }) = expression else { return Ok(Transformed::no(expression)) };
        let to_other =
            !matches!(field.data_type(), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        if to_other || !is_written(&expr.get_type(schema)?) {
            return Ok(Transformed::no(Expr::Cast(Cast { expr, field })));
        }
        let text = to_text(*expr);
        // What stands above has counted on this kind of text.
        let text = match field.data_type() {
            DataType::Utf8 => text,
            _ => Expr::Cast(Cast { expr: Box::new(text), field }),
        };
        Ok(Transformed::yes(text))
    })
}
