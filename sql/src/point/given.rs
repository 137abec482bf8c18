//! What a statement is given when it runs: its parameters and what `now()` is, as columns of one row.
//!
//! Their names begin with NUL, which no client can write.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array};
use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, ParamValues, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::{Placeholder, ScalarFunction};

use crate::planning::Planner;
use crate::session::StatementContext;
use crate::{Error, Result};

const NOW: &str = "\0now";

/// See the module.
#[derive(Debug)]
pub(super) struct Given {
    /// The parameters in their order, then `now()`.
    fields: Vec<FieldRef>,
    /// Time zone of `now()`.
    zone: Option<Arc<str>>,
}

/// The values of one run, each of one row.
pub(super) struct GivenValues(Vec<ArrayRef>);

impl Given {
    pub(super) fn new(planner: &Planner, parameters: &[FieldRef]) -> Result<Self> {
        let zone = planner.state().config_options().execution.time_zone.as_deref().map(Arc::from);
        let parameter = |(place, field): (usize, &FieldRef)| {
            let field = field.as_ref().clone().with_name(name(&format!("${}", place + 1)));
            Arc::new(field.with_nullable(true))
        };
        let mut fields: Vec<FieldRef> = parameters.iter().enumerate().map(parameter).collect();
        let now = DataType::Timestamp(TimeUnit::Nanosecond, zone.clone());
        fields.push(Arc::new(Field::new(NOW, now, true)));
        Ok(Self { fields, zone })
    }

    /// These columns after others.
    pub(super) fn after(&self, columns: &DFSchema) -> Result<DFSchema> {
        let all = columns.iter().map(|(table, field)| (table.cloned(), field.clone()));
        let all = all.chain(self.fields.iter().map(|field| (None, field.clone())));
        Ok(DFSchema::new_with_metadata(all.collect(), columns.metadata().clone())?)
    }

    /// The expression with its parameters and `now()` as columns.
    pub(super) fn open(&self, expression: Expr) -> Result<Expr> {
        let open = expression.transform_up(|part| match part {
            Expr::Placeholder(Placeholder { id, .. }) => {
                Ok(Transformed::yes(Expr::Column(Column::new_unqualified(name(&id)))))
            }
            Expr::ScalarFunction(call) if self.is_now(&call) => {
                Ok(Transformed::yes(Expr::Column(Column::new_unqualified(NOW))))
            }
            other => Ok(Transformed::no(other)),
        })?;
        Ok(open.data)
    }

    fn is_now(&self, call: &ScalarFunction) -> bool {
        let is = call.func.name() == "now" && call.args.is_empty();
        let returned = || call.func.return_type(&[]);
        is && returned().is_ok_and(|of| self.fields.last().is_some_and(|now| now.data_type() == &of))
    }

    /// Whether a column is one of these.
    pub(super) fn has(&self, column: &Column) -> bool {
        column.relation.is_none()
            && column.name.starts_with('\0')
            && self.fields.iter().any(|field| field.name() == &column.name)
    }

    pub(super) fn values(&self, context: &StatementContext, params: &ParamValues) -> Result<GivenValues> {
        let mut values = Vec::with_capacity(self.fields.len());
        for place in 1..self.fields.len() {
            let value = params.get_placeholders_with_values(&format!("${place}"))?;
            values.push(value.value.to_array()?);
        }
        let now = ScalarValue::TimestampNanosecond(context.now.timestamp_nanos_opt(), self.zone.clone());
        values.push(now.to_array()?);
        Ok(GivenValues(values))
    }
}

impl GivenValues {
    /// Each `rows` times.
    pub(super) fn repeated(&self, rows: usize) -> Result<Vec<ArrayRef>> {
        if rows == 1 {
            return Ok(self.0.clone());
        }
        let first = UInt32Array::from(vec![0; rows]);
        let repeat = |value: &ArrayRef| match value.len() {
            1 => Ok(arrow::compute::take(value, &first, None)?),
            _ => Err(Error::internal("a parameter has not one value")),
        };
        self.0.iter().map(repeat).collect()
    }
}

fn name(parameter: &str) -> String {
    format!("\0{parameter}")
}
