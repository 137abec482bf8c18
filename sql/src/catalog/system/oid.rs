//! Object ids: what a catalog row is known by.
//!
//! They are computed from what storage never changes (a table's number, an index's number, a key's
//! place in its table), so an id stays the same from statement to statement and over a restart. It
//! is not a counter and keeps no state. PostgreSQL's own objects have PostgreSQL's ids.

use muster_storage::{IndexId, Snapshot, TableId};

use crate::catalog::SCHEMA;
use crate::catalog::namespace::SCHEMA_KIND;
use crate::catalog::relation::schema_of;
use crate::catalog::search_path::TEMPORARY;
use crate::index::plain;
use crate::roles::predefined;

/// The schema `pg_catalog`.
pub(super) const PG_CATALOG: i32 = 11;
/// The schema `public`.
pub(super) const PUBLIC: i32 = 2200;
/// The schema `information_schema`, as the types and functions in it name it that PostgreSQL begins with.
pub(super) const INFORMATION_SCHEMA: i32 = 13_283;
/// The role that owns everything.
pub(super) const OWNER: i32 = 10;
/// The database.
pub(super) const DATABASE: i32 = 5;
/// The database under its second name.
pub(super) const DATABASE_AS_POSTGRES: i32 = 4;
/// The tablespace `pg_default`.
pub(super) const TABLESPACE: i32 = 1663;
/// The collation that `text` has.
pub(super) const DEFAULT_COLLATION: i32 = 100;
/// The access method `btree`.
pub(super) const BTREE: i32 = 403;
/// The access method `hash`.
pub(super) const HASH: i32 = 405;
/// The type `vector`, as drivers are told it on the wire.
pub(super) const VECTOR: i32 = 16_385;
/// The extension `vector`.
pub(super) const VECTOR_EXTENSION: i32 = 16_386;
/// The access method `hnsw`.
pub(super) const HNSW: i32 = 16_387;
/// The type `halfvec`.
pub(super) const HALFVEC: i32 = 16_388;
/// The first of the operator classes of `hnsw`.
pub(super) const VECTOR_CLASSES: i32 = 16_400;
/// The first of the operator families of `hnsw`.
pub(super) const VECTOR_FAMILIES: i32 = 16_410;
/// The first of the operators of pgvector.
pub(super) const VECTOR_OPERATORS: i32 = 16_420;
/// The first of the functions that PostgreSQL does not have.
pub(super) const OWN_FUNCTIONS: i32 = 16_500;

/// Views of `pg_catalog` have no fixed ids in PostgreSQL; here they are numbered from this one.
pub(super) const FIRST_SYSTEM_VIEW: i32 = 12_000;
/// The views of `information_schema`.
pub(super) const FIRST_INFORMATION_VIEW: i32 = 13_100;

/// Everything below came with the database.
const FIRST_USER_OBJECT: i32 = 16_384;

/// The schemas and their ids.
pub(super) const SCHEMAS: &[(&str, i32)] =
    &[("pg_catalog", PG_CATALOG), (SCHEMA, PUBLIC), ("information_schema", INFORMATION_SCHEMA)];

/// Schemas, views and sequences, tables, indexes and keys have a range each. A range is reused after so many
/// were made in the life of a database: 8 million schemas, views and sequences, 16 million tables, 32 million indexes, 4 million tables with keys, 256 keys a table.
const OBJECTS: u32 = 1 << 23;
const TABLES: u32 = 1 << 24;
const INDEXES: u32 = 1 << 25;
const KEYS: u32 = 1 << 30;
const KEYS_OF_A_TABLE: u64 = 256;
/// Columns of a table, as in PostgreSQL at most 1600.
const COLUMNS_OF_A_TABLE: u64 = 2048;

/// `number` folded into `size` ids from `first` on.
fn within(first: u32, size: u32, number: u64) -> i32 {
    let offset = u32::try_from(number % u64::from(size)).unwrap_or_default();
    i32::try_from(first.saturating_add(offset)).unwrap_or(i32::MAX)
}

