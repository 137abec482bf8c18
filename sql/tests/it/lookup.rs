//! Rows found by a key are those that a scan finds.

use muster::blocking::{Database, Session};
use proptest::collection::vec;
use proptest::prelude::*;

/// Types that a key may have, with literals of theirs, some of them of another type.
pub(crate) const KEYS: [(&str, &[&str]); 9] = [
    ("int", &["1", "2", "-5", "2.0", "2.5", "'1'", "3000000000", "NULL", "1::smallint", "1::bigint"]),
    ("bigint", &["1", "2", "9223372036854775807", "2.5", "1.0", "NULL", "1::int"]),
    ("smallint", &["1", "2", "40000", "NULL", "1::bigint"]),
    ("text", &["'a'", "'A'", "''", "'ä'", "'a '", "NULL"]),
    ("varchar(5)", &["'a'", "'A'", "'abcdef'", "NULL"]),
    ("numeric(6,2)", &["1", "1.00", "1.50", "1.505", "2", "NULL"]),
    ("float8", &["0", "'-0'::float8", "1.5", "'NaN'::float8", "1::int", "NULL"]),
    ("uuid", &["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12'", "NULL"]),
    ("date", &["'2026-01-01'", "'2026-01-02'", "NULL"]),
];

pub(crate) fn ids(session: &Session, sql: &str) -> Result<Vec<i64>, &'static str> {
    let result = session.query(sql, &[]).map_err(|error| error.sqlstate())?;
    let mut ids = Vec::new();
    for batch in result.batches() {
        let column = batch.column(0);
        let values = column.as_any().downcast_ref::<muster::arrow::array::Int32Array>().unwrap();
        ids.extend(values.values().iter().map(|id| i64::from(*id)));
    }
    ids.sort_unstable();
    Ok(ids)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_lookup_finds_what_a_scan_finds(
        kind in 0..KEYS.len(),
        stored in vec((0..10_usize, 0..2_i32), 0..12),
        looked in vec(0..10_usize, 1..6),
        second in 0..3_i32,
        checkpoint in any::<bool>(),
        nulls_not_distinct in any::<bool>(),
    ) {
        let (kind, literals) = KEYS[kind];
        let literal = |place: usize| literals[place % literals.len()];
        let database = Database::in_memory().unwrap();
        let session = database.session();
        let nulls = if nulls_not_distinct { "NULLS NOT DISTINCT" } else { "" };
        let key = format!("id int, k {kind}, l int, UNIQUE {nulls} (k), UNIQUE {nulls} (l, k)");
        session.execute(&format!("CREATE TABLE keyed ({key})"), &[]).unwrap();
        session.execute(&format!("CREATE TABLE plain (id int, k {kind}, l int)"), &[]).unwrap();
        for (id, (place, l)) in stored.iter().enumerate() {
            let values = format!("VALUES ({id}, {}, {l})", literal(*place));
            if session.execute(&format!("INSERT INTO keyed {values}"), &[]).is_ok() {
                session.execute(&format!("INSERT INTO plain {values}"), &[]).unwrap();
            }
            if checkpoint && id == 5 {
                database.checkpoint().unwrap();
            }
        }
        session.execute("DELETE FROM keyed WHERE id = 3", &[]).unwrap();
        session.execute("DELETE FROM plain WHERE id = 3", &[]).unwrap();
        let one = literal(looked[0]);
        let list: Vec<&str> = looked.iter().map(|place| literal(*place)).collect();
        let list = list.join(", ");
        for predicate in [
            format!("k = {one}"),
            format!("{one} = k"),
            format!("k IN ({list})"),
            format!("k = {one} AND l = {second}"),
            format!("l IN (0, 1) AND k = {one}"),
            format!("k = {one} OR l = {second}"),
            format!("NOT k = {one}"),
            format!("k = {one} AND id > 2"),
        ] {
            let of = |table: &str| ids(&session, &format!("SELECT id FROM {table} WHERE {predicate}"));
            prop_assert_eq!(of("keyed"), of("plain"), "{} {}", kind, predicate);
        }
    }
}

pub(crate) fn plan(session: &Session, sql: &str) -> String {
    let batches = session.query(&format!("EXPLAIN {sql}"), &[]).unwrap().into_batches();
    muster::arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
}

#[test]
fn an_equal_constant_is_looked_up_and_others_are_not() {
    let session = Database::in_memory().unwrap().session();
    session
        .execute("CREATE TABLE t (a int, b text, u uuid UNIQUE, c int, CONSTRAINT k PRIMARY KEY (a, b))", &[])
        .unwrap();
    for (predicate, key) in [
        ("a = 1 AND b = 'x'", Some("key=k")),
        ("b = 'x' AND c > 1 AND 1 = a", Some("key=k")),
        ("u = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", Some("key=t_u_key")),
        (
            "u IN ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12')",
            Some("key=t_u_key"),
        ),
        ("a = 1", None),
        ("a = 1 OR b = 'x'", None),
        ("a IN (1, 2) AND b = 'x'", None),
        ("a <> 1 AND b = 'x'", None),
        ("a = c AND b = 'x'", None),
        ("u IS NULL", None),
    ] {
        let plan = plan(&session, &format!("SELECT c FROM t WHERE {predicate}"));
        match key {
            Some(key) => assert!(plan.contains(key), "{predicate}: {plan}"),
            None => assert!(!plan.contains("key="), "{predicate}: {plan}"),
        }
    }
}
