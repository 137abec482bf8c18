//! `ORDER BY distance LIMIT k` gives the same rows through an index, with `muster.exact`, and sorted without an index.

use muster::blocking::{Database, Session};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Operators with the operator classes of their indexes.
const METRICS: [(&str, &str); 4] = [
    ("<->", "vector_l2_ops"),
    ("<=>", "vector_cosine_ops"),
    ("<#>", "vector_ip_ops"),
    ("<+>", "vector_l1_ops"),
];

const PREDICATES: [&str; 16] = [
    "true",
    "kind = 'a'",
    "kind <> 'a'",
    "kind IS NULL",
    "n > 3",
    "n BETWEEN 2 AND 6 AND kind = 'b'",
    "n = 4 OR kind = 'a'",
    "NOT (kind = 'a')",
    "id % 3 = 1",
    "kind IN ('a', 'b') AND n < 8",
    "n > (SELECT min(n) FROM queries)",
    "n = 100",
    "id IN (SELECT n FROM queries)",
    "n NOT IN (SELECT n FROM queries) AND id <> 7",
    "coalesce(kind, 'z') || n LIKE '%1'",
    "v {op} {x} < 2.5",
];

/// How the query is written; `{t}` is the table.
const SHAPES: [&str; 7] = [
    "SELECT id, v {op} {x} AS d FROM {t} WHERE {p} ORDER BY d{more} LIMIT {k} OFFSET {m}",
    "SELECT id, v {op} {x} FROM {t} WHERE {p} ORDER BY 2{more} LIMIT {k} OFFSET {m}",
    "SELECT s.id, s.d FROM (SELECT id, n, kind, v {op} {x} AS d FROM {t} WHERE {p}) s ORDER BY s.d{more} LIMIT {k} OFFSET {m}",
    "WITH c AS (SELECT * FROM {t}) SELECT id, v {op} {x} AS d FROM c WHERE {p} ORDER BY {x} {op} v{more} LIMIT {k} OFFSET {m}",
    "SELECT id, v {op} {x} AS d FROM {t}_view WHERE {p} ORDER BY v {op} {x}{more} LIMIT {k} OFFSET {m}",
    "SELECT * FROM (SELECT id, v {op} {x} AS d FROM {t} WHERE {p} ORDER BY d{more} LIMIT {k} OFFSET {m}) s ORDER BY d{more}",
    "SELECT t.id, t.v {op} {x} AS d FROM {t} AS t WHERE {p} ORDER BY d{more} LIMIT {k} OFFSET {m}",
];

#[derive(Clone, Debug)]
struct Row {
    kind: Option<&'static str>,
    n: i32,
    /// `None` is NULL.
    v: Option<[i8; 3]>,
}

fn row() -> impl Strategy<Value = Row> {
    let kind = prop_oneof![Just(None), Just(Some("a")), Just(Some("b"))];
    let number = -2_i8..3;
    let v = prop_oneof![
        1 => Just(None),
        // No zero vector: an index by cosine takes none.
        6 => [number.clone(), number.clone(), number].prop_map(|mut v| { if v == [0; 3] { v[0] = 1 } Some(v) }),
    ];
    (kind, 0..9_i32, v).prop_map(|(kind, n, v)| Row { kind, n, v })
}

fn literal(v: Option<[i8; 3]>) -> String {
    v.map_or("NULL".to_string(), |[a, b, c]| format!("'[{a},{b},{c}]'::vector"))
}

fn insert(session: &Session, first: usize, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let values = rows.iter().zip(first..).map(|(row, id)| {
        let kind = row.kind.map_or("NULL".to_string(), |kind| format!("'{kind}'"));
        format!("({id}, {kind}, {}, {})", row.n, literal(row.v))
    });
    let values = values.collect::<Vec<_>>().join(", ");
    for table in ["indexed", "plain"] {
        session.execute(&format!("INSERT INTO {table} VALUES {values}"), &[]).unwrap();
    }
}

fn both(session: &Session, sql: &str) {
    for table in ["indexed", "plain"] {
        session.execute(&sql.replace("{t}", table), &[]).unwrap();
    }
}

