//! `CREATE INDEX [name] ON t [USING btree | hash] (a [class] [ASC | DESC] [NULLS FIRST | LAST], ...)`.
//!
//! What it makes is a definition ([`crate::index::plain`]); the rows are indexed when they are first looked up.

use arrow::datatypes::Field;
use datafusion::sql::sqlparser::ast::{CreateIndex, Expr, IndexColumn, IndexType};
use muster_storage::{Changes, Snapshot, TableDefinition};

use super::name;
use super::unique_index::{free, index_name};
use crate::catalog::namespace::kind;
use crate::catalog::relation::{schema_of, stored};
use crate::catalog::system::class;
use crate::index::METHOD;
use crate::index::plain::{BTREE, HASH, Order, check_type, properties};
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// Access methods of PostgreSQL and pgvector that are not here.
const MISSING: [&str; 6] = ["gin", "gist", "spgist", "brin", "bloom", "ivfflat"];

/// The access method that a statement names.
///
/// # Errors
/// 0A000 for one that is not here, 42704 for one that nobody knows.
pub(super) fn method(create: &CreateIndex) -> Result<String> {
    let method = match &create.using {
        Some(IndexType::Custom(method)) => name::ident(method),
        Some(other) => other.to_string().to_lowercase(),
        None => BTREE.to_string(),
    };
    match method.as_str() {
        BTREE | HASH | METHOD => Ok(method),
        missing if MISSING.contains(&missing) => Err(Error::unsupported(format!("index method {missing}"))
            .with_hint("The methods are btree and hash, and hnsw for vectors.")),
        unknown => {
            Err(Error::new(SqlState::UndefinedObject, format!("access method \"{unknown}\" does not exist")))
        }
    }
}

/// The index's name, as storage knows it, and what makes it; `None` when it is there and IF NOT EXISTS was said.
///
/// # Errors
/// 0A000 for a partial index, an expression, a collation and what hash has not; 42703 for a column that is not there;
/// 42704 and 42804 for an operator class; 42P07 for a name that is taken.
pub(super) fn changes(
    snapshot: &Snapshot,
    definition: &TableDefinition,
    create: &CreateIndex,
    method: &str,
) -> Result<Option<(String, Changes)>> {
    refuse(create, method)?;
    let (mut columns, mut orders, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for indexed in &create.columns {
        let (position, order, class) = column(definition, indexed, method)?;
        columns.push(position);
        orders.push(order);
        classes.push(class);
    }
    let index = match &create.name {
        Some(name) => index_name(name)?,
        None => free(snapshot, definition, &columns),
    };
    let full = stored(schema_of(&definition.name), &index);
    if kind(snapshot, &full).is_some() {
        if create.if_not_exists {
            return Ok(None);
        }
        return Err(Error::new(SqlState::DuplicateTable, format!("relation \"{index}\" already exists")));
    }
    let properties = properties(&orders, &classes);
    let changes = Changes::new().create_index_over(&definition.name, &full, columns, method, properties);
    Ok(Some((full, changes)))
}

fn refuse(create: &CreateIndex, method: &str) -> Result<()> {
    let refused = [
        (!create.include.is_empty(), "INCLUDE"),
        (create.predicate.is_some(), "a partial index (WHERE)"),
        (create.nulls_distinct.is_some(), "NULLS DISTINCT in an index that is not unique"),
        (
            !create.with.is_empty() || !create.index_options.is_empty() || !create.alter_options.is_empty(),
            "index options",
        ),
    ];
    if let Some((_, what)) = refused.iter().find(|(said, _)| *said) {
        return Err(Error::unsupported(what));
    }
    let said = |is: fn(&IndexColumn) -> bool| create.columns.iter().any(is);
    let of_hash = [
        (create.unique, "unique indexes"),
        (create.columns.len() > 1, "multicolumn indexes"),
        (said(|column| column.column.options.asc.is_some()), "ASC/DESC options"),
        (said(|column| column.column.options.nulls_first.is_some()), "NULLS FIRST/LAST options"),
    ];
    match of_hash.iter().find(|(said, _)| *said && method == HASH) {
        Some((_, what)) => Err(Error::new(
            SqlState::FeatureNotSupported,
            format!("access method \"{HASH}\" does not support {what}"),
        )),
        None => Ok(()),
    }
}

/// A column's position, its order and its operator class, if that is not the type's own.
fn column(
    definition: &TableDefinition,
    indexed: &IndexColumn,
    method: &str,
) -> Result<(usize, Order, Option<String>)> {
    let ident = match &indexed.column.expr {
        Expr::Identifier(ident) => ident,
        Expr::Collate { .. } => return Err(Error::unsupported("COLLATE in an index")),
        other => return Err(Error::unsupported(format!("an index over an expression ({other})"))),
    };
    if indexed.column.with_fill.is_some() {
        return Err(Error::unsupported("WITH FILL in an index"));
    }
    let column = name::ident(ident);
    let position = definition.schema.index_of(&column).map_err(|_| {
        Error::new(SqlState::UndefinedColumn, format!("column \"{column}\" does not exist"))
            .with_column(&definition.name, &column)
    })?;
    let field = definition.schema.field(position);
    let class = indexed.operator_class.as_ref().map(|class| class.to_string().to_lowercase());
    let is_default = check_column(field, class.as_deref(), method)?;
    let options = &indexed.column.options;
    let order = Order::new(options.asc == Some(false), options.nulls_first);
    Ok((position, order, class.filter(|_| !is_default)))
}

/// Whether an index over a column has the type's own operator class.
///
/// # Errors
/// 0A000 for a type that has no such index, 42704 and 42804 for a class.
pub(super) fn check_column(field: &Field, class: Option<&str>, method: &str) -> Result<bool> {
    check_type(field)?;
    class.map_or(Ok(true), |class| class::is_default(method, class, field))
}
