//! `json_agg(value)`, `jsonb_agg(value)`: a JSON array of a group's values, NULLs among them. `json_object_agg(key, value)`,
//! `jsonb_object_agg(key, value)`: an object of them. ORDER BY, DISTINCT and FILTER as for any aggregate; of no rows the result is NULL.
//!
//! DataFusion's `array_agg` collects and orders the values; here they are written. Keys and values are collected as pairs.
//!
//! SQLSTATEs: 22023 for a key that is NULL or no scalar; 42883 for DISTINCT of json, which has no equality.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StructArray, UInt32Array};
use arrow::compute::{SortOptions, sort_to_indices, take};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature, Volatility};

use super::undefined;
use crate::functions::scalar::json::{
    Composite, as_key, document_writer, is_no_key, json_type, no_key, zone,
};
use crate::sqlstate::SqlState;
use crate::types::json;
use crate::types::json::order::sort_key;
use crate::{Error, Result as StatementResult, column};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct JsonAggregate {
    name: &'static str,
    /// Of keys and values.
    object: bool,
    binary: bool,
    signature: Signature,
}

/// All of them.
pub(super) fn functions() -> Vec<AggregateUDF> {
    let make = |name, object, binary| {
        let signature = Signature::any(if object { 2 } else { 1 }, Volatility::Stable);
        AggregateUDF::new_from_impl(JsonAggregate { name, object, binary, signature })
    };
    vec![
        make("json_agg", false, false),
        make("jsonb_agg", false, true),
        make("json_object_agg", true, false),
        make("jsonb_object_agg", true, true),
    ]
}

/// Whether it is an aggregate that makes an array, whose DISTINCT values PostgreSQL gives in their order.
pub(crate) fn is_array_of_json(name: &str) -> bool {
    ["json_agg", "jsonb_agg"].contains(&name)
}

/// The most bytes of a text, as in PostgreSQL.
const MOST: usize = (1 << 30) - 1;

impl JsonAggregate {
    /// What is collected: the values, or pairs.
    fn item(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        match fields {
            [value, ..] if !self.object => Ok(value.clone()),
            [key, value, ..] => {
                let pair = Fields::from(vec![
                    key.as_ref().clone().with_name("key").with_nullable(true),
                    value.as_ref().clone().with_name("value").with_nullable(true),
                ]);
                Ok(Arc::new(Field::new("pair", DataType::Struct(pair), true)))
            }
            _ => Err(DataFusionError::Internal(format!("{} has too few arguments", self.name))),
        }
    }

    fn arguments(&self) -> usize {
        if self.object { 2 } else { 1 }
    }
}

impl AggregateUDFImpl for JsonAggregate {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field(&self, fields: &[FieldRef]) -> Result<FieldRef> {
        if fields.len() != self.arguments() {
            return Err(undefined(self.name, fields).into());
        }
        if self.object && fields.first().is_some_and(|key| is_no_key(key)) {
            return Err(no_key().into());
        }
        Ok(Arc::new(column::json_field(self.name, if self.binary { "jsonb" } else { "json" }, true)))
    }

    fn is_nullable(&self) -> bool {
        true
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let item = self.item(args.input_fields)?;
        array_agg_udaf().state_fields(StateFieldsArgs { input_fields: &[item], ..args })
    }

    /// The values are ordered here.
    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::SoftRequirement
    }

    /// However its input is ordered, it is the same.
    fn with_beneficial_ordering(
        self: Arc<Self>,
        _ordered: bool,
    ) -> Result<Option<Arc<dyn AggregateUDFImpl>>> {
        Ok(Some(self))
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let item = self.item(args.expr_fields)?;
        if args.is_distinct && json_type(&item) == Some("json") {
            let message = "could not identify an equality operator for type json";
            return Err(Error::new(SqlState::UndefinedFunction, message).into());
        }
        // What is distinct is in order, but documents only in that of their texts.
        let sorted = args.order_bys.first().filter(|_| args.is_distinct).map(|order| order.options);
        let values = array_agg_udaf()
            .accumulator(AccumulatorArgs { expr_fields: std::slice::from_ref(&item), ..args })?;
        let Self { object, binary, .. } = *self;
        Ok(Box::new(Collected { values, item, object, binary, sorted }))
    }
}

