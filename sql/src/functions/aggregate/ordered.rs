//! `mode() WITHIN GROUP (ORDER BY value)` and `percentile_disc(fraction) WITHIN GROUP (ORDER BY value)`: of values of any type
//! that can be ordered, one of them. NULLs do not count; of none the result is NULL.
//!
//! SQLSTATE: 22003 for a fraction that is not between 0 and 1.

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::make_comparator;
use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, UInt32Array, new_empty_array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{SortOptions, concat, sort_to_indices, take};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, Signature, TypeSignature, Volatility,
};

use crate::Error;
use crate::sqlstate::SqlState;

/// Which value is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Choice {
    /// The most frequent; of several the first in order.
    Mode,
    /// The first with at least a fraction of all up to it.
    Percentile,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OrderedFunction {
    choice: Choice,
    signature: Signature,
}

/// The function.
pub(super) fn ordered(choice: Choice) -> AggregateUDF {
    let signature = match choice {
        Choice::Mode => Signature::any(1, Volatility::Immutable),
        Choice::Percentile => Signature::one_of(vec![TypeSignature::Any(2)], Volatility::Immutable),
    };
    AggregateUDF::new_from_impl(OrderedFunction { choice, signature })
}

fn none() -> DataFusionError {
    DataFusionError::Internal("an aggregate of nothing".to_string())
}

/// The fraction, which is a constant.
fn fraction(args: &AccumulatorArgs<'_>) -> Result<f64> {
    let row = RecordBatch::new_empty(Arc::new(Schema::empty()));
    let value = match args.exprs.get(1).ok_or_else(none)?.evaluate(&row) {
        Ok(ColumnarValue::Scalar(value)) => value.cast_to(&DataType::Float64)?,
        _ => return Err(Error::unsupported("percentile_disc of a fraction that is no constant").into()),
    };
    let ScalarValue::Float64(Some(value)) = value else {
        return Err(Error::unsupported("percentile_disc of NULL").into());
    };
    if !(0.0..=1.0).contains(&value) {
        let message = format!("percentile value {value} is not between 0 and 1");
        return Err(Error::new(SqlState::NumericValueOutOfRange, message).into());
    }
    Ok(value)
}

impl AggregateUDFImpl for OrderedFunction {
    fn name(&self) -> &str {
        match self.choice {
            Choice::Mode => "mode",
            Choice::Percentile => "percentile_disc",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        types.first().cloned().ok_or_else(none)
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        let field = fields.first().ok_or_else(none)?;
        Ok(Arc::new(field.as_ref().clone().with_name(self.name()).with_nullable(true)))
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if args.is_distinct {
            return Err(Error::unsupported(format!("{}(DISTINCT)", self.name())).into());
        }
        let fraction = match self.choice {
            Choice::Mode => None,
            Choice::Percentile => Some(fraction(&args)?),
        };
        let descending = args.order_bys.first().is_some_and(|order| order.options.descending);
        let data_type = args.expr_fields.first().ok_or_else(none)?.data_type().clone();
        Ok(Box::new(Values { fraction, descending, data_type, parts: Vec::new() }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let item = args.input_fields.first().ok_or_else(none)?.data_type().clone();
        let list = DataType::new_list(item, true);
        Ok(vec![Arc::new(Field::new(format_state_name(args.name, "values"), list, true))])
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }
}

/// The values so far, without NULLs.
#[derive(Debug)]
struct Values {
    fraction: Option<f64>,
    descending: bool,
    data_type: DataType,
    parts: Vec<ArrayRef>,
}

impl Values {
    fn all(&self) -> Result<ArrayRef> {
        if self.parts.is_empty() {
            return Ok(new_empty_array(&self.data_type));
        }
        let parts: Vec<&dyn Array> = self.parts.iter().map(|part| part.as_ref()).collect();
        Ok(concat(&parts)?)
    }

    fn add(&mut self, values: &ArrayRef) -> Result<()> {
        let values = if values.logical_null_count() == 0 {
            values.clone()
        } else {
            let valid = (0..values.len()).filter(|row| values.is_valid(*row));
            let valid: UInt32Array = valid.filter_map(|row| u32::try_from(row).ok()).collect();
            take(values, &valid, None)?
        };
        if !values.is_empty() && values.data_type() != &DataType::Null {
            self.parts.push(values);
        }
        Ok(())
    }

    /// The place of the value that is taken, among those in order.
    fn place(&self, sorted: &ArrayRef) -> Result<usize> {
        let count = sorted.len();
        if let Some(fraction) = self.fraction {
            let place = (fraction * count as f64).ceil() as usize;
            return Ok(place.saturating_sub(1).min(count.saturating_sub(1)));
        }
        let compare = make_comparator(sorted, sorted, SortOptions::default())?;
        let (mut best, mut most, mut start) = (0, 0, 0);
        for row in 0..count {
            if compare(row, start) != Ordering::Equal {
                start = row;
            }
            if row - start + 1 > most {
                most = row - start + 1;
                best = start;
            }
        }
        Ok(best)
    }
}

impl Accumulator for Values {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.add(values.first().ok_or_else(none)?)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let all = self.all()?;
        if all.is_empty() {
            return ScalarValue::try_from(&self.data_type);
        }
        let options = SortOptions { descending: self.descending, nulls_first: false };
        let order = sort_to_indices(&all, Some(options), None)?;
        let sorted = take(&all, &order, None)?;
        let place = self.place(&sorted)?;
        ScalarValue::try_from_array(&sorted, place)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.parts.iter().map(|part| part.get_array_memory_size()).sum::<usize>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let all = self.all()?;
        let field = Arc::new(Field::new_list_field(self.data_type.clone(), true));
        let offsets = OffsetBuffer::from_lengths([all.len()]);
        let list = ListArray::try_new(field, offsets, all, None)?;
        Ok(vec![ScalarValue::List(Arc::new(list))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let lists = states.first().and_then(|states| states.as_list_opt::<i32>()).ok_or_else(none)?;
        for row in 0..lists.len() {
            if lists.is_valid(row) {
                self.add(&lists.value(row))?;
            }
        }
        Ok(())
    }
}
