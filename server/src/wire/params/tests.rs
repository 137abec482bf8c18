//! Parameters of every type in both formats, and what is refused.

use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float16Type, Float32Type, Int32Type};

use super::*;
use crate::wire::types::declared_field;

fn field(ty: &Type) -> FieldRef {
    declared_field(ty.oid()).unwrap().unwrap()
}

fn read(field: FieldRef, format: i16, bytes: &[u8]) -> Result<Value> {
    let value = Some(Bytes::copy_from_slice(bytes));
    decode(&[field], &[format], &[value], "UTC".parse().unwrap()).map(|mut values| values.remove(0))
}

fn text(ty: Type, value: &str) -> Result<Value> {
    read(field(&ty), 0, value.as_bytes())
}

fn binary(ty: Type, bytes: &[u8]) -> Result<Value> {
    read(field(&ty), 1, bytes)
}

fn state(result: Result<Value>) -> &'static str {
    result.unwrap_err().sqlstate()
}

#[test]
fn text_parameters_are_read_by_their_type() {
    assert_eq!(text(Type::BOOL, "t").unwrap(), Value::Boolean(Some(true)));
    assert_eq!(text(Type::INT2, "-7").unwrap(), Value::Int16(Some(-7)));
    assert_eq!(text(Type::INT8, " 5 ").unwrap(), Value::Int64(Some(5)));
    assert_eq!(text(Type::FLOAT8, "1e3").unwrap(), Value::Float64(Some(1000.0)));
    assert_eq!(text(Type::NUMERIC, "1.5").unwrap(), Value::Decimal128(Some(15_000_000_000), 38, 10));
    assert_eq!(text(Type::TEXT, " a ").unwrap(), Value::Utf8(Some(" a ".into())));
    assert_eq!(text(Type::BYTEA, "\\x01").unwrap(), Value::Binary(Some(vec![1])));
    assert_eq!(text(Type::DATE, "1970-01-02").unwrap(), Value::Date32(Some(1)));
    assert_eq!(
        text(Type::TIMESTAMPTZ, "1970-01-01 01:00:00+01").unwrap(),
        Value::TimestampMicrosecond(Some(0), Some("UTC".into()))
    );
    assert_eq!(text(Type::JSONB, "{\"a\": 1}").unwrap(), Value::Utf8(Some("{\"a\": 1}".into())));
    let Value::List(list) = text(Type::TEXT_ARRAY, "{a,NULL}").unwrap() else { panic!("no list") };
    let items = list.value(0);
    assert_eq!((items.as_string::<i32>().value(0), items.is_null(1)), ("a", true));
}

#[test]
fn binary_parameters_are_read_by_their_type() {
    assert_eq!(binary(Type::BOOL, &[1]).unwrap(), Value::Boolean(Some(true)));
    assert_eq!(binary(Type::INT4, &[0, 0, 1, 0]).unwrap(), Value::Int32(Some(256)));
    assert_eq!(binary(Type::FLOAT4, &1.5_f32.to_be_bytes()).unwrap(), Value::Float32(Some(1.5)));
    // 12345.678, as PostgreSQL sends it.
    let numeric = [0, 3, 0, 1, 0, 0, 0, 3, 0, 1, 9, 41, 26, 124];
    assert_eq!(
        binary(Type::NUMERIC, &numeric).unwrap(),
        Value::Decimal128(Some(123_456_780_000_000), 38, 10)
    );
    assert_eq!(binary(Type::DATE, &1_i32.to_be_bytes()).unwrap(), Value::Date32(Some(10_958)));
    assert_eq!(
        binary(Type::TIMESTAMP, &0_i64.to_be_bytes()).unwrap(),
        Value::TimestampMicrosecond(Some(946_684_800_000_000), None)
    );
    assert_eq!(binary(Type::JSONB, b"\x01[]").unwrap(), Value::Utf8(Some("[]".into())));
    let array = [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9];
    let Value::List(list) = binary(Type::INT4_ARRAY, &array).unwrap() else { panic!("no list") };
    assert_eq!(list.value(0).as_primitive::<Int32Type>().values(), &[9]);
}

#[test]
fn vectors_are_read_in_both_formats() {
    let vector = declared_field(16385).unwrap().unwrap();
    let mut bytes = vec![0, 2, 0, 0];
    bytes.extend(1_f32.to_be_bytes());
    bytes.extend((-0.5_f32).to_be_bytes());
    for value in [read(vector.clone(), 1, &bytes), read(vector.clone(), 0, b"[1, -0.5]")] {
        let Value::List(list) = value.unwrap() else { panic!("no list") };
        assert_eq!(list.value(0).as_primitive::<Float32Type>().values(), &[1.0, -0.5]);
    }
    assert_eq!(state(read(vector.clone(), 0, b"[]")), "22000");
    assert_eq!(state(read(vector.clone(), 0, b"1,2")), "22P02");
    assert_eq!(state(read(vector.clone(), 1, &bytes[..9])), "22P03");
    assert_eq!(state(read(vector.clone(), 1, &[0, 0, 0, 0])), "22000");
    let item = Arc::new(Field::new_list_field(DataType::Float32, true));
    let sized = Field::new("", DataType::FixedSizeList(item, 3), true);
    assert_eq!(state(read(Arc::new(sized), 1, &bytes)), "22000");
}

