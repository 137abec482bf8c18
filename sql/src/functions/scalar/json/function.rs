//! A [`Definition`] as DataFusion's function: arguments are checked, then read row by row.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryArray, BooleanArray, Int32Array, ListBuilder, StringArray, StringBuilder,
};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::definition::{Definition, Given, Gives, Takes, Value};
use super::json_type;
use crate::Error;
use crate::sqlstate::SqlState;
use crate::types::{json, type_name};

#[derive(Debug)]
struct JsonFunction {
    definition: &'static Definition,
    signature: Signature,
}

impl PartialEq for JsonFunction {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name
    }
}

impl Eq for JsonFunction {}

impl Hash for JsonFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

/// The function of a definition.
pub(super) fn function(definition: &'static Definition) -> Arc<ScalarUDF> {
    let signature = Signature::user_defined(Volatility::Immutable);
    Arc::new(ScalarUDF::new_from_impl(JsonFunction { definition, signature }))
}

impl JsonFunction {
    fn undefined<'a>(&self, given: impl Iterator<Item = &'a Field>) -> Error {
        let names: Vec<String> = given.map(type_name).collect();
        let message = format!("function {}({}) does not exist", self.definition.name, names.join(", "));
        Error::new(SqlState::UndefinedFunction, message).with_hint(
            "No function matches the given name and argument types. You might need to add explicit type casts.",
        )
    }
}