/// The id of a table in `pg_class`.
pub(super) fn table(id: TableId) -> i32 {
    within(TABLES, TABLES, id.0)
}

/// The id of a schema in `pg_namespace`, of a view or sequence in `pg_class`.
pub(super) fn object(number: u64) -> i32 {
    within(OBJECTS, OBJECTS, number)
}

/// The id of a role in `pg_authid`.
pub(super) fn role(number: u64) -> i32 {
    if number == 0 { OWNER } else { predefined::oid(number).unwrap_or_else(|| object(number)) }
}

/// The id of a schema; 0 for one that is not there.
pub(super) fn schema(snapshot: &Snapshot, name: &str) -> i32 {
    if let Some((_, oid)) = SCHEMAS.iter().find(|(known, _)| *known == name) {
        return *oid;
    }
    if let Some(number) = name.strip_prefix(TEMPORARY).and_then(|rest| rest.strip_prefix('_')) {
        // From the end of the range of objects, which are far fewer.
        return number
            .parse()
            .map_or(0, |number: u64| object(u64::from(OBJECTS) - 1 - number % u64::from(OBJECTS)));
    }
    let number = snapshot.object(SCHEMA_KIND, name).and_then(|bytes| bytes.as_slice().try_into().ok());
    number.map_or(0, |bytes| object(u64::from_le_bytes(bytes)))
}

/// All schemas with their ids, those of temporary tables among them while they hold something.
pub(super) fn schemas(snapshot: &Snapshot) -> Vec<(String, i32)> {
    let made = snapshot.objects(SCHEMA_KIND).map(|(name, _)| name.to_string());
    let mut names: Vec<String> = SCHEMAS.iter().map(|(name, _)| (*name).to_string()).chain(made).collect();
    for table in snapshot.tables() {
        let name = schema_of(&table.definition().name);
        if !names.iter().any(|known| known == name) {
            names.push(name.to_string());
        }
    }
    names.into_iter().map(|name| (name.clone(), schema(snapshot, &name))).collect()
}

/// The id of an access method.
pub(super) fn method(name: &str) -> i32 {
    match name {
        plain::BTREE => BTREE,
        plain::HASH => HASH,
        _ => HNSW,
    }
}

/// The id of an index that is no key's in `pg_class`.
pub(super) fn index(id: IndexId) -> i32 {
    within(INDEXES, INDEXES, id.0)
}

/// The id of a key: of its index in `pg_class` and of its constraint in `pg_constraint`.
pub(super) fn key(table: TableId, position: usize) -> i32 {
    let position = u64::try_from(position).unwrap_or_default() % KEYS_OF_A_TABLE;
    within(KEYS, KEYS, table.0.wrapping_mul(KEYS_OF_A_TABLE).wrapping_add(position))
}

/// The id of a CHECK constraint, by its place among those of its table.
pub(super) fn check(table: TableId, position: usize) -> i32 {
    // From the end of the table's range of keys, which are far fewer.
    key(table, usize::try_from(KEYS_OF_A_TABLE - 1).unwrap_or_default().saturating_sub(position))
}

/// The id of a foreign key, by its place among those of its table.
pub(super) fn foreign_key(table: TableId, position: usize) -> i32 {
    // From the middle of the table's range of keys on, before the checks.
    key(table, usize::try_from(KEYS_OF_A_TABLE / 2).unwrap_or_default().saturating_add(position))
}

/// The id of a column's default in `pg_attrdef`.
pub(super) fn default(table: TableId, attribute: i16) -> i32 {
    let attribute = u64::try_from(attribute).unwrap_or_default();
    within(KEYS, KEYS, table.0.wrapping_mul(COLUMNS_OF_A_TABLE).wrapping_add(attribute))
}

