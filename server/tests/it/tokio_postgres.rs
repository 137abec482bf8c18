//! tokio-postgres, the driver of Rust programs: prepared statements in binary, pipelining, errors.

use std::error::Error;
use std::net::SocketAddr;

use ::tokio_postgres::error::SqlState;
use ::tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use ::tokio_postgres::{Client, NoTls};
use bytes::{Buf, BufMut, Bytes};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use futures::future::{join_all, try_join_all};
use futures::{SinkExt, TryStreamExt};

use crate::server::{connect, serving};

/// A client of a database with a small workforce.
async fn with_workers(address: SocketAddr) -> Client {
    let client = connect(address).await;
    let workers = "INSERT INTO workers (worker_id, name, role, city, state, status) VALUES
        ('w-1', 'Ana Silva', 'Forklift Operator', 'Detroit', 'MI', 'active'),
        ('w-2', 'Ben Okafor', 'Forklift Operator', 'Toledo', 'OH', 'active'),
        ('w-3', 'Cleo Marsh', 'Forklift Operator', 'Detroit', 'MI', 'inactive'),
        ('w-4', 'Dan Wu', 'Welder', 'Detroit', 'MI', 'active'),
        ('w-5', 'Eve Roy', 'Picker Packer', 'Gary', 'IN', 'active'),
        ('w-6', 'Finn Cole', 'CNC Machinist', 'Flint', 'MI', 'active')";
    assert_eq!(client.execute(workers, &[]).await.unwrap(), 6);
    client
}

#[test]
fn a_search_takes_its_arguments_as_parameters() {
    serving(|server| async move {
        let client = with_workers(server.address).await;
        let search = client
            .prepare(
                "SELECT id, distance, metadata->>'name' AS name
                 FROM vector_search('workers', $1, k => $2, filter => $3, exclude_ids => $4)",
            )
            .await
            .unwrap();
        assert_eq!(search.params(), [Type::TEXT, Type::INT8, Type::TEXT, Type::TEXT_ARRAY]);
        let columns: Vec<_> =
            search.columns().iter().map(|column| (column.name(), column.type_().clone())).collect();
        assert_eq!(columns, [("id", Type::TEXT), ("distance", Type::FLOAT4), ("name", Type::TEXT)]);
        let query = "forklift operator in Detroit MI";
        let found =
            client.query(&search, &[&query, &2_i64, &"status = 'active'", &vec!["w-2"]]).await.unwrap();
        let found: Vec<(String, f32, String)> =
            found.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].0.as_str(), found[0].2.as_str()), ("w-1", "Ana Silva"));
        assert!(found[0].1 < found[1].1, "{found:?}");
        // The same statement again, with NULL for what has a default.
        let none: Option<&str> = None;
        let nobody: Option<Vec<&str>> = None;
        let found = client.query(&search, &[&query, &3_i64, &none, &nobody]).await.unwrap();
        let mut ids: Vec<String> = found.iter().map(|row| row.get(0)).collect();
        ids.sort();
        assert_eq!(ids, ["w-1", "w-2", "w-3"]);
    });
}

#[test]
fn a_lateral_search_runs_for_each_row() {
    serving(|server| async move {
        let client = with_workers(server.address).await;
        let sql = "SELECT q.i, s.id FROM (VALUES (1,'welder'),(2,'picker packer')) q(i,t)
                   CROSS JOIN LATERAL vector_search('workers', q.t, k => 3) s";
        let rows = client.query(sql, &[]).await.unwrap();
        assert_eq!(rows.len(), 6);
        let first =
            |i: i32| rows.iter().find(|row| row.get::<_, i32>(0) == i).map(|row| row.get::<_, String>(1));
        assert_eq!((first(1).unwrap(), first(2).unwrap()), ("w-4".to_string(), "w-5".to_string()));
    });
}

