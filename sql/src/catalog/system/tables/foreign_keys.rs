//! `information_schema` about foreign keys: `referential_constraints`, `constraint_column_usage`, and their rows in
//! other tables of it.

use arrow::datatypes::{DataType, Schema};
use datafusion::error::Result;
use muster_storage::TableDefinition;

use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::information_schema::schema;
use super::number;
use crate::catalog::CATALOG;
use crate::catalog::relation::{plain, schema_of};
use crate::check_constraint as check;
use crate::foreign_key::{Action, ForeignKey, Reference, all, has_any};
use crate::index::unique;

/// All foreign keys with their columns.
fn references(scope: &Scope<'_>) -> Result<Vec<Reference>> {
    let mut found = Vec::new();
    for table in scope.snapshot.tables().filter(|table| has_any(&table.definition().properties)) {
        for key in all(&table.definition().properties)? {
            found.push(Reference::of(scope.snapshot, table.definition(), key)?);
        }
    }
    Ok(found)
}

pub(super) fn referential_constraints() -> Schema {
    use DataType::Utf8;
    schema(&[
        ("constraint_catalog", Utf8),
        ("constraint_schema", Utf8),
        ("constraint_name", Utf8),
        ("unique_constraint_catalog", Utf8),
        ("unique_constraint_schema", Utf8),
        ("unique_constraint_name", Utf8),
        ("match_option", Utf8),
        ("update_rule", Utf8),
        ("delete_rule", Utf8),
    ])
}

pub(super) fn fill_referential_constraints(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for reference in references(scope)? {
        let ForeignKey { name, on_update, on_delete, full, .. } = &reference.key;
        let rule = |action: &Action| action.sql();
        rows.push([
            ("constraint_catalog", CATALOG.into()),
            ("constraint_schema", schema_of(&reference.child.name).into()),
            ("constraint_name", name.as_str().into()),
            ("unique_constraint_catalog", CATALOG.into()),
            ("unique_constraint_schema", schema_of(&reference.parent.name).into()),
            ("unique_constraint_name", reference.constraint.as_str().into()),
            ("match_option", if *full { "FULL" } else { "NONE" }.into()),
            ("update_rule", rule(on_update).into()),
            ("delete_rule", rule(on_delete).into()),
        ])?;
    }
    Ok(())
}

pub(super) fn constraint_column_usage() -> Schema {
    use DataType::Utf8;
    schema(&[
        ("table_catalog", Utf8),
        ("table_schema", Utf8),
        ("table_name", Utf8),
        ("column_name", Utf8),
        ("constraint_catalog", Utf8),
        ("constraint_schema", Utf8),
        ("constraint_name", Utf8),
    ])
}

/// The columns that constraints are about: of foreign keys, those that they refer to.
pub(super) fn fill_constraint_column_usage(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let mut push = |of: &TableDefinition, columns: &[usize], schema: &str, constraint: &str| {
        for field in columns.iter().filter_map(|column| of.schema.fields().get(*column)) {
            rows.push([
                ("table_catalog", CATALOG.into()),
                ("table_schema", schema_of(&of.name).into()),
                ("table_name", plain(&of.name).into()),
                ("column_name", field.name().as_str().into()),
                ("constraint_catalog", CATALOG.into()),
                ("constraint_schema", schema.into()),
                ("constraint_name", constraint.into()),
            ])?;
        }
        Ok::<_, datafusion::error::DataFusionError>(())
    };
    for table in scope.snapshot.tables() {
        let table = table.definition();
        let schema = schema_of(&table.name);
        for key in table.keys.iter().filter(|key| !unique::is_index(table, &key.name)) {
            push(table, &key.columns, schema, &key.name)?;
        }
        for (name, sql) in check::all(&table.properties) {
            push(table, &check::columns(sql, &table.schema), schema, name)?;
        }
    }
    for reference in references(scope)? {
        let schema = schema_of(&reference.child.name);
        push(&reference.parent, &reference.referenced, schema, &reference.key.name)?;
    }
    Ok(())
}

/// The foreign keys in `table_constraints`.
pub(super) fn fill_table_constraints(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let said = |said: bool| if said { "YES" } else { "NO" };
    for Reference { key, child, .. } in references(scope)? {
        rows.push([
            ("constraint_catalog", CATALOG.into()),
            ("constraint_schema", schema_of(&child.name).into()),
            ("constraint_name", key.name.as_str().into()),
            ("table_catalog", CATALOG.into()),
            ("table_schema", schema_of(&child.name).into()),
            ("table_name", plain(&child.name).into()),
            ("constraint_type", "FOREIGN KEY".into()),
            ("is_deferrable", said(key.deferrable).into()),
            ("initially_deferred", said(key.deferred).into()),
            ("enforced", "YES".into()),
        ])?;
    }
    Ok(())
}

/// The columns of foreign keys in `key_column_usage`.
pub(super) fn fill_key_column_usage(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for reference in references(scope)? {
        let child = &reference.child;
        let unique = reference.parent.key(&reference.constraint);
        for (place, (column, referenced)) in reference.columns.iter().zip(&reference.referenced).enumerate() {
            let Some(field) = child.schema.fields().get(*column) else { continue };
            let of_unique = unique.and_then(|key| key.columns.iter().position(|other| other == referenced));
            rows.push([
                ("constraint_catalog", CATALOG.into()),
                ("constraint_schema", schema_of(&child.name).into()),
                ("constraint_name", reference.key.name.as_str().into()),
                ("table_catalog", CATALOG.into()),
                ("table_schema", schema_of(&child.name).into()),
                ("table_name", plain(&child.name).into()),
                ("column_name", field.name().as_str().into()),
                ("ordinal_position", i32::from(number(place)).into()),
                ("position_in_unique_constraint", of_unique.map(|place| i32::from(number(place))).into()),
            ])?;
        }
    }
    Ok(())
}
