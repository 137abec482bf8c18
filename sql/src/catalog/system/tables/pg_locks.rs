//! `pg_locks`: no statement holds or waits for a lock that another would see, so there are no rows.

use arrow::datatypes::{DataType, Field, Schema};

use super::super::rows::moment_type;
use super::{Addition, empty};

/// See the module.
pub(super) const TABLE: Addition = Addition { name: "pg_locks", schema, fill: empty::nothing };

fn schema() -> Schema {
    use DataType::{Boolean, Int16, Int32, Utf8};
    let columns = [
        ("locktype", Utf8),
        ("database", Int32),
        ("relation", Int32),
        ("page", Int32),
        ("tuple", Int16),
        ("virtualxid", Utf8),
        ("transactionid", Int32),
        ("classid", Int32),
        ("objid", Int32),
        ("objsubid", Int16),
        ("virtualtransaction", Utf8),
        ("pid", Int32),
        ("mode", Utf8),
        ("granted", Boolean),
        ("fastpath", Boolean),
        ("waitstart", moment_type()),
    ];
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec())
}
