//! The types of a statement's parameters, `$1` and on.
//!
//! In this order: what the client declared, what the place in the statement asks for, text.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder};

use crate::functions::scalar::takes_vectors;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::types::vector::VectorKind;
use crate::{Error, Result, column, large_object};

/// PostgreSQL's limit on the number of a parameter.
const MOST: usize = 65_535;

/// Gives the placeholders of `plan` the types that the client declared, and those that their
/// places ask for where DataFusion does not see it: LIMIT, casts to types of ours.
pub(crate) fn declare(plan: LogicalPlan, declared: &[Option<FieldRef>]) -> Result<LogicalPlan> {
    let declared_field = |id: &str| number(id).ok().and_then(|n| declared.get(n.checked_sub(1)?)?.clone());
    let plan = retype(plan, &|id, field| declared_field(id).or(field))?;
    let compared = compared_with_arrays(&plan)?;
    let plan = if compared.is_empty() {
        plan
    } else {
        retype(plan, &|id, field| field.or_else(|| compared.get(id).cloned()))?
    };
    let transformed = plan.transform_up_with_subqueries(|plan| {
        let limit = matches!(plan, LogicalPlan::Limit(_));
        plan.map_expressions(|expression| {
            expression.transform_up(|expression| match expression {
                Expr::Placeholder(Placeholder { id, field: None }) if limit => {
                    let field = Arc::new(Field::new("", DataType::Int64, true));
                    Ok(Transformed::yes(Expr::Placeholder(Placeholder { id, field: Some(field) })))
                }
                other => type_casts(other),
            })
        })
    })?;
    Ok(transformed.data)
}