impl ScalarUDFImpl for JsonFunction {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let undefined = || {
            let fields: Vec<Field> = given.iter().map(|it| Field::new("", it.clone(), true)).collect();
            self.undefined(fields.iter())
        };
        if !self.definition.takes_count(given.len()) {
            return Err(undefined().into());
        }
        let types = given.iter().enumerate().map(|(position, given)| {
            let takes = self.definition.takes_at(position).filter(|takes| takes.accepts(given));
            match (takes, given) {
                // An array of arrays stays one.
                (Some(Takes::Texts), DataType::List(item))
                    if matches!(item.data_type(), DataType::List(_)) =>
                {
                    Ok(given.clone())
                }
                (Some(takes), _) => Ok(takes.data_type()),
                (None, _) => Err(undefined().into()),
            }
        });
        types.collect()
    }

    fn return_type(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(self.definition.gives.field("").data_type().clone())
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        // Of texts only their marks tell whether they are JSON; what has lost its mark is read anew.
        let fits = args.arg_fields.iter().enumerate().all(|(position, field)| {
            let takes = self.definition.takes_at(position);
            match json_type(field) {
                Some(given) => takes.is_some_and(|takes| takes.json() == Some(given)),
                None => true,
            }
        });
        if !fits {
            return Err(self.undefined(args.arg_fields.iter().map(AsRef::as_ref)).into());
        }
        Ok(Arc::new(self.definition.gives.field(self.definition.name)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let mut columns = Vec::with_capacity(args.args.len());
        for (position, (argument, field)) in args.args.iter().zip(&args.arg_fields).enumerate() {
            let takes = self.definition.takes_at(position).unwrap_or(Takes::Text);
            columns.push(Column::of(takes, argument, field, rows)?);
        }
        let mut values = Vec::with_capacity(rows);
        let mut given = Vec::with_capacity(columns.len());
        for row in 0..rows {
            given.clear();
            for column in &columns {
                given.push(column.at(row)?);
            }
            let null = self.definition.strict && given.iter().any(|it| matches!(it, Given::Null));
            values.push(if null { None } else { (self.definition.run)(&given)? });
        }
        let array = array(self.definition.gives, values)?;
        if constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

/// An argument's values.
struct Column {
    array: ArrayRef,
    takes: Takes,
    /// The one value for all rows.
    constant: bool,
    /// Whether documents are known to be of the type that is taken.
    marked: bool,
}

impl Column {
    fn of(takes: Takes, argument: &ColumnarValue, field: &FieldRef, rows: usize) -> Result<Self> {
        let constant = matches!(argument, ColumnarValue::Scalar(_));
        let array = argument.to_array(if constant { 1 } else { rows })?;
        let nested = |array: &ArrayRef| match array.data_type() {
            DataType::List(item) => matches!(item.data_type(), DataType::List(_)),
            _ => false,
        };
        let array = if nested(&array) { array } else { arrow::compute::cast(&array, &takes.data_type())? };
        let marked = takes.json().is_none() || takes.json() == json_type(field);
        Ok(Self { array, takes, constant, marked })
    }

    fn at(&self, row: usize) -> crate::Result<Given<'_>> {
        let row = if self.constant { 0 } else { row };
        if self.array.is_null(row) {
            return Ok(Given::Null);
        }
        let wrong = || Error::internal("an argument is of another type than was planned");
        Ok(match self.takes {
            Takes::Json | Takes::Jsonb | Takes::Text => {
                let text = self.array.as_string_opt::<i32>().ok_or_else(wrong)?.value(row);
                Given::Text(match self.takes {
                    Takes::Jsonb if !self.marked => Cow::Owned(json::canonical(text)?),
                    Takes::Json if !self.marked => {
                        json::parse(text)?;
                        Cow::Borrowed(text)
                    }
                    _ => Cow::Borrowed(text),
                })
            }
            Takes::Integer => {
                Given::Integer(self.array.as_primitive_opt::<Int64Type>().ok_or_else(wrong)?.value(row))
            }
            Takes::Boolean => Given::Boolean(self.array.as_boolean_opt().ok_or_else(wrong)?.value(row)),
            Takes::Texts => texts(&self.array.as_list_opt::<i32>().ok_or_else(wrong)?.value(row))?,
        })
    }
}

fn texts(array: &ArrayRef) -> crate::Result<Given<'static>> {
    let plain = |array: &ArrayRef| -> crate::Result<Vec<Option<String>>> {
        let array = arrow::compute::cast(array, &DataType::Utf8)?;
        let array = array.as_string_opt::<i32>().ok_or_else(|| Error::internal("texts are no texts"))?;
        Ok(array.iter().map(|text| text.map(str::to_string)).collect())
    };
    match array.as_list_opt::<i32>() {
        None => Ok(Given::Texts(plain(array)?)),
        Some(lists) => {
            let rows = lists.iter().map(|list| match list {
                Some(list) if matches!(list.data_type(), DataType::List(_)) => {
                    Err(Error::new(SqlState::ArraySubscriptError, "wrong number of array subscripts"))
                }
                Some(list) => plain(&list),
                None => Ok(Vec::new()),
            });
            Ok(Given::Rows(rows.collect::<crate::Result<_>>()?))
        }
    }
}

fn array(gives: Gives, values: Vec<Option<Value>>) -> crate::Result<ArrayRef> {
    let wrong = || Error::internal("a function gives a value of another type than was planned");
    Ok(match gives {
        Gives::Json | Gives::Jsonb | Gives::Text => {
            let texts = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(Value::Text(text)) => Ok(Some(text)),
                Some(_) => Err(wrong()),
            });
            Arc::new(texts.collect::<crate::Result<StringArray>>()?)
        }
        Gives::Integer => {
            let numbers = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(Value::Integer(number)) => Ok(Some(number)),
                Some(_) => Err(wrong()),
            });
            Arc::new(numbers.collect::<crate::Result<Int32Array>>()?)
        }
        Gives::Boolean => {
            let booleans = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(Value::Boolean(value)) => Ok(Some(value)),
                Some(_) => Err(wrong()),
            });
            Arc::new(booleans.collect::<crate::Result<BooleanArray>>()?)
        }
        Gives::Bytes => {
            let keys = values.into_iter().map(|value| match value {
                None => Ok(None),
                Some(Value::Bytes(key)) => Ok(Some(key)),
                Some(_) => Err(wrong()),
            });
            Arc::new(keys.collect::<crate::Result<BinaryArray>>()?)
        }
        Gives::Texts => {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for value in values {
                match value {
                    None => lists.append(false),
                    Some(Value::Texts(texts)) => {
                        for text in texts {
                            lists.values().append_option(text);
                        }
                        lists.append(true);
                    }
                    Some(_) => return Err(wrong()),
                }
            }
            Arc::new(lists.finish())
        }
    })
}