#[test]
fn values_of_every_type_go_in_and_come_back_in_binary() {
    serving(|server| async move {
        let client = connect(server.address).await;
        client
            .batch_execute(
                "CREATE TABLE kinds (b boolean, s smallint, i int, l bigint, f real, d double precision, x text,
                 y bytea, c date, h time, t timestamp, z timestamptz, j jsonb, a text[], n int[], e double precision[])",
            )
            .await
            .unwrap();
        let insert = client
            .prepare("INSERT INTO kinds VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)")
            .await
            .unwrap();
        assert_eq!(
            insert.params(),
            [
                Type::BOOL,
                Type::INT2,
                Type::INT4,
                Type::INT8,
                Type::FLOAT4,
                Type::FLOAT8,
                Type::TEXT,
                Type::BYTEA,
                Type::DATE,
                Type::TIME,
                Type::TIMESTAMP,
                Type::TIMESTAMPTZ,
                Type::JSONB,
                Type::TEXT_ARRAY,
                Type::INT4_ARRAY,
                Type::FLOAT8_ARRAY,
            ]
        );
        let date = NaiveDate::from_ymd_opt(1999, 12, 31).unwrap();
        let time = NaiveTime::from_hms_micro_opt(23, 59, 58, 123_456).unwrap();
        let timestamp: NaiveDateTime = date.and_time(time);
        let moment: DateTime<Utc> = timestamp.and_utc();
        let json = serde_json::json!({"a": [1, 2.5, null], "b": "ä"});
        let texts = vec![Some("a"), None, Some("b \"c\"")];
        let inserted = client
            .execute(
                &insert,
                &[
                    &true,
                    &-7_i16,
                    &70_000_i32,
                    &i64::MIN,
                    &0.1_f32,
                    &1e300_f64,
                    &"ä",
                    &&b"\x00\xff"[..],
                    &date,
                    &time,
                    &timestamp,
                    &moment,
                    &json,
                    &texts,
                    &vec![1_i32, -2],
                    &vec![0.5_f64],
                ],
            )
            .await
            .unwrap();
        assert_eq!(inserted, 1);
        let row = client.query_one("SELECT * FROM kinds", &[]).await.unwrap();
        assert!(row.get::<_, bool>(0));
        assert_eq!(
            (row.get::<_, i16>(1), row.get::<_, i32>(2), row.get::<_, i64>(3)),
            (-7, 70_000, i64::MIN)
        );
        assert_eq!((row.get::<_, f32>(4), row.get::<_, f64>(5)), (0.1, 1e300));
        assert_eq!((row.get::<_, &str>(6), row.get::<_, &[u8]>(7)), ("ä", &b"\x00\xff"[..]));
        assert_eq!((row.get::<_, NaiveDate>(8), row.get::<_, NaiveTime>(9)), (date, time));
        assert_eq!((row.get::<_, NaiveDateTime>(10), row.get::<_, DateTime<Utc>>(11)), (timestamp, moment));
        assert_eq!(row.get::<_, serde_json::Value>(12), json);
        assert_eq!(row.get::<_, Vec<Option<&str>>>(13), texts);
        assert_eq!((row.get::<_, Vec<i32>>(14), row.get::<_, Vec<f64>>(15)), (vec![1, -2], vec![0.5]));
        // All of them NULL.
        let nulls = vec!["NULL"; 16].join(",");
        client.execute(&format!("INSERT INTO kinds VALUES ({nulls})"), &[]).await.unwrap();
        let row = client.query_one("SELECT * FROM kinds WHERE b IS NULL", &[]).await.unwrap();
        assert_eq!(row.get::<_, Option<i32>>(2), None);
        assert_eq!(row.get::<_, Option<Vec<&str>>>(13), None);
    });
}

#[test]
fn bad_input_has_its_sqlstate_and_the_connection_goes_on() {
    serving(|server| async move {
        let client = with_workers(server.address).await;
        for (sql, state) in [
            ("SELECT * FROM vector_search('nobody', 'welder')", SqlState::UNDEFINED_TABLE),
            ("SELECT * FROM vector_search('workers', 'welder', k => 0)", SqlState::INVALID_PARAMETER_VALUE),
            ("SELECT * FROM vector_search('workers', 'welder', k => -1)", SqlState::INVALID_PARAMETER_VALUE),
            (
                "SELECT * FROM vector_search('workers', 'welder', filter => 'nope = 1')",
                SqlState::UNDEFINED_COLUMN,
            ),
            (
                "SELECT * FROM vector_search('workers', 'welder', filter => 'status =')",
                SqlState::SYNTAX_ERROR,
            ),
            ("SELECT * FROM nope", SqlState::UNDEFINED_TABLE),
            ("SELECT nope FROM workers", SqlState::UNDEFINED_COLUMN),
            ("SELEC 1", SqlState::SYNTAX_ERROR),
            ("SELECT nope(1)", SqlState::UNDEFINED_FUNCTION),
            ("SELECT 1 / 0", SqlState::DIVISION_BY_ZERO),
            ("SELECT 'a'::int", SqlState::INVALID_TEXT_REPRESENTATION),
            ("GRANT EXECUTE ON FUNCTION f() TO ann", SqlState::FEATURE_NOT_SUPPORTED),
        ] {
            for simple in [false, true] {
                let error = if simple {
                    client.simple_query(sql).await.unwrap_err()
                } else {
                    client.query(sql, &[]).await.unwrap_err()
                };
                assert_eq!(error.code(), Some(&state), "{sql}: {error:?}");
            }
        }
        let row = client.query_one("SELECT count(*) FROM workers", &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 6);
    });
}

