//! COPY in the format binary, byte by byte: what PostgreSQL writes, and everything that can be wrong with a file.

use crate::raw::{Message, Raw, kinds, query};
use crate::server::serving;

/// What precedes the tuples: the signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const TRAILER: &[u8] = b"\xff\xff";

/// What PostgreSQL 15 gives for the table of [`with_table`].
const WRITTEN: &str = "5047434f50590aff0d0a00000000000000000000090000000400000001000000
    01010000000c0002000040000002000c13880000000461c3b1620000000200ff
    000000040000251a000000080002ea5dbb151340000000200000000100000001
    0000001700000002000000010000000400000001ffffffff0000000b017b226b
    223a205b315d7d00090000000400000002ffffffffffffffff00000000ffffff
    ffffffffffffffffff0000000c000000000000000000000017ffffffffffff";

const COLUMNS: &str =
    "id int, b bool, n numeric(10,2), t text, y bytea, d date, ts timestamptz, a int[], j jsonb";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn data(bytes: &[u8]) -> Vec<u8> {
    Message::new(b'd').bytes(bytes).done()
}

fn done() -> Vec<u8> {
    Message::new(b'c').done()
}

fn tuple(fields: &[Option<&[u8]>]) -> Vec<u8> {
    let mut tuple = i16::try_from(fields.len()).unwrap().to_be_bytes().to_vec();
    for field in fields {
        match field {
            None => tuple.extend((-1_i32).to_be_bytes()),
            Some(bytes) => {
                tuple.extend(i32::try_from(bytes.len()).unwrap().to_be_bytes());
                tuple.extend(*bytes);
            }
        }
    }
    tuple
}

async fn with_table(address: std::net::SocketAddr) -> Raw {
    let mut raw = Raw::connect(address).await;
    let made = format!("CREATE TABLE small ({COLUMNS}); CREATE TABLE again ({COLUMNS})");
    raw.ask(&[query(&made)]).await;
    let rows = r#"INSERT INTO small VALUES
        (1, true, -12.5, 'añb', '\x00ff', '2026-01-02', '2026-01-02 03:04:05+00', '{1,NULL}', '{"k": [1]}'),
        (2, null, null, '', null, null, null, '{}', null)"#;
    raw.ask(&[query(rows)]).await;
    raw
}

#[test]
fn the_bytes_are_postgresqls() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        for sql in [
            "COPY (SELECT * FROM small ORDER BY id) TO STDOUT (FORMAT binary)",
            "COPY (SELECT * FROM small ORDER BY id) TO STDOUT WITH BINARY",
        ] {
            let answers = raw.ask(&[query(sql)]).await;
            // The header is part of the first row's message; the trailer has one of its own.
            assert_eq!(kinds(&answers), "HdddcCZ");
            assert_eq!(answers[0].body, [vec![1, 0, 9], [0, 1].repeat(9)].concat());
            assert_eq!(answers[5].text(), "COPY 2");
            let written: Vec<Vec<u8>> = answers[1..4].iter().map(|answer| answer.body.clone()).collect();
            assert_eq!(written.concat(), bytes(WRITTEN));
            assert!(written[0].starts_with(HEADER) && written[0].len() > HEADER.len());
            assert_eq!(written[2], TRAILER);
        }
        let answers = raw.ask(&[query("COPY BINARY again TO STDOUT")]).await;
        assert_eq!(
            (kinds(&answers).as_str(), &answers[1].body[..]),
            ("HdcCZ", &[HEADER, TRAILER].concat()[..])
        );
        let answers =
            raw.ask(&[query("COPY again FROM STDIN (FORMAT binary)"), data(&bytes(WRITTEN)), done()]).await;
        assert_eq!(kinds(&answers), "GCZ");
        assert_eq!(answers[0].body, [vec![1, 0, 9], [0, 1].repeat(9)].concat());
        assert_eq!(answers[1].text(), "COPY 2");
        let texts = raw.rows("SELECT * FROM again ORDER BY id").await;
        assert_eq!(
            texts[0],
            [
                "1",
                "t",
                "-12.50",
                "añb",
                "\\x00ff",
                "2026-01-02",
                "2026-01-02 03:04:05+00",
                "{1,NULL}",
                "{\"k\": [1]}"
            ]
        );
        assert_eq!(texts[1], ["2", "NULL", "NULL", "", "NULL", "NULL", "NULL", "{}", "NULL"]);
    });
}

