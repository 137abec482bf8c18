//! Providers that fail: the statement does, and nothing else.

use std::time::{Duration, Instant};

use super::provider::{Fault, Provider};
use super::{DIMENSIONS, DOCS, column, config, open, options, state};
use muster::{EmbedderConfig, Options, Provider as Kind};

#[test]
fn a_provider_that_is_down_fails_the_statement_and_loses_nothing() {
    let provider = Provider::start(DIMENSIONS);
    let (address, url) = (provider.address(), provider.url());
    let dir = tempfile::tempdir().unwrap();
    let database = open(dir.path(), config(&provider));
    let session = database.session();
    session.execute(DOCS, &[]).unwrap();
    session.execute("INSERT INTO docs VALUES (1, 'a')", &[]).unwrap();
    drop(provider);

    let rows: String = (10..1010).map(|row| format!("{row}\tbody {row}\tn\n")).collect();
    let start = Instant::now();
    let copied = session.copy_in("COPY docs (id, body, note) FROM STDIN", rows.as_bytes()).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(20), "not once for each row");
    for error in [copied, session.execute("INSERT INTO docs VALUES (2, 'b')", &[]).unwrap_err()] {
        assert_eq!(error.sqlstate(), "58000");
        let said = error.to_string();
        assert!(said.starts_with(&format!("embedder \"x\": {url}: ")), "{said}");
        assert!(said.contains("refused"), "{said}");
    }
    // In a transaction, too: it is rolled back whole.
    session.execute("BEGIN", &[]).unwrap();
    session.execute("UPDATE docs SET note = 'in the block'", &[]).unwrap();
    assert_eq!(state(&session, "INSERT INTO docs VALUES (3, 'c')"), "58000");
    assert_eq!(state(&session, "SELECT 1"), "25P02");
    session.execute("ROLLBACK", &[]).unwrap();
    assert_eq!(column(&session, "SELECT id || coalesce(note, '') FROM docs"), ["1"]);
    assert_eq!(state(&session, "SELECT * FROM vector_search('docs', 'text that is new')"), "58000");
    // What needs nobody goes on.
    assert_eq!(column(&session, "SELECT id FROM vector_search('docs', (SELECT e FROM docs), k => 1)"), ["1"]);
    assert_eq!(column(&session, "SELECT count(*) FROM vector_search('workers', 'a')"), ["0"]);

    let _provider = Provider::start_on(address, DIMENSIONS);
    assert_eq!(session.copy_in("COPY docs (id, body, note) FROM STDIN", rows.as_bytes()).unwrap(), 1000);
    assert_eq!(column(&session, "SELECT count(*) FROM docs WHERE e IS NOT NULL"), ["1001"]);
}

#[test]
fn a_wrong_answer_in_the_middle_of_a_copy_loads_nothing() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let session = open(dir.path(), config(&provider)).session();
    session.execute(DOCS, &[]).unwrap();
    let rows: String = (0..300).map(|row| format!("{row}\tbody {row}\tn\n")).collect();
    for fault in [
        Fault::Dimensions(3),
        Fault::Body("<html>"),
        Fault::Zeros,
        Fault::Status(400, None, "no"),
        Fault::HangUp,
    ] {
        provider.fail([Fault::None, fault.clone()]);
        let error = session.copy_in("COPY docs (id, body, note) FROM STDIN", rows.as_bytes()).unwrap_err();
        assert_eq!(error.sqlstate(), "58000", "{fault:?}: {error}");
        assert_eq!(column(&session, "SELECT count(*) FROM docs"), ["0"], "{fault:?}");
        // Those that are left belong to requests that were not made.
        provider.fail([]);
    }
}

/// On one thread for all statements: who waited on it would stop them all.
#[test]
fn others_go_on_while_somebody_waits_and_waiting_ends_with_the_statement() {
    let provider = Provider::start(DIMENSIONS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = muster::Database::in_memory_with(options(config(&provider))).unwrap();
    runtime.block_on(async {
        let (slow, other) = (database.session(), database.session());
        other.execute(DOCS, &[]).await.unwrap();
        other.execute("INSERT INTO docs VALUES (1, 'there')", &[]).await.unwrap();
        for sql in [
            "SELECT embed('new', 'x')",
            "SELECT embed(body || 'new', 'x') FROM docs",
            "SELECT * FROM vector_search('docs', 'new')",
            "INSERT INTO docs VALUES (2, 'new')",
            "INSERT INTO docs SELECT 2, 'new'",
            "UPDATE docs SET body = 'new'",
            "ALTER TABLE docs ADD COLUMN f vector(8) GENERATED ALWAYS AS (embed(body || 'new', 'x')) STORED",
        ] {
            provider.take_asked();
            provider.fail([Fault::Slow(Duration::from_secs(3))]);
            let start = Instant::now();
            let waiting = slow.query(sql, &[]);
            let busy = async {
                while provider.asked().is_empty() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                for _ in 0..20 {
                    let found = other.query("SELECT count(*) FROM docs", &[]).await.unwrap();
                    assert_eq!(found.num_rows(), 1);
                }
            };
            // The statement is dropped when the other one is done, as a cancelled one is.
            tokio::select! {
                biased;
                () = busy => {}
                found = waiting => panic!("{sql}: {:?}", found.err()),
            }
            assert!(start.elapsed() < Duration::from_millis(2500), "{sql}: {:?}", start.elapsed());
            let there = other.query("SELECT * FROM docs WHERE body = 'there'", &[]).await.unwrap();
            assert_eq!((there.num_rows(), there.schema().fields().len()), (1, 4), "{sql}");
        }
    });
    let start = Instant::now();
    drop((database, runtime));
    assert!(start.elapsed() < Duration::from_secs(2), "nobody waits any more: {:?}", start.elapsed());
}

#[test]
fn what_cannot_be_an_embedder_is_refused_when_the_database_is_opened() {
    let open = |name: &str, config: EmbedderConfig| {
        let options = Options { embedders: [(name.to_string(), config)].into(), ..Options::default() };
        muster::Database::in_memory_with(options).unwrap_err()
    };
    let provider = Provider::start(DIMENSIONS);
    assert_eq!(open("hash-v1", config(&provider)).sqlstate(), "F0000");
    let mut without = config(&provider);
    without.dimensions = None;
    let error = open("x", without);
    assert_eq!(
        (error.sqlstate(), error.to_string().as_str()),
        ("F0000", "configuration of embedder \"x\": provider ollama needs the key \"dimensions\"")
    );
    #[cfg(not(feature = "local-embedder"))]
    {
        let mut local = EmbedderConfig::new(Kind::Local);
        local.path = Some("folder".into());
        let error = open("x", local);
        assert_eq!(error.sqlstate(), "0A000");
        assert!(error.to_string().contains("build it with the feature local-embedder"), "{error}");
    }
    #[cfg(feature = "local-embedder")]
    assert_eq!(open("x", EmbedderConfig::new(Kind::Local)).sqlstate(), "F0000");
}
