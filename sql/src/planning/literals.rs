//! What has a meaning only once types are known, before DataFusion coerces them: names that are two aggregates', and
//! untyped literals where a type stands that Arrow's casts do not know: `id = 'a0ee...'` for a uuid,
//! `b = '\x00ff'` for bytes, `l2_distance(v, '[1,2]')` for a vector.
//!
//! DataFusion's coercion would compare the bytes of the text. This runs before it.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::expr::{Cast, InList};
use datafusion::logical_expr::{
    Between, BinaryExpr, Expr, ExprSchemable, LogicalPlan, WindowFunctionDefinition, lit, not,
};
use datafusion::optimizer::AnalyzerRule;

use arrow::datatypes::{DataType, Field, FieldRef};

use super::aggregate_calls::{as_numeric, chosen, fields, in_order};
use super::each_expression::each_expression;
use super::sort_keys;
use super::untyped::{Reader, half_vector, is_date, is_text, kind, read, reader, vector};
use crate::functions::aggregate;
use crate::functions::scalar::{self, Comparison};
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::types::vector::VectorKind;
use crate::{Error, column};

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Literals;

impl AnalyzerRule for Literals {
    fn name(&self) -> &str {
        "untyped_literals"
    }

    fn analyze(&self, plan: LogicalPlan, _options: &ConfigOptions) -> Result<LogicalPlan> {
        let plan = each_expression(plan, |expression, schema| {
            type_literals(expression, schema)?.transform_data(|expression| Ok(keep_type(expression, schema)))
        })?;
        sort_keys::sort_by_keys(plan)
    }
}