#[test]
fn a_vector_of_the_wrong_size_is_refused() {
    serving(|server| async move {
        let client = connect(server.address).await;
        client.batch_execute("CREATE TABLE points (id int PRIMARY KEY, v vector(3))").await.unwrap();
        client.batch_execute("INSERT INTO points VALUES (1, '[1,0,0]'), (2, '[0,1,0]')").await.unwrap();
        let error = client.batch_execute("INSERT INTO points VALUES (3, '[1,2]')").await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::DATA_EXCEPTION), "{error:?}");
        let search = "SELECT id FROM vector_search('points', $1::vector, k => 1)";
        let statement = client.prepare(search).await.unwrap();
        assert_eq!(statement.params()[0].name(), "vector");
        let error = client.query(&statement, &[&Pgvector(vec![1.0, 2.0])]).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::DATA_EXCEPTION), "{error:?}");
        let row = client.query_one(&statement, &[&Pgvector(vec![0.0, 1.0, 0.0])]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), "2");
        let row = client.query_one("SELECT v FROM points WHERE id = 2", &[]).await.unwrap();
        assert_eq!(row.get::<_, Pgvector>(0), Pgvector(vec![0.0, 1.0, 0.0]));
    });
}

#[test]
fn a_whole_worker_can_be_read() {
    serving(|server| async move {
        let client = with_workers(server.address).await;
        let rows = client.query("SELECT * FROM workers WHERE status = $1", &[&"active"]).await.unwrap();
        assert_eq!(rows.len(), 5);
        assert_eq!(rows[0].get::<_, Pgvector>("embedding").0.len(), 768);
    });
}

/// A vector as the drivers of pgvector send and read it, in binary.
#[derive(Debug, PartialEq)]
struct Pgvector(Vec<f32>);