/// Ids and distances.
fn rows(session: &Session, sql: &str) -> Vec<(i32, Option<f64>)> {
    use muster::arrow::array::{Array, AsArray};
    use muster::arrow::datatypes::{Float64Type, Int32Type};
    let result = session.query(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    let mut rows = Vec::new();
    for batch in result.batches() {
        let ids = batch.column(0).as_primitive::<Int32Type>();
        let distances = batch.column(1).as_primitive::<Float64Type>();
        rows.extend(
            (0..batch.num_rows())
                .map(|row| (ids.value(row), (!distances.is_null(row)).then(|| distances.value(row)))),
        );
    }
    rows
}

fn plan(session: &Session, sql: &str) -> String {
    let batches = session.query(&format!("EXPLAIN {sql}"), &[]).unwrap().into_batches();
    muster::arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
}

#[derive(Clone, Debug)]
struct Question {
    shape: &'static str,
    predicate: &'static str,
    x: [i8; 3],
    k: usize,
    m: usize,
    /// Whether the id decides between rows that are equally near.
    ordered: bool,
}

impl Question {
    fn sql(&self, op: &str, table: &str) -> String {
        // What no index has is left out where rows are sorted.
        let without_vector = if table == "plain" { " AND v IS NOT NULL" } else { "" };
        self.shape
            .replace("{p}", &format!("({}){without_vector}", self.predicate))
            .replace("{t}", table)
            .replace("{more}", if self.ordered { ", id" } else { "" })
            .replace("{k}", &self.k.to_string())
            .replace("{m}", &self.m.to_string())
            .replace("{op}", op)
            .replace("{x}", &literal(Some(self.x)))
    }
}

fn question() -> impl Strategy<Value = Question> {
    let number = || -2_i8..3;
    (
        select(&SHAPES[..]),
        select(&PREDICATES[..]),
        (number(), number(), number()),
        1..12_usize,
        0..4_usize,
        any::<bool>(),
    )
        .prop_map(|(shape, predicate, (a, b, c), k, m, ordered)| Question {
            shape,
            predicate,
            x: if (a, b, c) == (0, 0, 0) { [0, 1, 0] } else { [a, b, c] },
            k,
            m,
            ordered,
        })
}

fn check(session: &Session, op: &str, question: &Question) -> Result<(), TestCaseError> {
    let sql = question.sql(op, "indexed");
    let plan = plan(session, &sql);
    prop_assert!(plan.contains("VectorTopK"), "{}\n{}", sql, plan);
    let sorted = rows(session, &question.sql(op, "plain"));
    let through = rows(session, &sql);
    session.set_setting("muster.exact", "on").unwrap();
    let exact = rows(session, &sql);
    session.set_setting("muster.exact", "off").unwrap();
    for found in [&through, &exact] {
        if question.ordered {
            prop_assert_eq!(found, &sorted, "{}", sql);
            continue;
        }
        let distances = |rows: &[(i32, Option<f64>)]| rows.iter().map(|(_, d)| *d).collect::<Vec<_>>();
        prop_assert_eq!(distances(found), distances(&sorted), "{}", sql);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_index_gives_what_sorting_gives(
        metric in 0..METRICS.len(),
        sealed in vec(row(), 0..40),
        unsealed in vec(row(), 0..20),
        own in vec(row(), 0..8),
        deleted in vec(0..60_usize, 0..10),
        questions in vec(question(), 1..8),
    ) {
        let (op, class) = METRICS[metric];
        let database = Database::in_memory().unwrap();
        let session = database.session();
        session.set_setting("hnsw.ef_search", "1000").unwrap();
        both(&session, "CREATE TABLE {t} (id int PRIMARY KEY, kind text, n int, v vector(3))");
        both(&session, "CREATE VIEW {t}_view AS SELECT id, n, kind, v FROM {t}");
        session.execute("CREATE TABLE queries (n int)", &[]).unwrap();
        session.execute("INSERT INTO queries VALUES (2), (5)", &[]).unwrap();
        insert(&session, 0, &sealed);
        session.execute(&format!("CREATE INDEX ON indexed USING hnsw (v {class})"), &[]).unwrap();
        database.checkpoint().unwrap();
        insert(&session, sealed.len(), &unsealed);
        for id in &deleted {
            both(&session, &format!("DELETE FROM {{t}} WHERE id = {id}"));
        }
        for question in &questions {
            check(&session, op, question)?;
        }
        // Rows of its own transaction, and those that it has changed.
        session.execute("BEGIN", &[]).unwrap();
        insert(&session, 100, &own);
        both(&session, "UPDATE {t} SET v = '[2,1,0]', kind = 'a' WHERE id % 7 = 3");
        both(&session, "DELETE FROM {t} WHERE id % 7 = 5");
        for question in &questions {
            check(&session, op, question)?;
        }
        session.execute("ROLLBACK", &[]).unwrap();
        for question in &questions {
            check(&session, op, question)?;
        }
    }

    #[test]
    fn a_lateral_search_gives_what_a_search_for_each_row_gives(
        metric in 0..METRICS.len(),
        stored in vec(row(), 0..40),
        asked in vec(row(), 1..12),
        index in any::<bool>(),
        k in 1..6_usize,
        m in 0..3_usize,
        predicate in select(vec!["true", "t.kind = 'a'", "t.n > q.n", "t.kind = q.kind AND t.n <> 4", "t.id <> q.id"]),
    ) {
        let (op, class) = METRICS[metric];
        let session = Database::in_memory().unwrap().session();
        session.set_setting("hnsw.ef_search", "1000").unwrap();
        both(&session, "CREATE TABLE {t} (id int PRIMARY KEY, kind text, n int, v vector(3))");
        insert(&session, 0, &stored);
        session.execute("CREATE TABLE q (id int PRIMARY KEY, kind text, n int, v vector(3))", &[]).unwrap();
        if index {
            session.execute(&format!("CREATE INDEX ON indexed USING hnsw (v {class})"), &[]).unwrap();
        }
        for (id, row) in asked.iter().enumerate() {
            let kind = row.kind.map_or("NULL".to_string(), |kind| format!("'{kind}'"));
            let v = literal(row.v.or(Some([1, 0, 0])));
            session.execute(&format!("INSERT INTO q VALUES ({id}, {kind}, {}, {v})", row.n), &[]).unwrap();
        }
        let plan = plan(&session, &format!(
            "SELECT q.id, s.id FROM q CROSS JOIN LATERAL (SELECT t.id FROM indexed t
             WHERE {predicate} ORDER BY t.v {op} q.v LIMIT {k}) s"
        ));
        prop_assert!(plan.contains("VectorTopK"), "{}", plan);
        let not_null = if index { " AND t.v IS NOT NULL" } else { "" };
        let all = rows(&session, &format!(
            "SELECT q.id, s.d FROM q CROSS JOIN LATERAL (SELECT t.v {op} q.v AS d FROM indexed t
             WHERE {predicate} ORDER BY d LIMIT {k} OFFSET {m}) s ORDER BY q.id, s.d"
        ));
        let mut each = Vec::new();
        for id in 0..asked.len() {
            each.extend(rows(&session, &format!(
                "SELECT q.id, t.v {op} q.v AS d FROM q, plain t WHERE q.id = {id} AND {predicate}{not_null}
                 ORDER BY d LIMIT {k} OFFSET {m}"
            )));
        }
        prop_assert_eq!(all, each, "{} {} {}", op, predicate, index);
    }
}

