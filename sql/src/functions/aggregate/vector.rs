//! `avg(vector)` and `sum(vector)`, also of `halfvec`: element by element, as a vector of the same type. NULLs do not count;
//! of no vectors the result is NULL. 22000 for different dimensions, 22003 for a sum that does not fit.
//!
//! Sums are kept in double precision and rounded once, at the end.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility, utils::AggregateOrderSensitivity,
};

use crate::functions::scalar::{different_dimensions, out_of_range};
use crate::types::vector::{Builder, Rows, VectorKind, dimensions_differ, rounded};
use crate::{Error, Result as StatementResult};

/// What is made of vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum VectorAggregate {
    Average,
    Sum,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct AggregateFunction {
    aggregate: VectorAggregate,
    signature: Signature,
}

/// The function.
pub(super) fn vector_aggregate(aggregate: VectorAggregate) -> Arc<AggregateUDF> {
    static FUNCTIONS: LazyLock<[Arc<AggregateUDF>; 2]> = LazyLock::new(|| {
        [VectorAggregate::Average, VectorAggregate::Sum].map(|aggregate| {
            let signature = Signature::any(1, Volatility::Immutable);
            Arc::new(AggregateUDF::new_from_impl(AggregateFunction { aggregate, signature }))
        })
    });
    let [average, sum] = &*FUNCTIONS;
    match aggregate {
        VectorAggregate::Average => average.clone(),
        VectorAggregate::Sum => sum.clone(),
    }
}

impl AggregateUDFImpl for AggregateFunction {
    fn name(&self) -> &str {
        match self.aggregate {
            VectorAggregate::Average => "avg",
            VectorAggregate::Sum => "sum",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let vector = types.first().cloned();
        vector.ok_or_else(|| DataFusionError::Internal("an aggregate of nothing".to_string()))
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return Err(Error::unsupported(format!("{}(DISTINCT vector)", self.name())).into());
        }
        let vector = args.return_field.as_ref().clone();
        let kind = VectorKind::of(&vector)
            .ok_or_else(|| DataFusionError::Internal("an aggregate of vectors has none".to_string()))?;
        Ok(Box::new(Sums { aggregate: self.aggregate, kind, vector, count: 0, sums: Vec::new() }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let sums = DataType::new_list(DataType::Float64, true);
        Ok(vec![
            Arc::new(Field::new(format_state_name(args.name, "count"), DataType::Int64, true)),
            Arc::new(Field::new(format_state_name(args.name, "sums"), sums, true)),
        ])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

/// The vectors so far.
#[derive(Debug)]
struct Sums {
    aggregate: VectorAggregate,
    kind: VectorKind,
    /// What the result is.
    vector: Field,
    count: i64,
    /// Of each dimension; empty while there is no vector.
    sums: Vec<f64>,
}

impl Sums {
    fn check(&self, dimensions: usize) -> StatementResult<()> {
        if self.count == 0 || self.sums.len() == dimensions {
            return Ok(());
        }
        Err(match self.aggregate {
            VectorAggregate::Average => dimensions_differ(self.sums.len(), dimensions),
            VectorAggregate::Sum => different_dimensions(self.kind, self.sums.len(), dimensions),
        })
    }

    fn add(&mut self, count: i64, numbers: impl ExactSizeIterator<Item = f64>) -> StatementResult<()> {
        self.check(numbers.len())?;
        if self.count == 0 {
            self.sums = vec![0.0; numbers.len()];
        }
        self.sums.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
        self.count += count;
        Ok(())
    }

    fn result(&self) -> StatementResult<ArrayRef> {
        let internal = || Error::internal("an aggregate of vectors has none");
        let mut built = Builder::of(&self.vector).ok_or_else(internal)?;
        if self.count == 0 {
            built.push_null();
            return built.finish();
        }
        let divisor = match self.aggregate {
            VectorAggregate::Average => self.count as f64,
            VectorAggregate::Sum => 1.0,
        };
        built.push(|out| {
            for sum in &self.sums {
                let number = (sum / divisor) as f32;
                let number = if self.kind == VectorKind::Half { rounded(number) } else { number };
                if number.is_infinite() {
                    return Err(out_of_range("overflow"));
                }
                out.push(number);
            }
            Ok(())
        })?;
        built.finish()
    }
}

fn first(values: &[ArrayRef]) -> Result<&ArrayRef> {
    values.first().ok_or_else(|| DataFusionError::Internal("an aggregate of nothing".to_string()))
}

impl Accumulator for Sums {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = first(values)?;
        let rows = Rows::new(values)?;
        for row in 0..values.len() {
            if let Some(vector) = rows.get(row) {
                self.add(1, vector.iter().map(|number| f64::from(*number)))?;
            }
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = first(values)?;
        let rows = Rows::new(values)?;
        for row in 0..values.len() {
            if let Some(vector) = rows.get(row) {
                self.count -= 1;
                self.sums.iter_mut().zip(vector).for_each(|(sum, number)| *sum -= f64::from(*number));
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.result()?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.sums.capacity() * size_of::<f64>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let sums: Vec<ScalarValue> = self.sums.iter().map(|sum| ScalarValue::Float64(Some(*sum))).collect();
        let sums = ScalarValue::List(ScalarValue::new_list_nullable(&sums, &DataType::Float64));
        Ok(vec![ScalarValue::Int64(Some(self.count)), sums])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [counts, sums] = states else {
            return Err(DataFusionError::Internal("a state of vectors has two columns".to_string()));
        };
        let (counts, sums) = (counts.as_primitive::<Int64Type>(), sums.as_list::<i32>());
        for row in 0..counts.len() {
            if counts.value(row) > 0 {
                let of_row = sums.value(row);
                self.add(counts.value(row), of_row.as_primitive::<Float64Type>().values().iter().copied())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_merge_to_the_sums_of_all() {
        let new = || Sums {
            aggregate: VectorAggregate::Average,
            kind: VectorKind::Vector,
            vector: VectorKind::Vector.field(""),
            count: 0,
            sums: Vec::new(),
        };
        let (mut left, mut right, mut all) = (new(), new(), new());
        left.add(1, [1.0, 2.0].into_iter()).unwrap();
        right.add(1, [3.0, 5.0].into_iter()).unwrap();
        for part in [&mut left, &mut right, &mut new()] {
            let state: Vec<ArrayRef> =
                part.state().unwrap().iter().map(|value| value.to_array().unwrap()).collect();
            all.merge_batch(&state).unwrap();
        }
        let rows = Rows::new(&all.evaluate().unwrap().to_array().unwrap()).unwrap();
        assert_eq!(rows.get(0), Some([2.0, 3.5].as_slice()));
    }
}