/// The same for one expression over `schema`.
pub(crate) fn type_literals(expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    expression.transform_up(|expression| {
        Ok(match expression {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if op.supports_propagation() => {
                // A type is asked for only where it is needed: it costs a walk through the operand.
                let of_left = if is_text(&right) { reader(&left, schema) } else { None };
                let of_right = if is_text(&left) { reader(&right, schema) } else { None };
                let (left, right) = (read(*left, of_right.as_ref()), read(*right, of_left.as_ref()));
                let (left, right) = floats_with_decimals(left, right, schema);
                Transformed::yes(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right))))
            }
            Expr::InList(InList { expr, list, negated }) => {
                if json_among(std::iter::once(expr.as_ref()), schema) == Some("jsonb")
                    && let Some(equal) = scalar::json::named("jsonb_eq")
                {
                    let equal = |item| equal.call(vec![(*expr).clone(), as_json(item, "jsonb")]);
                    let any = list.into_iter().map(equal).reduce(Expr::or).unwrap_or_else(|| lit(false));
                    return Ok(Transformed::yes(if negated { not(any) } else { any }));
                }
                if let Some(kind) = kind(&expr, schema) {
                    let equal = |item| vector_call(Comparison::Equal, kind, (*expr).clone(), item);
                    let any = list.into_iter().map(equal).reduce(Expr::or).unwrap_or_else(|| lit(false));
                    return Ok(Transformed::yes(if negated { not(any) } else { any }));
                }
                let of_expr = reader(&expr, schema);
                let floats = is_float(&expr, schema);
                let read = |item| as_float_of(floats, read(item, of_expr.as_ref()), schema);
                let list = list.into_iter().map(read).collect();
                Transformed::yes(Expr::InList(InList { expr, list, negated }))
            }
            Expr::Between(Between { expr, negated, low, high }) => {
                if let Some(kind) = kind(&expr, schema) {
                    let above = vector_call(Comparison::GreaterOrEqual, kind, (*expr).clone(), *low);
                    let within = above.and(vector_call(Comparison::LessOrEqual, kind, *expr, *high));
                    return Ok(Transformed::yes(if negated { not(within) } else { within }));
                }
                let of_expr = reader(&expr, schema);
                let floats = is_float(&expr, schema);
                let read = |bound| Box::new(as_float_of(floats, read(bound, of_expr.as_ref()), schema));
                let (low, high) = (read(*low), read(*high));
                Transformed::yes(Expr::Between(Between { expr, negated, low, high }))
            }
            Expr::ScalarFunction(mut call) if scalar::takes_vectors(call.func.name()) => {
                let half = call.args.iter().any(|argument| kind(argument, schema) == Some(VectorKind::Half));
                let reader = Reader::By(if half { half_vector } else { vector });
                call.args = call.args.into_iter().map(|argument| read(argument, Some(&reader))).collect();
                Transformed::yes(Expr::ScalarFunction(call))
            }
            Expr::Cast(cast) if is_text_to_array(&cast, schema) => {
                let array = scalar::array_of_text(*cast.expr, cast.field.data_type());
                Transformed::yes(array.ok_or_else(|| Error::unsupported("an array of so many dimensions"))?)
            }
            Expr::Cast(cast) if is_array_to_uuids(&cast, schema) => {
                match scalar::to_uuids(cast.expr.as_ref().clone(), cast.field.data_type()) {
                    Some(uuids) => Transformed::yes(uuids),
                    None => Transformed::no(Expr::Cast(cast)),
                }
            }
            Expr::Cast(cast) if is_text_to_interval(&cast, schema) => {
                Transformed::yes(scalar::to_interval(*cast.expr))
            }
            Expr::Cast(cast) if is_text_to_date(&cast, schema) => {
                match scalar::read_date(cast.expr.as_ref().clone(), cast.field.data_type()) {
                    Some(read) => Transformed::yes(read),
                    None => Transformed::no(Expr::Cast(cast)),
                }
            }
            Expr::Cast(cast) => match scalar::json::cast_json(&cast, schema)? {
                Some(read) => Transformed::yes(read),
                None => cast_vector(cast, schema)?,
            },
            Expr::ScalarFunction(call) if call.func.name() == scalar::ARRAY_OF => {
                let [text, element] = call.args.as_slice() else {
                    return Ok(Transformed::no(Expr::ScalarFunction(call)));
                };
                let array = scalar::array_type(&element.get_type(schema)?);
                let read = scalar::array_of_text(text.clone(), &array);
                Transformed::yes(read.ok_or_else(|| Error::unsupported("an array of so many dimensions"))?)
            }
            Expr::ScalarFunction(mut call) if OF_ELEMENTS.contains(&call.func.name()) => {
                read_element(&mut call.args, schema);
                Transformed::yes(Expr::ScalarFunction(call))
            }
            Expr::ScalarFunction(mut call) if CHOOSERS.contains(&call.func.name()) => {
                let json = json_among(call.args.iter(), schema);
                read_choices(call.args.iter_mut().collect(), json, schema);
                Transformed::yes(marked(Expr::ScalarFunction(call), json))
            }
            Expr::Case(mut case) => {
                let branches = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
                let json = json_among(branches.chain(case.else_expr.as_deref()), schema);
                let branches = case.when_then_expr.iter_mut().map(|(_, then)| then.as_mut());
                read_choices(branches.chain(case.else_expr.as_deref_mut()).collect(), json, schema);
                Transformed::yes(marked(Expr::Case(case), json))
            }
            Expr::AggregateFunction(mut call) => {
                as_numeric(call.func.name(), &mut call.params.args, schema);
                if !call.params.distinct {
                    sort_keys::by_keys(&mut call.params.order_by, schema)?;
                } else if aggregate::is_array_of_json(call.func.name()) && call.params.order_by.is_empty() {
                    let sorted = call.params.args.first().map(|value| value.clone().sort(true, false));
                    call.params.order_by.extend(sorted);
                }
                in_order(&mut call);
                let fields = fields(&call.params.args, schema)?;
                match chosen(&call.func, &fields)? {
                    None => Transformed::yes(Expr::AggregateFunction(call)),
                    Some(function) => {
                        call.func = function;
                        Transformed::yes(Expr::AggregateFunction(call))
                    }
                }
            }
            Expr::WindowFunction(mut call) => {
                let WindowFunctionDefinition::AggregateUDF(function) = &call.fun else {
                    return Ok(Transformed::no(Expr::WindowFunction(call)));
                };
                let function = Arc::clone(function);
                as_numeric(function.name(), &mut call.params.args, schema);
                match chosen(&function, &fields(&call.params.args, schema)?)? {
                    None => Transformed::yes(Expr::WindowFunction(call)),
                    Some(function) => {
                        call.fun = WindowFunctionDefinition::AggregateUDF(function);
                        Transformed::yes(Expr::WindowFunction(call))
                    }
                }
            }
            other => Transformed::no(other),
        })
    })
}

