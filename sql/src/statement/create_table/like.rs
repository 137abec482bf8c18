//! `CREATE TABLE t (LIKE other [INCLUDING DEFAULTS])`: the other table's columns with their types and NOT NULL, and
//! their defaults where the statement says so. Keys, CHECKs, indexes and generation stay behind, as in PostgreSQL.

use arrow::datatypes::Field;
use datafusion::sql::sqlparser::ast::{CreateTableLikeDefaults, CreateTableLikeKind};
use muster_storage::Snapshot;

use super::super::name;
use crate::{Error, Result, column};

/// The columns.
///
/// # Errors
/// 42P01 for a table that is not there; 0A000 for LIKE without parentheses, which is no SQL of PostgreSQL's.
pub(super) fn columns(snapshot: &Snapshot, like: &CreateTableLikeKind) -> Result<Vec<Field>> {
    let CreateTableLikeKind::Parenthesized(like) = like else {
        return Err(Error::unsupported("CREATE TABLE LIKE without parentheses"));
    };
    let other = name::table(&like.name)?;
    let table = snapshot.table(&other).ok_or_else(|| Error::undefined_table(&other))?;
    let defaults = matches!(like.defaults, Some(CreateTableLikeDefaults::Including));
    let fields = table.definition().schema.fields().iter().map(|field| {
        let bare = column::type_only(field, field.name()).with_nullable(field.is_nullable());
        match column::default(field) {
            Some(default) if defaults => column::with_default(bare, default),
            _ => bare,
        }
    });
    Ok(fields.collect())
}
