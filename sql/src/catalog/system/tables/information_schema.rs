//! `information_schema`: columns and constraints, with SQL's names for types.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::column_type::ColumnType;
use super::super::functions::type_text;
use super::super::rows::{Rows, text};
use super::super::system_table::Scope;
use super::super::{definition, oid};
use super::{Addition, foreign_keys, number, relations, table_privileges};
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::{CATALOG, SCHEMA, View};
use crate::check_constraint as check;
use crate::column::{self, Identity};
use crate::index::unique;

/// See the module.
pub(super) const TABLES: &[Addition] = &[
    Addition { name: "columns", schema: columns, fill: fill_columns },
    Addition { name: "schemata", schema: relations::schemata, fill: relations::fill_schemata },
    Addition { name: "tables", schema: relations::tables, fill: relations::fill_tables },
    Addition { name: "views", schema: relations::views, fill: relations::fill_views },
    Addition { name: "sequences", schema: relations::sequences, fill: relations::fill_sequences },
    Addition {
        name: "table_privileges",
        schema: table_privileges::columns,
        fill: table_privileges::fill_privileges,
    },
    Addition {
        name: "role_table_grants",
        schema: table_privileges::columns,
        fill: table_privileges::fill_grants,
    },
    Addition { name: "table_constraints", schema: table_constraints, fill: fill_table_constraints },
    Addition { name: "check_constraints", schema: check_constraints, fill: fill_check_constraints },
    Addition { name: "key_column_usage", schema: key_column_usage, fill: fill_key_column_usage },
    Addition {
        name: "referential_constraints",
        schema: foreign_keys::referential_constraints,
        fill: foreign_keys::fill_referential_constraints,
    },
    Addition {
        name: "constraint_column_usage",
        schema: foreign_keys::constraint_column_usage,
        fill: foreign_keys::fill_constraint_column_usage,
    },
];

/// Bytes of the longest text, as PostgreSQL tells it.
const MOST_BYTES: i32 = 1 << 30;
/// Bytes of the longest character in UTF-8.
const BYTES_OF_A_CHARACTER: i32 = 4;

pub(super) fn schema(columns: &[(&str, DataType)]) -> Schema {
    Schema::new(
        columns
            .iter()
            .map(|(name, data_type)| Field::new(*name, data_type.clone(), true))
            .collect::<Vec<_>>(),
    )
}

fn columns() -> Schema {
    use DataType::{Int32, Utf8};
    schema(&[
        ("table_catalog", Utf8),
        ("table_schema", Utf8),
        ("table_name", Utf8),
        ("column_name", Utf8),
        ("ordinal_position", Int32),
        ("column_default", Utf8),
        ("is_nullable", Utf8),
        ("data_type", Utf8),
        ("character_maximum_length", Int32),
        ("character_octet_length", Int32),
        ("numeric_precision", Int32),
        ("numeric_precision_radix", Int32),
        ("numeric_scale", Int32),
        ("datetime_precision", Int32),
        ("interval_type", Utf8),
        ("interval_precision", Int32),
        ("character_set_catalog", Utf8),
        ("character_set_schema", Utf8),
        ("character_set_name", Utf8),
        ("collation_catalog", Utf8),
        ("collation_schema", Utf8),
        ("collation_name", Utf8),
        ("domain_catalog", Utf8),
        ("domain_schema", Utf8),
        ("domain_name", Utf8),
        ("udt_catalog", Utf8),
        ("udt_schema", Utf8),
        ("udt_name", Utf8),
        ("scope_catalog", Utf8),
        ("scope_schema", Utf8),
        ("scope_name", Utf8),
        ("maximum_cardinality", Int32),
        ("dtd_identifier", Utf8),
        ("is_self_referencing", Utf8),
        ("is_identity", Utf8),
        ("identity_generation", Utf8),
        ("identity_start", Utf8),
        ("identity_increment", Utf8),
        ("identity_maximum", Utf8),
        ("identity_minimum", Utf8),
        ("identity_cycle", Utf8),
        ("is_generated", Utf8),
        ("generation_expression", Utf8),
        ("is_updatable", Utf8),
    ])
}