/// The operands of a comparison. A float and a numeric are compared as floats, as in PostgreSQL: DataFusion would make a
/// numeric of the float, which a NaN or an infinity is not.
fn floats_with_decimals(left: Expr, right: Expr, schema: &DFSchema) -> (Expr, Expr) {
    if is_decimal(&right, schema) {
        let floats = is_float(&left, schema);
        return (left, as_float_of(floats, right, schema));
    }
    let floats = is_decimal(&left, schema) && is_float(&right, schema);
    (as_float_of(floats, left, schema), right)
}

/// `expression` as a float, if it is a numeric that is compared with `floats`.
fn as_float_of(floats: bool, expression: Expr, schema: &DFSchema) -> Expr {
    if floats && is_decimal(&expression, schema) {
        return Expr::Cast(Cast::new(Box::new(expression), DataType::Float64));
    }
    expression
}

fn is_float(expression: &Expr, schema: &DFSchema) -> bool {
    matches!(expression.get_type(schema), Ok(DataType::Float32 | DataType::Float64))
}

fn is_decimal(expression: &Expr, schema: &DFSchema) -> bool {
    matches!(expression.get_type(schema), Ok(data_type) if data_type.is_decimal())
}

/// Functions that give one of their arguments.
const CHOOSERS: &[&str] = &["coalesce", "nullif", "greatest", "least"];

/// Functions of an array and an element, `= ANY` among them.
const OF_ELEMENTS: &[&str] =
    &["array_has", "array_position", "array_positions", "array_append", "array_remove"];

/// The values of which one is chosen: texts as the type of the others, which is `json` if that is given.
fn read_choices(mut choices: Vec<&mut Expr>, json: Option<&str>, schema: &DFSchema) {
    if let Some(json) = json {
        choices.iter_mut().for_each(|choice| **choice = as_json(choice.clone(), json));
        return;
    }
    let is_other = |choice: &&&mut Expr| !is_text(choice);
    let types = choices.iter().filter(is_other).filter_map(|choice| choice.get_type(schema).ok());
    let is_read = |found: &DataType| matches!(found, DataType::List(_)) || is_date(found);
    let Some(found) = types.into_iter().find(is_read) else { return };
    let reader = if is_date(&found) { Reader::Date(found) } else { Reader::Array(found) };
    for choice in choices.iter_mut().filter(|choice| is_text(choice)) {
        **choice = read(choice.clone(), Some(&reader));
    }
}

/// Whether a cast reads an interval.
fn is_text_to_interval(cast: &Cast, schema: &DFSchema) -> bool {
    matches!(cast.field.data_type(), DataType::Interval(_))
        && matches!(cast.expr.get_type(schema), Ok(DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8))
}

/// Whether a cast reads a date or time that is not yet read.
fn is_text_to_date(cast: &Cast, schema: &DFSchema) -> bool {
    if !is_date(cast.field.data_type()) || scalar::is_read(&cast.expr) {
        return false;
    }
    let Ok((_, from)) = cast.expr.to_field(schema) else { return false };
    let text = matches!(from.data_type(), DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8);
    text && !column::is_json(&from)
}

/// `json` or `jsonb`, if that is what one of these is beside texts.
fn json_among<'a>(mut values: impl Iterator<Item = &'a Expr>, schema: &DFSchema) -> Option<&'static str> {
    values.find_map(|value| scalar::json::json_type(&value.to_field(schema).ok()?.1))
}

/// A value that is JSON, if it is: DataFusion loses that on the way through CASE and its kin.
fn marked(expression: Expr, json: Option<&str>) -> Expr {
    match json {
        Some(json) => scalar::nullable(expression, &Arc::new(column::json_field("", json, true))),
        None => expression,
    }
}

/// A text as a statement writes it beside JSON.
fn as_json(expression: Expr, json: &str) -> Expr {
    match expression {
        Expr::Literal(ScalarValue::Utf8(Some(_)), _) => scalar::to_json(expression, json),
        other => other,
    }
}

/// The field of values that are all of one type which Arrow does not have: json, uuid. NULLs are of any.
fn common_field<'a>(values: impl Iterator<Item = &'a Expr>, schema: &DFSchema) -> Option<FieldRef> {
    let mut common: Option<FieldRef> = None;
    for value in values.filter(|value| !matches!(value, Expr::Literal(value, _) if value.is_null())) {
        let (_, field) = value.to_field(schema).ok()?;
        // Casts take other marks along, which then mean nothing.
        if !(column::is_json(&field) || column::is_uuid(&field)) {
            return None;
        }
        match &common {
            None => common = Some(field),
            Some(known) if known.metadata() == field.metadata() && known.data_type() == field.data_type() => {
            }
            Some(_) => return None,
        }
    }
    common
}

