//! What is kept of statements: plans are made once, answers are given again while they are right.

use muster::Value;
use muster::arrow::array::Int64Array;
use muster::blocking::{Database, Session};

/// A corpus of ten workers on a circle.
fn corpus() -> Database {
    let database = Database::in_memory().unwrap();
    let session = database.session();
    session
        .execute(
            "CREATE TABLE w (id int PRIMARY KEY, state text, v vector(2)); CREATE TABLE other (id int)",
            &[],
        )
        .unwrap();
    session
        .execute(
            "INSERT INTO w SELECT i, CASE WHEN i % 2 = 0 THEN 'MI' ELSE 'IL' END, array[cos(i / 9.0), sin(i / 9.0)]::vector
             FROM generate_series(0, 9) AS s(i)",
            &[],
        )
        .unwrap();
    database
}

/// The three workers nearest to the first.
const SEARCH: &str = "SELECT id FROM vector_search('w', (SELECT v FROM w WHERE id = 0), k => 3)";

fn texts(session: &Session, sql: &str, params: &[Value]) -> Vec<String> {
    let result = session.query(sql, params).unwrap();
    let mut all = Vec::new();
    for batch in result.batches() {
        let column =
            muster::arrow::compute::cast(batch.column(0), &muster::arrow::datatypes::DataType::Utf8).unwrap();
        let column = column.as_any().downcast_ref::<muster::arrow::array::StringArray>().unwrap();
        all.extend(column.iter().map(|text| text.unwrap_or("NULL").to_string()));
    }
    all
}

/// Hits and misses of a cache.
fn counts(session: &Session, cache: &str) -> (i64, i64) {
    let sql = "SELECT hits, misses FROM muster_caches WHERE name = $1";
    let result = session.query(sql, &[Value::from(cache)]).unwrap();
    let batch = &result.batches()[0];
    let number = |column: usize| batch.column(column).as_any().downcast_ref::<Int64Array>().unwrap().value(0);
    (number(0), number(1))
}

/// How many more hits and misses there are after `work`.
fn during(session: &Session, cache: &str, work: impl FnOnce()) -> (i64, i64) {
    let (hits, misses) = counts(session, cache);
    work();
    let (more_hits, more_misses) = counts(session, cache);
    (more_hits - hits, more_misses - misses)
}

/// The search text, planned and in the plan cache.
fn settled(session: &Session) {
    for _ in 0..3 {
        assert_eq!(texts(session, SEARCH, &[]), ["0", "1", "2"]);
    }
}

#[test]
fn the_same_search_is_answered_again_by_any_session() {
    let database = corpus();
    let (one, two) = (database.session(), database.session());
    settled(&one);
    let asked = during(&one, "results", || {
        for session in [&one, &two] {
            assert_eq!(texts(session, SEARCH, &[]), ["0", "1", "2"]);
        }
    });
    assert_eq!(asked, (2, 0));
}

#[test]
fn a_commit_ends_the_answers_from_its_tables_and_no_others() {
    let database = corpus();
    let session = database.session();
    settled(&session);
    session.execute("INSERT INTO other VALUES (1)", &[]).unwrap();
    let asked = during(&session, "results", || assert_eq!(texts(&session, SEARCH, &[]), ["0", "1", "2"]));
    assert_eq!(asked, (1, 0), "another table changed");
    for (change, expected) in [
        ("DELETE FROM w WHERE id = 1", ["0", "2", "3"]),
        ("UPDATE w SET v = '[1,0.01]' WHERE id = 9", ["0", "9", "2"]),
        ("INSERT INTO w VALUES (10, 'MI', '[1,0.001]')", ["0", "10", "9"]),
        ("CREATE INDEX ON w USING hnsw (v vector_l2_ops)", ["0", "10", "9"]),
    ] {
        session.execute(change, &[]).unwrap();
        assert_eq!(
            during(&session, "results", || assert_eq!(texts(&session, SEARCH, &[]), expected)).0,
            0,
            "{change}"
        );
        for _ in 0..2 {
            assert_eq!(texts(&session, SEARCH, &[]), expected, "{change}");
        }
    }
    session.execute("TRUNCATE w", &[]).unwrap();
    assert!(texts(&session, SEARCH, &[]).is_empty());
    session.execute("DROP TABLE w", &[]).unwrap();
    assert_eq!(session.query(SEARCH, &[]).unwrap_err().sqlstate(), "42P01");
}

