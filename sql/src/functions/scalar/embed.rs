//! `embed(text [, model])` → `vector`: the text's embedding.
//!
//! NULL gives NULL. The model is a constant, `hash-v1` unless named; it decides the dimensions.
//!
//! ```sql
//! SELECT embed('forklift operator');
//! ```
//!
//! SQLSTATEs: 42704 for a model that is not there, 42804 for a model that is no constant.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};
use muster_engine::{DEFAULT_MODEL, embedder};

use super::text::strings;
use crate::sqlstate::SqlState;
use crate::{Error, column};

const NAME: &str = "embed";

#[derive(Debug, PartialEq, Eq, Hash)]
struct Embed {
    signature: Signature,
}

/// The function.
pub(super) fn function() -> Arc<ScalarUDF> {
    static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
        let signature = Signature::one_of(
            vec![
                TypeSignature::Exact(vec![DataType::Utf8]),
                TypeSignature::Exact(vec![DataType::Utf8, DataType::Utf8]),
            ],
            Volatility::Immutable,
        );
        Arc::new(ScalarUDF::new_from_impl(Embed { signature }))
    });
    FUNCTION.clone()
}

/// The model that a generation expression embeds with, if it does.
pub(crate) fn model_of(expression: &Expr) -> Option<String> {
    let mut model = None;
    let walked = expression.apply(|part| {
        if let Expr::ScalarFunction(call) = part
            && call.func.name() == NAME
        {
            model = Some(match call.args.get(1) {
                Some(Expr::Literal(ScalarValue::Utf8(Some(name)), _)) => name.clone(),
                _ => DEFAULT_MODEL.to_string(),
            });
            return Ok(TreeNodeRecursion::Stop);
        }
        Ok(TreeNodeRecursion::Continue)
    });
    debug_assert!(walked.is_ok(), "the closure gives no error");
    model
}

fn model_name(argument: Option<&ScalarValue>) -> Result<String> {
    match argument {
        Some(
            ScalarValue::Utf8(Some(name))
            | ScalarValue::Utf8View(Some(name))
            | ScalarValue::LargeUtf8(Some(name)),
        ) => Ok(name.clone()),
        _ => {
            Err(Error::new(SqlState::DatatypeMismatch, "the model of embed() must be a constant text").into())
        }
    }
}

impl ScalarUDFImpl for Embed {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal("embed gives a field, not a type".to_string()))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let model = match args.scalar_arguments.get(1) {
            None => DEFAULT_MODEL.to_string(),
            Some(argument) => model_name(*argument)?,
        };
        let embedder = embedder(&model).map_err(Error::from)?;
        let dimensions = i32::try_from(embedder.dimensions())
            .map_err(|_| DataFusionError::Internal("an embedder has too many dimensions".to_string()))?;
        Ok(Arc::new(column::vector_field(NAME, dimensions, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let model = match args.args.get(1) {
            None => DEFAULT_MODEL.to_string(),
            Some(ColumnarValue::Scalar(model)) => model_name(Some(model))?,
            Some(ColumnarValue::Array(_)) => model_name(None)?,
        };
        let embedder = embedder(&model).map_err(Error::from)?;
        let Some(argument) = args.args.first() else {
            return Err(DataFusionError::Internal("embed is called without a text".to_string()));
        };
        let scalar = matches!(argument, ColumnarValue::Scalar(_));
        let texts = strings(&argument.to_array(if scalar { 1 } else { args.number_rows })?)?;
        let texts: Vec<Option<&str>> = texts.iter().collect();
        let vectors = embedder.embed_batch(&texts).map_err(Error::from)?;
        let vectors: ArrayRef = Arc::new(vectors);
        let vectors = if vectors.data_type() == args.return_field.data_type() {
            vectors
        } else {
            arrow::compute::cast(&vectors, args.return_field.data_type())?
        };
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&vectors, 0)?));
        }
        Ok(ColumnarValue::Array(vectors))
    }
}