#[test]
fn data_may_be_cut_anywhere() {
    serving(|server| async move {
        let mut raw = with_table(server.address).await;
        let written = bytes(WRITTEN);
        let begin = || query("TRUNCATE again; COPY again FROM STDIN (FORMAT binary)");
        for at in 0..=written.len() {
            let (before, behind) = written.split_at(at);
            let answers = raw.ask(&[begin(), data(before), data(behind), done()]).await;
            assert_eq!(kinds(&answers), "CGCZ", "cut at {at}");
            assert_eq!(answers[2].text(), "COPY 2", "cut at {at}");
        }
        let mut messages = vec![begin()];
        messages.extend(written.iter().map(|byte| data(&[*byte])));
        messages.push(done());
        let answers = raw.ask(&messages).await;
        assert_eq!((kinds(&answers).as_str(), answers[2].text().as_str()), ("CGCZ", "COPY 2"));
        assert_eq!(raw.rows("SELECT count(*), sum(id) FROM again").await, [["2", "3"]]);
        // What ends early is refused, but where a tuple ends: PostgreSQL needs no trailer.
        let second = written.windows(6).position(|six| six == [0, 9, 0, 0, 0, 4]).unwrap();
        let third =
            written[second + 1..].windows(6).position(|six| six == [0, 9, 0, 0, 0, 4]).unwrap() + second + 1;
        let whole =
            [second, second + 1, third, third + 1, written.len() - 2, written.len() - 1, written.len()];
        for end in 0..written.len() {
            let answers = raw.ask(&[begin(), data(&written[..end]), done()]).await;
            if whole.contains(&end) {
                assert_eq!(kinds(&answers), "CGCZ", "ended at {end}");
            } else {
                assert_eq!(
                    (kinds(&answers).as_str(), answers[2].sqlstate().as_str()),
                    ("CGEZ", "22P04"),
                    "ended at {end}"
                );
            }
        }
    });
}

/// A COPY, what it takes, and what is wrong with that: SQLSTATE, message, context.
type Case<'a> = (&'a str, Vec<u8>, &'a str, &'a str, Option<&'a str>);

async fn refused(raw: &mut Raw, cases: Vec<Case<'_>>) {
    for (sql, bytes, sqlstate, message, context) in cases {
        // Whole, and byte by byte: the fault is the same.
        let pieces: Vec<Vec<u8>> = bytes.iter().map(|byte| data(&[*byte])).collect();
        for pieces in [vec![data(&bytes)], pieces] {
            let answers = raw.ask(&[vec![query(sql)], pieces, vec![done()]].concat()).await;
            assert_eq!(kinds(&answers), "GEZ", "{message}");
            let field = |code| answers[1].field(code);
            assert_eq!(
                (answers[1].sqlstate().as_str(), field(b'M').as_deref(), field(b'W').as_deref()),
                (sqlstate, Some(message), context)
            );
        }
    }
}