/// See the module.
#[derive(Debug)]
struct Collected {
    values: Box<dyn Accumulator>,
    item: FieldRef,
    object: bool,
    binary: bool,
    sorted: Option<SortOptions>,
}

impl Collected {
    /// The arguments with keys and values as pairs, what they are ordered by after them.
    fn paired(&self, arguments: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        match (arguments, self.item.data_type()) {
            ([key, value, order @ ..], DataType::Struct(fields)) if self.object => {
                let pairs = StructArray::try_new(fields.clone(), vec![key.clone(), value.clone()], None)?;
                let pairs: ArrayRef = Arc::new(pairs);
                Ok(std::iter::once(pairs).chain(order.iter().cloned()).collect())
            }
            _ => Ok(arguments.to_vec()),
        }
    }

    /// What documents are sorted by; `None` for values of other types.
    fn sort_keys(&self, values: &ArrayRef) -> StatementResult<Option<ArrayRef>> {
        let Some(documents) = values.as_string_opt::<i32>().filter(|_| json_type(&self.item).is_some())
        else {
            return Ok(None);
        };
        let keys = documents.iter().map(|it| it.map(|it| Ok(sort_key(&json::parse(it)?))).transpose());
        Ok(Some(Arc::new(keys.collect::<StatementResult<BinaryArray>>()?)))
    }

    fn document(&self, values: &ArrayRef) -> StatementResult<String> {
        let mut out = String::new();
        if self.object {
            self.write_object(values, &mut out)?
        } else {
            self.write_array(values, &mut out)?
        }
        if self.binary { json::canonical(&out) } else { Ok(out) }
    }

    fn write_array(&self, values: &ArrayRef, out: &mut String) -> StatementResult<()> {
        let write = document_writer(values.as_ref(), &self.item, zone()?, ",")?;
        let separator = if Composite::of(&self.item).is_some() { ", \n " } else { ", " };
        out.push('[');
        for row in 0..values.len() {
            if row > 0 {
                out.push_str(separator);
            }
            write(row, out)?;
            check_length(out)?;
        }
        out.push(']');
        Ok(())
    }

    fn write_object(&self, pairs: &ArrayRef, out: &mut String) -> StatementResult<()> {
        let wrong = || Error::internal("pairs are no pairs");
        let pairs = pairs.as_struct_opt().ok_or_else(wrong)?;
        let ([key, value], [key_field, value_field]) = (pairs.columns(), pairs.fields().as_ref()) else {
            return Err(wrong());
        };
        let write_key = document_writer(key.as_ref(), key_field, zone()?, ",")?;
        let write_value = document_writer(value.as_ref(), value_field, zone()?, ",")?;
        out.push_str("{ ");
        for row in 0..pairs.len() {
            if row > 0 {
                out.push_str(", ");
            }
            let mut key = String::new();
            write_key(row, &mut key)?;
            let key = as_key(&key)?
                .ok_or_else(|| Error::new(SqlState::InvalidParameterValue, "field name must not be null"))?;
            json::write_string(&key, out);
            out.push_str(" : ");
            write_value(row, out)?;
            check_length(out)?;
        }
        out.push_str(" }");
        Ok(())
    }
}

fn check_length(out: &str) -> StatementResult<()> {
    if out.len() > MOST {
        return Err(Error::new(SqlState::ProgramLimitExceeded, "the JSON document is too large"));
    }
    Ok(())
}

impl Accumulator for Collected {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = self.paired(values)?;
        self.values.update_batch(&values)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let ScalarValue::List(list) = self.values.evaluate()? else {
            return Err(DataFusionError::Internal("array_agg gives no list".to_string()));
        };
        if list.is_empty() || list.is_null(0) {
            return Ok(ScalarValue::Utf8(None));
        }
        let mut values = list.value(0);
        if let Some(options) = self.sorted
            && let Some(keys) = self.sort_keys(&values)?
        {
            let order: UInt32Array = sort_to_indices(&keys, Some(options), None)?;
            values = take(&values, &order, None)?;
        }
        Ok(ScalarValue::Utf8(Some(self.document(&values)?)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.values.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.values.merge_batch(states)
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let values = self.paired(values)?;
        self.values.retract_batch(&values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.values.supports_retract_batch()
    }
}
