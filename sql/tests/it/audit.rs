//! The log of audit baselines as files: what is written is what was read, byte for byte.

use muster::blocking::Database;

/// Loads `log`, writes it again, and gives what was written.
fn round_trip(log: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("in.jsonl"), dir.path().join("out.jsonl"));
    std::fs::write(&from, log).unwrap();
    let session = Database::in_memory().unwrap().session();
    let copy = |direction: &str, path: &std::path::Path| {
        let sql = format!("COPY audit_baselines {direction} '{}' (FORMAT jsonl)", path.display());
        session.execute(&sql, &[]).unwrap()
    };
    let lines = log.lines().filter(|line| !line.trim().is_empty()).count() as u64;
    assert_eq!(copy("FROM", &from), lines);
    assert_eq!(copy("TO", &to), lines);
    std::fs::read_to_string(to).unwrap()
}

#[test]
fn a_log_comes_back_byte_for_byte() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../sqllogictest/fixtures/audit_log.jsonl");
    let fixture = std::fs::read_to_string(fixture).unwrap();
    for log in [
        fixture.as_str(),
        "",
        "{}\n",
        "\n \n{\"b\":1,\"a\":1.50,\"b\":2}\n\n\n",
        "  {\"ts\": 1775124000.5 ,\t\"m\":1E2}  \r\n{\"m\":-0}\r\n",
        "{\"git_commit\":\"\\u00fc\\\"\",\"é\":1}\n{\"metrics\":{\"x\":12345678901234567890.123456789}}\n",
        // Flat lines and lines with their numbers under `metrics`, keys in any order, unknown ones of any kind.
        "{\"z\":1e3,\"a\":1.50,\"m\":-0,\"n\":-0.0,\"e\":1E+05}\n\
         { \"note\" : null, \"metrics\" : { \"z\" : 1 , \"a\":2.0 }, \"z\":3 }\n\
         {\"who\":{\"b\":[1,{\"c\":\"d\"}]},\"a\":1,\"runtime\":\"go\"}\n",
    ] {
        assert_eq!(round_trip(log), log);
    }
    // Lines end with a newline.
    assert_eq!(round_trip("{}\n{}"), "{}\n{}\n");
}

#[test]
fn a_broken_line_is_named_and_nothing_of_its_file_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.jsonl");
    let session = Database::in_memory().unwrap().session();
    for (third, what) in [
        ("{\"rows\":", "line 3"),
        ("[1]", "line 3"),
        ("{\"metrics\":3}", "line 3"),
        ("{\"git_commit\":7}", "line 3"),
        ("{\"ts\":\"soon\"}", "line 3"),
        ("{} {}", "line 3"),
    ] {
        let mut log: String = "{\"a\":1}\n{\"metrics\":{\"a\":2}}\n".to_owned() + third + "\n";
        log.push_str(&"{\"a\":4}\n".repeat(3000));
        std::fs::write(&path, log).unwrap();
        let load = format!("COPY audit_baselines FROM '{}' (FORMAT jsonl)", path.display());
        let error = session.execute(&load, &[]).unwrap_err();
        assert!(error.to_string().contains(what), "{third}: {error}");
        let rows = session.query("SELECT seq FROM audit_baselines", &[]).unwrap();
        assert_eq!(rows.num_rows(), 0, "{third}");
    }
}

#[test]
fn appending_from_many_clients_at_once_loses_nothing() {
    const CLIENTS: usize = 16;
    const EACH: usize = 100;
    let dir = tempfile::tempdir().unwrap();
    let insert = "INSERT INTO audit_baselines (git_commit, metrics) VALUES ($1, $2::jsonb)";
    {
        let database = Database::open(dir.path()).unwrap();
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let session = database.session();
                scope.spawn(move || {
                    for n in 0..EACH {
                        let values =
                            [format!("{client}-{n}"), format!("{{\"client\": {client}, \"n\": {n}}}")];
                        let values = values.map(|value| value.as_str().into());
                        assert_eq!(session.execute(insert, &values).unwrap(), 1);
                    }
                });
            }
        });
    }
    // Each row is there once after a restart, under a number of its own, and each client's rows in their order.
    let session = Database::open(dir.path()).unwrap().session();
    let rows = "SELECT b.seq FROM audit_baselines b JOIN audit_baselines a
                ON a.seq < b.seq AND split_part(a.git_commit, '-', 1) = split_part(b.git_commit, '-', 1)
                WHERE (a.metrics->>'n')::int >= (b.metrics->>'n')::int";
    assert_eq!(session.query(rows, &[]).unwrap().num_rows(), 0);
    let rows = format!(
        "SELECT 1 AS one FROM audit_baselines HAVING count(*) = {0} AND count(DISTINCT seq) = {0}
         AND count(DISTINCT git_commit) = {0} AND sum((metrics->>'n')::int) = {1}",
        CLIENTS * EACH,
        CLIENTS * EACH * (EACH - 1) / 2
    );
    assert_eq!(session.query(&rows, &[]).unwrap().num_rows(), 1);
}

#[test]
fn thousands_of_lines_keep_their_order_and_appended_rows_come_after_them() {
    let log: String = (0..5_000)
        .map(|n| format!("{{\"git_commit\":\"{n:x}\",\"timestamp\":\"2026-01-01T00:00:00Z\",\"n\":{n}}}\n"))
        .collect();
    assert_eq!(round_trip(&log), log);
    let dir = tempfile::tempdir().unwrap();
    let (first, out) = (dir.path().join("first.jsonl"), dir.path().join("out.jsonl"));
    std::fs::write(&first, &log).unwrap();
    let database = Database::open(dir.path().join("db")).unwrap();
    let session = database.session();
    session.execute(&format!("COPY audit_baselines FROM '{}'", first.display()), &[]).unwrap();
    // From many clients at once nothing is lost.
    std::thread::scope(|scope| {
        for client in 0..8 {
            let session = database.session();
            scope.spawn(move || {
                for n in 0..25 {
                    let sql = format!(
                        "INSERT INTO audit_baselines (git_commit, recorded_at, metrics)
                         VALUES ('{client}-{n}', '2026-01-02', '{{\"n\": {n}}}')"
                    );
                    assert_eq!(session.execute(&sql, &[]).unwrap(), 1);
                }
            });
        }
    });
    session.execute(&format!("COPY audit_baselines TO '{}' (FORMAT jsonl)", out.display()), &[]).unwrap();
    let written = std::fs::read_to_string(&out).unwrap();
    assert!(written.starts_with(&log));
    let appended: std::collections::BTreeSet<&str> = written[log.len()..].lines().collect();
    assert_eq!(appended.len(), 200);
    // What has no line of its own is written as one that reads as it.
    let again = Database::in_memory().unwrap().session();
    again.execute(&format!("COPY audit_baselines FROM '{}'", out.display()), &[]).unwrap();
    let sum =
        "SELECT count(*) AS n FROM audit_baselines WHERE git_commit = '7-24' AND recorded_at = '2026-01-02'
        AND metrics = '{\"n\": 24}'";
    let rows = again.query(&format!("{sum} HAVING count(*) = 1"), &[]).unwrap();
    assert_eq!(rows.num_rows(), 1);
}