/// Clustered vectors, seeded.
fn clustered(session: &Session, rows: usize) {
    session
        .execute(
            &format!(
                "CREATE TABLE big AS SELECT i AS id, i % 10 AS tenth,
                 '[' || sin(i % 37) || ',' || cos(i % 41) || ',' || sin(i * 0.37) || ',' || cos(i * 0.11) || ',' || (i % 7) * 0.1 || ']' AS t
                 FROM generate_series(1, {rows}) AS g(i)"
            ),
            &[],
        )
        .unwrap();
    session.execute("CREATE TABLE points (id bigint PRIMARY KEY, tenth bigint, v vector(5))", &[]).unwrap();
    session.execute("INSERT INTO points SELECT id, tenth, t::vector FROM big", &[]).unwrap();
}

fn analyzed(session: &Session, sql: &str) -> String {
    let batches = session.query(&format!("EXPLAIN ANALYZE {sql}"), &[]).unwrap().into_batches();
    let text = muster::arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string();
    text.lines().find(|line| line.contains("VectorTopK")).unwrap_or_default().to_string()
}

fn metric(line: &str, name: &str) -> u64 {
    let value = line.split(&format!("{name}=")).nth(1).unwrap_or_else(|| panic!("{name} in {line}"));
    let value = value.split([',', ']']).next().unwrap_or_default();
    // Thousands are shown as `6.00 K`.
    match value.strip_suffix(" K") {
        Some(thousands) => (thousands.parse::<f64>().unwrap() * 1000.0).round() as u64,
        None => value.parse().unwrap(),
    }
}

