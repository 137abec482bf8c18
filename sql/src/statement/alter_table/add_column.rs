//! `ADD COLUMN`: the rows that are there get the default, which is computed once where that is the same, and row by
//! row where it is not (sequences, generated columns).

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use datafusion::sql::sqlparser::ast::ColumnDef;
use muster_storage::Alteration;

use super::super::create_table::{expressions, sequences};
use super::super::name;
use super::altering::{Altering, Source};
use super::foreign_key;
use crate::sqlstate::SqlState;
use crate::statement::insert::default_of;
use crate::{Error, Result, column};

pub(super) fn apply(altering: &mut Altering<'_>, column_def: &ColumnDef, if_not_exists: bool) -> Result<()> {
    let name = name::ident(&column_def.name);
    name::check(&name)?;
    if altering.definition.schema.index_of(&name).is_ok() {
        if if_not_exists {
            return Ok(());
        }
        return Err(Error::new(
            SqlState::DuplicateColumn,
            format!("column \"{name}\" of relation \"{}\" already exists", altering.name()),
        ));
    }
    let context = altering.context;
    let (keys, checks) = (altering.definition.keys.len(), altering.builder()?.checks);
    let mut builder = altering.builder()?;
    let foreign = builder.foreign.len();
    builder.add_column(column_def)?;
    let named = sequences::name(&context.snapshot, &mut builder)?;
    builder.resolve_foreign(&context.snapshot)?;
    let schema = std::sync::Arc::new(arrow::datatypes::Schema::new(builder.fields));
    let stored = altering.stored();
    let schema = expressions::check_columns(&context.database, &context.snapshot, &stored, &schema)?;
    let position = schema.fields().len() - 1;
    let field = schema.field(position).clone();
    let (source, value) = value(altering, &field)?;
    let computed = matches!(source, Source::Computed(_));
    if !computed && value.null_count() > 0 && !field.is_nullable() && altering.table.live_rows() > 0 {
        return Err(Error::new(
            SqlState::NotNullViolation,
            format!("column \"{name}\" of relation \"{}\" contains null values", altering.name()),
        )
        .with_column(&altering.stored(), &name));
    }
    altering.definition.schema = schema;
    altering.sources.push(source);
    altering.alter(Alteration::AddColumn { field, value });
    for (sequence_name, new) in named {
        altering.make_sequence(sequence_name, new)?;
    }
    for key in builder.keys.into_iter().skip(keys) {
        altering.definition.keys.push(key.clone());
        altering.alter(Alteration::AddKey(key));
    }
    for check in builder.checks.into_iter().filter(|check| !checks.contains(check)) {
        altering.set_check(&check.name, Some(check.sql.clone()));
        altering.check_rows(&check.name, &check.sql)?;
    }
    for key in builder.foreign.into_iter().skip(foreign) {
        foreign_key::add(altering, &key)?;
    }
    Ok(())
}

/// Where the rows that are there have the column from, and the value that storage notes for them.
fn value(altering: &Altering<'_>, field: &arrow::datatypes::Field) -> Result<(Source, ArrayRef)> {
    let null = new_null_array(field.data_type(), 1);
    if column::generated(field).is_some() {
        return Ok((Source::Computed(None), null));
    }
    let context = altering.context;
    let default = default_of(&context.database, &context.snapshot, &altering.definition, field)?;
    if default.is_volatile() {
        return Ok((Source::Computed(None), null));
    }
    let compiled = altering.compile(&default)?;
    let options = RecordBatchOptions::new().with_row_count(Some(1));
    let nothing = RecordBatch::try_new_with_options(compiled.schema.clone(), Vec::new(), &options)?;
    let value = compiled.physical.evaluate(&nothing)?.into_array(1)?;
    let value = arrow::compute::cast(&value, field.data_type())?;
    Ok((Source::Constant(value.clone()), value))
}
