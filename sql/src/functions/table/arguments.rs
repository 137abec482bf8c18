//! Binds the arguments of a table function to its parameters: by position, then by name.

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::sql::sqlparser::ast::{self, FunctionArg, FunctionArgExpr};

use crate::Error;
use crate::sqlstate::SqlState;

/// A parameter of a table function.
#[derive(Clone, Copy)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// What an untyped `$1` in its place is.
    pub(crate) data_type: fn() -> DataType,
    pub(crate) required: bool,
}

/// Each parameter's argument, in the parameters' order.
///
/// # Errors
/// 42883 for an argument that no parameter takes, one given twice, or one that is missing.
pub(crate) fn bind(
    function: &str,
    parameters: &[Parameter],
    arguments: Vec<FunctionArg>,
) -> crate::Result<Vec<Option<ast::Expr>>> {
    let mut bound: Vec<Option<ast::Expr>> = parameters.iter().map(|_| None).collect();
    let mut named = false;
    for (position, argument) in arguments.into_iter().enumerate() {
        let (place, value) = match argument {
            FunctionArg::Unnamed(value) => {
                if named {
                    return Err(Error::new(
                        SqlState::SyntaxError,
                        "positional argument cannot follow named argument",
                    ));
                }
                (position, value)
            }
            FunctionArg::Named { name, arg, .. } => {
                named = true;
                (place_of(function, parameters, &name.value)?, arg)
            }
            FunctionArg::ExprNamed { name: ast::Expr::Identifier(name), arg, .. } => {
                named = true;
                (place_of(function, parameters, &name.value)?, arg)
            }
            FunctionArg::ExprNamed { name, .. } => {
                return Err(Error::new(SqlState::SyntaxError, format!("{name} is no argument name")));
            }
        };
        let FunctionArgExpr::Expr(value) = value else {
            return Err(Error::new(SqlState::UndefinedFunction, format!("{function} takes no *")));
        };
        let Some(slot) = bound.get_mut(place) else {
            return Err(signature_error(
                function,
                parameters,
                format!("function {function} takes at most {} arguments", parameters.len()),
            ));
        };
        if slot.is_some() {
            let name = parameters.get(place).map_or("", |parameter| parameter.name);
            return Err(signature_error(
                function,
                parameters,
                format!("argument {name} of function {function} is given twice"),
            ));
        }
        *slot = Some(value);
    }
    for (parameter, value) in parameters.iter().zip(&bound) {
        if parameter.required && value.is_none() {
            return Err(signature_error(
                function,
                parameters,
                format!("function {function} needs the argument {}", parameter.name),
            ));
        }
    }
    Ok(bound)
}

fn place_of(function: &str, parameters: &[Parameter], name: &str) -> crate::Result<usize> {
    parameters.iter().position(|parameter| parameter.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        signature_error(function, parameters, format!("function {function} has no argument named \"{name}\""))
    })
}

fn signature_error(function: &str, parameters: &[Parameter], message: String) -> Error {
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    Error::new(SqlState::UndefinedFunction, message)
        .with_hint(format!("The arguments are {function}({}).", names.join(", ")))
}

/// Plans one argument; a parameter in it that has no type yet gets the place's.
fn plan_argument(
    expression: ast::Expr,
    parameter: &Parameter,
    context: &mut dyn RelationPlannerContext,
) -> Result<Expr> {
    let expression = context.sql_to_expr(expression, &DFSchema::empty())?;
    let field = || FieldRef::new(Field::new(parameter.name, (parameter.data_type)(), true));
    match expression {
        Expr::Placeholder(Placeholder { id, field: None }) => {
            Ok(Expr::Placeholder(Placeholder { id, field: Some(field()) }))
        }
        other => Ok(other),
    }
}

/// Plans the arguments that [`bind`] gave, in the parameters' order.
pub(crate) fn plan_arguments(
    bound: Vec<Option<ast::Expr>>,
    parameters: &[Parameter],
    context: &mut dyn RelationPlannerContext,
) -> Result<Vec<Option<Expr>>> {
    let planned = bound.into_iter().zip(parameters).map(|(argument, parameter)| {
        argument.map(|argument| plan_argument(argument, parameter, context)).transpose()
    });
    planned.collect()
}

#[cfg(test)]
mod tests {
    use datafusion::sql::sqlparser::ast::{FunctionArgOperator, Ident, Value};

    use super::*;

    const PARAMETERS: &[Parameter] = &[
        Parameter { name: "corpus", data_type: || DataType::Utf8, required: true },
        Parameter { name: "k", data_type: || DataType::Int64, required: false },
    ];

    fn value(text: &str) -> FunctionArgExpr {
        FunctionArgExpr::Expr(ast::Expr::value(Value::SingleQuotedString(text.to_string())))
    }

    fn named(name: &str) -> FunctionArg {
        FunctionArg::ExprNamed {
            name: ast::Expr::Identifier(Ident::new(name)),
            arg: value("v"),
            operator: FunctionArgOperator::RightArrow,
        }
    }

    fn outcome(arguments: Vec<FunctionArg>) -> std::result::Result<Vec<bool>, &'static str> {
        bind("f", PARAMETERS, arguments)
            .map(|bound| bound.iter().map(Option::is_some).collect())
            .map_err(|error| error.sqlstate())
    }

    #[test]
    fn arguments_are_bound_by_position_and_by_name() {
        assert_eq!(outcome(vec![FunctionArg::Unnamed(value("c"))]), Ok(vec![true, false]));
        assert_eq!(outcome(vec![named("K"), named("corpus")]), Ok(vec![true, true]));
        assert_eq!(outcome(vec![FunctionArg::Unnamed(value("c")), named("k")]), Ok(vec![true, true]));
    }

    #[test]
    fn what_cannot_be_bound_is_refused() {
        assert_eq!(outcome(vec![]), Err("42883"));
        assert_eq!(outcome(vec![named("corpus"), named("nope")]), Err("42883"));
        assert_eq!(outcome(vec![named("corpus"), named("corpus")]), Err("42883"));
        assert_eq!(outcome(vec![named("corpus"), FunctionArg::Unnamed(value("x"))]), Err("42601"));
        let three = vec![FunctionArg::Unnamed(value("a")); 3];
        assert_eq!(outcome(three), Err("42883"));
    }
}
