//! A row of a FROM item as one value: what `t` is in `row_to_json(t)`. It is a struct whose fields know their SQL types.

use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, StructArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

#[derive(Debug, PartialEq, Eq, Hash)]
struct WholeRow {
    names: Vec<String>,
    /// Whether there may be no row, which then has NULL in every column.
    outer: bool,
    signature: Signature,
}

/// The row of these columns, by their names. With `outer` one whose columns are all NULL is NULL: an outer join has none.
pub(crate) fn whole_row(columns: Vec<(String, Expr)>, outer: bool) -> Expr {
    let (names, values): (Vec<String>, Vec<Expr>) = columns.into_iter().unzip();
    let signature = Signature::variadic_any(Volatility::Immutable);
    ScalarUDF::new_from_impl(WholeRow { names, outer, signature }).call(values)
}

impl WholeRow {
    fn fields(&self, given: &[FieldRef]) -> Fields {
        let fields = self.names.iter().zip(given);
        fields.map(|(name, field)| field.as_ref().clone().with_name(name).with_nullable(true)).collect()
    }
}

impl ScalarUDFImpl for WholeRow {
    fn name(&self) -> &str {
        "muster_row"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal("a row's type is that of its fields".to_string()))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let fields = self.fields(args.arg_fields);
        Ok(Arc::new(Field::new("", DataType::Struct(fields), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = args.args.iter().map(|argument| argument.to_array(args.number_rows));
        let arrays = arrays.collect::<Result<Vec<ArrayRef>>>()?;
        let nulls = self.outer.then(|| {
            let masks: Vec<Option<NullBuffer>> = arrays.iter().map(Array::logical_nulls).collect();
            let there =
                |row: usize| masks.iter().any(|nulls| nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)));
            NullBuffer::new(BooleanBuffer::collect_bool(args.number_rows, there))
        });
        let fields = match args.return_field.data_type() {
            DataType::Struct(fields) => fields.clone(),
            _ => self.fields(&args.arg_fields),
        };
        Ok(ColumnarValue::Array(Arc::new(StructArray::try_new_with_length(
            fields,
            arrays,
            nulls,
            args.number_rows,
        )?)))
    }
}
