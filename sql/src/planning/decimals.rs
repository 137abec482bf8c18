//! Casts of texts to `numeric` that take what PostgreSQL takes: an analyzer rule that runs after types are coerced.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use datafusion::optimizer::AnalyzerRule;

use super::each_expression::each_expression;
use crate::functions::scalar::{decimal_text, is_decimal_text};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct DecimalTexts;

impl AnalyzerRule for DecimalTexts {
    fn name(&self) -> &str {
        "decimal_texts"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        each_expression(plan, read_decimals)
    }
}

/// The same for one expression over `schema`.
pub(crate) fn read_decimals(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expression.transform_up(|expression| {
        let Expr::Cast(Cast { expr, field }) = expression else { return Ok(Transformed::no(expression)) };
        let is_text =
            matches!(expr.get_type(schema), Ok(DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View));
        if !is_text || !matches!(field.data_type(), DataType::Decimal128(..)) || is_decimal_text(&expr) {
            return Ok(Transformed::no(Expr::Cast(Cast { expr, field })));
        }
        Ok(Transformed::yes(Expr::Cast(Cast { expr: Box::new(decimal_text(*expr)), field })))
    })
}