#[test]
fn halves_are_two_bytes_each() {
    let halfvec = declared_field(16388).unwrap().unwrap();
    let bytes = [0, 2, 0, 0, 0x3c, 0x00, 0x2e, 0x66];
    for value in [read(halfvec.clone(), 1, &bytes), read(halfvec.clone(), 0, b"[1, 0.1]")] {
        let Value::List(list) = value.unwrap() else { panic!("no list") };
        let halves: Vec<f32> =
            list.value(0).as_primitive::<Float16Type>().values().iter().map(|half| half.to_f32()).collect();
        assert_eq!(halves, [1.0, 0.099_975_586]);
    }
    assert_eq!(state(read(halfvec.clone(), 1, &bytes[..7])), "22P03");
    assert_eq!(state(read(halfvec.clone(), 0, b"[65520]")), "22003");
    assert_eq!(state(read(halfvec, 1, &[0, 1, 0, 0, 0x7c, 0x00])), "22000");
}

#[test]
fn null_is_null_of_the_type() {
    let values = decode(&[field(&Type::INT4)], &[], &[None], "UTC".parse().unwrap()).unwrap();
    assert_eq!(values, [Value::Int32(None)]);
}

#[test]
fn bad_text_has_the_state_that_postgresql_gives() {
    assert_eq!(state(text(Type::INT4, "abc")), "22P02");
    assert_eq!(state(text(Type::INT4, "3000000000")), "22003");
    assert_eq!(state(text(Type::BOOL, "maybe")), "22P02");
    assert_eq!(state(text(Type::UUID, "x")), "22P02");
    assert_eq!(state(text(Type::JSONB, "{")), "22P02");
    assert_eq!(state(text(Type::TEXT_ARRAY, "{a")), "22P02");
    assert_eq!(state(text(Type::DATE, "soon")), "22007");
    assert_eq!(state(text(Type::DATE, "2026-02-30")), "22008");
    assert_eq!(state(text(Type::NUMERIC, "1e40")), "22003");
    assert_eq!(state(read(field(&Type::TEXT), 0, b"\xff")), "22021");
    assert_eq!(state(read(field(&Type::TEXT), 0, b"a\0b")), "22021");
}

#[test]
fn every_prefix_of_a_binary_value_is_refused() {
    let array: &[u8] = &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 9];
    for (ty, bytes) in [
        (Type::BOOL, &[1][..]),
        (Type::INT8, &[0; 8]),
        (Type::FLOAT8, &[0; 8]),
        (Type::NUMERIC, &[0, 1, 0, 0, 0, 0, 0, 0, 0, 1]),
        (Type::DATE, &[0; 4]),
        (Type::TIMESTAMPTZ, &[0; 8]),
        (Type::INTERVAL, &[0; 16]),
        (Type::UUID, &[0; 16]),
        (Type::INT4_ARRAY, array),
    ] {
        binary(ty.clone(), bytes).unwrap();
        for length in 0..bytes.len() {
            assert_eq!(state(binary(ty.clone(), &bytes[..length])), "22P03", "{ty} of {length} bytes");
        }
        let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
        assert_eq!(state(binary(ty.clone(), &longer)), "22P03", "{ty} with a byte too many");
    }
}

#[test]
fn absurd_binary_arrays_are_refused_without_allocating_for_them() {
    let header = |dimensions: i32, oid: u32, count: i32| {
        let mut bytes = dimensions.to_be_bytes().to_vec();
        bytes.extend(0_i32.to_be_bytes());
        bytes.extend(oid.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend(1_i32.to_be_bytes());
        bytes
    };
    for bytes in
        [header(1, 23, i32::MAX), header(1, 23, -1), header(7, 23, 1), header(-1, 23, 1), header(1, 25, 1)]
    {
        assert_eq!(state(binary(Type::INT4_ARRAY, &bytes)), "22P03");
    }
    assert_eq!(state(binary(Type::INT4_ARRAY, &header(2, 23, 1))), "0A000");
}

#[test]
fn an_error_repeats_no_more_than_the_start_of_a_value() {
    let message = text(Type::INT4, &"ä".repeat(1000)).unwrap_err().to_string();
    assert!(message.starts_with("invalid input syntax for type integer: \"ä"), "{message}");
    assert!(message.chars().count() < 200);
}