impl ToSql for Pgvector {
    fn to_sql(&self, _: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_u16(u16::try_from(self.0.len())?);
        out.put_u16(0);
        self.0.iter().for_each(|value| out.put_f32(*value));
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        ty.name() == "vector"
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Pgvector {
    fn from_sql(_: &Type, mut raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let dimensions = raw.get_u16();
        raw.get_u16();
        Ok(Self((0..dimensions).map(|_| raw.get_f32()).collect()))
    }

    fn accepts(ty: &Type) -> bool {
        ty.name() == "vector"
    }
}

/// A `halfvec`: the bits of its numbers.
#[derive(Debug, PartialEq)]
struct Halfvec(Vec<u16>);

impl ToSql for Halfvec {
    fn to_sql(&self, _: &Type, out: &mut bytes::BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_u16(u16::try_from(self.0.len())?);
        out.put_u16(0);
        self.0.iter().for_each(|bits| out.put_u16(*bits));
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        ty.name() == "halfvec"
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Halfvec {
    fn from_sql(_: &Type, mut raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        let dimensions = raw.get_u16();
        raw.get_u16();
        Ok(Self((0..dimensions).map(|_| raw.get_u16()).collect()))
    }

    fn accepts(ty: &Type) -> bool {
        ty.name() == "halfvec"
    }
}

#[test]
fn operators_take_vectors_in_binary() {
    const ONE: u16 = 0x3c00;
    serving(|server| async move {
        let client = connect(server.address).await;
        let create = "CREATE TABLE points (id int PRIMARY KEY, v vector(2), h halfvec(2))";
        client.batch_execute(create).await.unwrap();
        let insert = client.prepare("INSERT INTO points VALUES ($1, $2, $3)").await.unwrap();
        let names: Vec<&str> = insert.params().iter().map(Type::name).collect();
        assert_eq!(names, ["int4", "vector", "halfvec"]);
        let (v, h) = (Pgvector(vec![3.0, 4.0]), Halfvec(vec![ONE, 0]));
        client.execute(&insert, &[&1, &v, &h]).await.unwrap();
        let near = "SELECT v <-> $1, h <-> $2, v, h FROM points WHERE v <=> $1 < 2 ORDER BY v <-> $1 LIMIT 1";
        let near = client.prepare(near).await.unwrap();
        let names: Vec<&str> = near.params().iter().map(Type::name).collect();
        assert_eq!(names, ["vector", "halfvec"]);
        let row =
            client.query_one(&near, &[&Pgvector(vec![0.5, 0.0]), &Halfvec(vec![ONE, ONE])]).await.unwrap();
        assert_eq!((row.get::<_, f64>(0), row.get::<_, f64>(1)), (f64::sqrt(22.25), 1.0));
        assert_eq!((row.get::<_, Pgvector>(2), row.get::<_, Halfvec>(3)), (v, h));
        let different =
            client.query(&near, &[&Pgvector(vec![0.5]), &Halfvec(vec![ONE, ONE])]).await.unwrap_err();
        assert_eq!(different.code(), Some(&SqlState::DATA_EXCEPTION), "{different:?}");
        let sums = client.query_one("SELECT sum(v), avg(h) FROM points", &[]).await.unwrap();
        assert_eq!(sums.get::<_, Pgvector>(0), Pgvector(vec![3.0, 4.0]));
        assert_eq!(sums.get::<_, Halfvec>(1), Halfvec(vec![ONE, 0]));
    });
}

#[test]
fn queries_are_pipelined() {
    serving(|server| async move {
        let client = connect(server.address).await;
        let statement = client.prepare_typed("SELECT $1 * 2", &[Type::INT8]).await.unwrap();
        let numbers: Vec<i64> = (0..200).collect();
        let parameters: Vec<[&(dyn ToSql + Sync); 1]> = numbers.iter().map(|number| [number as _]).collect();
        let rows =
            try_join_all(parameters.iter().map(|parameters| client.query_one(&statement, parameters))).await;
        let doubled: Vec<i64> = rows.unwrap().iter().map(|row| row.get(0)).collect();
        assert_eq!(doubled, numbers.iter().map(|number| number * 2).collect::<Vec<_>>());
        // An error in the middle of the pipeline is that query's alone.
        let results = join_all((0..20).map(|number| {
            let sql = if number == 10 { "SELECT nope".to_string() } else { format!("SELECT {number}") };
            let client = &client;
            async move { client.simple_query(&sql).await.is_ok() }
        }));
        assert_eq!(results.await.iter().position(|ok| !ok), Some(10));
    });
}

#[test]
fn a_cancelled_query_leaves_the_connection_usable() {
    serving(|server| async move {
        let client = connect(server.address).await;
        let token = client.cancel_token();
        let endless =
            "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT (n + 1) % 1000 FROM t) SELECT count(*) FROM t";
        let error = tokio::select! {
            result = client.query(endless, &[]) => result.unwrap_err(),
            () = async {
                loop {
                    // It may come before the statement has begun, and is then for nothing.
                    token.cancel_query(NoTls).await.unwrap();
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
            } => unreachable!("the loop has no end"),
        };
        assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED));
        // A request sent before may still be on its way, and may hit the next statement, too.
        loop {
            match client.query_one("SELECT 1::int4", &[]).await {
                Ok(row) => break assert_eq!(row.get::<_, i32>(0), 1),
                Err(error) => assert_eq!(error.code(), Some(&SqlState::QUERY_CANCELED)),
            }
        }
    });
}

#[test]
fn connections_work_side_by_side() {
    serving(|server| async move {
        let first = connect(server.address).await;
        first.batch_execute("CREATE TABLE log (writer int, number int)").await.unwrap();
        let writers = (0..8).map(|writer: i32| async move {
            let client = connect(server.address).await;
            let insert = client.prepare("INSERT INTO log VALUES ($1, $2)").await.unwrap();
            for number in 0..10_i32 {
                assert_eq!(client.execute(&insert, &[&writer, &number]).await.unwrap(), 1);
            }
        });
        join_all(writers).await;
        let row = first.query_one("SELECT count(*), count(DISTINCT writer) FROM log", &[]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (80, 8));
        // A setting is one session's own.
        first.batch_execute("SET hnsw.ef_search = 99").await.unwrap();
        let second = connect(server.address).await;
        let row = second.query_one("SHOW hnsw.ef_search", &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), "40");
    });
}

#[test]
fn rows_are_copied_in_and_out() {
    serving(|server| async move {
        let client = connect(server.address).await;
        client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, name text, at timestamptz)").await.unwrap();
        let sink = client.copy_in("COPY t (id, name) FROM STDIN (FORMAT csv)").await.unwrap();
        let mut sink = std::pin::pin!(sink);
        for id in 0..10_000 {
            let row = if id % 2 == 0 { format!("{id},\n") } else { format!("{id},\"name {id}\"\n") };
            sink.send(Bytes::from(row)).await.unwrap();
        }
        assert_eq!(sink.finish().await.unwrap(), 10_000);
        let row = client.query_one("SELECT count(*), count(name) FROM t", &[]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (10_000, 5000));
        let stream = client.copy_out("COPY (SELECT id, name FROM t ORDER BY id) TO STDOUT").await.unwrap();
        let rows: Vec<Bytes> = stream.try_collect().await.unwrap();
        assert_eq!(rows.len(), 10_000);
        assert_eq!((&rows[0][..], &rows[9999][..]), (&b"0\t\\N\n"[..], &b"9999\tname 9999\n"[..]));
    });
}

#[test]
fn a_copy_that_fails_or_is_dropped_leaves_the_connection_usable() {
    serving(|server| async move {
        let client = connect(server.address).await;
        client.batch_execute("CREATE TABLE t (id int PRIMARY KEY)").await.unwrap();
        let sink = client.copy_in("COPY t FROM STDIN").await.unwrap();
        let mut sink = std::pin::pin!(sink);
        sink.send(Bytes::from_static(b"1\nx\n")).await.unwrap();
        let error = sink.finish().await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::INVALID_TEXT_REPRESENTATION));
        {
            let sink = client.copy_in::<_, Bytes>("COPY t FROM STDIN").await.unwrap();
            let mut sink = Box::pin(sink);
            sink.send(Bytes::from_static(b"2\n")).await.unwrap();
            // Dropped: the driver tells the server that it gives up.
        }
        let error = client.copy_in::<_, Bytes>("COPY missing FROM STDIN").await.err().unwrap();
        assert_eq!(error.code(), Some(&SqlState::UNDEFINED_TABLE));
        let row = client.query_one("SELECT count(*) FROM t", &[]).await.unwrap();
        assert_eq!(row.get::<_, i64>(0), 0);
    });
}