/// The types of untyped parameters of `x = ANY ($1)` and of its like, all of which DataFusion plans with `array_has`: an array
/// of what it is compared with, or an element of it.
fn compared_with_arrays(plan: &LogicalPlan) -> Result<BTreeMap<String, FieldRef>> {
    let mut compared = BTreeMap::new();
    plan.apply_with_subqueries(|plan| {
        let schema = merge_schema(&plan.inputs());
        plan.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::ScalarFunction(call) = part
                    && call.func.name() == "array_has"
                    && let [array, element] = call.args.as_slice()
                {
                    let type_of = |expression: &Expr| {
                        expression.get_type(&schema).ok().filter(|data_type| !data_type.is_null())
                    };
                    let typed = match (untyped(array), untyped(element)) {
                        (Some(id), None) => type_of(element).map(|element| (id, array_of(element))),
                        (None, Some(id)) => type_of(array).and_then(element_of).map(|element| (id, element)),
                        _ => None,
                    };
                    compared.extend(
                        typed.map(|(id, data_type)| {
                            (id.to_owned(), Arc::new(Field::new("", data_type, true)))
                        }),
                    );
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(compared)
}

/// The number of a parameter that has no type yet.
fn untyped(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Placeholder(Placeholder { id, field: None }) => Some(id),
        _ => None,
    }
}

fn array_of(element: DataType) -> DataType {
    let element = match element {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        other => other,
    };
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

fn element_of(array: DataType) -> Option<DataType> {
    match array {
        DataType::List(item) | DataType::LargeList(item) => Some(item.data_type().clone()),
        _ => None,
    }
}

/// An untyped parameter that is cast has the cast's type.
fn type_casts(expression: Expr) -> datafusion::error::Result<Transformed<Expr>> {
    if let Expr::Cast(mut cast) = expression {
        let Expr::Placeholder(Placeholder { field: field @ None, .. }) = cast.expr.as_mut() else {
            return Ok(Transformed::no(Expr::Cast(cast)));
        };
        *field = Some(Arc::new(Field::new("", cast.field.data_type().clone(), true)));
        return Ok(Transformed::yes(Expr::Cast(cast)));
    }
    let Expr::ScalarFunction(mut call) = expression else { return Ok(Transformed::no(expression)) };
    if place_of(call.func.name(), 0).is_none() {
        return Ok(Transformed::no(Expr::ScalarFunction(call)));
    }
    for (position, argument) in call.args.iter_mut().enumerate() {
        let Some(place) = place_of(call.func.name(), position) else { continue };
        if let Expr::Placeholder(Placeholder { field: field @ None, .. }) = argument {
            *field = Some(Arc::new(place));
        }
    }
    Ok(Transformed::yes(Expr::ScalarFunction(call)))
}

/// What an untyped parameter of a cast function is: the cast's type, as in PostgreSQL; of a function of vectors, one.
fn place_of(function: &str, position: usize) -> Option<Field> {
    match function {
        "pg_cancel_backend" => Some(Field::new("", DataType::Int32, true)),
        "pg_terminate_backend" if position == 0 => Some(Field::new("", DataType::Int32, true)),
        "pg_terminate_backend" => Some(Field::new("", DataType::Int64, true)),
        "subvector" if position > 0 => Some(Field::new("", DataType::Int32, true)),
        "muster_to_vector" => Some(VectorKind::Vector.field("")),
        "muster_to_halfvec" => Some(VectorKind::Half.field("")),
        "muster_to_json" => Some(column::json_field("", "json", true)),
        "muster_to_jsonb" => Some(column::json_field("", "jsonb", true)),
        "muster_to_bytea" => Some(Field::new("", DataType::Binary, true)),
        "muster_to_uuid" => Some(column::uuid_field("", true)),
        name if let Some(place) = large_object::parameter(name, position) => Some(place),
        name if takes_vectors(name) => Some(VectorKind::Vector.field("")),
        _ => None,
    }
}

/// Makes text of the placeholders that nothing gave a type.
pub(crate) fn settle(plan: LogicalPlan) -> Result<LogicalPlan> {
    retype(plan, &|_, field| match field {
        Some(field) if field.data_type() != &DataType::Null => Some(field),
        _ => Some(Arc::new(Field::new("", DataType::Utf8, true))),
    })
}

/// Types the placeholders of one expression: what the client declared, what a cast asks for, what
/// `place` asks for where the placeholder stands alone, text.
pub(crate) fn settle_expression(
    expression: Expr,
    declared: &[Option<FieldRef>],
    place: &FieldRef,
) -> Result<Expr> {
    let alone = matches!(expression, Expr::Placeholder(_));
    let text = || Arc::new(Field::new("", DataType::Utf8, true));
    let transformed = expression.transform_up(|expression| match expression {
        Expr::Placeholder(Placeholder { id, field }) => {
            let declared = number(&id).ok().and_then(|n| declared.get(n.checked_sub(1)?)?.clone());
            let field = declared.or(field).or_else(|| alone.then(|| place.clone()));
            Ok(Transformed::yes(Expr::Placeholder(Placeholder { id, field })))
        }
        other => type_casts(other),
    })?;
    let transformed = transformed.data.transform_up(|expression| match expression {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            Ok(Transformed::yes(Expr::Placeholder(Placeholder { id, field: Some(text()) })))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(transformed.data)
}

fn retype(
    plan: LogicalPlan,
    change: &dyn Fn(&str, Option<FieldRef>) -> Option<FieldRef>,
) -> Result<LogicalPlan> {
    let transformed = plan.transform_up_with_subqueries(|plan| {
        plan.map_expressions(|expression| {
            expression.transform_up(|expression| match expression {
                Expr::Placeholder(Placeholder { id, field }) => {
                    let changed = change(&id, field.clone());
                    let same = changed == field;
                    let expression = Expr::Placeholder(Placeholder { id, field: changed });
                    Ok(if same { Transformed::no(expression) } else { Transformed::yes(expression) })
                }
                other => Ok(Transformed::no(other)),
            })
        })?
        .map_data(rebuild)
    })?;
    Ok(transformed.data)
}

/// A node's schema follows its expressions' types.
fn rebuild(plan: LogicalPlan) -> datafusion::error::Result<LogicalPlan> {
    match plan {
        LogicalPlan::Values(values) => LogicalPlanBuilder::values(values.values)?.build(),
        other => other.recompute_schema(),
    }
}

/// The parameters of `plan`, in the order of their numbers.
///
/// # Errors
/// 42P18 where a number is left out between others: nothing tells that parameter's type.
pub(crate) fn parameters(plan: &LogicalPlan, declared: &[Option<FieldRef>]) -> Result<Vec<FieldRef>> {
    parameters_with(plan, &[], declared)
}

/// The parameters of `plan` and of expressions that are evaluated beside it.
///
/// # Errors
/// As [`parameters`]; 42P08 where an expression takes a parameter for another type than the plan.
pub(crate) fn parameters_with(
    plan: &LogicalPlan,
    expressions: &[Expr],
    declared: &[Option<FieldRef>],
) -> Result<Vec<FieldRef>> {
    let text = || Arc::new(Field::new("", DataType::Utf8, true));
    let mut found: BTreeMap<usize, FieldRef> = BTreeMap::new();
    for (id, field) in plan.get_parameter_fields()? {
        let field = field.filter(|field| field.data_type() != &DataType::Null).unwrap_or_else(text);
        found.insert(number(&id)?, field);
    }
    for (id, field) in placeholders(expressions) {
        let (number, field) = (number(&id)?, field.unwrap_or_else(text));
        let known = found.entry(number).or_insert_with(|| field.clone());
        if known.data_type() != field.data_type() {
            return Err(Error::new(
                SqlState::AmbiguousParameter,
                format!("inconsistent types deduced for parameter ${number}"),
            )
            .with_detail(format!("{} versus {}", type_name(known), type_name(&field))));
        }
    }
    for (position, field) in declared.iter().enumerate() {
        if let Some(field) = field {
            found.insert(position + 1, field.clone());
        }
    }
    let count = found.keys().next_back().copied().unwrap_or(0);
    (1..=count)
        .map(|number| {
            found.remove(&number).ok_or_else(|| {
                Error::new(
                    SqlState::IndeterminateDatatype,
                    format!("could not determine data type of parameter ${number}"),
                )
            })
        })
        .collect()
}

fn placeholders(expressions: &[Expr]) -> Vec<(String, Option<FieldRef>)> {
    let mut found = Vec::new();
    for expression in expressions {
        let walked = expression.apply(|part| {
            if let Expr::Placeholder(Placeholder { id, field }) = part {
                found.push((id.clone(), field.clone()));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(walked.is_ok(), "the closure gives no error");
    }
    found
}

pub(super) fn number(id: &str) -> Result<usize> {
    id.strip_prefix('$')
        .and_then(|digits| digits.parse().ok())
        .filter(|number| (1..=MOST).contains(number))
        .ok_or_else(|| Error::new(SqlState::UndefinedParameter, format!("there is no parameter {id}")))
}
