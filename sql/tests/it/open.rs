//! Opening a database: what was written is there again, and a folder has one owner.

use muster::blocking::Database;
use muster::params;

#[test]
fn what_was_written_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    {
        let session = Database::open(dir.path()).unwrap().session();
        session
            .execute("CREATE TABLE t (id int PRIMARY KEY, v vector(2), note text DEFAULT 'none')", &[])
            .unwrap();
        session.execute("INSERT INTO t (id, v) VALUES (1, '[1,2]'), (2, '[2,1]')", &[]).unwrap();
        session.execute("CREATE INDEX ON t USING hnsw (v vector_l2_ops)", &[]).unwrap();
        session.execute("INSERT INTO t VALUES (3, '[5,5]', 'late')", &[]).unwrap();
    }
    let database = Database::open(dir.path()).unwrap();
    let session = database.session();
    let found = session
        .query("SELECT id, distance FROM vector_search('t', $1, k => 2)", &params!["[5,5]"])
        .unwrap_err();
    assert_eq!(found.sqlstate(), "22023", "a text is no vector, and the column has no embedder");
    let found = session.query("SELECT id FROM vector_search('t', '[5,5]'::vector, k => 3)", &[]).unwrap();
    let ids: Vec<String> = found.batches().iter().flat_map(texts).collect();
    assert_eq!(ids, ["3", "1", "2"], "equal distances are in the order of the rows");
    let error = session.execute("INSERT INTO t VALUES (2, '[0,0]')", &[]).unwrap_err();
    assert_eq!(error.sqlstate(), "23505");
    assert_eq!(error.constraint(), Some("t_pkey"));
}

fn texts(batch: &muster::arrow::array::RecordBatch) -> Vec<String> {
    use muster::arrow::array::AsArray;
    batch.column(0).as_string::<i32>().iter().map(|id| id.unwrap().to_string()).collect()
}

#[test]
fn a_folder_that_is_open_elsewhere_is_refused_with_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let _open = Database::open(dir.path()).unwrap();
    let error = Database::open(dir.path()).unwrap_err();
    assert_eq!(error.sqlstate(), "55006");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
}

#[test]
fn a_folder_can_be_opened_again_as_soon_as_all_handles_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        let database = Database::open(dir.path()).unwrap();
        let session = database.session();
        drop(database);
        session.query("SELECT count(*) FROM workers", &[]).unwrap();
    }
}

#[test]
fn a_new_database_has_the_workers_table_and_a_dropped_one_stays_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let names = |database: &Database| -> usize {
        database
            .session()
            .query("SELECT worker_id FROM workers", &[])
            .map_or(usize::MAX, |rows| rows.num_rows())
    };
    {
        let database = Database::open(dir.path()).unwrap();
        assert_eq!(names(&database), 0);
        database.session().execute("DROP TABLE workers", &[]).unwrap();
    }
    assert_eq!(names(&Database::open(dir.path()).unwrap()), usize::MAX);
}
