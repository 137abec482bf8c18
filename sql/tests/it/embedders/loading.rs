//! Many rows: batches, and what is not embedded twice.

use super::provider::Provider;
use super::{DIMENSIONS, DOCS, column, config, open, vectors};
use muster::CacheCounts;

fn rows(count: usize) -> String {
    (0..count).map(|row| format!("{row}\tbody number {row}\tnote\n")).collect()
}

#[test]
fn a_copy_embeds_in_batches_and_what_was_embedded_is_kept_over_reopening() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let database = open(dir.path(), config(&provider));
    let session = database.session();
    session.execute(DOCS, &[]).unwrap();
    assert_eq!(provider.asked().len(), 0, "making a table asks nobody");
    let copied = session.copy_in("COPY docs (id, body, note) FROM STDIN", rows(1000).as_bytes()).unwrap();
    assert_eq!(copied, 1000);
    let asked = provider.take_asked();
    assert_eq!(asked.len(), 1000_usize.div_ceil(64));
    assert!(asked.iter().all(|asked| asked.texts().len() <= 64));
    assert_eq!(vectors(&session, "SELECT e FROM docs WHERE id = 7"), [provider.unit("body number 7")]);
    let nearest = "SELECT id FROM vector_search('docs', 'body number 77', k => 1)";
    assert_eq!(column(&session, nearest), ["77"]);
    // No prefix: the text is in the cache as a document.
    assert_eq!(provider.take_asked().len(), 0);
    drop((session, database));

    let database = open(dir.path(), config(&provider));
    let session = database.session();
    session.execute("CREATE TABLE again (id int PRIMARY KEY, body text, note text, e vector(8) GENERATED ALWAYS AS (embed(body, 'x')) STORED)", &[]).unwrap();
    session.copy_in("COPY again (id, body, note) FROM STDIN", rows(1000).as_bytes()).unwrap();
    assert_eq!(provider.asked().len(), 0, "all of it was on disk");
    assert_eq!(database.embedding_cache(), CacheCounts { memory_hits: 0, disk_hits: 1000, misses: 0 });
    assert_eq!(
        column(&session, "SELECT count(*) FROM docs d JOIN again a ON d.id = a.id AND d.e = a.e"),
        ["1000"]
    );
}

#[test]
fn a_lost_or_damaged_cache_costs_requests_and_nothing_else() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let session = open(dir.path(), config(&provider)).session();
    session.execute(DOCS, &[]).unwrap();
    session.execute("INSERT INTO docs VALUES (1, 'a')", &[]).unwrap();
    drop(session);
    let cache = dir.path().join("embeddings");
    assert!(cache.is_dir());
    std::fs::remove_dir_all(&cache).unwrap();
    std::fs::write(&cache, "not a folder").unwrap();
    let session = open(dir.path(), config(&provider)).session();
    assert_eq!(provider.take_asked().len(), 1);
    session.execute("INSERT INTO docs VALUES (2, 'a')", &[]).unwrap();
    assert_eq!(provider.take_asked().len(), 1);
    assert_eq!(column(&session, "SELECT count(*) FROM docs a JOIN docs b ON a.e = b.e"), ["4"]);
}

#[test]
fn backups_leave_the_cache_out() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let (data, copy) = (dir.path().join("data"), dir.path().join("copy"));
    let database = muster::Database::open_with(&data, super::options(config(&provider))).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let session = database.session();
    runtime.block_on(session.execute(DOCS, &[])).unwrap();
    runtime.block_on(session.execute("INSERT INTO docs VALUES (1, 'a')", &[])).unwrap();
    database.backup(&copy, &|_| true).unwrap();
    assert!(data.join("embeddings").is_dir() && !copy.join("embeddings").exists());
    drop((session, database));
    assert!(muster::check(&data, &|_, _| true).unwrap().is_empty());
}

#[test]
fn an_update_of_another_column_embeds_nothing() {
    let provider = Provider::start(DIMENSIONS);
    let dir = tempfile::tempdir().unwrap();
    let mut options = super::options(config(&provider));
    options.embedding_cache = muster::CacheLimits { memory_bytes: 0, disk_bytes: 0 };
    let session = muster::blocking::Database::open_with(dir.path(), options).unwrap().session();
    session.execute(DOCS, &[]).unwrap();
    session.execute("INSERT INTO docs VALUES (1, 'a'), (2, 'b'), (3, NULL)", &[]).unwrap();
    provider.take_asked();
    for update in ["UPDATE docs SET note = 'n' WHERE id = 1", "UPDATE docs SET note = 'm'"] {
        session.execute(update, &[]).unwrap();
        assert_eq!(provider.take_asked().len(), 0, "{update}");
    }
    let all = "SELECT e FROM docs WHERE e IS NOT NULL ORDER BY id";
    assert_eq!(vectors(&session, all), [provider.unit("a"), provider.unit("b")]);
    session.execute("UPDATE docs SET body = body || '!' WHERE id < 3", &[]).unwrap();
    assert_eq!(provider.take_asked().len(), 1);
    assert_eq!(vectors(&session, all), [provider.unit("a!"), provider.unit("b!")]);
}
