//! What each kind of column looks like on the wire, in both formats.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::*;
use arrow::datatypes::*;

use super::*;

fn layout(schema: &Schema, format: Format) -> Layout {
    let columns =
        schema.fields().iter().map(|field| Column { format, ..Column::new(field).unwrap() }).collect();
    Layout { columns, zone: "UTC".parse().unwrap() }
}

/// The values of a column of one row each, as the protocol has them: NULL or bytes.
fn encode(field: Field, array: ArrayRef, format: Format) -> Result<Vec<Option<Vec<u8>>>> {
    let schema = Arc::new(Schema::new(vec![field]));
    let batch = RecordBatch::try_new(schema.clone(), vec![array]).unwrap();
    let mut out = BytesMut::new();
    let rows = layout(&schema, format).write_rows(&batch, 0..batch.num_rows(), &mut out)?;
    assert_eq!(rows, batch.num_rows());
    let mut values = Vec::new();
    let mut rest = &out[..];
    while !rest.is_empty() {
        assert_eq!((rest[0], &rest[5..7]), (b'D', &[0, 1][..]));
        let length = i32::from_be_bytes(rest[1..5].try_into().unwrap()) as usize;
        let value = &rest[7..=length];
        rest = &rest[length + 1..];
        values.push(match i32::from_be_bytes(value[..4].try_into().unwrap()) {
            -1 => None,
            length => {
                assert_eq!(length as usize, value.len() - 4);
                Some(value[4..].to_vec())
            }
        });
    }
    Ok(values)
}

fn text(field: Field, array: impl Array + 'static) -> Vec<String> {
    let values = encode(field, Arc::new(array), Format::Text).unwrap();
    values
        .into_iter()
        .map(|value| value.map_or("NULL".into(), |value| String::from_utf8(value).unwrap()))
        .collect()
}

fn binary(field: Field, array: impl Array + 'static) -> Vec<u8> {
    encode(field, Arc::new(array), Format::Binary).unwrap().remove(0).unwrap()
}

fn plain(array: &dyn Array) -> Field {
    Field::new("c", array.data_type().clone(), true)
}

macro_rules! text_of {
    ($array:expr) => {{
        let array = $array;
        text(plain(&array), array)
    }};
}

macro_rules! binary_of {
    ($array:expr) => {{
        let array = $array;
        binary(plain(&array), array)
    }};
}

fn tagged(data_type: DataType, pairs: &[(&str, &str)]) -> Field {
    let metadata = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string()));
    Field::new("c", data_type, true).with_metadata(metadata.collect::<HashMap<_, _>>())
}

#[test]
fn scalars_as_text() {
    assert_eq!(text_of!(BooleanArray::from(vec![Some(true), Some(false), None])), ["t", "f", "NULL"]);
    assert_eq!(text_of!(Int64Array::from(vec![i64::MIN, 7])), ["-9223372036854775808", "7"]);
    assert_eq!(text_of!(UInt64Array::from(vec![u64::MAX])), ["18446744073709551615"]);
    assert_eq!(text_of!(Float32Array::from(vec![0.1])), ["0.1"]);
    assert_eq!(text_of!(StringViewArray::from(vec!["", "ä"])), ["", "ä"]);
    assert_eq!(text_of!(BinaryArray::from(vec![&b"\x00\xff"[..]])), ["\\x00ff"]);
    assert_eq!(text_of!(NullArray::new(1)), ["NULL"]);
    let numeric = Decimal128Array::from(vec![2550, -5]).with_precision_and_scale(10, 2).unwrap();
    assert_eq!(text_of!(numeric), ["25.50", "-0.05"]);
    let numeric =
        Decimal256Array::from(vec![i256::from_i128(i128::MAX)]).with_precision_and_scale(76, 1).unwrap();
    assert_eq!(text_of!(numeric), ["17014118346046923173168730371588410572.7"]);
    assert_eq!(text_of!(Date32Array::from(vec![20_455])), ["2026-01-02"]);
    assert_eq!(text_of!(Time64MicrosecondArray::from(vec![11_045_500_000])), ["03:04:05.5"]);
    let moment = TimestampMicrosecondArray::from(vec![1_767_323_045_000_000]);
    assert_eq!(text_of!(moment.clone()), ["2026-01-02 03:04:05"]);
    assert_eq!(text_of!(moment.with_timezone("UTC")), ["2026-01-02 03:04:05+00"]);
}

