//! A column keeps to the embedder that it was made with, as it was configured then.

use super::provider::Provider;
use super::{DIMENSIONS, DOCS, column, config, open, state, vectors};
use muster::EmbedderConfig;
use muster::blocking::{Database, Session};

/// A folder with one row that `x` has embedded, opened again under another configuration.
fn reopened(dir: &std::path::Path, provider: &Provider, change: impl FnOnce(&mut EmbedderConfig)) -> Session {
    let session = open(dir, config(provider)).session();
    session.execute(DOCS, &[]).unwrap();
    session.execute("INSERT INTO docs VALUES (1, 'a')", &[]).unwrap();
    drop(session);
    provider.take_asked();
    let mut config = config(provider);
    change(&mut config);
    open(dir, config).session()
}

#[test]
fn a_mix_is_refused_and_the_column_can_be_computed_anew() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let session = reopened(dir.path(), &provider, |config| config.model = Some("other".to_string()));
    let error = session.execute("INSERT INTO docs VALUES (2, 'b')", &[]).unwrap_err();
    assert_eq!(error.sqlstate(), "55000");
    assert_eq!(
        error.to_string(),
        "column \"e\" of relation \"docs\" was made with an embedder \"x\" that is not configured so"
    );
    let detail = error.detail().unwrap();
    assert!(
        detail.contains("It was: ollama model=\"x\"") && detail.contains("It is: ollama model=\"other\""),
        "{detail}"
    );
    for sql in [
        "INSERT INTO docs SELECT 2, 'b'",
        "UPDATE docs SET body = 'b'",
        "INSERT INTO docs VALUES (1, 'b') ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        "SELECT * FROM vector_search('docs', 'a')",
    ] {
        assert_eq!(state(&session, sql), "55000", "{sql}");
    }
    let copied = session.copy_in("COPY docs (id, body) FROM STDIN", &b"2\tb\n"[..]).unwrap_err();
    assert_eq!(copied.sqlstate(), "55000");
    assert_eq!(provider.take_asked().len(), 0);
    // What makes no new vectors goes on.
    session.execute("UPDATE docs SET note = 'n'", &[]).unwrap();
    assert_eq!(column(&session, "SELECT id FROM vector_search('docs', (SELECT e FROM docs))"), ["1"]);
    session.execute("ALTER TABLE docs ADD COLUMN plain int DEFAULT 3", &[]).unwrap();
    session.execute("DELETE FROM docs WHERE id = 99", &[]).unwrap();
    session
        .execute("ALTER TABLE docs ADD COLUMN f vector(8) GENERATED ALWAYS AS (embed(note, 'x')) STORED", &[])
        .unwrap();
    assert_eq!(provider.take_asked().len(), 1, "the new column is embedded, the other is kept");
    assert_eq!(vectors(&session, "SELECT e FROM docs"), [provider.unit("a")]);
    assert_eq!(state(&session, "INSERT INTO docs (id, body) VALUES (2, 'b')"), "55000");
    session.execute("ALTER TABLE docs DROP COLUMN f", &[]).unwrap();

    let hint = error.hint().unwrap();
    let rebuild = hint.split_once(": ").unwrap().1.trim_end_matches('.');
    assert!(rebuild.starts_with("ALTER TABLE docs DROP COLUMN e, ADD COLUMN e vector(8)"), "{hint}");
    session.execute(rebuild, &[]).unwrap();
    assert_eq!(provider.take_asked().len(), 1);
    session.execute("INSERT INTO docs (id, body) VALUES (2, 'b')", &[]).unwrap();
    let nearest = "SELECT id FROM vector_search('docs', 'b', k => 1)";
    assert_eq!(column(&session, nearest), ["2"]);
}

#[test]
fn what_does_not_change_vectors_may_change() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let session = reopened(dir.path(), &provider, |config| {
        config.batch = 2;
        config.retries = 5;
        config.url = config.url.take().map(|url| format!("{url}/"));
    });
    session.execute("INSERT INTO docs VALUES (2, 'b'), (3, 'c'), (4, 'd')", &[]).unwrap();
    assert_eq!(provider.take_asked().len(), 2);
    assert_eq!(vectors(&session, "SELECT e FROM docs WHERE id = 3"), [provider.unit("c")]);
}

#[test]
fn an_embedder_that_is_gone_is_missed_by_name() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    drop(reopened(dir.path(), &provider, |_| {}));
    let session = Database::open(dir.path()).unwrap().session();
    let error = session.execute("INSERT INTO docs VALUES (2, 'b')", &[]).unwrap_err();
    assert_eq!(error.sqlstate(), "55000");
    assert!(
        error.detail().unwrap().starts_with("There is no embedder \"x\". It was: ollama"),
        "{:?}",
        error.detail()
    );
    session.execute("UPDATE docs SET note = 'n'", &[]).unwrap();
    session.execute("DELETE FROM docs", &[]).unwrap();
    assert_eq!(state(&session, "SELECT embed('a', 'x')"), "42704");
}

#[test]
fn a_definition_fits_its_embedder() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let session = open(dir.path(), config(&provider)).session();
    let table = |expression: &str, size: usize| {
        format!("CREATE TABLE t (a text, b text, e vector({size}) GENERATED ALWAYS AS ({expression}) STORED)")
    };
    assert_eq!(state(&session, &table("embed(a, 'x')", 9)), "22000");
    assert_eq!(state(&session, &table("embed(a, 'y')", 8)), "42704");
    assert_eq!(
        state(&session, &table("CASE WHEN a = '' THEN embed(a, 'x') ELSE embed(b, 'hash-v1:64') END", 8)),
        "42P17"
    );
    assert_eq!(state(&session, "CREATE TABLE t (a text CHECK (embed(a, 'x') IS NOT NULL))"), "0A000");
    session.execute(&table("coalesce(embed(a, 'x'), embed(b, 'x'))", 8), &[]).unwrap();
    assert_eq!(provider.take_asked().len(), 0);
    session.execute("INSERT INTO t VALUES (NULL, 'b'), ('a', NULL)", &[]).unwrap();
    assert_eq!(vectors(&session, "SELECT e FROM t ORDER BY a"), [provider.unit("a"), provider.unit("b")]);
}