/// PostgreSQL's own tables and their ids, which `pg_description.classoid` and clients refer to.
const SYSTEM_TABLES: &[(&str, i32)] = &[
    ("pg_aggregate", 2600),
    ("pg_am", 2601),
    ("pg_amop", 2602),
    ("pg_amproc", 2603),
    ("pg_attrdef", 2604),
    ("pg_attribute", 1249),
    ("pg_auth_members", 1261),
    ("pg_authid", 1260),
    ("pg_cast", 2605),
    ("pg_class", 1259),
    ("pg_collation", 3456),
    ("pg_constraint", 2606),
    ("pg_conversion", 2607),
    ("pg_database", 1262),
    ("pg_db_role_setting", 2964),
    ("pg_default_acl", 826),
    ("pg_depend", 2608),
    ("pg_description", 2609),
    ("pg_enum", 3501),
    ("pg_event_trigger", 3466),
    ("pg_extension", 3079),
    ("pg_foreign_data_wrapper", 2328),
    ("pg_foreign_server", 1417),
    ("pg_foreign_table", 3118),
    ("pg_index", 2610),
    ("pg_inherits", 2611),
    ("pg_init_privs", 3394),
    ("pg_language", 2612),
    ("pg_largeobject", 2613),
    ("pg_largeobject_metadata", 2995),
    ("pg_namespace", 2615),
    ("pg_opclass", 2616),
    ("pg_operator", 2617),
    ("pg_opfamily", 2753),
    ("pg_parameter_acl", 6243),
    ("pg_partitioned_table", 3350),
    ("pg_policy", 3256),
    ("pg_proc", 1255),
    ("pg_publication", 6104),
    ("pg_publication_namespace", 6237),
    ("pg_publication_rel", 6106),
    ("pg_range", 3541),
    ("pg_replication_origin", 6000),
    ("pg_rewrite", 2618),
    ("pg_seclabel", 3596),
    ("pg_sequence", 2224),
    ("pg_shdepend", 1214),
    ("pg_shdescription", 2396),
    ("pg_shseclabel", 3592),
    ("pg_statistic", 2619),
    ("pg_statistic_ext", 3381),
    ("pg_statistic_ext_data", 3429),
    ("pg_subscription", 6100),
    ("pg_subscription_rel", 6102),
    ("pg_tablespace", 1213),
    ("pg_transform", 3576),
    ("pg_trigger", 2620),
    ("pg_ts_config", 3602),
    ("pg_ts_dict", 3600),
    ("pg_ts_parser", 3601),
    ("pg_ts_template", 3764),
    ("pg_type", 1247),
    ("pg_user_mapping", 1418),
];

/// Whether an id is that of a view of `information_schema`, which no search path has.
pub(super) fn is_of_information_schema(oid: i32) -> bool {
    (FIRST_INFORMATION_VIEW..FIRST_USER_OBJECT).contains(&oid)
}

/// The name of a table of `pg_catalog`.
pub(super) fn system_table_name(oid: i32) -> Option<&'static str> {
    SYSTEM_TABLES.iter().find(|(_, known)| *known == oid).map(|(name, _)| *name)
}

/// The id of a table of `pg_catalog`; `None` for a view.
pub(super) fn system_table(name: &str) -> Option<i32> {
    SYSTEM_TABLES.iter().find(|(known, _)| *known == name).map(|(_, oid)| *oid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_different_kinds_never_meet() {
        let tables = [0, 1, u64::from(TABLES) - 1].map(|id| table(TableId(id)));
        let indexes = [0, 1, u64::from(INDEXES) - 1].map(|id| index(IndexId(id)));
        let keys = [(0, 0), (0, 1), (1, 0), ((1 << 22) - 1, 255)].map(|(id, place)| key(TableId(id), place));
        let objects = [0, 1, u64::from(OBJECTS) - 1].map(object);
        let mut all = [objects.as_slice(), &tables, &indexes, &keys].concat();
        assert!(all.iter().all(|oid| *oid >= 16_384), "{all:?}");
        all.sort_unstable();
        let count = all.len();
        all.dedup();
        assert_eq!(all.len(), count, "{all:?}");
    }

    #[test]
    fn any_number_gives_an_id() {
        assert!(table(TableId(u64::MAX)) > 0);
        assert!(index(IndexId(u64::MAX)) > 0);
        assert!(key(TableId(u64::MAX), usize::MAX) > 0);
        assert!(default(TableId(u64::MAX), i16::MAX) > 0);
    }
}