#[test]
fn scalars_in_binary() {
    assert_eq!(binary_of!(BooleanArray::from(vec![true])), [1]);
    assert_eq!(binary_of!(Int16Array::from(vec![-2])), [255, 254]);
    assert_eq!(binary_of!(Float32Array::from(vec![1.5])), 1.5_f32.to_be_bytes());
    assert_eq!(binary_of!(StringArray::from(vec!["ab"])), b"ab");
    // 2000-01-01 is day 0 there.
    assert_eq!(binary_of!(Date32Array::from(vec![10_958])), 1_i32.to_be_bytes());
    let moment = TimestampMicrosecondArray::from(vec![946_684_801_000_000]);
    assert_eq!(binary_of!(moment), 1_000_000_i64.to_be_bytes());
    let interval = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, 3000)]);
    assert_eq!(binary_of!(interval), [0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1]);
}

#[test]
fn arrays_quote_only_what_needs_it() {
    let mut builder = ListBuilder::new(StringBuilder::new());
    for item in ["a", "b c", "", "null", "x\"y\\z"] {
        builder.values().append_value(item);
    }
    builder.values().append_null();
    builder.append(true);
    builder.append(true);
    builder.append(false);
    assert_eq!(text_of!(builder.finish()), [r#"{a,"b c","","null","x\"y\\z",NULL}"#, "{}", "NULL"]);
}

#[test]
fn arrays_of_arrays_have_braces_in_braces() {
    let of = |rows: &[&[i32]]| {
        let mut builder = ListBuilder::new(ListBuilder::new(Int32Builder::new()));
        for row in rows {
            builder.values().values().append_slice(row);
            builder.values().append(true);
        }
        builder.append(true);
        builder.finish()
    };
    let array = of(&[&[1, 2], &[3, 4]]);
    assert_eq!(text_of!(array.clone()), ["{{1,2},{3,4}}"]);
    #[rustfmt::skip]
    assert_eq!(binary_of!(array), [
        0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1,
        0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 4,
    ]);
    let ragged = of(&[&[1, 2], &[3]]);
    let field = plain(&ragged);
    assert_eq!(encode(field, Arc::new(ragged), Format::Binary).unwrap_err().sqlstate(), "0A000");
}

#[test]
fn arrays_in_binary_have_a_header() {
    let array = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(7), None])]);
    #[rustfmt::skip]
    assert_eq!(binary_of!(array), [
        0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1,
        0, 0, 0, 4, 0, 0, 0, 7, 255, 255, 255, 255,
    ]);
    let array = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(Vec::<Option<i32>>::new())]);
    assert_eq!(binary_of!(array), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 23]);
}

#[test]
fn a_sliced_list_shows_its_own_elements() {
    let array = ListArray::from_iter_primitive::<Int32Type, _, _>([
        Some(vec![Some(1)]),
        Some(vec![Some(2), Some(3)]),
        None,
    ]);
    assert_eq!(text_of!(array.slice(1, 2)), ["{2,3}", "NULL"]);
    let item = Arc::new(Field::new_list_field(DataType::Int32, true));
    let fixed = FixedSizeListArray::new(item, 2, Arc::new(Int32Array::from(vec![1, 2, 3, 4])), None);
    assert_eq!(text_of!(fixed.slice(1, 1)), ["{3,4}"]);
}

