//! A foreign key as a statement says it, and what it comes to on the tables that are there.

use arrow::datatypes::{DataType, Field};
use datafusion::sql::sqlparser::ast::{
    ConstraintCharacteristics, ConstraintReferenceMatchKind, DeferrableInitial, ForeignKeyConstraint, Ident,
    ReferentialAction,
};
use muster_storage::{KeyConstraint, Snapshot};

use super::{Action, ForeignKey};
use crate::catalog::namespace::kind;
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::search_path::TEMPORARY;
use crate::sqlstate::SqlState;
use crate::statement::{name, on_commit};
use crate::types::type_name;
use crate::{Error, Result, column};

/// A foreign key whose table is not looked at yet.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// The constraint's name, if it is given one.
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<String>,
    clause: ForeignKeyConstraint,
}

/// The table that gets the foreign key.
pub(crate) struct Own<'a> {
    /// As storage knows it.
    pub(crate) name: &'a str,
    pub(crate) fields: &'a [Field],
    pub(crate) keys: &'a [KeyConstraint],
}

impl Wanted {
    /// Of a column, or of the columns that the clause names.
    pub(crate) fn new(
        constraint: Option<&Ident>,
        column: Option<&str>,
        clause: &ForeignKeyConstraint,
    ) -> Self {
        let named = constraint.or(clause.name.as_ref()).map(name::ident);
        let columns = match column {
            Some(column) => vec![column.to_string()],
            None => clause.columns.iter().map(name::ident).collect(),
        };
        Self { name: named, columns, clause: clause.clone() }
    }

    /// The name that PostgreSQL gives it.
    pub(crate) fn default_name(&self, table: &str) -> String {
        format!("{table}_{}_fkey", self.columns.join("_"))
    }

    /// The definition, under its name.
    ///
    /// # Errors
    /// 42P01 for no such table, 42809 for a view, 42703 for no such column, 42830 where the columns are no key, 42704
    /// for a table without a primary key where that is meant, 42804 for types that cannot be compared, 42P16 for one
    /// temporary table of the two, 0A000 for what is not there.
    pub(crate) fn resolve(&self, snapshot: &Snapshot, own: &Own<'_>, name: String) -> Result<ForeignKey> {
        let clause = &self.clause;
        if clause.index_name.is_some() {
            return Err(Error::unsupported("a name for the index of a foreign key"));
        }
        let full = match clause.match_kind {
            None | Some(ConstraintReferenceMatchKind::Simple) => false,
            Some(ConstraintReferenceMatchKind::Full) => true,
            Some(ConstraintReferenceMatchKind::Partial) => return Err(Error::unsupported("MATCH PARTIAL")),
        };
        let (deferrable, deferred) = deferrable(clause.characteristics.as_ref())?;
        let parent = name::table(&clause.foreign_table)?;
        let stored = snapshot.table(&parent).map(|table| table.definition());
        let (fields, keys): (Vec<&Field>, &[KeyConstraint]) = match stored {
            _ if parent == own.name => (own.fields.iter().collect(), own.keys),
            Some(table) => (table.schema.fields().iter().map(|field| field.as_ref()).collect(), &table.keys),
            None if kind(snapshot, &parent).is_some() => {
                let words = format!("referenced relation \"{}\" is not a table", plain(&parent));
                return Err(Error::new(SqlState::WrongObjectType, words));
            }
            None => return Err(Error::undefined_table(&parent)),
        };
        check_lifetimes(own.name, &parent)?;
        if stored.is_some_and(|table| on_commit::empties(table)) {
            return Err(Error::unsupported("a foreign key to a table with ON COMMIT DELETE ROWS"));
        }
        let own_fields: Vec<&Field> = own.fields.iter().collect();
        let columns = places(&own_fields, &self.columns)?;
        let referenced = match clause.referred_columns.as_slice() {
            [] => primary(keys, &parent)?,
            named => places(&fields, &named.iter().map(name::ident).collect::<Vec<_>>())?,
        };
        if columns.len() != referenced.len() {
            return Err(Error::new(
                SqlState::InvalidForeignKey,
                "number of referencing and referenced columns for foreign key disagree",
            ));
        }
        let repeated = |places: &[usize]| {
            places.iter().enumerate().any(|(at, place)| places.iter().skip(at + 1).any(|it| it == place))
        };
        if repeated(&referenced) {
            let words = "foreign key referenced-columns list must not contain duplicates";
            return Err(Error::new(SqlState::InvalidForeignKey, words));
        }
        let same = |key: &&KeyConstraint| {
            key.columns.len() == referenced.len()
                && referenced.iter().all(|column| key.columns.contains(column))
        };
        if !keys.iter().any(|key| same(&key)) {
            let words = format!(
                "there is no unique constraint matching given keys for referenced table \"{}\"",
                plain(&parent)
            );
            return Err(Error::new(SqlState::InvalidForeignKey, words));
        }
        let key = ForeignKey {
            columns: self.columns.clone(),
            referenced: referenced
                .iter()
                .filter_map(|place| fields.get(*place))
                .map(|field| field.name().clone())
                .collect(),
            on_update: action(clause.on_update),
            on_delete: action(clause.on_delete),
            name,
            parent,
            full,
            deferrable,
            deferred,
        };
        for (own, other) in columns.iter().zip(&referenced) {
            if let (Some(own), Some(other)) = (own_fields.get(*own), fields.get(*other)) {
                check_types(&key.name, own, other)?;
                check_generated(&key, own)?;
            }
        }
        Ok(key)
    }
}

