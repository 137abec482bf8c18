//! Table functions, one file (or folder) each.
//!
//! To add one: the capability as plain Rust in the engine; a file here with its node; a line in
//! [`plan`] and in [`TABLE_FUNCTIONS`]; a `.slt` of the same name. Nothing else changes.
//!
//! They are planned by a `RelationPlanner`, because only that route gives named arguments,
//! parameters and LATERAL (`docs/decisions`).

pub(crate) mod arguments;
mod audit_drift;
mod built_in;
mod call;
mod given;
mod json_each;
mod json_elements;
mod matrix_search;
mod ordinality;
mod playbook_matches;
mod playbooks;
mod validate;
mod vector_search;

use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::planner::{
    PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, ObjectName, ObjectNamePart, TableFactor, Value,
};
use muster_engine::validate::Validator;

pub(crate) use call::{Call, CallPlanner, call_may_wait};
pub(crate) use validate::{WORKERS, check, drafts};
pub(crate) use vector_search::{Corpus, VectorSearch, VectorSearchPlanner, search_may_wait};

use crate::Error;
use crate::parse::walk::visit_expressions_mut;

/// The names of all table functions.
pub const TABLE_FUNCTIONS: &[&str] = &[
    vector_search::NAME,
    matrix_search::NAME,
    playbook_matches::NAME,
    validate::EMAIL,
    validate::SMS,
    validate::FILL,
    audit_drift::NAME,
    json_each::JSONB,
    json_each::JSONB_TEXT,
    json_each::JSON,
    json_each::JSON_TEXT,
    json_elements::JSONB,
    json_elements::JSONB_TEXT,
    json_elements::JSONB_KEYS,
    json_elements::JSON,
    json_elements::JSON_TEXT,
    json_elements::JSON_KEYS,
];

/// Those of them that PostgreSQL has, too.
pub(crate) const OF_POSTGRESQL: &[&str] = &[
    json_each::JSONB,
    json_each::JSONB_TEXT,
    json_each::JSON,
    json_each::JSON_TEXT,
    json_elements::JSONB,
    json_elements::JSONB_TEXT,
    json_elements::JSONB_KEYS,
    json_elements::JSON,
    json_elements::JSON_TEXT,
    json_elements::JSON_KEYS,
];

/// The one column of a function that gives no rows of several columns, where the function names it.
pub(crate) fn value_column(function: &str) -> Option<&'static str> {
    let elements =
        [json_elements::JSON, json_elements::JSON_TEXT, json_elements::JSONB, json_elements::JSONB_TEXT];
    elements.contains(&function).then_some(json_elements::VALUE)
}

/// Whether a name in FROM is one of ours.
pub(crate) fn is_known(name: &ObjectName) -> bool {
    known(name).is_some()
}

fn known(name: &ObjectName) -> Option<&'static str> {
    let [ObjectNamePart::Identifier(ident)] = name.0.as_slice() else { return None };
    TABLE_FUNCTIONS.iter().copied().find(|known| known.eq_ignore_ascii_case(&ident.value))
}

/// Whether a plan's node is of a function here; these keep nothing of a run but metrics.
pub(crate) fn keeps_nothing(node: &dyn ExecutionPlan) -> bool {
    let any: &dyn std::any::Any = node;
    any.is::<call::CallExec>() || any.is::<vector_search::VectorSearchExec>()
}

/// Calls `each` with the names of corpora that a call of one of ours gives as constants.
pub(crate) fn each_corpus(
    name: &ObjectName,
    arguments: &mut [FunctionArg],
    mut each: impl FnMut(&mut String),
) {
    let (place, parameter) = match known(name) {
        Some(vector_search::NAME) => (0, "corpus"),
        Some(matrix_search::NAME) => (matrix_search::CORPORA, "corpora"),
        _ => return,
    };
    for (position, argument) in arguments.iter_mut().enumerate() {
        let value = match argument {
            FunctionArg::Unnamed(value) if position == place => value,
            FunctionArg::Named { name, arg, .. } if name.value.eq_ignore_ascii_case(parameter) => arg,
            FunctionArg::ExprNamed { name: Expr::Identifier(name), arg, .. }
                if name.value.eq_ignore_ascii_case(parameter) =>
            {
                arg
            }
            _ => continue,
        };
        let FunctionArgExpr::Expr(value) = value else { continue };
        let _goes_on: ControlFlow<()> = visit_expressions_mut(value, &mut |part| {
            if let Expr::Value(value) = part
                && let Value::SingleQuotedString(text) = &mut value.value
            {
                each(text);
            }
            ControlFlow::Continue(())
        });
    }
}

fn plan(
    name: &'static str,
    args: Vec<FunctionArg>,
    ordinality: bool,
    context: &mut dyn RelationPlannerContext,
) -> Result<LogicalPlan> {
    let call = match name {
        vector_search::NAME => {
            if ordinality {
                return Err(Error::unsupported("WITH ORDINALITY of vector_search").into());
            }
            let node = Arc::new(vector_search::plan(args, context)?);
            return Ok(LogicalPlan::Extension(Extension { node }));
        }
        matrix_search::NAME => matrix_search::plan(args, context)?,
        playbook_matches::NAME => playbook_matches::plan(args, context)?,
        validate::EMAIL => validate::plan(Validator::Email, args, context)?,
        validate::SMS => validate::plan(Validator::Sms, args, context)?,
        validate::FILL => validate::plan(Validator::Fill, args, context)?,
        audit_drift::NAME => audit_drift::plan(args, context)?,
        name if json_each::NAMES.contains(&name) => json_each::plan(name, args, context)?,
        name if json_elements::NAMES.contains(&name) => json_elements::plan(name, args, context)?,
        other => return Err(Error::unsupported(format!("table function {other}")).into()),
    };
    let call = if ordinality { ordinality::numbered(&call)? } else { call };
    Ok(LogicalPlan::Extension(Extension { node: Arc::new(call) }))
}

/// Plans our table functions wherever they stand in FROM.
#[derive(Debug, Default)]
pub(crate) struct TableFunctions;

impl RelationPlanner for TableFunctions {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        let (name, args, alias, ordinality) = match relation {
            TableFactor::Table { ref name, args: Some(ref args), ref alias, with_ordinality, .. }
                if is_known(name) =>
            {
                (name.clone(), args.args.clone(), alias.clone(), with_ordinality)
            }
            TableFactor::Function { ref name, ref args, ref alias, with_ordinality, .. }
                if is_known(name) =>
            {
                (name.clone(), args.clone(), alias.clone(), with_ordinality)
            }
            other => return Ok(RelationPlanning::Original(Box::new(other))),
        };
        let Some(name) = known(&name) else { return Err(Error::undefined_table(name).into()) };
        let plan = plan(name, args, ordinality, context)?;
        let alias = json_elements::named_column(name, alias);
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))))
    }
}
