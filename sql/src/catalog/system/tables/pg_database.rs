//! `pg_database`: the one database, under the two names that it is reached by.

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;

use super::super::oid;
use super::super::owners::Owners;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::catalog::CATALOG;
use crate::privileges::Object;

/// `pg_encoding_to_char` of it is UTF8.
const UTF8: i32 = 6;
/// Texts compare byte by byte.
const COLLATION: &str = "C";

/// The library's are those of a later version.
pub(super) fn adapted(mut fields: Vec<Field>) -> Vec<Field> {
    fields.push(Field::new("datcollversion", DataType::Utf8, true));
    fields
}

/// See the module.
pub(super) fn fill(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let owners = Owners::new(scope.snapshot)?;
    for (name, oid) in [(CATALOG, oid::DATABASE), ("postgres", oid::DATABASE_AS_POSTGRES)] {
        rows.push([
            ("oid", oid.into()),
            ("datname", name.into()),
            ("datdba", oid::OWNER.into()),
            ("datacl", owners.of(&Object::Database)?.acl),
            ("encoding", UTF8.into()),
            ("datlocprovider", "c".into()),
            ("datcollate", COLLATION.into()),
            ("datctype", COLLATION.into()),
            ("datallowconn", true.into()),
            ("datconnlimit", (-1).into()),
            ("dattablespace", oid::TABLESPACE.into()),
        ])?;
    }
    Ok(())
}
