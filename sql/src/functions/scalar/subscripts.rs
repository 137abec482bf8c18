//! `generate_subscripts` and `_pg_expandarray` before their rows are made: a list of the numbers of an array's elements, and
//! a list of its elements with their numbers. `unnest` makes rows of them.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Int64Type};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// `(array, first, dimension)`: the numbers of the elements, counted from `first`; arrays have one dimension.
pub(crate) const SUBSCRIPTS: &str = "muster_subscripts";
/// `(array)`: elements as `x` and their numbers, from 1 on, as `n`.
pub(crate) const EXPANDED_ARRAY: &str = "muster_expanded_array";

#[derive(Debug, PartialEq, Eq, Hash)]
struct Subscripts {
    name: &'static str,
    signature: Signature,
}

/// Both functions.
pub(super) fn functions() -> Vec<Arc<ScalarUDF>> {
    static FUNCTIONS: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
        let make = |name, arguments| {
            let signature = Signature::any(arguments, Volatility::Immutable);
            Arc::new(ScalarUDF::new_from_impl(Subscripts { name, signature }))
        };
        vec![make(SUBSCRIPTS, 3), make(EXPANDED_ARRAY, 1)]
    });
    FUNCTIONS.clone()
}

fn item_of(array: &DataType) -> Result<&Arc<Field>> {
    match array {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => Ok(item),
        other => Err(DataFusionError::Plan(format!("an array is needed, not {other}"))),
    }
}

fn expanded(item: &Field) -> Fields {
    let element = item.clone().with_name("x").with_nullable(true);
    Fields::from(vec![element, Field::new("n", DataType::Int32, true)])
}

impl ScalarUDFImpl for Subscripts {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let array = types
            .first()
            .ok_or_else(|| DataFusionError::Internal(format!("{} takes an array", self.name)))?;
        let item = item_of(array)?;
        let element = match self.name {
            SUBSCRIPTS => DataType::Int32,
            _ => DataType::Struct(expanded(item)),
        };
        Ok(DataType::List(Arc::new(Field::new_list_field(element, true))))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let Some(given) = arrays.first() else {
            return Err(DataFusionError::Internal(format!("{} takes an array", self.name)));
        };
        let item = item_of(given.data_type())?.clone();
        let lists = cast(given, &DataType::List(item.clone()))?;
        let lists: &ListArray = lists.as_list();
        let numbers_of = |place: usize| -> Result<Option<ArrayRef>> {
            arrays.get(place).map(|number| cast(number, &DataType::Int64).map_err(Into::into)).transpose()
        };
        // What is not given is 1; of a NULL there are no subscripts.
        let number = |numbers: &Option<ArrayRef>, row: usize| match numbers {
            None => Some(1),
            Some(numbers) => {
                let numbers = numbers.as_primitive::<Int64Type>();
                numbers.is_valid(row).then(|| numbers.value(row))
            }
        };
        let (firsts, dimensions) = (numbers_of(1)?, numbers_of(2)?);
        let (mut numbers, mut lengths, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..lists.len() {
            let first = number(&firsts, row).filter(|_| number(&dimensions, row) == Some(1));
            let length = if lists.is_null(row) { 0 } else { first.map_or(0, |_| lists.value_length(row)) };
            let first = first.unwrap_or(1);
            lengths.push(usize::try_from(length).unwrap_or_default());
            let start = lists.value_offsets().get(row).copied().unwrap_or_default();
            numbers
                .extend((0..length).map(|place| i32::try_from(i64::from(place) + first).unwrap_or(i32::MAX)));
            places.extend(start..start + length);
        }
        let numbers: ArrayRef = Arc::new(Int32Array::from(numbers));
        let values: ArrayRef = if self.name == SUBSCRIPTS {
            numbers
        } else {
            let elements = arrow::compute::take(lists.values(), &Int32Array::from(places), None)?;
            Arc::new(StructArray::new(expanded(&item), vec![elements, numbers], None))
        };
        let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let offsets = OffsetBuffer::from_lengths(lengths);
        Ok(ColumnarValue::Array(Arc::new(ListArray::new(field, offsets, values, lists.nulls().cloned()))))
    }
}
