//! `ALTER COLUMN`: default, NOT NULL, type, identity.

use std::sync::Arc;

use arrow::datatypes::Field;
use datafusion::sql::sqlparser::ast::{AlterColumnOperation as Action, DataType as SqlType, Expr, Ident};

use super::super::create_table::expressions;
use super::super::{name, plain_index};
use super::altering::{Altering, Source};
use super::identity;
use crate::catalog::View;
use crate::index::plain;
use crate::planning::{assign, expression};
use crate::sqlstate::SqlState;
use crate::types::{sql_field, type_name};
use crate::{Error, Result, check_constraint as check, column};

pub(super) fn apply(altering: &mut Altering<'_>, ident: &Ident, action: &Action) -> Result<()> {
    let name = name::ident(ident);
    let position = altering.position(&name)?;
    let field = altering.definition.schema.field(position).clone();
    match action {
        Action::SetDefault { value } => {
            refuse_own_values(altering, &field)?;
            let sql = value.to_string();
            let context = altering.context;
            let stored = altering.stored();
            expressions::check_default(&context.database, &context.snapshot, &stored, &field, &sql)?;
            altering.set_field(position, column::with_default(field, &sql));
        }
        Action::DropDefault => {
            refuse_own_values(altering, &field)?;
            altering.set_field(position, column::without_default(&field));
        }
        Action::SetNotNull => {
            if field.is_nullable() {
                altering.check_not_null(position)?;
                altering.set_field(position, field.with_nullable(false));
            }
        }
        Action::DropNotNull => {
            let is_key =
                altering.definition.keys.iter().any(|key| key.primary && key.columns.contains(&position));
            if is_key {
                return Err(Error::new(
                    SqlState::InvalidTableDefinition,
                    format!("column \"{name}\" is in a primary key"),
                ));
            }
            if column::identity(&field).is_some() {
                return Err(of_kind(altering, &field, "an identity column"));
            }
            altering.set_field(position, field.with_nullable(true));
        }
        Action::SetDataType { data_type, using, .. } => {
            set_type(altering, position, &field, data_type, using.as_ref())?;
        }
        Action::AddGenerated { generated_as, sequence_options } => {
            identity::add(altering, position, generated_as.as_ref(), sequence_options.as_deref())?;
        }
    }
    Ok(())
}

/// # Errors
/// 42601 for a column whose values are no default's.
fn refuse_own_values(altering: &Altering<'_>, field: &Field) -> Result<()> {
    if column::identity(field).is_some() {
        return Err(of_kind(altering, field, "an identity column"));
    }
    if column::generated(field).is_some() {
        return Err(of_kind(altering, field, "a generated column"));
    }
    Ok(())
}

fn of_kind(altering: &Altering<'_>, field: &Field, kind: &str) -> Error {
    Error::new(
        SqlState::SyntaxError,
        format!("column \"{}\" of relation \"{}\" is {kind}", field.name(), altering.name()),
    )
}

/// `TYPE`: the rows are written anew, unless the new type has the same values as the old.
fn set_type(
    altering: &mut Altering<'_>,
    position: usize,
    field: &Field,
    data_type: &SqlType,
    using: Option<&Expr>,
) -> Result<()> {
    let name = field.name();
    let bare = sql_field(name, data_type, field.is_nullable())?;
    if column::is_vector(&bare) && column::dimensions(&bare).is_none() {
        return Err(Error::unsupported(format!("vector column \"{name}\" without dimensions")));
    }
    let in_use =
        |what: &str| Err(Error::unsupported(format!("altering the type of a column used by {what}")));
    let schema = &altering.definition.schema;
    let is_used = |field: &Arc<Field>| {
        column::generated(field).is_some_and(|sql| check::columns(sql, schema).contains(&position))
    };
    if column::generated(field).is_some() || schema.fields().iter().any(is_used) {
        return in_use("a generated column");
    }
    let users = View::users(&altering.context.snapshot, &altering.table.definition().name)?;
    if users.iter().any(|(_, used)| used.columns.contains(name)) {
        return in_use("a view");
    }
    if super::foreign_key::is_used(altering, name)? {
        return in_use("a foreign key");
    }
    let context = altering.context;
    let stored = altering.stored();
    let mut retyped = bare;
    if let Some(default) = column::default(field) {
        retyped = column::with_default(retyped, default);
        expressions::check_default(&context.database, &context.snapshot, &stored, &retyped, default)?;
    }
    if let Some(identity) = column::identity(field) {
        retyped = column::with_identity(retyped, identity);
    }
    let Some(Source::Stored(_)) = altering.sources.get(position) else {
        return Err(Error::unsupported(
            "altering the type of a column that the same statement adds or alters",
        ));
    };
    // The expression is over the table as it is before the statement.
    let before = altering.table.definition().clone();
    let sql = match using {
        Some(using) => using.to_string(),
        None => Ident::with_quote('"', name).to_string(),
    };
    let planner = &context.database.planner;
    let (value, columns) =
        expression::logical(planner, &context.snapshot, &sql, &before.name, &before.schema)?;
    let source = expression::field(&value, &columns)?;
    let is_text = |field: &Field| {
        matches!(field.data_type(), arrow::datatypes::DataType::Utf8) && !column::is_json(field)
    };
    if using.is_none() && is_text(&source) && !is_text(&retyped) {
        let target = type_name(&retyped);
        return Err(Error::new(
            SqlState::DatatypeMismatch,
            format!("column \"{name}\" cannot be cast automatically to type {target}"),
        )
        .with_hint(format!("You might need to specify \"USING {name}::{target}\".")));
    }
    let assigned = assign(value, &source, &retyped, &before.name)?;
    let compiled = expression::compile(planner, assigned, &before.name, &before.schema, &columns)?;
    let mut fields = altering.fields();
    if let Some(place) = fields.get_mut(position) {
        *place = retyped.clone();
    }
    altering.set_fields(fields);
    if column::dimensions(&retyped).is_none() {
        altering.definition.indexes.retain(|index| plain::is_plain(index) || index.column != position);
    }
    for index in plain::plain_indexes(&altering.definition) {
        for (place, _) in index.columns().enumerate().filter(|(_, column)| *column == position) {
            plain_index::check_column(&retyped, plain::class(index, place), &index.method)?;
        }
    }
    // Keys are made again over the new values, so their columns must be of a type that has keys.
    let mut builder = altering.builder()?;
    let keys = std::mem::take(&mut builder.keys);
    for key in keys.into_iter().filter(|key| key.columns.contains(&position)) {
        builder.add_key(Some(key.name), key.columns, key.primary, key.nulls_distinct)?;
    }
    let checks = builder.checks;
    expressions::check_checks(
        &context.database,
        &context.snapshot,
        &stored,
        &altering.definition.schema,
        &checks,
    )?;
    if let Some(place) = altering.sources.get_mut(position) {
        *place = Source::Computed(Some(compiled));
    }
    Ok(())
}
