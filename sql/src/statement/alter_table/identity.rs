//! `ALTER COLUMN ... ADD GENERATED ... AS IDENTITY`.

use datafusion::common::TableReference;
use datafusion::sql::sqlparser::ast::{DataType as SqlType, GeneratedAs, SequenceOptions};

use super::super::sequence::{self, Said};
use super::altering::Altering;
use crate::catalog::{Namespace, RelationName, object};
use crate::column::Identity;
use crate::sqlstate::SqlState;
use crate::{Error, Result, column};

/// # Errors
/// 55000 for a column that may be NULL or is generated already, 42601 for one with a default, 22023 for one that is no
/// integer.
pub(super) fn add(
    altering: &mut Altering<'_>,
    position: usize,
    generated_as: Option<&GeneratedAs>,
    options: Option<&[SequenceOptions]>,
) -> Result<()> {
    use arrow::datatypes::DataType;
    let field = altering.definition.schema.field(position).clone();
    let (name, table) = (field.name(), altering.name());
    let not_ready = |words: String| Err(Error::new(SqlState::ObjectNotInPrerequisiteState, words));
    if field.is_nullable() {
        return not_ready(format!(
            "column \"{name}\" of relation \"{table}\" must be declared NOT NULL before identity can be added"
        ));
    }
    if column::identity(&field).is_some() {
        return not_ready(format!("column \"{name}\" of relation \"{table}\" is already an identity column"));
    }
    if column::default(&field).is_some() || column::generated(&field).is_some() {
        return not_ready(format!("column \"{name}\" of relation \"{table}\" already has a default value"));
    }
    let integer = match field.data_type() {
        DataType::Int16 => SqlType::SmallInt(None),
        DataType::Int32 => SqlType::Integer(None),
        DataType::Int64 => SqlType::BigInt(None),
        _ => {
            return Err(Error::new(
                SqlState::InvalidParameterValue,
                "identity column type must be smallint, integer, or bigint",
            ));
        }
    };
    let identity = match generated_as {
        Some(GeneratedAs::Always) => Identity::Always,
        _ => Identity::ByDefault,
    };
    let mut said = Said::of(options.unwrap_or_default())?.typed(&integer)?;
    let stored = altering.stored();
    said.owner = Some(Some((stored.clone(), name.clone())));
    let context = altering.context;
    let table = RelationName::of_stored(&stored);
    let sequence_name = match said.name.take() {
        Some(written) => named(context.namespace(), &table, &written)?,
        None => sequence::name_for(context.namespace(), &table, name),
    };
    let made = sequence::new(&said, object::next(&context.snapshot), true)?;
    altering.make_sequence(sequence_name.stored(), made)?;
    let default = crate::sequence::default_of(&sequence_name);
    let field = column::with_identity(column::with_default(field, &default), identity);
    altering.set_field(position, field);
    Ok(())
}

/// The name that SEQUENCE NAME gives.
///
/// # Errors
/// 55000 for another schema than the table's, 42P07 for a name that is taken.
fn named(namespace: Namespace<'_>, table: &RelationName, written: &str) -> Result<RelationName> {
    let reference = TableReference::parse_str(written);
    let schema = reference.schema().map_or(table.schema.as_str(), |schema| namespace.path.schema(schema));
    if schema != table.schema {
        let words = "sequence must be in same schema as table it is linked to";
        return Err(Error::new(SqlState::ObjectNotInPrerequisiteState, words));
    }
    let name = RelationName::new(schema, reference.table());
    namespace.check_free(&name)?;
    Ok(name)
}