fn fill_columns(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for (position, field) in table.schema.fields().iter().enumerate() {
            push_column(rows, schema_of(&table.name), plain(&table.name), position, field)?;
        }
    }
    for (name, view) in View::all(scope.snapshot)? {
        for (position, field) in view.columns.fields().iter().enumerate() {
            push_column(rows, schema_of(&name), plain(&name), position, field)?;
        }
    }
    for relation in scope.system {
        let schema = schema_name(relation.namespace);
        for (position, field) in relation.schema.fields().iter().enumerate() {
            push_column(rows, schema, &relation.name, position, field)?;
        }
    }
    Ok(())
}

fn is_system(schema: &str) -> bool {
    ["pg_catalog", "information_schema"].contains(&schema)
}

pub(super) fn schema_name(namespace: i32) -> &'static str {
    if namespace == oid::INFORMATION_SCHEMA { "information_schema" } else { "pg_catalog" }
}

fn push_column(rows: &mut Rows, schema: &str, table: &str, position: usize, field: &Field) -> Result<()> {
    let of = ColumnType::of(field);
    let is = |yes: bool| if yes { "YES" } else { "NO" };
    let data_type = match (of.array, of.oid) {
        (true, _) => "ARRAY".to_string(),
        (false, oid::VECTOR | oid::HALFVEC) => "USER-DEFINED".to_string(),
        (false, type_oid) => type_text(type_oid, -1)?,
    };
    let octets = match of.characters() {
        Some(characters) => Some(characters.saturating_mul(BYTES_OF_A_CHARACTER)),
        None => (of.name == "text" && !of.array).then_some(MOST_BYTES),
    };
    let (precision, radix, scale) = numeric(&of);
    let date_precision = match of.name {
        _ if of.array => None,
        "date" => Some(0),
        "time" | "timestamp" | "timestamptz" | "interval" => Some(6),
        _ => None,
    };
    let generated = column::generated(field);
    let identity = column::identity(field).map(|identity| match identity {
        Identity::Always => "ALWAYS",
        Identity::ByDefault => "BY DEFAULT",
    });
    let default = if identity.is_some() { None } else { definition::default(field)? };
    let udt_name = if of.array { format!("_{}", of.name) } else { of.name.to_string() };
    let udt_schema = if [oid::VECTOR, oid::HALFVEC].contains(&of.oid) { SCHEMA } else { "pg_catalog" };
    rows.push([
        ("table_catalog", CATALOG.into()),
        ("table_schema", schema.into()),
        ("table_name", table.into()),
        ("column_name", field.name().as_str().into()),
        ("ordinal_position", i32::from(number(position)).into()),
        ("column_default", text(default.as_deref())),
        ("is_nullable", is(field.is_nullable()).into()),
        ("data_type", data_type.as_str().into()),
        ("character_maximum_length", ScalarValue::Int32(of.characters())),
        ("character_octet_length", ScalarValue::Int32(octets)),
        ("numeric_precision", ScalarValue::Int32(precision)),
        ("numeric_precision_radix", ScalarValue::Int32(radix)),
        ("numeric_scale", ScalarValue::Int32(scale)),
        ("datetime_precision", ScalarValue::Int32(date_precision)),
        ("udt_catalog", CATALOG.into()),
        ("udt_schema", udt_schema.into()),
        ("udt_name", udt_name.as_str().into()),
        ("dtd_identifier", number(position).to_string().as_str().into()),
        ("is_self_referencing", is(false).into()),
        ("is_identity", is(identity.is_some()).into()),
        ("identity_generation", text(identity)),
        ("identity_cycle", is(false).into()),
        ("is_generated", if generated.is_some() { "ALWAYS" } else { "NEVER" }.into()),
        ("generation_expression", text(generated)),
        ("is_updatable", is(!is_system(schema)).into()),
    ])
}

/// Precision, radix and scale.
fn numeric(of: &ColumnType) -> (Option<i32>, Option<i32>, Option<i32>) {
    if of.array {
        return (None, None, None);
    }
    match of.name {
        "int2" => (Some(16), Some(2), Some(0)),
        "int4" => (Some(32), Some(2), Some(0)),
        "int8" => (Some(64), Some(2), Some(0)),
        "float4" => (Some(24), Some(2), None),
        "float8" => (Some(53), Some(2), None),
        "numeric" => match of.digits() {
            Some((precision, scale)) => (Some(precision), Some(10), Some(scale)),
            None => (None, Some(10), None),
        },
        _ => (None, None, None),
    }
}

