//! COPY in the format binary with tokio-postgres' reader and writer: many rows, large ones, every type, a broken stream.

use std::pin::pin;

use ::tokio_postgres::Client;
use ::tokio_postgres::binary_copy::{BinaryCopyInWriter, BinaryCopyOutStream};
use ::tokio_postgres::error::SqlState;
use ::tokio_postgres::types::Type;
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, NaiveDate, Utc};
use futures::{SinkExt, TryStreamExt};

use crate::server::{connect, serving};

const ROWS: i32 = 100_000;

async fn taken(client: &Client, sql: &str, bytes: Bytes) -> Result<u64, ::tokio_postgres::Error> {
    let mut sink = pin!(client.copy_in(sql).await?);
    for piece in bytes.chunks(7000) {
        sink.send(Bytes::copy_from_slice(piece)).await?;
    }
    sink.finish().await
}

async fn given(client: &Client, sql: &str) -> Bytes {
    let stream = client.copy_out(sql).await.unwrap();
    stream.try_collect::<Vec<_>>().await.unwrap().concat().into()
}

#[test]
fn many_rows_go_in_and_come_out() {
    serving(|server| async move {
        let client = connect(server.address).await;
        let table = "CREATE TABLE t (id int PRIMARY KEY, name text, at timestamptz, score float8, day date)";
        client.batch_execute(table).await.unwrap();
        let types = [Type::INT4, Type::TEXT, Type::TIMESTAMPTZ, Type::FLOAT8, Type::DATE];
        let moment = |id: i32| DateTime::<Utc>::from_timestamp(i64::from(id) * 1000, 0).unwrap();
        let day = |id: i32| NaiveDate::from_num_days_from_ce_opt(700_000 + id).unwrap();
        let sink = client.copy_in("COPY t FROM STDIN (FORMAT binary)").await.unwrap();
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        for id in 0..ROWS {
            let name = (id % 3 != 0).then(|| format!("name {id}"));
            writer.as_mut().write(&[&id, &name, &moment(id), &f64::from(id), &day(id)]).await.unwrap();
        }
        assert_eq!(writer.finish().await.unwrap(), 100_000);
        let row =
            client.query_one("SELECT count(*), count(name), sum(id)::bigint FROM t", &[]).await.unwrap();
        assert_eq!(
            (row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)),
            (100_000, 66_666, 4_999_950_000)
        );
        let out =
            client.copy_out("COPY (SELECT * FROM t ORDER BY id) TO STDOUT (FORMAT binary)").await.unwrap();
        let mut rows = pin!(BinaryCopyOutStream::new(out, &types));
        let mut id = 0;
        while let Some(row) = rows.try_next().await.unwrap() {
            assert_eq!(row.get::<i32>(0), id);
            assert_eq!(row.get::<Option<String>>(1), (id % 3 != 0).then(|| format!("name {id}")));
            assert_eq!(row.get::<DateTime<Utc>>(2), moment(id));
            assert_eq!((row.get::<f64>(3), row.get::<NaiveDate>(4)), (f64::from(id), day(id)));
            id += 1;
        }
        assert_eq!(id, ROWS);
        // Without rows there is the header and the trailer.
        let out =
            client.copy_out("COPY (SELECT * FROM t WHERE false) TO STDOUT (FORMAT binary)").await.unwrap();
        assert!(pin!(BinaryCopyOutStream::new(out, &types)).try_next().await.unwrap().is_none());
    });
}

#[test]
fn large_values_go_in_and_come_out() {
    serving(|server| async move {
        let client = connect(server.address).await;
        client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, a bytea, b text)").await.unwrap();
        let sink = client.copy_in("COPY t FROM STDIN (FORMAT binary)").await.unwrap();
        let types = [Type::INT4, Type::BYTEA, Type::TEXT];
        let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
        let large = |id: i32| (vec![u8::try_from(id).unwrap(); 5_000_000], "ä".repeat(1_000_000));
        for id in 0..5 {
            let (bytes, text) = large(id);
            writer.as_mut().write(&[&id, &bytes, &text]).await.unwrap();
        }
        assert_eq!(writer.finish().await.unwrap(), 5);
        let out =
            client.copy_out("COPY (SELECT * FROM t ORDER BY id) TO STDOUT (FORMAT binary)").await.unwrap();
        let rows: Vec<_> = BinaryCopyOutStream::new(out, &types).try_collect().await.unwrap();
        assert_eq!(rows.len(), 5);
        for (id, row) in (0..5).zip(rows) {
            let (bytes, text) = large(id);
            assert!(row.get::<&[u8]>(1) == bytes && row.get::<&str>(2) == text, "row {id}");
        }
    });
}

/// A column of each type, and rows of them.
const TYPES: &str = "CREATE TABLE types (id int PRIMARY KEY, b bool, i2 int2, i8 int8, f4 float4, f8 float8,
        n numeric(12,3), t text, v varchar(9), c char(4), y bytea, d date, ti time, ts timestamp, tz timestamptz,
        iv interval, u uuid, j json, jb jsonb, ia int[], ta text[], na numeric(8,2)[], tza timestamptz[], ve vector(3),
        hv halfvec(2));
    INSERT INTO types VALUES
        (1, true, -7, 9007199254740993, 1.5, -0.1, -12345.678, 'ä''\\', 'nine char', 'ab', '\\x00ff5c', '2026-01-02',
            '03:04:05.5', '1999-12-31 23:59:59.999999', '2026-07-01 12:00:00+02', '1 year 2 mons -3 days 04:05:06.7',
            '00010203-0405-0607-0809-0a0b0c0d0e0f', '{\"a\" : 1}', '{\"b\":[1,2,{\"c\":null}],\"a\":1.50}', '{1,NULL,3}',
            '{a,\"b c\",\"\",NULL}', '{1.5,-0.05,0}', '{2026-01-01 00:00:00+00}', '[1,-0.5,1e-20]', '[0.5,-65504]'),
        (3, false, 32767, -9223372036854775808, 'NaN', 'Infinity', 0, '', '', '', '', '0001-01-01', '00:00',
            '0001-01-01', '1970-01-01 00:00:00+00', '0', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '[]', '\"x\"', '{}',
            '{}', '{}', '{}', '[0,0,1]', '[1,1]');
    INSERT INTO types (id) VALUES (2);
    CREATE TABLE again (LIKE types)";