#[test]
fn transactions_and_savepoints_nest() {
    serving(|server| async move {
        let mut client = connect(server.address).await;
        client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, name text)").await.unwrap();
        let insert = client.prepare("INSERT INTO t VALUES ($1, $2)").await.unwrap();
        let ids = "SELECT id FROM t ORDER BY id";
        let mut transaction = client.transaction().await.unwrap();
        transaction.execute(&insert, &[&1, &"kept"]).await.unwrap();
        {
            let savepoint = transaction.transaction().await.unwrap();
            savepoint.execute(&insert, &[&2, &"taken back"]).await.unwrap();
            let error = savepoint.execute(&insert, &[&1, &"again"]).await.unwrap_err();
            assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION));
            savepoint.rollback().await.unwrap();
        }
        {
            let savepoint = transaction.transaction().await.unwrap();
            savepoint.execute(&insert, &[&3, &"kept, too"]).await.unwrap();
            savepoint.commit().await.unwrap();
        }
        let seen: Vec<i32> =
            transaction.query(ids, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
        assert_eq!(seen, [1, 3]);
        let other = connect(server.address).await;
        assert_eq!(other.query(ids, &[]).await.unwrap().len(), 0);
        transaction.commit().await.unwrap();
        assert_eq!(other.query(ids, &[]).await.unwrap().len(), 2);
        // Dropped without a commit: the driver rolls back.
        client.transaction().await.unwrap().execute(&insert, &[&4, &"gone"]).await.unwrap();
        assert_eq!(client.query(ids, &[]).await.unwrap().len(), 2);
    });
}

#[test]
fn a_portal_of_a_transaction_is_read_bit_by_bit() {
    serving(|server| async move {
        let mut client = connect(server.address).await;
        let transaction = client.transaction().await.unwrap();
        let portal = transaction.bind("SELECT * FROM generate_series(1, 7)", &[]).await.unwrap();
        let mut sizes = Vec::new();
        for _ in 0..4 {
            sizes.push(transaction.query_portal(&portal, 3).await.unwrap().len());
        }
        assert_eq!(sizes, [3, 3, 1, 0]);
    });
}

#[test]
fn of_two_who_change_a_row_the_second_to_commit_is_told_to_try_again() {
    serving(|server| async move {
        let (mut one, mut two) = (connect(server.address).await, connect(server.address).await);
        one.batch_execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)").await.unwrap();
        let (first, second) = (one.transaction().await.unwrap(), two.transaction().await.unwrap());
        first.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap();
        second.execute("INSERT INTO t VALUES (2)", &[]).await.unwrap();
        first.commit().await.unwrap();
        let error = second.commit().await.unwrap_err();
        let code = error.code().unwrap().code().to_string();
        assert!(["40001", "23505"].contains(&code.as_str()), "{code}");
        assert_eq!(two.query_one("SELECT count(*) FROM t", &[]).await.unwrap().get::<_, i64>(0), 2);
    });
}
