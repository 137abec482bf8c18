//! `jsonb_each(from_json)`, `json_each(from_json)` → `key text, value jsonb` or `json`;
//! `jsonb_each_text(from_json)`, `json_each_text(from_json)` → `key text, value text`
//!
//! A row for each member of a JSON object, as PostgreSQL has it: the members of jsonb in its order of keys, those of json as
//! they are written, repetitions too. As text a string is without quotes and null is NULL.
//!
//! | argument | type | |
//! |---|---|---|
//! | from_json | jsonb, json or text | NULL gives no rows |
//!
//! ```sql
//! SELECT b.seq, m.key, m.value FROM audit_baselines b CROSS JOIN LATERAL jsonb_each(b.metrics) m;
//! ```
//!
//! SQLSTATEs: 42883 wrong arguments, or one of another type; 22023 JSON that is no object; 22P02 a text that is no JSON.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::sql::sqlparser::ast::FunctionArg;
use muster_storage::TableDefinition;

use super::arguments::{Parameter, bind, plan_arguments};
use super::call::{Call, Produced, Running, TableFunction};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::types::json::{self, Json};
use crate::types::type_name;
use crate::{Error, Result, column};

/// The functions by their names.
pub(super) const JSONB: &str = "jsonb_each";
pub(super) const JSONB_TEXT: &str = "jsonb_each_text";
pub(super) const JSON: &str = "json_each";
pub(super) const JSON_TEXT: &str = "json_each_text";
pub(super) const NAMES: &[&str] = &[JSONB, JSONB_TEXT, JSON, JSON_TEXT];

const PARAMETERS: &[Parameter] =
    &[Parameter { name: "from_json", data_type: || DataType::Utf8, required: true }];

/// From the arguments in the statement to the plan's node.
pub(super) fn plan(
    name: &'static str,
    arguments: Vec<FunctionArg>,
    context: &mut dyn RelationPlannerContext,
) -> PlanResult<Call> {
    let each = Each { name, binary: [JSONB, JSONB_TEXT].contains(&name), text: name.ends_with("_text") };
    let bound = bind(name, PARAMETERS, arguments)?;
    let mut arguments = plan_arguments(bound, PARAMETERS, context)?;
    for argument in arguments.iter_mut().flatten() {
        match argument {
            // So that clients are told what PostgreSQL tells them.
            Expr::Placeholder(Placeholder { field, .. }) => {
                *field = Some(Arc::new(column::json_field("from_json", each.sql_type(), true)));
            }
            other => {
                let (_, field) = other.to_field(&DFSchema::empty())?;
                if !is_text(field.data_type()) {
                    return Err(each.undefined(&field).into());
                }
            }
        }
    }
    Call::try_new(Arc::new(each), arguments)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null)
}

/// One of the functions; see the module.
#[derive(Clone, Copy, Debug)]
struct Each {
    name: &'static str,
    /// Whether it is jsonb's.
    binary: bool,
    /// Whether values are texts.
    text: bool,
}

impl Each {
    fn sql_type(self) -> &'static str {
        if self.binary { "jsonb" } else { "json" }
    }

    fn undefined(self, given: &Field) -> Error {
        let message = format!("function {}({}) does not exist", self.name, type_name(given));
        let hint = format!("It takes one argument, {}.", self.sql_type());
        Error::new(SqlState::UndefinedFunction, message).with_hint(hint)
    }

    /// The members of a document.
    ///
    /// # Errors
    /// 22P02 for no JSON, 22023 for no object.
    fn members(self, text: &str) -> Result<Vec<(String, Option<String>)>> {
        if !self.binary {
            let members = json::members(text)?.ok_or_else(|| self.no_object(text))?;
            return members
                .into_iter()
                .map(|(key, value)| Ok((key, self.value_as_written(value)?)))
                .collect();
        }
        let Json::Object(entries) = json::parse(text)? else { return Err(self.no_object(text)) };
        let members =
            json::ordered(&entries).into_iter().map(|(key, value)| (key.clone(), self.value(value)));
        Ok(members.collect())
    }

    fn value(self, value: &Json) -> Option<String> {
        match value {
            Json::Null if self.text => None,
            Json::Text(text) if self.text => Some(text.clone()),
            other => {
                let mut written = String::new();
                json::write_value(other, &mut written);
                Some(written)
            }
        }
    }

    fn value_as_written(self, value: &str) -> Result<Option<String>> {
        Ok(match value {
            "null" if self.text => None,
            text if self.text && text.starts_with('"') => self.value(&json::parse(text)?),
            other => Some(other.to_string()),
        })
    }

    /// In PostgreSQL's words.
    fn no_object(self, text: &str) -> Error {
        let message = match text.trim_start().starts_with('[') {
            _ if self.binary => format!("cannot call {} on a non-object", self.name),
            true => "cannot deconstruct an array as an object".to_string(),
            false => "cannot deconstruct a scalar".to_string(),
        };
        Error::new(SqlState::InvalidParameterValue, message)
    }
}

impl TableFunction for Each {
    fn name(&self) -> &'static str {
        self.name
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn columns(&self) -> Vec<Field> {
        let value = match self.text {
            true => Field::new("value", DataType::Utf8, true),
            false => column::json_field("value", self.sql_type(), false),
        };
        vec![Field::new("key", DataType::Utf8, false), value]
    }

    /// It reads none.
    fn tables(&self) -> Option<Vec<Arc<TableDefinition>>> {
        Some(Vec::new())
    }

    fn begin(
        &self,
        _statement: Arc<StatementContext>,
        _metrics: &ExecutionPlanMetricsSet,
        _partition: usize,
    ) -> Result<Box<dyn Running>> {
        Ok(Box::new(*self))
    }
}

impl Running for Each {
    fn run(&mut self, arguments: &[Option<ArrayRef>], _rows: usize) -> Result<Produced> {
        let Some(Some(argument)) = arguments.first() else {
            return Err(Error::internal("a required argument is not there"));
        };
        if !is_text(argument.data_type()) {
            return Err(self.undefined(&Field::new("", argument.data_type().clone(), true)));
        }
        let documents = arrow::compute::cast(argument, &DataType::Utf8)?;
        let documents =
            documents.as_string_opt::<i32>().ok_or_else(|| Error::internal("texts are no texts"))?;
        let mut owners: Vec<u32> = Vec::new();
        let (mut keys, mut values) = (StringBuilder::new(), StringBuilder::new());
        for (row, document) in (0_u32..).zip(documents) {
            let Some(document) = document else { continue };
            for (key, value) in self.members(document)? {
                owners.push(row);
                keys.append_value(key);
                values.append_option(value);
            }
        }
        Ok(Produced { owners, columns: vec![Arc::new(keys.finish()), Arc::new(values.finish())] })
    }
}
