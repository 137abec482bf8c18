//! What PostgreSQL would get from `CREATE EXTENSION vector` and is built in here: the extension itself,
//! its type, its access method, its operator classes.

use arrow::datatypes::Field;
use datafusion::error::Result;

use super::super::rows::{Rows, oids, texts};
use super::super::system_table::Scope;
use super::super::{comments, oid};
use super::pg_proc;
use crate::catalog::comment::EXTENSION;
use crate::catalog::{Sequence, View};
use crate::export::unaltered_builtins;

/// The operator classes of hnsw and the types that they are of; the first of a type is its default.
const CLASSES: &[(&str, i32)] = &[
    ("vector_cosine_ops", oid::VECTOR),
    ("vector_l2_ops", oid::VECTOR),
    ("vector_ip_ops", oid::VECTOR),
    ("vector_l1_ops", oid::VECTOR),
    ("halfvec_cosine_ops", oid::HALFVEC),
    ("halfvec_l2_ops", oid::HALFVEC),
    ("halfvec_ip_ops", oid::HALFVEC),
    ("halfvec_l1_ops", oid::HALFVEC),
];

/// pgvector's operators: what they are called, what computes them, whether they give a distance, a vector or a truth.
const OPERATORS: &[(&str, &str, Gives)] = &[
    ("<->", "l2_distance", Gives::Distance),
    ("<#>", "vector_negative_inner_product", Gives::Distance),
    ("<=>", "cosine_distance", Gives::Distance),
    ("<+>", "l1_distance", Gives::Distance),
    ("+", "vector_add", Gives::Vector),
    ("-", "vector_sub", Gives::Vector),
    ("*", "vector_mul", Gives::Vector),
    ("||", "vector_concat", Gives::Vector),
    ("<", "vector_lt", Gives::Truth),
    ("<=", "vector_le", Gives::Truth),
    ("=", "vector_eq", Gives::Truth),
    ("<>", "vector_ne", Gives::Truth),
    (">=", "vector_ge", Gives::Truth),
    (">", "vector_gt", Gives::Truth),
];

/// What an operator gives.
#[derive(Clone, Copy)]
enum Gives {
    Distance,
    Vector,
    Truth,
}

/// The id of an operator class; 0 for one that nobody knows.
pub(super) fn class_of(name: &str) -> i32 {
    numbered(oid::VECTOR_CLASSES).find(|(_, class)| *class == name).map_or(0, |(oid, _)| oid)
}

fn numbered(first: i32) -> impl Iterator<Item = (i32, &'static str)> {
    (first..).zip(CLASSES.iter().map(|(name, _)| *name))
}

/// What comes with it, by catalog and id: pg_dump writes none of it. The built-in tables are among it while nobody has altered
/// them.
pub(super) fn members(scope: &Scope<'_>) -> Result<Vec<(&'static str, i32)>> {
    let mut members = vec![("pg_type", oid::VECTOR), ("pg_type", oid::HALFVEC), ("pg_am", oid::HNSW)];
    members.extend(numbered(oid::VECTOR_CLASSES).map(|(oid, _)| ("pg_opclass", oid)));
    members.extend(numbered(oid::VECTOR_FAMILIES).map(|(oid, _)| ("pg_opfamily", oid)));
    members.extend((oid::VECTOR_OPERATORS..).take(2 * OPERATORS.len()).map(|oid| ("pg_operator", oid)));
    members.extend(pg_proc::oids().map(|oid| ("pg_proc", oid)));
    members.extend(builtins(scope)?.into_iter().map(|(oid, _)| ("pg_class", oid)));
    Ok(members)
}

/// The built-in relations that nobody has altered, and whether they hold something.
fn builtins(scope: &Scope<'_>) -> Result<Vec<(i32, bool)>> {
    let mut found = Vec::new();
    for name in unaltered_builtins(&scope.statement.database, scope.snapshot)? {
        match scope.snapshot.table(&name) {
            Some(table) => {
                found.push((oid::table(table.definition().id), true));
                let owned = Sequence::owned(scope.snapshot, &name, None)?.into_iter();
                found.extend(owned.map(|(_, sequence)| (oid::object(sequence.id), true)));
            }
            None => {
                found.extend(View::find(scope.snapshot, &name)?.map(|view| (oid::object(view.id), false)))
            }
        }
    }
    Ok(found)
}

