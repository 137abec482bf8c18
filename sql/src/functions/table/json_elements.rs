//! `jsonb_array_elements(from_json)`, `json_array_elements(from_json)` → `value jsonb` or `json`;
//! `jsonb_array_elements_text(from_json)`, `json_array_elements_text(from_json)` → `value text`;
//! `jsonb_object_keys(from_json)`, `json_object_keys(from_json)` → one column of text, named as the function or its alias is
//!
//! A row for each element of a JSON array, or for each key of an object, as PostgreSQL has it. As text a string is without quotes and null is
//! NULL.
//!
//! | argument | type | |
//! |---|---|---|
//! | from_json | jsonb or json, as the function's name says, or text | NULL gives no rows |
//!
//! ```sql
//! SELECT t.id, x.v->>'sku' FROM t, jsonb_array_elements(t.data->'items') AS x(v);
//! ```
//!
//! SQLSTATEs: 42883 wrong arguments, or one of another type; 22023 JSON of another kind; 22P02 a text that is no JSON.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Field};
use datafusion::common::DFSchema;
use datafusion::error::Result as PlanResult;
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::planner::RelationPlannerContext;
use datafusion::logical_expr::{Expr, ExprSchemable};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::sql::sqlparser::ast::{FunctionArg, Ident, TableAlias, TableAliasColumnDef};
use muster_storage::TableDefinition;

use super::arguments::{Parameter, bind, plan_arguments};
use super::call::{Call, Produced, Running, TableFunction};
use crate::functions::scalar::json::json_type;
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::types::{json, type_name};
use crate::{Error, Result, column};

/// The functions by their names.
pub(super) const JSONB: &str = "jsonb_array_elements";
pub(super) const JSONB_TEXT: &str = "jsonb_array_elements_text";
pub(super) const JSONB_KEYS: &str = "jsonb_object_keys";
pub(super) const JSON: &str = "json_array_elements";
pub(super) const JSON_TEXT: &str = "json_array_elements_text";
pub(super) const JSON_KEYS: &str = "json_object_keys";
pub(super) const NAMES: &[&str] = &[JSONB, JSONB_TEXT, JSONB_KEYS, JSON, JSON_TEXT, JSON_KEYS];

/// The column of elements.
pub(super) const VALUE: &str = "value";

const PARAMETERS: &[Parameter] =
    &[Parameter { name: "from_json", data_type: || DataType::Utf8, required: true }];

/// A function's alias, which names the column of keys, too.
pub(super) fn named_column(function: &str, alias: Option<TableAlias>) -> Option<TableAlias> {
    let mut alias = alias;
    if let Some(alias) = &mut alias
        && [JSONB_KEYS, JSON_KEYS].contains(&function)
        && alias.columns.is_empty()
    {
        let name: Ident = alias.name.clone();
        alias.columns.push(TableAliasColumnDef { name, data_type: None });
    }
    alias
}

/// From the arguments in the statement to the plan's node.
pub(super) fn plan(
    name: &'static str,
    arguments: Vec<FunctionArg>,
    context: &mut dyn RelationPlannerContext,
) -> PlanResult<Call> {
    let function = Elements { name };
    let bound = bind(name, PARAMETERS, arguments)?;
    let mut arguments = plan_arguments(bound, PARAMETERS, context)?;
    for argument in arguments.iter_mut().flatten() {
        match argument {
            // So that clients are told what PostgreSQL tells them.
            Expr::Placeholder(Placeholder { field, .. }) => {
                *field = Some(Arc::new(column::json_field("from_json", function.sql_type(), true)));
            }
            other => {
                let (_, field) = other.to_field(&DFSchema::empty())?;
                if !is_text(field.data_type())
                    || json_type(&field).is_some_and(|it| it != function.sql_type())
                {
                    return Err(function.undefined(&field).into());
                }
            }
        }
    }
    Call::try_new(Arc::new(function), arguments)
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null)
}

/// One of the functions; see the module.
#[derive(Clone, Copy, Debug)]
struct Elements {
    name: &'static str,
}

impl Elements {
    fn sql_type(self) -> &'static str {
        if self.name.starts_with("jsonb") { "jsonb" } else { "json" }
    }

    fn undefined(self, given: &Field) -> Error {
        let message = format!("function {}({}) does not exist", self.name, type_name(given));
        let hint = format!("It takes one argument, {}.", self.sql_type());
        Error::new(SqlState::UndefinedFunction, message).with_hint(hint)
    }
}

impl TableFunction for Elements {
    fn name(&self) -> &'static str {
        self.name
    }

    fn parameters(&self) -> &'static [Parameter] {
        PARAMETERS
    }

    fn columns(&self) -> Vec<Field> {
        vec![match self.name {
            JSON | JSONB => column::json_field(VALUE, self.sql_type(), false),
            JSON_TEXT | JSONB_TEXT => Field::new(VALUE, DataType::Utf8, true),
            keys => Field::new(keys, DataType::Utf8, false),
        }]
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

impl Running for Elements {
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
        let mut values = StringBuilder::new();
        for (row, document) in (0_u32..).zip(documents) {
            let Some(document) = document else { continue };
            let members = match self.sql_type() {
                "jsonb" => json::members_given(self.name, &json::canonical(document)?)?,
                _ => {
                    json::parse(document)?;
                    json::members_given(self.name, document)?
                }
            };
            for value in members {
                owners.push(row);
                values.append_option(value);
            }
        }
        Ok(Produced { owners, columns: vec![Arc::new(values.finish())] })
    }
}