/// A whole expression with the type that DataFusion loses on the way through CASE and its kin.
fn keep_type(expression: Expr, schema: &DFSchema) -> Transformed<Expr> {
    match expression {
        Expr::Alias(mut alias) => {
            let kept = keep_type(*alias.expr, schema);
            alias.expr = Box::new(kept.data);
            if kept.transformed {
                Transformed::yes(Expr::Alias(alias))
            } else {
                Transformed::no(Expr::Alias(alias))
            }
        }
        other => {
            let field = match &other {
                Expr::Case(case) => {
                    let branches = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
                    common_field(branches.chain(case.else_expr.as_deref()), schema)
                }
                Expr::ScalarFunction(call) if CHOOSERS.contains(&call.func.name()) => {
                    common_field(call.args.iter(), schema)
                }
                _ => None,
            };
            match field {
                Some(field) => Transformed::yes(scalar::nullable(other, &field)),
                None => Transformed::no(other),
            }
        }
    }
}

/// Whether a cast reads PostgreSQL's array text: `'{a,b}'::text[]`. DataFusion would make an array of the text.
fn is_text_to_array(cast: &Cast, schema: &DFSchema) -> bool {
    matches!(cast.field.data_type(), DataType::List(_))
        && VectorKind::of(&cast.field).is_none()
        && matches!(cast.expr.get_type(schema), Ok(DataType::Utf8))
}

/// Whether a cast makes uuids of an array.
fn is_array_to_uuids(cast: &Cast, schema: &DFSchema) -> bool {
    let DataType::List(item) = cast.field.data_type() else { return false };
    item.data_type() == &DataType::FixedSizeBinary(16)
        && cast.expr.get_type(schema).is_ok_and(|from| matches!(from, DataType::List(_)))
}

/// An array and what is looked for in it: a text is read as what the other is.
fn read_element(arguments: &mut [Expr], schema: &DFSchema) {
    let [array, element, ..] = arguments else { return };
    if is_text(array) {
        if let Ok(of_element) = element.get_type(schema)
            && !matches!(of_element, DataType::Null | DataType::List(_))
        {
            let list = DataType::List(Arc::new(Field::new("item", of_element, true)));
            *array = read(array.clone(), Some(&Reader::Array(list)));
        }
    } else if is_text(element)
        && let Ok(DataType::List(item)) = array.get_type(schema)
    {
        let reader = match item.data_type() {
            DataType::FixedSizeBinary(16) => Some(Reader::By(scalar::to_uuid)),
            DataType::Binary => Some(Reader::By(scalar::to_bytea)),
            date if is_date(date) => Some(Reader::Date(date.clone())),
            _ => None,
        };
        *element = read(element.clone(), reader.as_ref());
    }
}

/// A cast of a vector: to a text it is one of ours, to an array it is of reals.
fn cast_vector(cast: Cast, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let to_text = cast.field.data_type() == &DataType::Utf8;
    let to_others = match cast.field.data_type() {
        DataType::List(item) => !matches!(item.data_type(), DataType::Float32 | DataType::Float16),
        _ => false,
    };
    if !to_text && !to_others {
        return Ok(Transformed::no(Expr::Cast(cast)));
    }
    match kind(&cast.expr, schema) {
        None => Ok(Transformed::no(Expr::Cast(cast))),
        Some(_) if to_text => Ok(Transformed::yes(scalar::vector_text(*cast.expr))),
        Some(kind) => {
            let message = format!("cannot cast type {} to {}", kind.name(), type_name(&cast.field));
            Err(Error::new(SqlState::CannotCoerce, message).into())
        }
    }
}

/// Two vectors compared, a text among them as one.
fn vector_call(comparison: Comparison, kind: VectorKind, left: Expr, right: Expr) -> Expr {
    let reader = if kind == VectorKind::Half { half_vector } else { vector };
    scalar::compare(comparison).call(vec![left, read(right, Some(&Reader::By(reader)))])
}