#[test]
fn a_file_that_is_none_is_refused_and_nothing_is_loaded() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.ask(&[query("CREATE TABLE t (a int, b varchar(5), c numeric(5,2) NOT NULL)")]).await;
        let sql = "COPY t FROM STDIN (FORMAT binary)";
        let flags = |flags: u32| [SIGNATURE, &flags.to_be_bytes()].concat();
        let numeric: &[u8] = &[0, 1, 0, 0, 0, 0, 0, 0, 0, 7];
        let row = tuple(&[Some(&[0, 0, 0, 1]), Some(b"ab"), Some(numeric)]);
        let behind = |bytes: &[u8]| [HEADER, &row, bytes].concat();
        let no = None;
        let oids = "invalid COPY file header (WITH OIDS)";
        let critical = "unrecognized critical flags in COPY file header";
        let length = "invalid COPY file header (missing length)";
        let eof = "unexpected EOF in COPY data";
        let (line, column) = (Some("COPY t, line 2"), Some("COPY t, line 2, column a"));
        let cases: Vec<Case<'_>> = vec![
            (sql, vec![], "22P04", "COPY file signature not recognized", no),
            (sql, SIGNATURE[..10].to_vec(), "22P04", "COPY file signature not recognized", no),
            (sql, b"1\tab\t7\n and more".to_vec(), "22P04", "COPY file signature not recognized", no),
            (sql, SIGNATURE.to_vec(), "22P04", "invalid COPY file header (missing flags)", no),
            (sql, flags(1 << 16), "22P04", oids, no),
            (sql, flags(3 << 16), "22P04", oids, no),
            (sql, flags(1 << 17), "22P04", critical, no),
            (sql, flags(1 << 31), "22P04", critical, no),
            (sql, flags(0), "22P04", length, no),
            (sql, [&flags(0)[..], &[0xff; 4]].concat(), "22P04", length, no),
            (
                sql,
                [&flags(0)[..], &[0, 0, 0, 5, 1, 2]].concat(),
                "22P04",
                "invalid COPY file header (wrong length)",
                no,
            ),
            (sql, behind(b"\xff\xffx"), "22P04", "received copy data after EOF marker", line),
            (sql, behind(&[0, 1, 0, 0]), "22P04", "row field count is 1, expected 3", line),
            (sql, behind(&[0xff, 0xfe]), "22P04", "row field count is -2, expected 3", line),
            (sql, behind(&[0, 3]), "22P04", eof, column),
            (sql, behind(&[0, 3, 0, 0, 0, 4, 0]), "22P04", eof, column),
            (sql, behind(&[0, 3, 0xff, 0xff, 0xff, 0xfe]), "22P04", "invalid field size", column),
            (sql, behind(&[0, 3, 0x7f, 0xff, 0xff, 0xff, 0]), "54000", "out of memory", column),
        ];
        refused(&mut raw, cases).await;
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["0"]]);
        // A flag that is not critical and an extension are passed over.
        let extended = [&flags(1)[..], &[0, 0, 0, 3, 1, 2, 3], &row, TRAILER].concat();
        let answers = raw.ask(&[query(sql), data(&extended), done()]).await;
        assert_eq!((kinds(&answers).as_str(), answers[1].text().as_str()), ("GCZ", "COPY 1"));
    });
}