#[test]
fn vectors_are_pgvectors() {
    let array = FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(
        [Some(vec![Some(1.0), Some(0.1)]), None],
        2,
    );
    let field = tagged(array.data_type().clone(), &[("pg.vector", "vector")]);
    assert_eq!(text(field.clone(), array.clone()), ["[1,0.1]", "NULL"]);
    let mut expected = vec![0, 2, 0, 0];
    expected.extend(1_f32.to_be_bytes());
    expected.extend(0.1_f32.to_be_bytes());
    assert_eq!(binary(field, array), expected);
}

#[test]
fn json_and_uuid_are_told_by_their_metadata() {
    let json = tagged(DataType::Utf8, &[("ARROW:extension:name", "arrow.json"), ("muster.type", "jsonb")]);
    assert_eq!(binary(json, StringArray::from(vec!["{}"])), b"\x01{}");
    let uuid = tagged(DataType::FixedSizeBinary(16), &[("ARROW:extension:name", "arrow.uuid")]);
    let array = FixedSizeBinaryArray::try_from_iter([(0..16).collect::<Vec<u8>>()].into_iter()).unwrap();
    assert_eq!(text(uuid, array), ["00010203-0405-0607-0809-0a0b0c0d0e0f"]);
}

#[test]
fn records_double_their_quotes() {
    let record = StructArray::from(vec![
        (
            Arc::new(Field::new("a", DataType::Utf8, true)),
            Arc::new(StringArray::from(vec!["x \"y\""])) as ArrayRef,
        ),
        (
            Arc::new(Field::new("b", DataType::Int32, true)),
            Arc::new(Int32Array::from(vec![None])) as ArrayRef,
        ),
        (Arc::new(Field::new("c", DataType::Utf8, true)), Arc::new(StringArray::from(vec![""])) as ArrayRef),
    ]);
    assert_eq!(text_of!(record), [r#"("x ""y""",,"")"#]);
}

#[test]
fn dictionaries_are_their_values() {
    let array: DictionaryArray<Int32Type> = [Some("a"), None, Some("a")].into_iter().collect();
    assert_eq!(text_of!(array), ["a", "NULL", "a"]);
}

#[test]
fn a_date_outside_the_calendar_is_an_error_and_leaves_no_half_message() {
    let array = Date32Array::from(vec![0, i32::MAX]);
    let schema = Arc::new(Schema::new(vec![plain(&array)]));
    let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(array)]).unwrap();
    let mut out = BytesMut::new();
    let error = layout(&schema, Format::Text).write_rows(&batch, 0..2, &mut out).unwrap_err();
    assert_eq!(error.sqlstate(), "22008");
    assert_eq!(&out[..], b"D\0\0\0\x14\0\x01\0\0\0\x0a1970-01-01");
}

#[test]
fn rows_stop_at_a_full_buffer_and_go_on_from_there() {
    let array = StringArray::from(vec!["x".repeat(HIGH_WATER / 2); 5]);
    let schema = Arc::new(Schema::new(vec![plain(&array)]));
    let batch = RecordBatch::try_new(schema.clone(), vec![Arc::new(array)]).unwrap();
    let layout = layout(&schema, Format::Text);
    let (mut row, mut rounds) = (0, 0);
    while row < 5 {
        row = layout.write_rows(&batch, row..5, &mut BytesMut::new()).unwrap();
        rounds += 1;
    }
    assert_eq!(rounds, 3);
}

#[test]
fn formats_are_none_one_or_one_for_each() {
    check_formats(&[], 3, "parameter").unwrap();
    check_formats(&[1], 3, "parameter").unwrap();
    check_formats(&[1], 0, "parameter").unwrap();
    assert_eq!(check_formats(&[1, 0], 3, "parameter").unwrap_err().sqlstate(), "08P01");
    assert_eq!(check_formats(&[2], 3, "parameter").unwrap_err().sqlstate(), "22023");
    assert!(is_binary(&[1], 2) && is_binary(&[0, 1], 1) && !is_binary(&[0, 1], 0) && !is_binary(&[], 0));
}
