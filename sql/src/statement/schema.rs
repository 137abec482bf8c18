//! `CREATE SCHEMA`, `DROP SCHEMA`, and of `ALTER SCHEMA` the owner.

use datafusion::sql::sqlparser::ast::{AlterSchema, AlterSchemaOperation, ObjectName};
use muster_storage::{Changes, Snapshot};

use super::define::Defined;
use super::drop::{Dropping, Target};
use super::name;
use crate::catalog::namespace::SCHEMA_KIND;
use crate::catalog::relation::schema_of;
use crate::catalog::{Namespace, RelationName, SCHEMA, object};
use crate::privileges::{Object, owner};
use crate::session::StatementContext;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// # Errors
/// 42P06 for a name that is taken, 42939 for one that the system keeps.
pub(super) fn create(namespace: Namespace<'_>, name: String, if_not_exists: bool) -> Result<Defined> {
    if namespace.has_schema(&name) {
        if if_not_exists {
            return Ok(Defined::new(Changes::new(), "CREATE SCHEMA"));
        }
        return Err(Error::new(SqlState::DuplicateSchema, format!("schema \"{name}\" already exists")));
    }
    if name.starts_with("pg_") {
        return Err(Error::new(SqlState::ReservedName, format!("unacceptable schema name \"{name}\""))
            .with_detail("The prefix \"pg_\" is reserved for system schemas."));
    }
    let (changes, id) = object::number(Changes::new(), namespace.snapshot);
    let changes = changes.set_object(SCHEMA_KIND, name, Some(id.to_le_bytes().to_vec()));
    Ok(Defined::new(changes, "CREATE SCHEMA"))
}

/// # Errors
/// 3F000 for a schema that is not there, 2BP01 for one with something in it unless CASCADE, 0A000 for `public`.
pub(super) fn drop(
    namespace: Namespace<'_>,
    names: &[ObjectName],
    if_exists: bool,
    cascade: bool,
) -> Result<Changes> {
    let mut dropping = Dropping::new(namespace, cascade);
    for written in names {
        let name = schema_name(written)?;
        if !namespace.has_schema(&name) {
            if if_exists {
                continue;
            }
            return Err(Error::new(SqlState::InvalidSchemaName, format!("schema \"{name}\" does not exist")));
        }
        if namespace.snapshot.object(SCHEMA_KIND, &name).is_none() {
            return Err(if name == SCHEMA {
                Error::unsupported("DROP SCHEMA public")
            } else {
                Error::new(
                    SqlState::DependentObjectsStillExist,
                    format!("cannot drop schema {name} because it is required by the database system"),
                )
            });
        }
        dropping.add(Target::Schema(name))?;
    }
    dropping.changes()
}

/// The relations in a schema, but for indexes, which go with their tables.
pub(super) fn relations(snapshot: &Snapshot, schema: &str) -> Vec<RelationName> {
    use crate::catalog::namespace::{SEQUENCE_KIND, VIEW_KIND};
    let tables = snapshot.tables().map(|table| table.definition().name.as_str());
    let objects = [VIEW_KIND, SEQUENCE_KIND];
    let objects = objects.iter().flat_map(|kind| snapshot.objects(kind).map(|(name, _)| name));
    let of_schema = tables.chain(objects).filter(|stored| schema_of(stored) == schema);
    of_schema.map(RelationName::of_stored).collect()
}

fn schema_name(written: &ObjectName) -> Result<String> {
    match name::parts(written)? {
        (None, name) => Ok(name),
        (Some(_), _) => Err(Error::unsupported(format!("reference to another database ({written})"))),
    }
}

/// `ALTER SCHEMA ... OWNER TO`.
///
/// # Errors
/// 3F000 for a schema that is not there, 0A000 for anything else that it can say.
pub(super) fn alter(context: &StatementContext, alter: &AlterSchema) -> Result<Defined> {
    let namespace = context.namespace();
    let (_, schema) = name::parts(&alter.name)?;
    let there = namespace.has_schema(&schema);
    match alter.operations.as_slice() {
        _ if !there && alter.if_exists => {}
        _ if !there => {
            let words = format!("schema \"{schema}\" does not exist");
            return Err(Error::new(SqlState::InvalidSchemaName, words));
        }
        [AlterSchemaOperation::OwnerTo { owner }] => {
            let worked = owner::change(context, &Object::Schema(schema), owner)?;
            let defined = Defined::new(worked.changes, "ALTER SCHEMA");
            return Ok(Defined { notices: worked.notices, ..defined });
        }
        _ => return Err(Error::unsupported("ALTER SCHEMA of anything but its owner")),
    }
    Ok(Defined::new(Changes::new(), "ALTER SCHEMA"))
}
