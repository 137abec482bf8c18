//! FunctionCall: functions by their object ids, right and wrong.

use crate::raw::{Answer, Message, Raw, bind, execute, kinds, parse, query, sync};
use crate::server::serving;

const LO_OPEN: i32 = 952;
const LO_CLOSE: i32 = 953;
const LOREAD: i32 = 954;
const LOWRITE: i32 = 955;
const LO_LSEEK: i32 = 956;
const LO_CREATE: i32 = 715;
const LO_LSEEK64: i32 = 3170;
const LENGTH: i32 = 1317;
const PG_SLEEP: i32 = 2626;

/// A call with all arguments and the result in one format.
fn call(function: i32, format: i16, arguments: &[Option<&[u8]>]) -> Vec<u8> {
    let message = Message::new(b'F').i32(function).i16(1).i16(format).i16(arguments.len() as i16);
    let message = arguments.iter().fold(message, |message, value| match value {
        Some(value) => message.i32(value.len() as i32).bytes(value),
        None => message.i32(-1),
    });
    message.i16(format).done()
}

/// The same of numbers of 32 bits, in binary.
fn call_with(function: i32, arguments: &[i32]) -> Vec<u8> {
    let bytes: Vec<[u8; 4]> = arguments.iter().map(|number| number.to_be_bytes()).collect();
    call(function, 1, &bytes.iter().map(|bytes| Some(bytes.as_slice())).collect::<Vec<_>>())
}

/// The value that an answer has.
fn value(answer: &Answer) -> Option<Vec<u8>> {
    assert_eq!(answer.kind, b'V', "{answer:?}");
    let length = i32::from_be_bytes(answer.body[..4].try_into().unwrap());
    let value = answer.body[4..].to_vec();
    assert_eq!(usize::try_from(length).unwrap_or(0), value.len());
    (length >= 0).then_some(value)
}

/// What a call gives, and the status after it.
async fn given(raw: &mut Raw, message: Vec<u8>) -> (Vec<u8>, String) {
    let (answers, told) = raw.status(&[message]).await;
    (value(&answers[0]).unwrap(), told)
}

async fn refused(raw: &mut Raw, message: Vec<u8>) -> (String, String, String) {
    let (answers, told) = raw.status(&[message]).await;
    (answers[0].sqlstate(), answers[0].field(b'M').unwrap(), told)
}

#[test]
fn a_large_object_is_written_and_read() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        assert_eq!(
            given(&mut raw, call_with(LO_CREATE, &[70_000])).await,
            (70_000_i32.to_be_bytes().to_vec(), "VZ I".into())
        );
        raw.status(&[query("BEGIN")]).await;
        let number = |number: i32| (number.to_be_bytes().to_vec(), "VZ T".to_string());
        assert_eq!(given(&mut raw, call_with(LO_OPEN, &[70_000, 0x0006_0000])).await, number(0));
        let fd = 0_i32.to_be_bytes();
        let written = given(&mut raw, call(LOWRITE, 1, &[Some(&fd), Some(b"hello\0world")])).await;
        assert_eq!(written, number(11));
        assert_eq!(given(&mut raw, call_with(LO_LSEEK, &[0, 6, 0])).await, number(6));
        let read = given(&mut raw, call_with(LOREAD, &[0, 100])).await;
        assert_eq!(read, (b"world".to_vec(), "VZ T".into()));
        let big = 5_000_000_000_i64.to_be_bytes();
        let sought = given(&mut raw, call(LO_LSEEK64, 1, &[Some(&fd), Some(&big), Some(&fd)])).await;
        assert_eq!(sought.0, big);
        assert_eq!(given(&mut raw, call_with(LO_CLOSE, &[0])).await, number(0));
        raw.status(&[query("COMMIT")]).await;
        assert_eq!(raw.rows("SELECT lo_get(70000)").await, [["\\x68656c6c6f00776f726c64"]]);
    });
}

#[test]
fn any_function_is_called_in_text_and_binary_with_null() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let text = given(&mut raw, call(LENGTH, 0, &[Some(b"four")])).await;
        assert_eq!(text, (b"4".to_vec(), "VZ I".to_string()));
        let binary = given(&mut raw, call(LENGTH, 1, &[Some(b"four")])).await.0;
        assert_eq!(binary, 4_i32.to_be_bytes());
        let answers = raw.ask(&[call(LENGTH, 1, &[None])]).await;
        assert_eq!(value(&answers[0]), None);
        // A format for each argument, or none: text.
        let message = Message::new(b'F').i32(LENGTH).i16(0).i16(1).i32(3).bytes(b"abc").i16(0).done();
        assert_eq!(given(&mut raw, message).await.0, b"3");
    });
}

