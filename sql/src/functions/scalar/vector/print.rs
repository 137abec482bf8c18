//! What `vector::text` and assignment of a vector to a text column run: the text form `[1,2.5,3]`.

use std::sync::{Arc, LazyLock};

use arrow::array::StringArray;
use arrow::datatypes::DataType;
use bytes::{BufMut, BytesMut};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::arguments::{self, Argument};
use crate::text::number::write_f32;

const NAME: &str = "muster_vector_text";

#[derive(Debug, PartialEq, Eq, Hash)]
struct VectorText {
    signature: Signature,
}

/// The text of a vector.
pub(crate) fn vector_text(vector: Expr) -> Expr {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::any(1, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(VectorText { signature }))
    });
    FUNCTION.call(vec![vector])
}

impl ScalarUDFImpl for VectorText {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let vectors = Argument::new(&args, 0, arguments::called_with(&args))?;
        let mut text = BytesMut::new();
        let mut print = |vector: &[f32]| -> Result<String> {
            text.clear();
            text.put_u8(b'[');
            for (position, number) in vector.iter().enumerate() {
                if position > 0 {
                    text.put_u8(b',');
                }
                write_f32(*number, &mut text);
            }
            text.put_u8(b']');
            String::from_utf8(text.to_vec()).map_err(|error| DataFusionError::External(Box::new(error)))
        };
        let texts = (0..arguments::rows_of(&args)).map(|row| vectors.get(row).map(&mut print).transpose());
        arguments::result(&args, Arc::new(texts.collect::<Result<StringArray>>()?))
    }
}
