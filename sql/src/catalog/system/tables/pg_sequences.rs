//! `pg_sequence` and `pg_sequences`: how sequences count, and how far they are. `muster_sequences`: what a sequence holds that is
//! read as a table, by its id.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use super::super::oid;
use super::super::owners::Owners;
use super::super::rows::Rows;
use super::super::system_table::Scope;
use crate::catalog::relation::{plain, schema_of};
use crate::catalog::{RelationKind, Sequence};
use crate::privileges::{Object, Privilege, Privileges};

/// The columns of `pg_sequences`.
pub(super) fn schema() -> Schema {
    use DataType::{Boolean, Int64, Utf8};
    let columns = [
        ("schemaname", Utf8),
        ("sequencename", Utf8),
        ("sequenceowner", Utf8),
        ("data_type", Utf8),
        ("start_value", Int64),
        ("min_value", Int64),
        ("max_value", Int64),
        ("increment_by", Int64),
        ("cycle", Boolean),
        ("cache_size", Int64),
        ("last_value", Int64),
    ];
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec())
}

/// `pg_sequences`.
pub(super) fn fill_sequences(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    let (owners, rights) = (Owners::new(scope.snapshot)?, scope.statement.rights()?);
    for (name, sequence) in Sequence::all(scope.snapshot)? {
        // How far it is, whoever may neither draw from it nor look is not told.
        let object = Object::Relation(RelationKind::Sequence, name.clone());
        let told = match &rights {
            Some(rights) => !rights
                .allowed(&object)?
                .and(Privileges::of(&[Privilege::Select, Privilege::Usage]))
                .is_empty(),
            None => true,
        };
        let last = if told { scope.sequences.last(&sequence)? } else { None };
        rows.push([
            ("schemaname", schema_of(&name).into()),
            ("sequencename", plain(&name).into()),
            ("sequenceowner", owners.of(&object)?.name.as_str().into()),
            ("data_type", sequence.sql_type.as_str().into()),
            ("start_value", sequence.start.into()),
            ("min_value", sequence.counting.least.into()),
            ("max_value", sequence.counting.most.into()),
            ("increment_by", sequence.counting.increment.into()),
            ("cycle", sequence.counting.cycle.into()),
            ("cache_size", sequence.cache.into()),
            ("last_value", ScalarValue::Int64(last)),
        ])?;
    }
    Ok(())
}

/// `pg_sequence`.
pub(super) fn fill_sequence(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (_, sequence) in Sequence::all(scope.snapshot)? {
        let type_oid = match sequence.sql_type.as_str() {
            "smallint" => 21,
            "integer" => 23,
            _ => 20,
        };
        rows.push([
            ("seqrelid", oid::object(sequence.id).into()),
            ("seqtypid", type_oid.into()),
            ("seqstart", sequence.start.into()),
            ("seqincrement", sequence.counting.increment.into()),
            ("seqmax", sequence.counting.most.into()),
            ("seqmin", sequence.counting.least.into()),
            ("seqcache", sequence.cache.into()),
            ("seqcycle", sequence.counting.cycle.into()),
        ])?;
    }
    Ok(())
}

/// The columns of `muster_sequences`.
pub(super) fn states() -> Schema {
    use DataType::{Boolean, Int32, Int64};
    let columns = [("sequence", Int32), ("last_value", Int64), ("log_cnt", Int64), ("is_called", Boolean)];
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, false)).to_vec())
}

/// `muster_sequences`.
pub(super) fn fill_states(scope: &Scope<'_>, rows: &mut Rows) -> Result<()> {
    for (_, sequence) in Sequence::all(scope.snapshot)? {
        let (value, called) = scope.sequences.standing(&sequence)?;
        rows.push([
            ("sequence", oid::object(sequence.id).into()),
            ("last_value", value.into()),
            ("log_cnt", 0_i64.into()),
            ("is_called", called.into()),
        ])?;
    }
    Ok(())
}