fn table_constraints() -> Schema {
    use DataType::Utf8;
    schema(&[
        ("constraint_catalog", Utf8),
        ("constraint_schema", Utf8),
        ("constraint_name", Utf8),
        ("table_catalog", Utf8),
        ("table_schema", Utf8),
        ("table_name", Utf8),
        ("constraint_type", Utf8),
        ("is_deferrable", Utf8),
        ("initially_deferred", Utf8),
        ("enforced", Utf8),
        ("nulls_distinct", Utf8),
    ])
}

fn fill_table_constraints(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for key in table.keys.iter().filter(|key| !unique::is_index(table, &key.name)) {
            let distinct = if key.nulls_distinct { "YES" } else { "NO" };
            rows.push([
                ("constraint_catalog", CATALOG.into()),
                ("constraint_schema", schema_of(&table.name).into()),
                ("constraint_name", key.name.as_str().into()),
                ("table_catalog", CATALOG.into()),
                ("table_schema", schema_of(&table.name).into()),
                ("table_name", plain(&table.name).into()),
                ("constraint_type", if key.primary { "PRIMARY KEY" } else { "UNIQUE" }.into()),
                ("is_deferrable", "NO".into()),
                ("initially_deferred", "NO".into()),
                ("enforced", "YES".into()),
                ("nulls_distinct", text((!key.primary).then_some(distinct))),
            ])?;
        }
        for (name, _) in check::all(&table.properties) {
            rows.push([
                ("constraint_catalog", CATALOG.into()),
                ("constraint_schema", schema_of(&table.name).into()),
                ("constraint_name", name.into()),
                ("table_catalog", CATALOG.into()),
                ("table_schema", schema_of(&table.name).into()),
                ("table_name", plain(&table.name).into()),
                ("constraint_type", "CHECK".into()),
                ("is_deferrable", "NO".into()),
                ("initially_deferred", "NO".into()),
                ("enforced", "YES".into()),
            ])?;
        }
    }
    foreign_keys::fill_table_constraints(scope, rows)
}

fn check_constraints() -> Schema {
    use DataType::Utf8;
    schema(&[
        ("constraint_catalog", Utf8),
        ("constraint_schema", Utf8),
        ("constraint_name", Utf8),
        ("check_clause", Utf8),
    ])
}

fn fill_check_constraints(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for (name, sql) in check::all(&table.properties) {
            rows.push([
                ("constraint_catalog", CATALOG.into()),
                ("constraint_schema", schema_of(&table.name).into()),
                ("constraint_name", name.into()),
                ("check_clause", format!("({sql})").as_str().into()),
            ])?;
        }
    }
    Ok(())
}

fn key_column_usage() -> Schema {
    use DataType::{Int32, Utf8};
    schema(&[
        ("constraint_catalog", Utf8),
        ("constraint_schema", Utf8),
        ("constraint_name", Utf8),
        ("table_catalog", Utf8),
        ("table_schema", Utf8),
        ("table_name", Utf8),
        ("column_name", Utf8),
        ("ordinal_position", Int32),
        ("position_in_unique_constraint", Int32),
    ])
}

fn fill_key_column_usage(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for table in scope.snapshot.tables() {
        let table = table.definition();
        for key in table.keys.iter().filter(|key| !unique::is_index(table, &key.name)) {
            let fields = key.columns.iter().filter_map(|column| table.schema.fields().get(*column));
            for (position, field) in fields.enumerate() {
                rows.push([
                    ("constraint_catalog", CATALOG.into()),
                    ("constraint_schema", schema_of(&table.name).into()),
                    ("constraint_name", key.name.as_str().into()),
                    ("table_catalog", CATALOG.into()),
                    ("table_schema", schema_of(&table.name).into()),
                    ("table_name", plain(&table.name).into()),
                    ("column_name", field.name().as_str().into()),
                    ("ordinal_position", i32::from(number(position)).into()),
                ])?;
            }
        }
    }
    foreign_keys::fill_key_column_usage(scope, rows)
}
