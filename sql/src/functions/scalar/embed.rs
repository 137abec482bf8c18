//! `embed(text [, model [, purpose]])` → `vector`: the text's embedding.
//!
//! NULL gives NULL. The model is a constant, `hash-v1` unless named; it decides the dimensions. The purpose is
//! `document` unless named, or `query`: it decides which of the model's prefixes stands before the text.
//!
//! ```sql
//! SELECT embed('forklift operator');
//! ```
//!
//! SQLSTATEs: 42704 for a model that is not there, 42804 for a model or a purpose that is no constant, 22023 for a purpose
//! that is none, 58000 when a provider cannot be reached or its answer is none.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    TypeSignature, Volatility,
};
use muster_embedders::Embedders;
use muster_engine::{DEFAULT_MODEL, Purpose};

use super::text::strings;
use crate::embedding::scope;
use crate::sqlstate::SqlState;
use crate::types::vector::VectorKind;
use crate::{Error, column};

const NAME: &str = "embed";

/// The places of the arguments after the text.
pub(crate) const EMBED_MODEL: usize = 1;
const PURPOSE: usize = 2;

#[derive(Debug)]
struct Embed {
    signature: Signature,
    embedders: Arc<Embedders>,
}

/// The function over the embedders of a database.
pub(super) fn function(embedders: &Arc<Embedders>) -> Arc<ScalarUDF> {
    let texts = |count| TypeSignature::Exact(vec![DataType::Utf8; count]);
    let signature = Signature::one_of((1..=PURPOSE + 1).map(texts).collect(), Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(Embed { signature, embedders: embedders.clone() }))
}

/// The models that a generation expression embeds with.
pub(crate) fn models_of(expression: &Expr) -> Vec<String> {
    let mut models = Vec::new();
    let walked = expression.apply(|part| {
        if let Expr::ScalarFunction(call) = part
            && call.func.name() == NAME
        {
            let model = match call.args.get(EMBED_MODEL) {
                Some(Expr::Literal(ScalarValue::Utf8(Some(name)), _)) => name.clone(),
                _ => DEFAULT_MODEL.to_string(),
            };
            if !models.contains(&model) {
                models.push(model);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    });
    debug_assert!(walked.is_ok(), "the closure gives no error");
    models
}

/// Whether calling the function waits. `model` is its argument, if there is one, and its value, if that is a constant.
pub(crate) fn embed_waits(function: &ScalarUDF, model: Option<Option<&ScalarValue>>) -> bool {
    let function: &dyn Any = function.inner().as_ref();
    let Some(embed) = function.downcast_ref::<Embed>() else { return false };
    match model {
        None => false,
        Some(model) => model_name(model)
            .ok()
            .and_then(|model| embed.embedders.get(&model).ok())
            .is_some_and(|embedder| embedder.waits()),
    }
}

fn model_name(argument: Option<&ScalarValue>) -> Result<String> {
    constant(argument, "model").map(str::to_string)
}

fn purpose(argument: Option<&ScalarValue>) -> Result<Purpose> {
    match constant(argument, "purpose")? {
        "document" => Ok(Purpose::Document),
        "query" => Ok(Purpose::Query),
        other => Err(Error::new(
            SqlState::InvalidParameterValue,
            format!("the purpose of embed() must be document or query, not \"{other}\""),
        )
        .into()),
    }
}

fn constant<'a>(argument: Option<&'a ScalarValue>, what: &str) -> Result<&'a str> {
    match argument {
        Some(
            ScalarValue::Utf8(Some(text))
            | ScalarValue::Utf8View(Some(text))
            | ScalarValue::LargeUtf8(Some(text)),
        ) => Ok(text),
        _ => {
            let message = format!("the {what} of embed() must be a constant text");
            Err(Error::new(SqlState::DatatypeMismatch, message).into())
        }
    }
}

/// The value of an argument where it is a constant.
fn scalar(argument: &ColumnarValue) -> Option<&ScalarValue> {
    match argument {
        ColumnarValue::Scalar(value) => Some(value),
        ColumnarValue::Array(_) => None,
    }
}

/// One a database.
impl PartialEq for Embed {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.embedders, &other.embedders)
    }
}

impl Eq for Embed {}

impl Hash for Embed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        NAME.hash(state);
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
        let model = match args.scalar_arguments.get(EMBED_MODEL) {
            None => DEFAULT_MODEL.to_string(),
            Some(argument) => model_name(*argument)?,
        };
        if let Some(argument) = args.scalar_arguments.get(PURPOSE) {
            purpose(*argument)?;
        }
        let embedder = self.embedders.get(&model).map_err(Error::from)?;
        let dimensions = i32::try_from(embedder.dimensions())
            .map_err(|_| DataFusionError::Internal("an embedder has too many dimensions".to_string()))?;
        Ok(Arc::new(column::vector_field(VectorKind::Vector, NAME, dimensions, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let model = match args.args.get(EMBED_MODEL) {
            None => DEFAULT_MODEL.to_string(),
            Some(argument) => model_name(scalar(argument))?,
        };
        let purpose = match args.args.get(PURPOSE) {
            None => Purpose::Document,
            Some(argument) => purpose(scalar(argument))?,
        };
        let embedder = self.embedders.get(&model).map_err(Error::from)?;
        let Some(argument) = args.args.first() else {
            return Err(DataFusionError::Internal("embed is called without a text".to_string()));
        };
        let scalar = matches!(argument, ColumnarValue::Scalar(_));
        let texts = strings(&argument.to_array(if scalar { 1 } else { args.number_rows })?)?;
        let texts: Vec<Option<&str>> = texts.iter().collect();
        let vectors: ArrayRef = Arc::new(scope::embed(embedder.as_ref(), purpose, &texts)?);
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