#[test]
fn a_value_that_is_none_is_refused_with_line_and_column() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.ask(&[query("CREATE TABLE t (a int, b varchar(5), c numeric(5,2) NOT NULL)")]).await;
        let one: &[u8] = &[0, 0, 0, 1];
        let numeric: &[u8] = &[0, 1, 0, 0, 0, 0, 0, 0, 0, 7];
        let good = tuple(&[Some(one), Some(b"ab"), Some(numeric)]);
        let sql = "COPY t FROM STDIN (FORMAT binary)";
        let second = |fields: &[Option<&[u8]>]| [HEADER, &good, &tuple(fields)].concat();
        let (a, b, c) = ("COPY t, line 2, column a", "COPY t, line 2, column b", "COPY t, line 2, column c");
        let short = "insufficient data left in message";
        let format = "incorrect binary data format";
        let utf8 = |byte: &str| format!("invalid byte sequence for encoding \"UTF8\": {byte}");
        let (utf8_ff, utf8_00) = (utf8("0xff"), utf8("0x00"));
        let cases: Vec<Case<'_>> = vec![
            (sql, second(&[Some(b"ab"), Some(b"x"), Some(numeric)]), "08P01", short, Some(a)),
            (sql, second(&[Some(b"abcde"), Some(b"x"), Some(numeric)]), "22P03", format, Some(a)),
            (
                sql,
                second(&[Some(one), Some(b"abcdef"), Some(numeric)]),
                "22001",
                "value too long for type character varying(5)",
                Some(b),
            ),
            (sql, second(&[Some(one), Some(b"a\xff"), Some(numeric)]), "22021", utf8_ff.as_str(), Some(b)),
            (sql, second(&[Some(one), Some(b"a\0"), Some(numeric)]), "22021", utf8_00.as_str(), Some(b)),
            (
                sql,
                second(&[Some(one), Some(b"a"), None]),
                "23502",
                "null value in column \"c\" of relation \"t\" violates not-null constraint",
                Some("COPY t, line 2"),
            ),
            (
                sql,
                second(&[Some(one), Some(b"a"), Some(&[0, 1, 0, 1, 0, 0, 0, 0, 0, 1])]),
                "22003",
                "numeric field overflow",
                Some(c),
            ),
            (
                sql,
                second(&[Some(one), Some(b"a"), Some(&[0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10])]),
                "22P03",
                "invalid digit in external \"numeric\" value",
                Some(c),
            ),
            (
                sql,
                second(&[Some(one), Some(b"a"), Some(&[0, 1, 0, 0, 0, 5, 0, 0, 0, 1])]),
                "22P03",
                "invalid sign in external \"numeric\" value",
                Some(c),
            ),
            (
                sql,
                second(&[Some(one), Some(b"a"), Some(&[0, 1, 0, 0, 0, 0, 0x40, 1, 0, 1])]),
                "22P03",
                "invalid scale in external \"numeric\" value",
                Some(c),
            ),
            (
                sql,
                second(&[Some(one), Some(b"a"), Some(&[numeric, b"x"].concat())]),
                "22P03",
                format,
                Some(c),
            ),
        ];
        refused(&mut raw, cases).await;
        assert_eq!(raw.rows("SELECT count(*) FROM t").await, [["0"]]);
        // The first fault counts, whatever stands behind it.
        let faults = [second(&[Some(one), Some(b"a"), None]), vec![0, 9]].concat();
        let answers = raw.ask(&[query(sql), data(&faults), done()]).await;
        assert_eq!(answers[1].sqlstate(), "23502");
    });
}

