//! What PostgreSQL would get from `CREATE EXTENSION vector` and is built in here: the extension itself,
//! its type, its access method, its operator classes.

use arrow::datatypes::Field;
use datafusion::error::Result;

use super::super::rows::Rows;
use super::super::system_table::Scope;
use super::super::{comments, oid};

/// The operator classes of hnsw; the first is the default.
const CLASSES: &[&str] = &["vector_cosine_ops", "vector_l2_ops", "vector_ip_ops", "vector_l1_ops"];

/// The id of an operator class; 0 for one that nobody knows.
pub(super) fn class_of(name: &str) -> i32 {
    numbered(oid::VECTOR_CLASSES).find(|(_, class)| *class == name).map_or(0, |(oid, _)| oid)
}

fn numbered(first: i32) -> impl Iterator<Item = (i32, &'static str)> {
    (first..).zip(CLASSES.iter().copied())
}

/// `pg_extension`. The version is Muster's: it is Muster's own `vector`, not pgvector's.
pub(super) fn fill_extensions(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    rows.push([
        ("oid", oid::VECTOR_EXTENSION.into()),
        ("extname", "vector".into()),
        ("extowner", oid::OWNER.into()),
        ("extnamespace", oid::PUBLIC.into()),
        ("extversion", env!("CARGO_PKG_VERSION").into()),
    ])
}

/// `pg_description`: comments, after what PostgreSQL has to say of its own.
pub(super) fn fill_descriptions(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for comment in comments::all(scope.snapshot)? {
        rows.push([
            ("objoid", comment.object.into()),
            ("classoid", oid::system_table(comment.class).unwrap_or_default().into()),
            ("objsubid", comment.column.into()),
            ("description", comment.text.as_str().into()),
        ])?;
    }
    rows.push([
        ("objoid", oid::VECTOR_EXTENSION.into()),
        ("classoid", oid::system_table("pg_extension").unwrap_or_default().into()),
        ("description", "vector data type and hnsw access method".into()),
    ])
}

/// `pg_am`.
pub(super) fn fill_methods(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    rows.push([("oid", oid::HNSW.into()), ("amname", "hnsw".into()), ("amtype", "i".into())])
}

/// `pg_opclass`.
pub(super) fn fill_classes(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let families = numbered(oid::VECTOR_FAMILIES);
    for ((position, (oid, name)), (family, _)) in numbered(oid::VECTOR_CLASSES).enumerate().zip(families) {
        rows.push([
            ("oid", oid.into()),
            ("opcmethod", oid::HNSW.into()),
            ("opcname", name.into()),
            ("opcnamespace", oid::PUBLIC.into()),
            ("opcowner", oid::OWNER.into()),
            ("opcfamily", family.into()),
            ("opcintype", oid::VECTOR.into()),
            ("opcdefault", (position == 0).into()),
        ])?;
    }
    Ok(())
}

/// `pg_opfamily`.
pub(super) fn fill_families(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (oid, name) in numbered(oid::VECTOR_FAMILIES) {
        rows.push([
            ("oid", oid.into()),
            ("opfmethod", oid::HNSW.into()),
            ("opfname", name.into()),
            ("opfnamespace", oid::PUBLIC.into()),
            ("opfowner", oid::OWNER.into()),
        ])?;
    }
    Ok(())
}

/// Drivers read `typtype` in binary, as PostgreSQL's one-byte `"char"`.
pub(super) fn adapted_types(fields: Vec<Field>) -> Vec<Field> {
    let change = |field: Field| {
        if field.name() != "typtype" {
            return field;
        }
        let mut metadata = field.metadata().clone();
        metadata.insert("pg.char".to_string(), "char".to_string());
        field.with_metadata(metadata)
    };
    fields.into_iter().map(change).collect()
}

/// `pg_type`.
pub(super) fn fill_types(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let none = "-";
    rows.push([
        ("oid", oid::VECTOR.into()),
        ("typname", "vector".into()),
        ("typnamespace", oid::PUBLIC.into()),
        ("typowner", oid::OWNER.into()),
        ("typlen", (-1_i16).into()),
        ("typtype", "b".into()),
        ("typcategory", "U".into()),
        ("typisdefined", true.into()),
        ("typdelim", ",".into()),
        ("typsubscript", none.into()),
        ("typinput", "vector_in".into()),
        ("typoutput", "vector_out".into()),
        ("typreceive", "vector_recv".into()),
        ("typsend", "vector_send".into()),
        ("typmodin", "vector_typmod_in".into()),
        ("typmodout", none.into()),
        ("typanalyze", none.into()),
        ("typalign", "i".into()),
        ("typstorage", "e".into()),
        ("typtypmod", (-1).into()),
    ])
}
