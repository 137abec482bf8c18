//! `validate_email(draft)`, `validate_sms(draft)`, `validate_fill(proposal)`
//! → `severity text, kind text, rule text, field text, reason text, error jsonb`
//!
//! A row for each finding, in the order of the rules; none for a draft or a proposal that is good.
//!
//! | argument | type | |
//! |---|---|---|
//! | draft, proposal | jsonb or text | NULL gives no rows; a text that is no JSON object is a finding, not an error |
//!
//! The rules are the engine's ([`muster_engine::validate`]). The workers that they ask for are looked up by key in the table
//! `public.workers`, as the statement's snapshot has it.
//!
//! ```sql
//! SELECT d.id, v.* FROM drafts d LEFT JOIN LATERAL validate_email(d.draft) v ON true;
//! ```
//!
//! SQLSTATEs: 42883 wrong arguments; 42804 an argument of another type; 42P01, 42809, 42703, 42804, 55000 a table `workers` that is
//! gone, is no table, lacks a column, has one of another type, or has no key.

mod checked;
mod function;
mod workers;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::sql::sqlparser::ast::FunctionArg;
use muster_engine::validate::Validator;

use super::arguments::{Parameter, bind, plan_arguments};
use super::call::Call;
use crate::column;

pub(crate) use checked::{check, drafts};
pub(crate) use workers::TABLE as WORKERS;

/// The functions by their names.
pub(super) const EMAIL: &str = "validate_email";
pub(super) const SMS: &str = "validate_sms";
pub(super) const FILL: &str = "validate_fill";

const DRAFT: &[Parameter] = &[Parameter { name: "draft", data_type: || DataType::Utf8, required: true }];
const PROPOSAL: &[Parameter] =
    &[Parameter { name: "proposal", data_type: || DataType::Utf8, required: true }];

/// From the arguments in the statement to the plan's node.
pub(super) fn plan(
    validator: Validator,
    arguments: Vec<FunctionArg>,
    context: &mut dyn RelationPlannerContext,
) -> Result<Call> {
    let parameters = parameters(validator);
    let bound = bind(name(validator), parameters, arguments)?;
    let arguments = plan_arguments(bound, parameters, context)?;
    Call::try_new(Arc::new(function::Validation(validator)), arguments)
}

fn name(validator: Validator) -> &'static str {
    match validator {
        Validator::Email => EMAIL,
        Validator::Sms => SMS,
        Validator::Fill => FILL,
    }
}

fn parameters(validator: Validator) -> &'static [Parameter] {
    match validator {
        Validator::Email | Validator::Sms => DRAFT,
        Validator::Fill => PROPOSAL,
    }
}

/// The columns of a finding.
fn columns() -> Vec<Field> {
    let text = |name| Field::new(name, DataType::Utf8, false);
    vec![
        text("severity"),
        text("kind"),
        text("rule"),
        text("field"),
        text("reason"),
        column::json_field("error", "jsonb", false),
    ]
}