#[test]
fn what_is_wrong_is_refused_and_the_connection_goes_on() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let told = refused(&mut raw, call_with(999_999_999, &[])).await;
        assert_eq!(told.0, "42883");
        assert_eq!(told.1, "function with OID 999999999 does not exist");
        assert_eq!(told.2, "EZ I");
        let told = refused(&mut raw, call_with(LO_CLOSE, &[1, 2])).await;
        let words = "function call message contains 2 arguments but function requires 1";
        assert_eq!((told.0.as_str(), told.1.as_str()), ("08P01", words));
        let wrong_formats =
            Message::new(b'F').i32(LO_CLOSE).i16(2).i16(1).i16(1).i16(1).i32(4).i32(0).i16(1).done();
        assert_eq!(refused(&mut raw, wrong_formats).await.0, "08P01");
        let cut = Message::new(b'F').i32(LO_CLOSE).i16(1).i16(1).i16(1).i32(400).done();
        assert_eq!(refused(&mut raw, cut).await.0, "08P01");
        let format = Message::new(b'F').i32(LO_CLOSE).i16(0).i16(1).i32(1).bytes(b"0").i16(7).done();
        assert_eq!(refused(&mut raw, format).await.0, "22023");
        let short = call(LO_CLOSE, 1, &[Some(b"\0\0")]);
        assert_eq!(refused(&mut raw, short).await.0, "22P03");
        // `generate_series(int, int)` gives rows, `sum(int)` takes them; `xmlcomment` is PostgreSQL's alone.
        assert_eq!(refused(&mut raw, call_with(1067, &[1, 2])).await.0, "0A000");
        assert_eq!(refused(&mut raw, call_with(2108, &[1])).await.0, "0A000");
        assert_eq!(refused(&mut raw, call(2895, 0, &[Some(b"a")])).await.0, "0A000");
        assert_eq!(refused(&mut raw, call_with(LO_CLOSE, &[0])).await.0, "42704");
        raw.status(&[query("BEGIN")]).await;
        assert_eq!(refused(&mut raw, call_with(LO_CLOSE, &[0])).await.2, "EZ E");
        let told = refused(&mut raw, call_with(LO_CREATE, &[1])).await;
        assert_eq!((told.0.as_str(), told.2.as_str()), ("25P02", "EZ E"));
        raw.status(&[query("ROLLBACK")]).await;
        assert_eq!(raw.rows("SELECT 1").await, [["1"]]);
    });
}

#[test]
fn a_call_ends_by_its_timeout() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        raw.status(&[query("SET statement_timeout = 50")]).await;
        let long = 600_f64.to_be_bytes();
        let told = refused(&mut raw, call(PG_SLEEP, 1, &[Some(&long)])).await;
        assert_eq!((told.0.as_str(), told.2.as_str()), ("57014", "EZ I"));
    });
}

#[test]
fn a_statement_of_large_objects_alone_is_a_transaction() {
    serving(|server| async move {
        let mut raw = Raw::connect(server.address).await;
        let sql = "SELECT lo_from_bytea(70000, 'a')";
        let (answers, told) =
            raw.status(&[parse("", sql, &[]), bind("", "", 0, &[]), execute("", 0), sync()]).await;
        assert_eq!(told, "12DCZ I", "{answers:?}");
        // The second fails, and takes the first with it.
        let both = "SELECT lo_put(70000, 0, 'b'); SELECT lo_create(70000)";
        let answers = raw.ask(&[query(both)]).await;
        assert_eq!(kinds(&answers), "TDCEZ");
        assert_eq!(raw.rows("SELECT lo_get(70000)").await, [["\\x61"]]);
        // A descriptor lives as long as the string of statements.
        let opened = "SELECT lo_open(70000, 131072); SELECT lowrite(0, 'c'); SELECT lo_lseek(0, 0, 2)";
        assert_eq!(raw.rows(opened).await, [["0"], ["1"], ["1"]]);
        assert_eq!(raw.rows("SELECT lo_get(70000)").await, [["\\x63"]]);
    });
}