#[test]
fn a_transaction_that_changed_something_sees_itself() {
    let database = corpus();
    let (one, two) = (database.session(), database.session());
    settled(&one);
    one.execute("BEGIN", &[]).unwrap();
    assert_eq!(during(&one, "results", || settled(&one)), (3, 0), "a block that only reads");
    one.execute("DELETE FROM w WHERE id = 1", &[]).unwrap();
    let asked = during(&one, "results", || assert_eq!(texts(&one, SEARCH, &[]), ["0", "2", "3"]));
    assert_eq!(asked, (0, 0));
    assert_eq!(texts(&two, SEARCH, &[]), ["0", "1", "2"]);
    one.execute("ROLLBACK", &[]).unwrap();
    assert_eq!(texts(&one, SEARCH, &[]), ["0", "1", "2"]);
}

#[test]
fn a_block_that_began_before_a_commit_goes_on_reading_what_was_there() {
    let database = corpus();
    let (one, two) = (database.session(), database.session());
    settled(&one);
    one.execute("BEGIN", &[]).unwrap();
    settled(&one);
    two.execute("DELETE FROM w WHERE id = 1", &[]).unwrap();
    for _ in 0..3 {
        assert_eq!(texts(&one, SEARCH, &[]), ["0", "1", "2"]);
        assert_eq!(texts(&two, SEARCH, &[]), ["0", "2", "3"]);
    }
}

#[test]
fn what_is_good_for_its_moment_alone_is_not_kept() {
    let database = corpus();
    let session = database.session();
    session.execute("CREATE SEQUENCE s", &[]).unwrap();
    let of_the_moment = [
        "SELECT id || random() FROM vector_search('w', '[1,0]'::vector, k => 1)",
        "SELECT id FROM vector_search('w', '[1,0]'::vector, k => 1, filter => 'now() > ''2020-01-01''')",
        "SELECT id FROM vector_search('w', '[1,0]'::vector, k => 1, filter => 'random() >= 0')",
        "SELECT id || nextval('s') FROM vector_search('w', '[1,0]'::vector, k => 1)",
        "SELECT id FROM vector_search('w', '[1,0]'::vector, k => 1), pg_class WHERE relname = 'w'",
    ];
    for sql in of_the_moment {
        let asked = during(&session, "results", || {
            for _ in 0..4 {
                assert_eq!(texts(&session, sql, &[]).len(), 1, "{sql}");
            }
        });
        assert_eq!(asked.0, 0, "{sql}");
    }
    assert_eq!(texts(&session, "SELECT nextval('s')", &[]), ["5"]);
}

#[test]
fn the_setting_turns_answers_off() {
    let database = corpus();
    let session = database.session();
    settled(&session);
    session.execute("SET muster.result_cache = off", &[]).unwrap();
    assert_eq!(during(&session, "results", || settled(&session)), (0, 0));
    session.execute("RESET muster.result_cache", &[]).unwrap();
    assert_eq!(during(&session, "results", || settled(&session)), (3, 0));
    session.execute("SET hnsw.ef_search = 41", &[]).unwrap();
    assert_eq!(during(&session, "results", || settled(&session)), (2, 1), "another beam is another question");
}

/// The text of a search for whatever `$1` says, of `$2` rows that pass `$3`.
const OPEN: &str =
    "SELECT id FROM vector_search('w', $1::vector, k => $2, filter => $3) ORDER BY distance, id";