#[test]
fn values_of_each_type_are_checked() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let array = |bytes: &[&[u8]]| bytes.concat();
        let header: &[u8] = &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23];
        let short = "insufficient data left in message";
        let mut cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
            ("bool", vec![], "08P01", "no data left in message"),
            ("float8", vec![0; 7], "08P01", short),
            ("json", b"{".to_vec(), "22P02", "invalid input syntax for type json"),
            ("jsonb", vec![], "08P01", short),
            ("jsonb", b"\x02{}".to_vec(), "XX000", "unsupported jsonb version number 2"),
            ("jsonb", b"\x01{\"a\":}".to_vec(), "22P02", "invalid input syntax for type json"),
            ("uuid", vec![1; 3], "08P01", short),
            ("uuid", vec![1; 17], "22P03", "incorrect binary data format"),
            ("time", vec![0xff; 8], "22008", "time out of range"),
            ("interval", vec![1; 15], "08P01", short),
            ("char(3)", b"abcd".to_vec(), "22001", "value too long for type character(3)"),
            (
                "vector(2)",
                vec![0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0],
                "22000",
                "expected unused to be 0, not 1",
            ),
            ("vector(2)", vec![0, 1, 0, 0, 0, 0, 0, 0], "22000", "expected 2 dimensions, not 1"),
            ("vector(2)", vec![0, 2, 0, 0, 0, 0, 0, 0], "08P01", short),
            ("vector(1)", vec![0, 1, 0, 0, 0x7f, 0xc0, 0, 0], "22000", "NaN not allowed in vector"),
            ("halfvec(1)", vec![0, 1, 0, 0, 0x7c, 0], "22000", "infinite value not allowed in halfvec"),
        ];
        let arrays: Vec<(Vec<u8>, &str, &str)> = vec![
            (vec![], "08P01", short),
            (
                array(&[&[0, 0, 0, 7], &header[4..]]),
                "54000",
                "number of array dimensions (7) exceeds the maximum allowed (6)",
            ),
            (array(&[&[0xff; 4], &header[4..]]), "22P03", "invalid number of dimensions: -1"),
            (array(&[&header[..7], &[2, 0, 0, 0, 23]]), "22P03", "invalid array flags"),
            (
                array(&[&header[..11], &[25]]),
                "42804",
                "binary data has array element type 25 (text) instead of expected 23 (integer)",
            ),
            (
                array(&[header, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1]]),
                "54000",
                "array size exceeds the maximum allowed (134217727)",
            ),
            (array(&[header, &[0, 0, 0, 1, 0, 0, 0, 1]]), "08P01", short),
            (array(&[header, &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 1]]), "22P03", short),
            (
                array(&[header, &[0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 1, 1]]),
                "22P03",
                "improper binary format in array element 1",
            ),
        ];
        cases.extend(arrays.into_iter().map(|(bytes, state, message)| ("int[]", bytes, state, message)));
        for (type_name, bytes, sqlstate, message) in cases {
            raw.ask(&[query(&format!("CREATE TABLE one (x {type_name})"))]).await;
            let bytes = [HEADER, &tuple(&[Some(&bytes)])].concat();
            let sql = "COPY one FROM STDIN (FORMAT binary)";
            refused(&mut raw, vec![(sql, bytes, sqlstate, message, Some("COPY one, line 1, column x"))])
                .await;
            raw.ask(&[query("DROP TABLE one")]).await;
        }
    });
}

#[test]
fn options_of_texts_have_no_place_in_binary() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.ask(&[query("CREATE TABLE t (a int)")]).await;
        for (options, sqlstate, message) in [
            ("DELIMITER ','", "42601", "cannot specify DELIMITER in BINARY mode"),
            ("NULL 'x'", "42601", "cannot specify NULL in BINARY mode"),
            ("NULL 'x', DELIMITER ','", "42601", "cannot specify DELIMITER in BINARY mode"),
            ("HEADER", "0A000", "cannot specify HEADER in BINARY mode"),
            ("QUOTE '\"'", "0A000", "COPY quote available only in CSV mode"),
            ("ESCAPE '\"'", "0A000", "COPY escape available only in CSV mode"),
            ("FORCE_QUOTE *", "0A000", "COPY force quote available only in CSV mode"),
            ("FORCE_NOT_NULL (a)", "0A000", "COPY force not null available only in CSV mode"),
            ("FORCE_NULL (a)", "0A000", "COPY force null available only in CSV mode"),
            ("FORMAT csv", "42601", "conflicting or redundant options"),
        ] {
            for way in ["FROM STDIN", "TO STDOUT"] {
                let answers = raw.ask(&[query(&format!("COPY t {way} (FORMAT binary, {options})"))]).await;
                assert_eq!(kinds(&answers), "EZ", "{options}");
                let said = (answers[0].sqlstate(), answers[0].field(b'M').unwrap());
                assert_eq!(said, (sqlstate.to_string(), message.to_string()));
            }
        }
        let answers =
            raw.ask(&[query("COPY t TO STDOUT (FORMAT binary, HEADER false, ENCODING 'utf8')")]).await;
        assert_eq!(kinds(&answers), "HdcCZ");
        for sql in ["COPY BINARY (SELECT 1) TO STDOUT", "COPY BINARY t TO STDOUT BINARY"] {
            let answers = raw.ask(&[query(sql)]).await;
            assert_eq!((kinds(&answers).as_str(), answers[0].sqlstate().as_str()), ("EZ", "42601"), "{sql}");
        }
    });
}
