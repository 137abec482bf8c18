//! Tables and views for what there is none of here: rules, policies, publications, mappings of users. Clients read them all
//! the same.

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::error::Result;

use super::super::rows::{Rows, list_of};
use super::super::system_table::Scope;
use super::Addition;

/// See the module.
pub(super) const TABLES: &[Addition] = &[
    Addition { name: "pg_parameter_acl", schema: parameter_acl, fill: nothing },
    Addition { name: "pg_policies", schema: policies, fill: nothing },
    Addition { name: "pg_prepared_xacts", schema: prepared_transactions, fill: nothing },
    Addition { name: "pg_publication_tables", schema: publication_tables, fill: nothing },
    Addition { name: "pg_rules", schema: rules, fill: nothing },
    Addition { name: "pg_seclabels", schema: security_labels, fill: nothing },
    Addition { name: "pg_transform", schema: transforms, fill: nothing },
    Addition { name: "pg_user_mappings", schema: user_mappings, fill: nothing },
];

/// No rows.
pub(in super::super) fn nothing(_scope: &Scope<'_>, _rows: &mut Rows) -> Result<()> {
    Ok(())
}

const OID: DataType = DataType::Int32;
const TEXT: DataType = DataType::Utf8;

fn texts() -> DataType {
    list_of(TEXT)
}

fn schema<const N: usize>(columns: [(&str, DataType); N]) -> Schema {
    Schema::new(columns.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec())
}

fn parameter_acl() -> Schema {
    schema([("oid", OID), ("parname", TEXT), ("paracl", texts())])
}

fn policies() -> Schema {
    schema([
        ("schemaname", TEXT),
        ("tablename", TEXT),
        ("policyname", TEXT),
        ("permissive", TEXT),
        ("roles", texts()),
        ("cmd", TEXT),
        ("qual", TEXT),
        ("with_check", TEXT),
    ])
}

fn prepared_transactions() -> Schema {
    let moment = DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("+00:00".into()));
    schema([("transaction", OID), ("gid", TEXT), ("prepared", moment), ("owner", TEXT), ("database", TEXT)])
}

fn publication_tables() -> Schema {
    schema([
        ("pubname", TEXT),
        ("schemaname", TEXT),
        ("tablename", TEXT),
        ("attnames", texts()),
        ("rowfilter", TEXT),
    ])
}

fn rules() -> Schema {
    schema([("schemaname", TEXT), ("tablename", TEXT), ("rulename", TEXT), ("definition", TEXT)])
}

fn security_labels() -> Schema {
    schema([
        ("objoid", OID),
        ("classoid", OID),
        ("objsubid", OID),
        ("objtype", TEXT),
        ("objnamespace", OID),
        ("objname", TEXT),
        ("provider", TEXT),
        ("label", TEXT),
    ])
}

fn transforms() -> Schema {
    schema([("oid", OID), ("trftype", OID), ("trflang", OID), ("trffromsql", TEXT), ("trftosql", TEXT)])
}

fn user_mappings() -> Schema {
    schema([
        ("umid", OID),
        ("srvid", OID),
        ("srvname", TEXT),
        ("umuser", OID),
        ("usename", TEXT),
        ("umoptions", texts()),
    ])
}
