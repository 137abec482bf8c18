//! One name for two functions: DataFusion's of numbers and ours of vectors.
//!
//! It only stands in for them while a statement is planned, when a name has one meaning: before types are coerced,
//! `planning::literals` puts the one in its place that the argument asks for. It never runs.

use std::any::Any;
use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::type_coercion::functions::fields_with_udf;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use super::undefined;
use crate::types::vector::VectorKind;

/// See the module.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Overloaded {
    numbers: Arc<AggregateUDF>,
    vectors: Arc<AggregateUDF>,
    signature: Signature,
}

impl Overloaded {
    /// Two functions of one name.
    pub(super) fn new(numbers: Arc<AggregateUDF>, vectors: Arc<AggregateUDF>) -> Self {
        Self { numbers, vectors, signature: Signature::variadic_any(Volatility::Immutable) }
    }

    fn choose(&self, fields: &[FieldRef]) -> &Arc<AggregateUDF> {
        match fields {
            [one] if VectorKind::of(one).is_some() => &self.vectors,
            _ => &self.numbers,
        }
    }
}

/// The function that a name means over these arguments, if it means two.
pub(crate) fn chosen(function: &AggregateUDF, fields: &[FieldRef]) -> Option<Arc<AggregateUDF>> {
    let implementation: &dyn Any = function.inner().as_ref();
    implementation.downcast_ref::<Overloaded>().map(|overloaded| overloaded.choose(fields).clone())
}

impl AggregateUDFImpl for Overloaded {
    fn name(&self) -> &str {
        self.numbers.name()
    }

    fn aliases(&self) -> &[String] {
        self.numbers.aliases()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.numbers.return_type(types)
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        let function = self.choose(fields);
        let coerced =
            fields_with_udf(fields, function.as_ref()).map_err(|_| undefined(self.name(), fields))?;
        function.return_field(&coerced)
    }

    fn accumulator(&self, _args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Err(DataFusionError::Internal(format!("{} is still two functions", self.name())))
    }
}
