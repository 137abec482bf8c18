//! What a function of vectors is called with.
//!
//! A text as a statement writes it counts as a vector: it is read as one before the plan runs (`planning::literals`).
//! Invariant: a function works on vectors of one kind, on `halfvec` as soon as one argument is one, because `vector` is
//! implicitly cast to it.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs};

use crate::sqlstate::SqlState;
use crate::types::vector::{MAX_DIMENSIONS, Rows, VectorKind, convert};
use crate::types::{base_name, type_name};
use crate::{Error, column};

const ADD_CASTS: &str = "You might need to add explicit type casts.";

/// The kind of vectors that a function works on which takes so many of them, and nothing else.
///
/// # Errors
/// 42883 when the arguments are others, 42725 when no argument tells a type.
pub(super) fn kind(name: &str, args: &ReturnFieldArgs<'_>, vectors: usize) -> Result<VectorKind> {
    if args.arg_fields.len() != vectors {
        return Err(undefined(name, args).into());
    }
    first(name, args, vectors)
}

/// The same for the first arguments of a function.
///
/// # Errors
/// As [`kind`].
pub(super) fn first(name: &str, args: &ReturnFieldArgs<'_>, vectors: usize) -> Result<VectorKind> {
    let mut kind = VectorKind::Vector;
    let mut literals = 0;
    if args.arg_fields.len() < vectors {
        return Err(undefined(name, args).into());
    }
    for (position, field) in args.arg_fields.iter().take(vectors).enumerate() {
        match VectorKind::of(field) {
            Some(VectorKind::Half) => kind = VectorKind::Half,
            Some(VectorKind::Vector) => {}
            None if field.data_type() == &DataType::Null => {}
            None if is_literal(args, position) => literals += 1,
            None => return Err(undefined(name, args).into()),
        }
    }
    if literals == vectors {
        let message = format!("function {name}({}) is not unique", types(args));
        let hint = format!("Could not choose a best candidate function. {ADD_CASTS}");
        return Err(Error::new(SqlState::AmbiguousFunction, message).with_hint(hint).into());
    }
    Ok(kind)
}

fn is_literal(args: &ReturnFieldArgs<'_>, position: usize) -> bool {
    matches!(args.scalar_arguments.get(position), Some(Some(ScalarValue::Utf8(_))))
}

/// The error for arguments that no function of this name takes.
pub(super) fn undefined(name: &str, args: &ReturnFieldArgs<'_>) -> Error {
    let message = format!("function {name}({}) does not exist", types(args));
    Error::new(SqlState::UndefinedFunction, message)
        .with_hint(format!("No function matches the given name and argument types. {ADD_CASTS}"))
}

fn types(args: &ReturnFieldArgs<'_>) -> String {
    let types = args.arg_fields.iter().enumerate().map(|(position, field)| {
        if is_literal(args, position) {
            return "unknown".to_string();
        }
        base_name(&type_name(field)).to_string()
    });
    types.collect::<Vec<_>>().join(", ")
}

/// The dimensions that a field's type has.
pub(super) fn dimensions(field: &Field) -> Option<i32> {
    match field.data_type() {
        DataType::FixedSizeList(_, dimensions) => Some(*dimensions),
        _ => None,
    }
}

/// A field of vectors, of so many dimensions if they are known and there can be so many.
pub(super) fn vectors(kind: VectorKind, name: &str, dimensions: Option<i32>) -> FieldRef {
    let possible =
        |dimensions: &i32| usize::try_from(*dimensions).is_ok_and(|n| (1..=MAX_DIMENSIONS).contains(&n));
    Arc::new(match dimensions.filter(possible) {
        Some(dimensions) => column::vector_field(kind, name, dimensions, true),
        None => kind.field(name),
    })
}

/// The kind of vectors among the arguments of a call.
pub(super) fn called_with(args: &ScalarFunctionArgs) -> VectorKind {
    let is_half = |field: &FieldRef| VectorKind::of(field) == Some(VectorKind::Half);
    if args.arg_fields.iter().any(is_half) { VectorKind::Half } else { VectorKind::Vector }
}

/// One argument's rows.
pub(super) struct Argument {
    rows: Rows,
    constant: bool,
}

impl Argument {
    /// The argument at a position, as vectors of a kind.
    pub(super) fn new(args: &ScalarFunctionArgs, position: usize, kind: VectorKind) -> Result<Self> {
        let (Some(argument), Some(field)) = (args.args.get(position), args.arg_fields.get(position)) else {
            return Err(DataFusionError::Internal(
                "a function of vectors is called without them".to_string(),
            ));
        };
        let constant = matches!(argument, ColumnarValue::Scalar(_));
        let mut array = argument.to_array(if constant { 1 } else { args.number_rows })?;
        if kind == VectorKind::Half && VectorKind::of(field) == Some(VectorKind::Vector) {
            array = convert(&array, &vectors(kind, "", dimensions(field)))?;
        }
        Ok(Self { rows: Rows::new(&array)?, constant })
    }

    /// The vector of a row; `None` is NULL.
    pub(super) fn get(&self, row: usize) -> Option<&[f32]> {
        self.rows.get(if self.constant { 0 } else { row })
    }

    /// Whether all rows have the same value.
    pub(super) fn is_constant(&self) -> bool {
        self.constant
    }
}

/// The rows that a function gives: one where all arguments are constant.
pub(super) fn rows_of(args: &ScalarFunctionArgs) -> usize {
    let constant = args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_)));
    if constant { 1 } else { args.number_rows }
}

/// What a function gives: a constant for constants.
pub(super) fn result(args: &ScalarFunctionArgs, values: ArrayRef) -> Result<ColumnarValue> {
    if args.args.iter().all(|argument| matches!(argument, ColumnarValue::Scalar(_))) {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&values, 0)?));
    }
    Ok(ColumnarValue::Array(values))
}

/// The error for vectors that do not fit each other, in pgvector's words.
pub(crate) fn different_dimensions(kind: VectorKind, left: usize, right: usize) -> Error {
    let name = kind.name();
    Error::new(SqlState::DataException, format!("different {name} dimensions {left} and {right}"))
}
