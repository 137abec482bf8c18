//! `information_schema`: schemas, tables, views and sequences.

use arrow::datatypes::{DataType, Schema};
use datafusion::error::Result;

use super::super::oid;
use super::super::owners::Owners;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::information_schema::{schema, schema_name};
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::{CATALOG, Sequence, View};

pub(super) fn schemata() -> Schema {
    use DataType::Utf8;
    schema(&[
        ("catalog_name", Utf8),
        ("schema_name", Utf8),
        ("schema_owner", Utf8),
        ("default_character_set_catalog", Utf8),
        ("default_character_set_schema", Utf8),
        ("default_character_set_name", Utf8),
        ("sql_path", Utf8),
    ])
}

pub(super) fn fill_schemata(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let owners = Owners::new(scope.snapshot)?;
    for (name, _) in oid::schemas(scope.snapshot) {
        rows.push([
            ("catalog_name", CATALOG.into()),
            ("schema_name", name.as_str().into()),
            ("schema_owner", owners.of_schema(&name)?.name.as_str().into()),
        ])?;
    }
    Ok(())
}

pub(super) fn tables() -> Schema {
    use DataType::Utf8;
    schema(&[
        ("table_catalog", Utf8),
        ("table_schema", Utf8),
        ("table_name", Utf8),
        ("table_type", Utf8),
        ("self_referencing_column_name", Utf8),
        ("reference_generation", Utf8),
        ("user_defined_type_catalog", Utf8),
        ("user_defined_type_schema", Utf8),
        ("user_defined_type_name", Utf8),
        ("is_insertable_into", Utf8),
        ("is_typed", Utf8),
        ("commit_action", Utf8),
    ])
}

pub(super) fn fill_tables(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let mut push = |schema: &str, name: &str, kind: &str, insertable: bool| {
        rows.push([
            ("table_catalog", CATALOG.into()),
            ("table_schema", schema.into()),
            ("table_name", name.into()),
            ("table_type", kind.into()),
            ("is_insertable_into", if insertable { "YES" } else { "NO" }.into()),
            ("is_typed", "NO".into()),
        ])
    };
    for table in scope.snapshot.tables() {
        let table = table.definition();
        let kind = if table.temporary { "LOCAL TEMPORARY" } else { "BASE TABLE" };
        push(schema_of(&table.name), plain(&table.name), kind, true)?;
    }
    for (name, _) in View::all(scope.snapshot)? {
        push(schema_of(&name), plain(&name), "VIEW", false)?;
    }
    for relation in scope.system {
        let kind = if relation.view { "VIEW" } else { "BASE TABLE" };
        push(schema_name(relation.namespace), &relation.name, kind, false)?;
    }
    Ok(())
}

pub(super) fn views() -> Schema {
    use DataType::Utf8;
    schema(&[
        ("table_catalog", Utf8),
        ("table_schema", Utf8),
        ("table_name", Utf8),
        ("view_definition", Utf8),
        ("check_option", Utf8),
        ("is_updatable", Utf8),
        ("is_insertable_into", Utf8),
        ("is_trigger_updatable", Utf8),
        ("is_trigger_deletable", Utf8),
        ("is_trigger_insertable_into", Utf8),
    ])
}

pub(super) fn fill_views(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (name, view) in View::all(scope.snapshot)? {
        rows.push([
            ("table_catalog", CATALOG.into()),
            ("table_schema", schema_of(&name).into()),
            ("table_name", plain(&name).into()),
            ("view_definition", view.shown().as_str().into()),
            ("check_option", "NONE".into()),
            ("is_updatable", "NO".into()),
            ("is_insertable_into", "NO".into()),
            ("is_trigger_updatable", "NO".into()),
            ("is_trigger_deletable", "NO".into()),
            ("is_trigger_insertable_into", "NO".into()),
        ])?;
    }
    Ok(())
}

pub(super) fn sequences() -> Schema {
    use DataType::{Int32, Utf8};
    schema(&[
        ("sequence_catalog", Utf8),
        ("sequence_schema", Utf8),
        ("sequence_name", Utf8),
        ("data_type", Utf8),
        ("numeric_precision", Int32),
        ("numeric_precision_radix", Int32),
        ("numeric_scale", Int32),
        ("start_value", Utf8),
        ("minimum_value", Utf8),
        ("maximum_value", Utf8),
        ("increment", Utf8),
        ("cycle_option", Utf8),
    ])
}

pub(super) fn fill_sequences(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    // PostgreSQL leaves those of identity columns out.
    for (name, sequence) in
        Sequence::all(scope.snapshot)?.into_iter().filter(|(_, sequence)| !sequence.identity)
    {
        let precision = match sequence.sql_type.as_str() {
            "smallint" => 16,
            "integer" => 32,
            _ => 64,
        };
        let counting = sequence.counting;
        rows.push([
            ("sequence_catalog", CATALOG.into()),
            ("sequence_schema", schema_of(&name).into()),
            ("sequence_name", plain(&name).into()),
            ("data_type", sequence.sql_type.as_str().into()),
            ("numeric_precision", precision.into()),
            ("numeric_precision_radix", 2.into()),
            ("numeric_scale", 0.into()),
            ("start_value", sequence.start.to_string().as_str().into()),
            ("minimum_value", counting.least.to_string().as_str().into()),
            ("maximum_value", counting.most.to_string().as_str().into()),
            ("increment", counting.increment.to_string().as_str().into()),
            ("cycle_option", if counting.cycle { "YES" } else { "NO" }.into()),
        ])?;
    }
    Ok(())
}
