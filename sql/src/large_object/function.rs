//! The functions of large objects as plans have them.
//!
//! As planned they know no session; [`crate::planning::bind`] gives them the statement that runs the plan. Each row is a call
//! of its own, in the order of rows and expressions.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};

use arrow::array::{ArrayRef, BinaryBuilder, Int32Array, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, Volatility,
};
use muster_storage::Store;

use super::argument::{Function, Type, values};
use super::call::{Answer, Call, Oids};
use crate::session::Caller;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::{Error, Result};

/// All of them, for the session state.
pub(crate) fn functions(store: &Weak<Store>) -> Vec<ScalarUDF> {
    let oids = Arc::new(Oids::new(store.clone()));
    let function = |function: &Function| {
        ScalarUDF::new_from_impl(LargeObjectFunction::new(*function, oids.clone(), None))
    };
    Function::ALL.iter().map(function).collect()
}

/// Whether a plan calls one that needs a block of a transaction.
///
/// # Errors
/// What walking it gives.
pub(crate) fn writes(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            found |= calls(expression)?;
            Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// The same of expressions.
///
/// # Errors
/// What walking them gives.
pub(crate) fn written_by(expressions: &[Expr]) -> Result<bool> {
    for expression in expressions {
        if calls(expression)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn calls(expression: &Expr) -> PlanResult<bool> {
    expression.exists(|part| {
        let Expr::ScalarFunction(call) = part else { return Ok(false) };
        let function: &dyn std::any::Any = call.func.inner().as_ref();
        let known = function.downcast_ref::<LargeObjectFunction>();
        Ok(known.is_some_and(|known| known.function.needs_block()))
    })
}

/// The same expression, whose object ids are numbers as all others: those that are assigned to a column.
///
/// # Errors
/// What walking it gives.
pub(crate) fn as_number(expression: Expr) -> Result<Expr> {
    let plain = expression.transform_up(|part| {
        let Expr::ScalarFunction(call) = part else { return Ok(Transformed::no(part)) };
        let function: &dyn std::any::Any = call.func.inner().as_ref();
        let Some(known) = function.downcast_ref::<LargeObjectFunction>() else {
            return Ok(Transformed::no(Expr::ScalarFunction(call)));
        };
        let known = LargeObjectFunction::new(known.function, known.oids.clone(), known.caller.clone());
        let func = Arc::new(ScalarUDF::new_from_impl(LargeObjectFunction { plain: true, ..known }));
        Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction { func, args: call.args })))
    })?;
    Ok(plain.data)
}

/// See the module.
#[derive(Debug)]
pub(crate) struct LargeObjectFunction {
    function: Function,
    /// Whether an object id that it gives is not told from other numbers.
    plain: bool,
    oids: Arc<Oids>,
    caller: Option<Arc<Caller>>,
    signature: Signature,
}

impl LargeObjectFunction {
    fn new(function: Function, oids: Arc<Oids>, caller: Option<Arc<Caller>>) -> Self {
        Self {
            function,
            plain: false,
            oids,
            caller,
            signature: Signature::user_defined(Volatility::Volatile),
        }
    }

    /// The same function for a plan that runs.
    pub(crate) fn called_by(&self, caller: Arc<Caller>) -> Self {
        Self { plain: self.plain, ..Self::new(self.function, self.oids.clone(), Some(caller)) }
    }

    /// What it takes in the form with so many arguments.
    fn form(&self, arguments: usize) -> Option<&'static [Type]> {
        self.function.takes().iter().copied().find(|form| form.len() == arguments)
    }
}

impl PartialEq for LargeObjectFunction {
    fn eq(&self, other: &Self) -> bool {
        let same_caller = match (&self.caller, &other.caller) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        self.function == other.function
            && self.plain == other.plain
            && Arc::ptr_eq(&self.oids, &other.oids)
            && same_caller
    }
}

impl Eq for LargeObjectFunction {}

impl Hash for LargeObjectFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.hash(state);
    }
}

impl ScalarUDFImpl for LargeObjectFunction {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> PlanResult<Vec<DataType>> {
        let form = self.form(given.len()).unwrap_or_default().iter().zip(given);
        let coerced: Vec<DataType> = form.filter_map(|(takes, given)| takes.coerced(given)).collect();
        if coerced.len() == given.len() && !given.is_empty() {
            return Ok(coerced);
        }
        let name = |given: &DataType| type_name(&Field::new("", given.clone(), true));
        let given: Vec<String> = given.iter().map(name).collect();
        let message = format!("function {}({}) does not exist", self.name(), given.join(", "));
        Err(Error::new(SqlState::UndefinedFunction, message)
            .with_hint(
                "No function matches the given name and argument types. You might need to add explicit type casts.",
            )
            .into())
    }

    fn return_type(&self, _arguments: &[DataType]) -> PlanResult<DataType> {
        Ok(self.function.gives().field("").data_type().clone())
    }

    fn return_field_from_args(&self, _args: ReturnFieldArgs<'_>) -> PlanResult<FieldRef> {
        let gives = match self.function.gives() {
            Type::Oid if self.plain => Type::Int4,
            gives => gives,
        };
        Ok(Arc::new(gives.field(self.name())))
    }

    fn invoke_with_args(&self, call: ScalarFunctionArgs) -> PlanResult<ColumnarValue> {
        let caller = self.caller.as_ref();
        let caller = caller.ok_or_else(|| Error::unsupported(format!("{} at this place", self.name())))?;
        let arrays = call.args.iter().map(|argument| argument.to_array(call.number_rows));
        let arrays = arrays.collect::<PlanResult<Vec<_>>>()?;
        let types = self.form(arrays.len()).unwrap_or_default();
        let work = Call::new(caller, &self.oids);
        let mut answers = Vec::with_capacity(call.number_rows);
        for row in 0..call.number_rows {
            answers.push(match values(types, &arrays, row)? {
                Some(values) => Some(work.run(self.function, &values)?),
                None => None,
            });
        }
        Ok(ColumnarValue::Array(array(self.function.gives(), answers)?))
    }
}

fn array(gives: Type, answers: Vec<Option<Answer>>) -> Result<ArrayRef> {
    let number = |answer: Option<Answer>| match answer {
        Some(Answer::Number(number)) => Some(number),
        _ => None,
    };
    Ok(match gives {
        Type::Int8 => Arc::new(answers.into_iter().map(number).collect::<Int64Array>()),
        Type::Int4 | Type::Oid => {
            let small = |answer| match number(answer) {
                Some(number) => i32::try_from(number).map(Some).map_err(|_| Error::internal("a number")),
                None => Ok(None),
            };
            Arc::new(answers.into_iter().map(small).collect::<Result<Int32Array>>()?)
        }
        Type::Bytes => {
            let mut out = BinaryBuilder::new();
            let mut all = 0_usize;
            for answer in answers {
                match answer {
                    Some(Answer::Bytes(bytes)) => {
                        all = all.saturating_add(bytes.len());
                        if i32::try_from(all).is_err() {
                            let message = "large object read request is too large";
                            return Err(Error::new(SqlState::ProgramLimitExceeded, message));
                        }
                        out.append_value(bytes);
                    }
                    _ => out.append_null(),
                }
            }
            Arc::new(out.finish())
        }
        Type::Text | Type::Void => {
            Arc::new(answers.into_iter().map(|answer| answer.map(|_| "")).collect::<StringArray>())
        }
    })
}
