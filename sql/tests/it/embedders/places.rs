//! Everywhere that a statement can call embed(): it is asked while the statement runs, never while it is planned.

use super::provider::{Fault, Provider};
use super::{DIMENSIONS, DOCS, column, config, open, vectors};
use muster::params;

#[test]
fn planning_asks_nobody() {
    let provider = Provider::start(DIMENSIONS);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = muster::Database::in_memory_with(super::options(config(&provider))).unwrap();
    runtime.block_on(async {
        let session = database.session();
        session.execute(DOCS, &[]).await.unwrap();
        for sql in [
            "SELECT embed('constant', 'x')",
            "SELECT id FROM docs WHERE e = embed('constant', 'x')",
            "SELECT id FROM docs ORDER BY cosine_distance(e, embed('constant', 'x')) LIMIT 3",
            "SELECT id FROM vector_search('docs', 'constant')",
            "SELECT id FROM vector_search('docs', embed('constant', 'x'))",
            "INSERT INTO docs SELECT 1, 'a' WHERE embed('constant', 'x') IS NOT NULL",
            "UPDATE docs SET body = 'b' WHERE e = embed('constant', 'x')",
            "DELETE FROM docs WHERE e = embed('constant', 'x')",
        ] {
            let before = provider.asked().len();
            let statement = session.parse(sql).unwrap().remove(0);
            let Ok(prepared) = session.prepare(&statement, &[]).await else {
                panic!("{sql} cannot be prepared");
            };
            session.query(&format!("EXPLAIN {sql}"), &[]).await.unwrap();
            assert_eq!(provider.asked().len(), before, "{sql}");
            let outcome = session.run(&prepared, &[]).await.unwrap();
            if let Some(rows) = outcome.rows {
                futures::TryStreamExt::try_collect::<Vec<_>>(rows.batches).await.unwrap();
            }
        }
        session.execute("CREATE VIEW v AS SELECT embed('viewed', 'x') AS e", &[]).await.unwrap();
        session
            .execute("CREATE TABLE d (id int, e vector(8) DEFAULT embed('default', 'x'))", &[])
            .await
            .unwrap();
        let asked: Vec<String> = provider.take_asked().iter().flat_map(|asked| asked.texts()).collect();
        assert_eq!(asked, ["constant", "a"], "once, and the cache after that");
        session.query("EXPLAIN ANALYZE SELECT embed('analyzed', 'x')", &[]).await.unwrap();
        assert_eq!(provider.asked().len(), 1);
    });
}