/// `pg_extension`. The version is Muster's: it is Muster's own `vector`, not pgvector's.
pub(super) fn fill_extensions(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    // What people put into the built-in tables is theirs.
    let filled: Vec<i32> =
        builtins(scope)?.into_iter().filter(|(_, holds)| *holds).map(|(oid, _)| oid).collect();
    let conditions = vec![String::new(); filled.len()];
    rows.push([
        ("extconfig", oids(filled)),
        ("extcondition", texts(&conditions)),
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
        ("description", EXTENSION.into()),
    ])
}

/// `pg_am`.
pub(super) fn fill_methods(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    rows.push([("oid", oid::HNSW.into()), ("amname", "hnsw".into()), ("amtype", "i".into())])
}

/// `pg_opclass`.
pub(super) fn fill_classes(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let families = numbered(oid::VECTOR_FAMILIES);
    for (((oid, name), (family, _)), (_, of)) in numbered(oid::VECTOR_CLASSES).zip(families).zip(CLASSES) {
        rows.push([
            ("oid", oid.into()),
            ("opcmethod", oid::HNSW.into()),
            ("opcname", name.into()),
            ("opcnamespace", oid::PUBLIC.into()),
            ("opcowner", oid::OWNER.into()),
            ("opcfamily", family.into()),
            ("opcintype", (*of).into()),
            ("opcdefault", name.ends_with("_cosine_ops").into()),
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

/// `pg_operator`: pgvector's.
/// The function that an operator has for a type of vectors.
fn function_of(kind: i32, function: &str) -> String {
    match kind {
        oid::HALFVEC => function.replacen("vector_", "halfvec_", 1),
        _ => function.to_string(),
    }
}

/// Whether a function of this name is behind an operator of vectors.
pub(in super::super) fn is_behind_an_operator(name: &str) -> bool {
    let kinds = [oid::VECTOR, oid::HALFVEC];
    OPERATORS.iter().any(|(_, function, _)| kinds.iter().any(|kind| function_of(*kind, function) == name))
}

pub(super) fn fill_operators(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    const FLOAT8: i32 = 701;
    const BOOLEAN: i32 = 16;
    let kinds = [oid::VECTOR, oid::HALFVEC];
    let all = kinds.into_iter().flat_map(|kind| OPERATORS.iter().map(move |operator| (kind, operator)));
    for (oid, (kind, (name, function, gives))) in (oid::VECTOR_OPERATORS..).zip(all) {
        let result = match gives {
            Gives::Distance => FLOAT8,
            Gives::Vector => kind,
            Gives::Truth => BOOLEAN,
        };
        let function = function_of(kind, function);
        rows.push([
            ("oid", oid.into()),
            ("oprname", (*name).into()),
            ("oprnamespace", oid::PUBLIC.into()),
            ("oprowner", oid::OWNER.into()),
            ("oprkind", "b".into()),
            ("oprcanmerge", false.into()),
            ("oprcanhash", false.into()),
            ("oprleft", kind.into()),
            ("oprright", kind.into()),
            ("oprresult", result.into()),
            ("oprcode", function.as_str().into()),
        ])?;
    }
    Ok(())
}

/// `pg_type`.
pub(super) fn fill_types(_scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let none = "-";
    for (oid, name) in [(oid::VECTOR, "vector"), (oid::HALFVEC, "halfvec")] {
        let function = |what: &str| format!("{name}_{what}");
        rows.push([
            ("oid", oid.into()),
            ("typname", name.into()),
            ("typnamespace", oid::PUBLIC.into()),
            ("typowner", oid::OWNER.into()),
            ("typlen", (-1_i16).into()),
            ("typtype", "b".into()),
            ("typcategory", "U".into()),
            ("typisdefined", true.into()),
            ("typdelim", ",".into()),
            ("typsubscript", none.into()),
            ("typinput", function("in").as_str().into()),
            ("typoutput", function("out").as_str().into()),
            ("typreceive", function("recv").as_str().into()),
            ("typsend", function("send").as_str().into()),
            ("typmodin", function("typmod_in").as_str().into()),
            ("typmodout", none.into()),
            ("typanalyze", none.into()),
            ("typalign", "i".into()),
            ("typstorage", "e".into()),
            ("typtypmod", (-1).into()),
        ])?;
    }
    Ok(())
}