fn deferrable(characteristics: Option<&ConstraintCharacteristics>) -> Result<(bool, bool)> {
    let Some(said) = characteristics else { return Ok((false, false)) };
    if said.enforced == Some(false) {
        return Err(Error::unsupported("NOT ENFORCED"));
    }
    let deferred = matches!(said.initially, Some(DeferrableInitial::Deferred));
    if deferred && said.deferrable == Some(false) {
        return Err(Error::new(
            SqlState::SyntaxError,
            "constraint declared INITIALLY DEFERRED must be DEFERRABLE",
        ));
    }
    Ok((deferred || said.deferrable == Some(true), deferred))
}

fn action(said: Option<ReferentialAction>) -> Action {
    match said {
        None | Some(ReferentialAction::NoAction) => Action::Nothing,
        Some(ReferentialAction::Restrict) => Action::Restrict,
        Some(ReferentialAction::Cascade) => Action::Cascade,
        Some(ReferentialAction::SetNull) => Action::SetNull,
        Some(ReferentialAction::SetDefault) => Action::SetDefault,
    }
}

/// # Errors
/// 42P16.
fn check_lifetimes(own: &str, parent: &str) -> Result<()> {
    let temporary = |table: &str| schema_of(table).starts_with(TEMPORARY);
    let words = match (temporary(own), temporary(parent)) {
        (true, false) => "constraints on temporary tables may reference only temporary tables",
        (false, true) => "constraints on permanent tables may reference only permanent tables",
        _ => return Ok(()),
    };
    Err(Error::new(SqlState::InvalidTableDefinition, words))
}

fn primary(keys: &[KeyConstraint], parent: &str) -> Result<Vec<usize>> {
    keys.iter().find(|key| key.primary).map(|key| key.columns.clone()).ok_or_else(|| {
        let words = format!("there is no primary key for referenced table \"{}\"", plain(parent));
        Error::new(SqlState::UndefinedObject, words)
    })
}

fn places(fields: &[&Field], names: &[String]) -> Result<Vec<usize>> {
    let place = |name: &String| {
        fields.iter().position(|field| field.name() == name).ok_or_else(|| {
            let words = format!("column \"{name}\" referenced in foreign key constraint does not exist");
            Error::new(SqlState::UndefinedColumn, words)
        })
    };
    names.iter().map(place).collect()
}

/// # Errors
/// 42804.
fn check_types(name: &str, own: &Field, other: &Field) -> Result<()> {
    if is_comparable(own, other) {
        return Ok(());
    }
    Err(Error::new(
        SqlState::DatatypeMismatch,
        format!("foreign key constraint \"{name}\" cannot be implemented"),
    )
    .with_detail(format!(
        "Key columns \"{}\" and \"{}\" are of incompatible types: {} and {}.",
        own.name(),
        other.name(),
        without_length(own),
        without_length(other)
    )))
}

/// PostgreSQL names types in this message without their length.
fn without_length(field: &Field) -> String {
    let name = type_name(field);
    match name.split_once('(') {
        Some((before, rest)) => {
            let after = rest.split_once(')').map_or("", |(_, after)| after);
            format!("{before}{after}")
        }
        None => name,
    }
}

/// Whether values of the one can be keys of the other, as PostgreSQL has it: they are compared as they are, or the
/// first becomes the second without being asked to.
fn is_comparable(own: &Field, other: &Field) -> bool {
    use DataType::{Date32, Decimal128, Decimal256, Float32, Float64, Int16, Int32, Int64, Timestamp, Utf8};
    let plain_text = |field: &Field| {
        field.data_type() == &Utf8
            && ["text", "character varying", "character"]
                .iter()
                .any(|known| type_name(field).split('(').next().map(str::trim) == Some(*known))
    };
    match (own.data_type(), other.data_type()) {
        (Int16 | Int32 | Int64, Int16 | Int32 | Int64)
        | (Int16 | Int32 | Int64, Decimal128(_, _) | Decimal256(_, _) | Float32 | Float64)
        | (Decimal128(_, _) | Decimal256(_, _), Decimal128(_, _) | Decimal256(_, _) | Float32 | Float64)
        | (Float32 | Float64, Float32 | Float64)
        | (Date32 | Timestamp(_, _), Date32 | Timestamp(_, _)) => true,
        (Utf8, Utf8) if plain_text(own) && plain_text(other) => true,
        (one, two) => one == two && type_name(own) == type_name(other),
    }
}

/// # Errors
/// 42601 where an action would write to a generated column.
fn check_generated(key: &ForeignKey, own: &Field) -> Result<()> {
    if column::generated(own).is_none() {
        return Ok(());
    }
    let on_delete = matches!(key.on_delete, Action::SetNull | Action::SetDefault);
    let on_update = matches!(key.on_update, Action::SetNull | Action::SetDefault | Action::Cascade);
    let event = match (on_update, on_delete) {
        (true, _) => "ON UPDATE",
        (_, true) => "ON DELETE",
        _ => return Ok(()),
    };
    let words = format!("invalid {event} action for foreign key constraint containing generated column");
    Err(Error::new(SqlState::SyntaxError, words))
}