#[test]
fn every_place_that_takes_an_expression_takes_embed() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let session = open(dir.path(), config(&provider)).session();
    session.execute(DOCS, &[]).unwrap();
    session
        .execute("CREATE TABLE plain (id int PRIMARY KEY, e vector(8) DEFAULT embed('default', 'x'))", &[])
        .unwrap();
    session.execute("INSERT INTO docs VALUES (1, 'one'), (2, 'two'), (3, 'three')", &[]).unwrap();

    assert_eq!(vectors(&session, "SELECT embed('one', 'x')"), [provider.unit("one")]);
    assert_eq!(
        vectors(&session, "SELECT embed(body || '!', 'x') FROM docs ORDER BY id"),
        ["one!", "two!", "three!"].map(|text| provider.unit(text))
    );
    assert_eq!(column(&session, "SELECT id FROM docs WHERE e = embed('two', 'x')"), ["2"]);
    let found = session.query("SELECT id FROM docs WHERE e = embed($1, 'x')", &params!["three"]).unwrap();
    assert_eq!(found.num_rows(), 1);
    assert_eq!(
        column(&session, "SELECT count(*) FROM docs a JOIN docs b ON embed(a.body, 'x') = b.e"),
        ["3"]
    );
    assert_eq!(
        column(
            &session,
            "SELECT count(*) FROM (SELECT embed(body, 'x') FROM docs UNION ALL SELECT embed('u', 'x') UNION ALL SELECT e FROM docs) u"
        ),
        ["7"]
    );
    assert_eq!(
        column(&session, "SELECT max(id) FROM docs GROUP BY embed(body, 'x') ORDER BY 1"),
        ["1", "2", "3"]
    );
    assert_eq!(column(&session, "SELECT id FROM vector_search('docs', embed('two', 'x'), k => 1)"), ["2"]);
    // Through an index, with conditions that are evaluated for all rows at once.
    session.execute("CREATE INDEX ON docs USING hnsw (e vector_cosine_ops)", &[]).unwrap();
    for (sql, expected) in [
        ("SELECT id FROM docs ORDER BY cosine_distance(e, embed('two', 'x')) LIMIT 1", "2"),
        (
            "SELECT id FROM docs WHERE e <> embed('two', 'x') AND id > 2 ORDER BY cosine_distance(e, embed('two', 'x')) LIMIT 1",
            "3",
        ),
        (
            "SELECT id FROM docs WHERE e = embed('th' || 'ree', 'x') ORDER BY cosine_distance(e, '[1,0,0,0,0,0,0,0]'::vector(8)) LIMIT 1",
            "3",
        ),
        (
            "SELECT id FROM vector_search('docs', (SELECT e FROM docs WHERE id = 2), k => 1, filter => 'Embed(body, ''x'') <> e OR id = 3')",
            "3",
        ),
    ] {
        assert_eq!(column(&session, sql), [expected], "{sql}");
    }
    provider.take_asked();
    assert_eq!(
        column(
            &session,
            "SELECT s.id FROM (VALUES (1, 'zwei'), (2, 'three'), (3, 'drei')) q(n, t), LATERAL vector_search('docs', q.t, k => 1) s WHERE q.n = 2"
        ),
        ["3"]
    );
    session
        .query("SELECT s.id FROM (VALUES ('neun'), ('zehn'), ('elf')) q(t), LATERAL vector_search('docs', q.t, k => 1) s", &[])
        .unwrap();
    let asked = provider.take_asked();
    assert_eq!(
        asked.last().unwrap().texts(),
        ["neun", "zehn", "elf"],
        "the texts of several rows go in one request"
    );

    session.execute("INSERT INTO plain (id) VALUES (1)", &[]).unwrap();
    session.execute("INSERT INTO plain VALUES (2, embed('v', 'x')), (3, DEFAULT)", &[]).unwrap();
    session.execute("INSERT INTO plain VALUES (2, embed('w', 'x')) ON CONFLICT (id) DO UPDATE SET e = embed('conflict', 'x')", &[]).unwrap();
    assert_eq!(
        vectors(&session, "SELECT e FROM plain ORDER BY id"),
        ["default", "conflict", "default"].map(|text| provider.unit(text))
    );
    assert_eq!(
        vectors(&session, "INSERT INTO plain VALUES (4, NULL) RETURNING embed('returned', 'x')"),
        [provider.unit("returned")]
    );
    session.execute("UPDATE plain SET e = embed('set', 'x') WHERE id = 4", &[]).unwrap();
    session
        .execute("MERGE INTO plain USING docs ON plain.id = docs.id WHEN MATCHED THEN UPDATE SET e = embed(docs.body || '?', 'x')", &[])
        .unwrap();
    assert_eq!(
        vectors(&session, "SELECT e FROM plain ORDER BY id"),
        ["one?", "two?", "three?", "set"].map(|text| provider.unit(text))
    );
    session.execute("CREATE TABLE made AS SELECT embed('made', 'x') AS e", &[]).unwrap();
    assert_eq!(vectors(&session, "SELECT e FROM made"), [provider.unit("made")]);
    let mut out = Vec::new();
    session.copy_out("COPY (SELECT embed('out', 'x') IS NOT NULL) TO STDOUT", &mut out).unwrap();
    assert_eq!(out, b"t\n");
    assert_eq!(
        column(
            &session,
            "SELECT id FROM vector_search('docs', 'two', k => 1, filter => 'embed(body) IS NOT NULL')"
        ),
        ["2"]
    );
}

#[test]
fn purposes_choose_the_prefix() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&provider);
    config.document_prefix = "d: ".to_string();
    config.query_prefix = "q: ".to_string();
    let session = open(dir.path(), config).session();
    session.execute(DOCS, &[]).unwrap();
    session.execute("INSERT INTO docs VALUES (1, 'a')", &[]).unwrap();
    session.query("SELECT * FROM vector_search('docs', 'b')", &[]).unwrap();
    session
        .query("SELECT embed('c', 'x'), embed('d', 'x', 'query'), embed('e', 'x', 'document')", &[])
        .unwrap();
    let mut asked: Vec<String> = provider.asked().iter().flat_map(|asked| asked.texts()).collect();
    asked.sort();
    assert_eq!(asked, ["d: a", "d: c", "d: e", "q: b", "q: d"]);
}

#[test]
fn an_error_in_the_middle_of_the_rows_ends_them() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let session = open(dir.path(), config(&provider)).session();
    provider.fail([Fault::Status(400, None, r#"{"error":"too long"}"#)]);
    let error =
        session.query("SELECT embed('a' || i, 'x') FROM generate_series(1, 20) s(i)", &[]).unwrap_err();
    assert_eq!(error.sqlstate(), "58000");
    assert!(error.to_string().ends_with("it answered 400 Bad Request: too long"), "{error}");
    assert_eq!(vectors(&session, "SELECT embed('a' || i, 'x') FROM generate_series(1, 20) s(i)").len(), 20);
}