#[test]
fn a_prepared_search_is_planned_once() {
    let database = corpus();
    let session = database.session();
    session.execute("SET muster.result_cache = off", &[]).unwrap();
    let run = |vector: &str, k: i64, filter: &str| {
        let params = [Value::from(vector), Value::from(k), Value::from(filter)];
        texts(&session, OPEN, &params).len()
    };
    // The text comes again, its plan is kept.
    assert_eq!((run("[1,0]", 1, "true"), run("[1,0]", 1, "true")), (1, 1));
    let planned = during(&session, "plans", || {
        let generic = during(&session, "generic plans", || {
            for k in 1..=9 {
                assert_eq!(run("[1,0]", k, "true"), usize::try_from(k).unwrap());
            }
            assert_eq!(run("[1,0]", 9, "state = 'MI'"), 5);
            assert_eq!(run("[0,1]", 9, "id < 3"), 3);
        });
        assert_eq!(generic.0, 11);
    });
    assert!(planned.0 >= 11, "{planned:?}");
    session.execute("ALTER TABLE w DROP COLUMN state", &[]).unwrap();
    assert_eq!(run("[1,0]", 2, "true"), 2);
}

#[test]
fn sessions_share_a_plan_and_not_its_values() {
    let database = corpus();
    let threads: Vec<_> = (0..8_i64)
        .map(|thread| {
            let session = database.session();
            std::thread::spawn(move || {
                for round in 0..40 {
                    let (from, k) = ((thread + round) % 10, 1 + (round % 4));
                    let sql = "SELECT s.id, $1::int AS asked FROM vector_search('w', $2::vector, k => $3) s ORDER BY distance";
                    let angle = from as f64 / 9.0;
                    let vector = format!("[{},{}]", angle.cos(), angle.sin());
                    let params = [Value::from(from as i32), Value::from(vector.as_str()), Value::from(k)];
                    let result = session.query(sql, &params).unwrap();
                    let rows: usize = result.batches().iter().map(|batch| batch.num_rows()).sum();
                    assert_eq!(rows as i64, k);
                    assert_eq!(texts(&session, sql, &params)[0], from.to_string());
                    let asked = format!("SELECT asked FROM ({sql}) x");
                    assert!(texts(&session, &asked, &params).iter().all(|text| *text == from.to_string()));
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Rows of `w` that are nearest to a place on the circle.
fn near(session: &Session, angle: f64, more: &str) -> Vec<String> {
    let (x, y) = (angle.cos(), angle.sin());
    let sql =
        format!("SELECT id FROM vector_search('w', '[{x},{y}]'::vector, k => 4{more}) ORDER BY distance, id");
    texts(session, &sql, &[])
}

#[test]
fn a_search_that_comes_again_after_a_commit_looks_at_new_rows_alone() {
    let database = corpus();
    let session = database.session();
    session.execute("CREATE INDEX ON w USING hnsw (v vector_cosine_ops)", &[]).unwrap();
    database.checkpoint().unwrap();
    let search = || near(&session, 0.0, ", filter => 'id >= 0'");
    assert_eq!(search(), ["0", "1", "2", "3"]);
    let asked = during(&session, "nearest rows", || {
        for (change, expected) in [
            ("INSERT INTO w VALUES (10, 'MI', '[1,0.001]')", ["0", "10", "1", "2"]),
            ("DELETE FROM w WHERE id = 9", ["0", "10", "1", "2"]),
            ("DELETE FROM w WHERE id = 1", ["0", "10", "2", "3"]),
            ("UPDATE w SET v = '[1,0.002]' WHERE id = 8", ["0", "10", "8", "2"]),
            ("DELETE FROM w WHERE id IN (0, 10)", ["8", "2", "3", "4"]),
        ] {
            session.execute(change, &[]).unwrap();
            assert_eq!(search(), expected, "{change}");
        }
    });
    assert_eq!(asked, (5, 0));
    let explained = || {
        let sql =
            "EXPLAIN ANALYZE SELECT id FROM vector_search('w', '[1,0]'::vector, k => 4, filter => 'id >= 0')";
        let lines = session.query(sql, &[]).unwrap().into_batches();
        muster::arrow::util::pretty::pretty_format_batches(&lines).unwrap().to_string()
    };
    assert!(!explained().contains("parts_kept=0"), "{}", explained());
    session.execute("SET muster.result_cache = off", &[]).unwrap();
    assert!(explained().contains("parts_kept=0"), "{}", explained());
}

/// Questions over `w`: near some places, with a filter, with rows left out.
fn questions(session: &Session) -> Vec<Vec<String>> {
    let shapes = ["", ", filter => 'state = ''MI'''", ", exclude_ids => ARRAY['3', '11', '40']"];
    let places = [0.0, 0.5, 1.1].into_iter().flat_map(|angle| shapes.map(|more| (angle, more)));
    places.map(|(angle, more)| near(session, angle, more)).collect()
}

#[test]
fn what_is_kept_of_parts_is_what_a_search_would_find() {
    let database = corpus();
    let (kept, fresh, old) = (database.session(), database.session(), database.session());
    fresh.execute("SET muster.result_cache = off; SET muster.exact = on", &[]).unwrap();
    kept.execute("CREATE INDEX ON w USING hnsw (v vector_cosine_ops)", &[]).unwrap();
    let mut state = 7_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut next = 10;
    let mut of_the_block = Vec::new();
    for step in 0..240 {
        match random(8) {
            0..=2 => {
                // Some in one go, so that unsealed rows are many enough to be kept.
                let count = if step % 40 == 7 { 300 } else { 1 + random(3) };
                let sql = format!(
                    "INSERT INTO w SELECT i, CASE WHEN i % 2 = 0 THEN 'MI' ELSE 'IL' END,
                     array[cos(i / 7.0), sin(i / 7.0)]::vector FROM generate_series({next}, {}) AS s(i)",
                    next + count - 1
                );
                kept.execute(&sql, &[]).unwrap();
                next += count;
            }
            3 | 4 => {
                kept.execute(&format!("DELETE FROM w WHERE id = {}", random(next)), &[]).unwrap();
            }
            5 => {
                let id = random(next);
                kept.execute(&format!("UPDATE w SET v = '[1,0.{step:03}1]' WHERE id = {id}"), &[]).unwrap();
            }
            6 => database.checkpoint().unwrap(),
            _ if step % 3 == 0 => kept.execute("VACUUM w", &[]).map(drop).unwrap(),
            _ => {
                // One that reads on in its own time.
                if !of_the_block.is_empty() {
                    assert_eq!(questions(&old), of_the_block, "step {step}");
                    old.execute("COMMIT", &[]).unwrap();
                }
                old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ", &[]).unwrap();
                of_the_block = questions(&old);
            }
        }
        let expected = questions(&fresh);
        for _ in 0..2 {
            assert_eq!(questions(&kept), expected, "step {step}");
        }
        if !of_the_block.is_empty() {
            assert_eq!(questions(&old), of_the_block, "step {step}");
        }
    }
    assert!(counts(&kept, "nearest rows").0 > 500, "{:?}", counts(&kept, "nearest rows"));
}

#[test]
fn a_call_that_took_too_long_leaves_a_session_that_works() {
    let database = corpus();
    let session = database.session();
    let endless =
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT (n + 1) % 1000 FROM t) SELECT count(*) FROM t";
    session.execute("SET statement_timeout = '200ms'", &[]).unwrap();
    let error = session.execute(&format!("INSERT INTO other VALUES (1); {endless}"), &[]).unwrap_err();
    assert_eq!(error.sqlstate(), "57014");
    assert!(texts(&session, "SELECT id FROM other", &[]).is_empty());
    session.execute("RESET statement_timeout", &[]).unwrap();
    session.execute("INSERT INTO other VALUES (2)", &[]).unwrap();
    assert_eq!(session.copy_in("COPY other FROM STDIN", &b"3\n"[..]).unwrap(), 1);
    assert_eq!(texts(&session, "SELECT id FROM other ORDER BY id", &[]), ["2", "3"]);
}
