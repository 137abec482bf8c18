//! A function of one name and several argument lists, of which PostgreSQL's rule chooses: the most arguments as they
//! stand, then the most that become a preferred type.
//!
//! A form's `run` makes one row's value. Invariant: it is called with values of the kinds that it takes, and, where it is
//! strict, with no NULL.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::datum::{Datum, array};
use super::kind::Kind;
use super::value::{Column, Value};
use crate::Error;
use crate::sqlstate::SqlState;
use crate::types::{base_name, type_name};

/// What a form is planned with.
pub(super) struct Planned<'a> {
    pub(super) types: &'a [DataType],
    /// The arguments that are constants.
    pub(super) constants: &'a [Option<&'a ScalarValue>],
}

impl Planned<'_> {
    /// The scale of a numeric argument.
    pub(super) fn scale(&self, argument: usize) -> i8 {
        match self.types.get(argument) {
            Some(DataType::Decimal128(_, scale)) => *scale,
            _ => 0,
        }
    }

    /// An argument that is a constant integer.
    pub(super) fn integer(&self, argument: usize) -> Option<i64> {
        match self.constants.get(argument)? {
            Some(ScalarValue::Int64(value)) => *value,
            Some(ScalarValue::Int32(value)) => value.map(i64::from),
            _ => None,
        }
    }

    /// An argument that is a constant text.
    pub(super) fn text(&self, argument: usize) -> Option<&str> {
        match self.constants.get(argument)? {
            Some(ScalarValue::Utf8(text)) => text.as_deref(),
            _ => None,
        }
    }
}

/// One argument list, and what it gives.
pub(super) struct Form {
    pub(super) takes: &'static [Kind],
    pub(super) gives: Kind,
    /// The scale of a numeric result.
    pub(super) scale: Option<fn(&Planned<'_>) -> i8>,
    /// Whether a NULL argument gives NULL.
    pub(super) strict: bool,
    /// Whether the last kind may come any number of times.
    pub(super) variadic: bool,
    pub(super) run: Run,
}

/// The value for a row.
pub(super) type Run = fn(&[Value<'_>]) -> crate::Result<Datum>;

impl Form {
    /// A form that gives NULL for NULL.
    pub(super) const fn new(takes: &'static [Kind], gives: Kind, run: Run) -> Self {
        Self { takes, gives, scale: None, strict: true, variadic: false, run }
    }

    /// The same with a numeric result of a scale.
    pub(super) const fn scaled(self, scale: fn(&Planned<'_>) -> i8) -> Self {
        Self { scale: Some(scale), ..self }
    }

    /// The same where NULLs are values.
    pub(super) const fn with_nulls(self) -> Self {
        Self { strict: false, ..self }
    }

    /// The same where the last argument may be repeated.
    pub(super) const fn variadic(self) -> Self {
        Self { variadic: true, ..self }
    }

    fn kinds(&self, count: usize) -> Option<Vec<Kind>> {
        if count == self.takes.len() {
            return Some(self.takes.to_vec());
        }
        let last = *self.takes.last().filter(|_| self.variadic && count > self.takes.len())?;
        let mut kinds = self.takes.to_vec();
        kinds.resize(count, last);
        Some(kinds)
    }

    fn cost(&self, given: &[DataType]) -> Option<u32> {
        let kinds = self.kinds(given.len())?;
        kinds.iter().zip(given).map(|(kind, given)| kind.cost(given)).sum()
    }
}

/// A name and its forms.
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) volatility: Volatility,
    pub(super) forms: &'static [Form],
}

impl Function {
    pub(super) const fn new(name: &'static str, forms: &'static [Form]) -> Self {
        Self { name, volatility: Volatility::Immutable, forms }
    }

    /// The same of another volatility.
    pub(super) const fn of(self, volatility: Volatility) -> Self {
        Self { volatility, ..self }
    }

    /// The function as a plan calls it.
    pub(super) fn udf(&'static self) -> Arc<ScalarUDF> {
        let signature = Signature::user_defined(self.volatility);
        Arc::new(ScalarUDF::new_from_impl(Overloaded { function: self, signature }))
    }

    fn choose(&self, given: &[DataType]) -> Result<&'static Form> {
        let candidates = self.forms.iter().filter_map(|form| Some((form.cost(given)?, form)));
        match candidates.min_by_key(|(cost, _)| *cost) {
            Some((_, form)) => Ok(form),
            None => Err(self.undefined(given).into()),
        }
    }

    fn undefined(&self, given: &[DataType]) -> Error {
        let name = |given: &DataType| base_name(&type_name(&Field::new("", given.clone(), true))).to_string();
        let types: Vec<String> = given.iter().map(name).collect();
        let message = format!("function {}({}) does not exist", self.name, types.join(", "));
        Error::new(SqlState::UndefinedFunction, message).with_hint(
            "No function matches the given name and argument types. You might need to add explicit type casts.",
        )
    }
}

#[derive(Debug)]
struct Overloaded {
    function: &'static Function,
    signature: Signature,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Overloaded {
    fn eq(&self, other: &Self) -> bool {
        self.function.name == other.function.name
    }
}

impl Eq for Overloaded {}

impl Hash for Overloaded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
    }
}

