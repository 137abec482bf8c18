//! `is_valid_email(draft)`, `is_valid_sms(draft)`, `is_valid_fill(proposal)` → boolean: whether the table function of the same
//! name finds nothing of severity `error`. NULL for NULL.
//!
//! A function as it is planned knows no statement; [`crate::planning::bind`] gives it the one that runs it, whose snapshot has the
//! workers.
//!
//! SQLSTATEs: 42883 for an argument that is neither jsonb nor text; 0A000 where no statement runs it; those of the table `workers`
//! that are listed with the table functions.

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use muster_engine::validate::{self, Validator};

use crate::Error;
use crate::functions::table::{WORKERS, check, drafts};
use crate::session::Caller;
use crate::sqlstate::SqlState;
use crate::types::type_name;

/// See the module.
#[derive(Debug)]
pub(crate) struct IsValid {
    validator: Validator,
    caller: Option<Arc<Caller>>,
    signature: Signature,
}

/// All of them.
pub(super) fn functions() -> impl Iterator<Item = Arc<ScalarUDF>> {
    let validators = [Validator::Email, Validator::Sms, Validator::Fill];
    validators.into_iter().map(|validator| Arc::new(ScalarUDF::new_from_impl(IsValid::new(validator, None))))
}

/// The name of the first of them that an expression calls.
pub(crate) fn validates(expression: &Expr) -> Option<String> {
    let mut found = None;
    let walked = expression.apply(|part| {
        if let Expr::ScalarFunction(call) = part {
            let function: &dyn Any = call.func.inner().as_ref();
            found = function.downcast_ref::<IsValid>().map(|function| function.name().to_string());
        }
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    debug_assert!(walked.is_ok(), "the closure gives no error");
    found
}

impl IsValid {
    fn new(validator: Validator, caller: Option<Arc<Caller>>) -> Self {
        Self { validator, caller, signature: Signature::user_defined(Volatility::Stable) }
    }

    /// The same function for a plan that runs.
    pub(crate) fn called_by(&self, caller: Arc<Caller>) -> Self {
        Self::new(self.validator, Some(caller))
    }

    /// The error for arguments that it does not take.
    fn mismatch(&self, given: &[DataType]) -> Error {
        let names: Vec<String> =
            given.iter().map(|given| type_name(&Field::new("", given.clone(), true))).collect();
        let message = format!("function {}({}) does not exist", self.name(), names.join(", "));
        Error::new(SqlState::UndefinedFunction, message).with_hint("It takes one argument, jsonb or text.")
    }
}

impl PartialEq for IsValid {
    fn eq(&self, other: &Self) -> bool {
        let same_caller = match (&self.caller, &other.caller) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        self.validator == other.validator && same_caller
    }
}

impl Eq for IsValid {}

impl Hash for IsValid {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.validator.hash(state);
    }
}

impl ScalarUDFImpl for IsValid {
    fn name(&self) -> &str {
        match self.validator {
            Validator::Email => "is_valid_email",
            Validator::Sms => "is_valid_sms",
            Validator::Fill => "is_valid_fill",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null] => {
                Ok(vec![DataType::Utf8])
            }
            _ => Err(self.mismatch(given).into()),
        }
    }

    fn return_type(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(caller) = &self.caller else {
            return Err(Error::unsupported(format!("{}() in this place", self.name())).into());
        };
        let [argument] = call.args.as_slice() else { return Err(self.mismatch(&[]).into()) };
        let scalar = matches!(argument, ColumnarValue::Scalar(_));
        let array = argument.to_array(if scalar { 1 } else { call.number_rows })?;
        let drafts = drafts(self.name(), "draft", &array)?;
        // Where all are NULL, nothing is asked of anybody.
        let found = match drafts.null_count() == drafts.len() {
            true => vec![None; drafts.len()],
            false => {
                if let Some(rights) = caller.rights()? {
                    rights.need_read(WORKERS)?;
                }
                check(self.validator, &drafts, &caller.snapshot)?
            }
        };
        let valid: BooleanArray =
            found.iter().map(|found| found.as_deref().map(validate::is_valid)).collect();
        if scalar {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&valid, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::new(valid)))
    }
}