#[test]
fn explain_analyze_tells_how_it_searched_and_a_filter_is_evaluated_once() {
    let database = Database::in_memory().unwrap();
    let session = database.session();
    clustered(&session, 6000);
    session.execute("CREATE INDEX ON points USING hnsw (v vector_l2_ops)", &[]).unwrap();
    database.checkpoint().unwrap();
    let near = "SELECT id FROM points ORDER BY v <-> '[0.1,0.2,0.3,0.4,0.5]' LIMIT 10";
    let line = analyzed(&session, near);
    assert_eq!((metric(&line, "graph_searches"), metric(&line, "exact_searches")), (1, 0), "{line}");
    assert!(metric(&line, "rows_visited") < 6000 && metric(&line, "rows_reranked") >= 10, "{line}");
    session.set_setting("muster.exact", "on").unwrap();
    let line = analyzed(&session, near);
    assert_eq!((metric(&line, "exact_searches"), metric(&line, "rows_visited")), (1, 6000), "{line}");
    session.set_setting("muster.exact", "off").unwrap();

    let filtered = "SELECT id FROM points WHERE tenth <> 3 ORDER BY v <-> '[0.1,0.2,0.3,0.4,0.5]' LIMIT 10";
    let line = analyzed(&session, filtered);
    assert_eq!(metric(&line, "filter_evaluations"), 6000, "{line}");
    assert_eq!(metric(&analyzed(&session, filtered), "filter_evaluations"), 0);
    // The same filter under another alias, of another session, with another vector.
    let other = "SELECT s.id FROM points AS s WHERE s.tenth <> 3 ORDER BY s.v <-> '[1,1,1,1,1]' LIMIT 3";
    assert_eq!(metric(&analyzed(&database.session(), other), "filter_evaluations"), 0);
    let by_function =
        "SELECT id FROM vector_search('points', '[1,1,1,1,1]'::vector, k => 3, filter => 'tenth <> 3')";
    assert_eq!(session.query(by_function, &[]).unwrap().num_rows(), 3);
    // Rows that are not sealed yet are looked at each time, and deleted ones do not come.
    session.execute("INSERT INTO points VALUES (10001, 1, '[0.1,0.2,0.3,0.4,0.5]')", &[]).unwrap();
    for _ in 0..2 {
        assert_eq!(metric(&analyzed(&session, filtered), "filter_evaluations"), 1);
    }
    let first = |session: &Session| {
        use muster::arrow::array::AsArray;
        let result = session.query(filtered, &[]).unwrap();
        let batch = result.batches().first().cloned().unwrap();
        batch.column(0).as_primitive::<muster::arrow::datatypes::Int64Type>().value(0)
    };
    assert_eq!(first(&session), 10_001);
    session.execute("DELETE FROM points WHERE id = 10001", &[]).unwrap();
    assert_ne!(first(&session), 10_001);
    // A definition that changes makes the filter another one.
    session.execute("ALTER TABLE points RENAME COLUMN tenth TO other", &[]).unwrap();
    session.execute("ALTER TABLE points ADD COLUMN tenth bigint DEFAULT 3", &[]).unwrap();
    assert_eq!(session.query(filtered, &[]).unwrap().num_rows(), 0);
    // One evaluation for all searches of a statement.
    let lateral = "SELECT q.id, s.id FROM points q CROSS JOIN LATERAL
        (SELECT id FROM points t WHERE t.other = 7 ORDER BY t.v <-> q.v LIMIT 1) s WHERE q.id <= 50";
    let line = analyzed(&session, lateral);
    assert_eq!((metric(&line, "searches"), metric(&line, "output_rows")), (50, 50), "{line}");
    assert!(metric(&line, "filter_evaluations") <= 6001, "{line}");
}

#[test]
fn what_a_filter_cannot_be_evaluated_for_matters_only_while_it_is_there() {
    let database = Database::in_memory().unwrap();
    let session = database.session();
    session.execute("CREATE TABLE t (id int PRIMARY KEY, n int, v vector(1))", &[]).unwrap();
    session.execute("INSERT INTO t VALUES (1, 0, '[1]'), (2, 1, '[2]'), (3, 2, '[3]')", &[]).unwrap();
    session.execute("CREATE INDEX ON t USING hnsw (v vector_l2_ops)", &[]).unwrap();
    database.checkpoint().unwrap();
    let sql = "SELECT id, v <-> '[0]' AS d FROM t WHERE 2 / n = 1 ORDER BY d LIMIT 3";
    assert_eq!(session.query(sql, &[]).unwrap_err().sqlstate(), "22012");
    session.execute("DELETE FROM t WHERE id = 1", &[]).unwrap();
    assert_eq!(rows(&session, sql), [(3, Some(3.0))]);
    let search = "SELECT id FROM vector_search('t', '[0]'::vector, filter => '2 / n = 1')";
    assert_eq!(session.query(search, &[]).unwrap().num_rows(), 1);
}

#[test]
fn a_limit_may_be_a_parameter() {
    use muster::Value;
    let session = Database::in_memory().unwrap().session();
    session.execute("CREATE TABLE t (id int PRIMARY KEY, v vector(1))", &[]).unwrap();
    session
        .execute("INSERT INTO t SELECT i, ARRAY[i]::vector FROM generate_series(1, 20) AS s(i)", &[])
        .unwrap();
    session.execute("CREATE INDEX ON t USING hnsw (v vector_l2_ops)", &[]).unwrap();
    let sql = "SELECT id FROM t ORDER BY v <-> $1::vector LIMIT $2 OFFSET $3";
    let prepared = |k: i64, m: i64| {
        let params = [Value::Utf8(Some("[0]".to_string())), Value::Int64(Some(k)), Value::Int64(Some(m))];
        session.query(sql, &params).unwrap().num_rows()
    };
    assert_eq!((prepared(5, 0), prepared(5, 18), prepared(0, 0), prepared(100, 0)), (5, 2, 0, 20));
}