impl ScalarUDFImpl for Overloaded {
    fn name(&self) -> &str {
        self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let form = self.function.choose(given)?;
        let kinds = form.kinds(given.len()).unwrap_or_default();
        Ok(kinds.iter().zip(given).map(|(kind, given)| kind.coerced(given)).collect())
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(format!("{} tells its type by its arguments", self.function.name)))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let form = self.function.choose(&types)?;
        let field = |data_type| Ok(Arc::new(Field::new(self.function.name, data_type, true)));
        match (form.gives, form.scale) {
            (Kind::Numeric, Some(scale)) => {
                let scale = scale(&Planned { types: &types, constants: args.scalar_arguments });
                field(DataType::Decimal128(38, scale.clamp(0, 37)))
            }
            (Kind::As(argument), _) => match args.arg_fields.get(argument) {
                Some(given) => Ok(Arc::new(given.as_ref().clone().with_nullable(true))),
                None => Err(self.function.undefined(&types).into()),
            },
            (Kind::ArrayOf(argument), _) => match types.get(argument) {
                Some(given) => field(DataType::List(Arc::new(Field::new("item", given.clone(), true)))),
                None => Err(self.function.undefined(&types).into()),
            },
            (gives, _) => match gives.data_type() {
                Some(data_type) => field(data_type),
                None => Err(DataFusionError::Internal(format!("{} has no type", self.function.name))),
            },
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let types: Vec<DataType> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let form = self.function.choose(&types)?;
        let is_constant = |argument: &ColumnarValue| matches!(argument, ColumnarValue::Scalar(_));
        let constant = self.function.volatility != Volatility::Volatile && args.args.iter().all(is_constant);
        let rows = if constant { 1 } else { args.number_rows };
        let columns = args.args.iter().map(|argument| match argument {
            ColumnarValue::Scalar(value) => Column::read(&value.to_array()?, true),
            ColumnarValue::Array(values) => Column::read(values, false),
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let mut results = Vec::with_capacity(rows);
        let mut values = Vec::with_capacity(columns.len());
        for row in 0..rows {
            values.clear();
            values.extend(columns.iter().map(|column| column.get(row)));
            let is_null = form.strict && values.iter().any(|value| matches!(value, Value::Null));
            results.push(if is_null { Datum::Null } else { (form.run)(&values)? });
        }
        let results = array(results, args.return_field.data_type())?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&results, 0)?));
        }
        Ok(ColumnarValue::Array(results))
    }
}

/// The error for values of other kinds than a form takes: a fault of the form.
pub(super) fn unexpected() -> Error {
    Error::internal("a function was called with values that it does not take")
}
