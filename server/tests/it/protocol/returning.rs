//! Statements that change rows and return them: described before they run, tagged by what they changed.

use crate::raw::{Raw, bind, describe, execute, kinds, parse, query, sync};
use crate::server::serving;

const STATEMENTS: [(&str, &str, &[&str]); 4] = [
    (
        "INSERT INTO t VALUES (1, 'a'), (2, 'b') RETURNING id + 10 AS plus, name",
        "INSERT 0 2",
        &["11 a", "12 b"],
    ),
    ("UPDATE t SET name = upper(name) WHERE id = 2 RETURNING id, name", "UPDATE 1", &["2 B"]),
    ("DELETE FROM t WHERE id > 5 RETURNING id, name", "DELETE 0", &[]),
    ("DELETE FROM t WHERE id = 1 RETURNING *", "DELETE 1", &["1 a"]),
];

#[test]
fn the_simple_protocol_gives_columns_rows_and_tag() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.ask(&[query("CREATE TABLE t (id int PRIMARY KEY, name text)")]).await;
        for (sql, tag, rows) in STATEMENTS {
            let answers = raw.ask(&[query(sql)]).await;
            assert_eq!(kinds(&answers), format!("T{}CZ", "D".repeat(rows.len())), "{sql}");
            let found: Vec<String> =
                answers[1..=rows.len()].iter().map(|row| row.texts().join(" ")).collect();
            assert_eq!(found, rows, "{sql}");
            assert_eq!(answers[rows.len() + 1].text(), tag);
        }
    });
}

#[test]
fn the_extended_protocol_describes_what_it_then_gives() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.ask(&[query("CREATE TABLE t (id int PRIMARY KEY, name text)")]).await;
        for (sql, tag, rows) in STATEMENTS {
            let messages =
                [parse("", sql, &[]), describe(b'S', ""), bind("", "", 0, &[]), execute("", 0), sync()];
            let answers = raw.ask(&messages).await;
            assert_eq!(kinds(&answers), format!("1tT2{}CZ", "D".repeat(rows.len())), "{sql}");
            let found: Vec<String> =
                answers[4..4 + rows.len()].iter().map(|row| row.texts().join(" ")).collect();
            assert_eq!(found, rows, "{sql}");
            assert_eq!(answers[4 + rows.len()].text(), tag);
        }
        // Without RETURNING there are no columns.
        let plain =
            [parse("", "DELETE FROM t", &[]), describe(b'S', ""), bind("", "", 0, &[]), execute("", 0)];
        let answers = raw.ask(&[plain.concat(), sync()]).await;
        assert_eq!(kinds(&answers), "1tn2CZ");
    });
}

#[test]
fn rows_that_are_fetched_in_parts_were_changed_once() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.ask(&[query("CREATE TABLE t (id int PRIMARY KEY)")]).await;
        raw.status(&[query("BEGIN")]).await;
        let sql = "INSERT INTO t VALUES (1), (2), (3) RETURNING id";
        let (_, told) =
            raw.status(&[parse("", sql, &[]), bind("p", "", 0, &[]), execute("p", 2), sync()]).await;
        assert_eq!(told, "12DDsZ T");
        let (answers, told) = raw.status(&[execute("p", 2), sync()]).await;
        assert_eq!((told.as_str(), answers[1].text()), ("DCZ T", "INSERT 0 3".to_string()));
        raw.status(&[query("COMMIT")]).await;
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["3"]]);
    });
}