#[test]
fn every_type_comes_back_as_it_went() {
    serving(|server| async move {
        let client = connect(server.address).await;
        client.batch_execute(&TYPES.replace("\\\\", "\\")).await.unwrap();
        let written =
            given(&client, "COPY (SELECT * FROM types ORDER BY id) TO STDOUT (FORMAT binary)").await;
        let rows = taken(&client, "COPY again FROM STDIN (FORMAT binary)", written.clone()).await.unwrap();
        assert_eq!(rows, 3);
        let back = given(&client, "COPY (SELECT * FROM again ORDER BY id) TO STDOUT (FORMAT binary)").await;
        assert!(back == written, "what was read is not what was written");
        let text = |table: &str| format!("COPY (SELECT * FROM {table} ORDER BY id) TO STDOUT");
        assert_eq!(given(&client, &text("again")).await, given(&client, &text("types")).await);
        // The values of COPY are those of the protocol.
        let row =
            client.query_one("SELECT n::text, jb::text, ia FROM again WHERE id = 1", &[]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), "-12345.678");
        assert_eq!(row.get::<_, &str>(1), "{\"a\": 1.50, \"b\": [1, 2, {\"c\": null}]}");
        assert_eq!(row.get::<_, Vec<Option<i32>>>(2), [Some(1), None, Some(3)]);
    });
}

#[test]
fn columns_that_are_not_listed_are_computed() {
    serving(|server| async move {
        let client = connect(server.address).await;
        let table =
            "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a int CHECK (a < 10),
            b int GENERATED ALWAYS AS (a * 2) STORED, c text NOT NULL DEFAULT 'none')";
        client.batch_execute(table).await.unwrap();
        let load = async |columns: &str, types: &[Type], rows: &[[i32; 2]]| {
            let sink = client.copy_in(&format!("COPY t {columns} FROM STDIN (FORMAT binary)")).await.unwrap();
            let mut writer = pin!(BinaryCopyInWriter::new(sink, types));
            for row in rows {
                let values: Vec<i32> = row[..types.len()].to_vec();
                writer.as_mut().write_raw(values).await.unwrap();
            }
            writer.finish().await
        };
        assert_eq!(load("(a)", &[Type::INT4], &[[1, 0], [2, 0]]).await.unwrap(), 2);
        assert_eq!(load("(a, id)", &[Type::INT4, Type::INT4], &[[3, 30]]).await.unwrap(), 1);
        let error = load("(a)", &[Type::INT4], &[[4, 0], [10, 0]]).await.unwrap_err();
        let error = error.as_db_error().unwrap();
        assert_eq!((error.code(), error.where_()), (&SqlState::CHECK_VIOLATION, Some("COPY t, line 2")));
        let error = load("(a, id)", &[Type::INT4, Type::INT4], &[[5, 50], [6, 30]]).await.unwrap_err();
        assert_eq!(error.code(), Some(&SqlState::UNIQUE_VIOLATION));
        let error = client.copy_in::<_, Bytes>("COPY t (b) FROM STDIN (FORMAT binary)").await;
        assert_eq!(error.err().unwrap().code(), Some(&SqlState::INVALID_COLUMN_REFERENCE));
        let out = given(&client, "COPY (SELECT id, a, b, c FROM t ORDER BY a) TO STDOUT").await;
        assert_eq!(out, "1\t1\t2\tnone\n2\t2\t4\tnone\n30\t3\t6\tnone\n");
    });
}

#[test]
fn a_broken_stream_loads_nothing_and_leaves_the_connection_usable() {
    serving(|server| async move {
        let client = connect(server.address).await;
        client.batch_execute("CREATE TABLE t (id int PRIMARY KEY, name text)").await.unwrap();
        let mut rows = BytesMut::from(&b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"[..]);
        for id in 0..50_000_i32 {
            rows.extend_from_slice(&[0, 2, 0, 0, 0, 4]);
            rows.extend_from_slice(&id.to_be_bytes());
            rows.extend_from_slice(&[0, 0, 0, 3, b'a', b'b', b'c']);
        }
        let sql = "COPY t FROM STDIN (FORMAT binary)";
        for broken in [&b"\0\x02\0\0\0\x04\0"[..], b"\0\x03", b"\xff\xff\xff\xff", b"\0\x02\0\0\0\x02\0\0"] {
            let error = taken(&client, sql, [&rows[..], broken].concat().into()).await.unwrap_err();
            let error = error.as_db_error().unwrap();
            assert!(error.where_().unwrap().starts_with("COPY t, line 50001"), "{error:?}");
            let row = client.query_one("SELECT count(*) FROM t", &[]).await.unwrap();
            assert_eq!(row.get::<_, i64>(0), 0);
        }
        assert_eq!(taken(&client, sql, rows.freeze()).await.unwrap(), 50_000);
    });
}
