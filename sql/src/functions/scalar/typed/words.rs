//! Functions of texts and bytes where DataFusion's differ from PostgreSQL's: bounded lengths, errors, and what it has not.
//!
//! SQLSTATEs: 54000 for what is too long or no character; 22011 for negative lengths; 22023 for encodings and fields; 2202E for bytes
//! that are not there.

use super::datum::Datum;
use super::kind::Kind::{Any, Bool, Bytes, Int4, Int8, Text, Texts};
use super::overload::{Form, Function, unexpected};
use super::value::Value;
use crate::catalog::system::{quoted, quoted_literal};
use crate::sqlstate::SqlState;
use crate::{Error, Result};
use datafusion::logical_expr::Volatility;

/// The longest text that PostgreSQL makes.
const MOST_BYTES: usize = (1 << 30) - 1;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("repeat", &[Form::new(&[Text, Int4], Text, repeat)]),
    Function::new(
        "lpad",
        &[
            Form::new(&[Text, Int4], Text, |values| pad(values, true)),
            Form::new(&[Text, Int4, Text], Text, |values| pad(values, true)),
        ],
    ),
    Function::new(
        "rpad",
        &[
            Form::new(&[Text, Int4], Text, |values| pad(values, false)),
            Form::new(&[Text, Int4, Text], Text, |values| pad(values, false)),
        ],
    ),
    Function::new("left", &[Form::new(&[Text, Int4], Text, |values| side(values, true))]),
    Function::new("right", &[Form::new(&[Text, Int4], Text, |values| side(values, false))]),
    Function::new(
        "substr",
        &[
            Form::new(&[Text, Int4], Text, substr),
            Form::new(&[Text, Int4, Int4], Text, substr),
            Form::new(&[Bytes, Int4], Bytes, substr),
            Form::new(&[Bytes, Int4, Int4], Bytes, substr),
            Form::new(&[Text, Text], Text, super::regexp::SUBSTRING),
            Form::new(&[Text, Text, Text], Text, super::similar::PART),
        ],
    ),
    Function::new("chr", &[Form::new(&[Int4], Text, character)]),
    Function::new("split_part", &[Form::new(&[Text, Text, Int4], Text, split_part)]),
    Function::new(
        "overlay",
        &[Form::new(&[Text, Text, Int4], Text, overlay), Form::new(&[Text, Text, Int4, Int4], Text, overlay)],
    ),
    Function::new("encode", &[Form::new(&[Bytes, Text], Text, encode)]),
    Function::new("decode", &[Form::new(&[Text, Text], Bytes, decode)]),
    Function::new("get_byte", &[Form::new(&[Bytes, Int4], Int4, get_byte)]),
    Function::new("set_byte", &[Form::new(&[Bytes, Int4, Int4], Bytes, set_byte)]),
    Function::new("get_bit", &[Form::new(&[Bytes, Int8], Int4, get_bit)]),
    Function::new("set_bit", &[Form::new(&[Bytes, Int8, Int4], Bytes, set_bit)]),
    Function::new("bit_count", &[Form::new(&[Bytes], Int8, bit_count)]),
    Function::new(
        "quote_ident",
        &[Form::new(&[Text], Text, |values| {
            let [Value::Text(name)] = values else { return Err(unexpected()) };
            Ok(Datum::Text(quoted(name)?))
        })],
    ),
    Function::new("quote_literal", &[Form::new(&[Text], Text, quote_literal)]),
    Function::new("unistr", &[Form::new(&[Text], Text, unistr)]),
    Function::new(
        "num_nulls",
        &[Form::new(&[Any], Int4, |values| nulls(values, true)).with_nulls().variadic()],
    ),
    Function::new(
        "num_nonnulls",
        &[Form::new(&[Any], Int4, |values| nulls(values, false)).with_nulls().variadic()],
    ),
    Function::new(
        "muster_string_to_table",
        &[
            Form::new(&[Text, Text], Texts, parts).with_nulls(),
            Form::new(&[Text, Text, Text], Texts, parts).with_nulls(),
        ],
    ),
    Function::new(
        "setseed",
        &[Form::new(&[super::kind::Kind::Float8], Bool, |_| {
            Err(Error::unsupported("setseed, for random() has no sequence that repeats,"))
        })],
    )
    .of(Volatility::Volatile),
];

/// What `string_to_table` is as a function of an array.
pub(crate) const STRING_PARTS: &str = "muster_string_to_table";

fn too_long() -> Error {
    Error::new(SqlState::ProgramLimitExceeded, "requested length too large")
}

fn repeat(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Int(times)] = values else { return Err(unexpected()) };
    let times = usize::try_from(*times).unwrap_or(0);
    let length = text.len().checked_mul(times).filter(|length| *length <= MOST_BYTES);
    length.ok_or_else(too_long)?;
    Ok(Datum::Text(if text.is_empty() { String::new() } else { text.repeat(times) }))
}

fn pad(values: &[Value<'_>], left: bool) -> Result<Datum> {
    let (text, length, fill) = match values {
        [Value::Text(text), Value::Int(length)] => (*text, *length, " "),
        [Value::Text(text), Value::Int(length), Value::Text(fill)] => (*text, *length, *fill),
        _ => return Err(unexpected()),
    };
    let length = usize::try_from(length).unwrap_or(0);
    let count = text.chars().count();
    if count >= length || fill.is_empty() {
        return Ok(Datum::Text(text.chars().take(length).collect()));
    }
    let missing = length - count;
    // A character may have four bytes.
    let widest = fill.chars().map(char::len_utf8).max().unwrap_or(1);
    if missing.checked_mul(widest).is_none_or(|bytes| bytes.saturating_add(text.len()) > MOST_BYTES) {
        return Err(too_long());
    }
    let filler: String = fill.chars().cycle().take(missing).collect();
    Ok(Datum::Text(if left { format!("{filler}{text}") } else { format!("{text}{filler}") }))
}

fn side(values: &[Value<'_>], left: bool) -> Result<Datum> {
    let [Value::Text(text), Value::Int(count)] = values else { return Err(unexpected()) };
    let all = text.chars().count();
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    // A negative count leaves so many out.
    let kept = if *count < 0 { all.saturating_sub(wanted) } else { wanted.min(all) };
    let kept: String =
        if left { text.chars().take(kept).collect() } else { text.chars().skip(all - kept).collect() };
    Ok(Datum::Text(kept))
}

/// From a place on, which may lie before the text.
fn substr(values: &[Value<'_>]) -> Result<Datum> {
    let (from, length) = match values {
        [_, Value::Int(from)] => (*from, None),
        [_, Value::Int(from), Value::Int(length)] => (*from, Some(*length)),
        _ => return Err(unexpected()),
    };
    if length.is_some_and(|length| length < 0) {
        return Err(Error::new(SqlState::SubstringError, "negative substring length not allowed"));
    }
    let first = from.saturating_sub(1).max(0);
    let end = length.map(|length| from.saturating_add(length).saturating_sub(1).max(first));
    let first = usize::try_from(first).unwrap_or(usize::MAX);
    let count = end.map_or(usize::MAX, |end| usize::try_from(end).unwrap_or(usize::MAX) - first);
    Ok(match values {
        [Value::Text(text), ..] => Datum::Text(text.chars().skip(first).take(count).collect()),
        [Value::Bytes(bytes), ..] => Datum::Bytes(bytes.iter().copied().skip(first).take(count).collect()),
        _ => return Err(unexpected()),
    })
}

fn character(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Int(code)] = values else { return Err(unexpected()) };
    let limit = |message: String| Err(Error::new(SqlState::ProgramLimitExceeded, message));
    match u32::try_from(*code) {
        Err(_) => Err(Error::new(SqlState::InvalidParameterValue, "character number must be positive")),
        Ok(0) => limit("null character not permitted".to_string()),
        Ok(code) => match char::from_u32(code) {
            Some(character) => Ok(Datum::Text(character.to_string())),
            None if code > 0x0010_FFFF => {
                limit(format!("requested character too large for encoding: {code}"))
            }
            None => limit(format!("requested character not valid for encoding: {code}")),
        },
    }
}

fn split_part(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text), Value::Text(delimiter), Value::Int(field)] = values else {
        return Err(unexpected());
    };
    if *field == 0 {
        return Err(Error::new(SqlState::InvalidParameterValue, "field position must not be zero"));
    }
    if delimiter.is_empty() {
        let whole = matches!(field, 1 | -1);
        return Ok(Datum::Text(if whole { (*text).to_string() } else { String::new() }));
    }
    let place = usize::try_from(field.unsigned_abs() - 1).unwrap_or(usize::MAX);
    let part = if *field > 0 {
        text.split(delimiter).nth(place)
    } else {
        text.split(delimiter)
            .count()
            .checked_sub(place.saturating_add(1))
            .and_then(|at| text.split(delimiter).nth(at))
    };
    Ok(Datum::Text(part.unwrap_or_default().to_string()))
}

fn overlay(values: &[Value<'_>]) -> Result<Datum> {
    let (text, new, start, length) = match values {
        [Value::Text(text), Value::Text(new), Value::Int(start)] => {
            (*text, *new, *start, new.chars().count() as i64)
        }
        [Value::Text(text), Value::Text(new), Value::Int(start), Value::Int(length)] => {
            (*text, *new, *start, *length)
        }
        _ => return Err(unexpected()),
    };
    if start <= 0 {
        return Err(Error::new(SqlState::SubstringError, "negative substring length not allowed"));
    }
    let behind = start.saturating_add(length).saturating_sub(1).max(0);
    let before: String = text.chars().take(usize::try_from(start - 1).unwrap_or(0)).collect();
    let after: String = text.chars().skip(usize::try_from(behind).unwrap_or(usize::MAX)).collect();
    Ok(Datum::Text(format!("{before}{new}{after}")))
}

fn no_encoding(name: &str) -> Error {
    Error::new(SqlState::InvalidParameterValue, format!("unrecognized encoding: \"{name}\""))
}

fn encode(values: &[Value<'_>]) -> Result<Datum> {
    use base64::Engine as _;
    let [Value::Bytes(bytes), Value::Text(encoding)] = values else { return Err(unexpected()) };
    Ok(Datum::Text(match encoding.to_ascii_lowercase().as_str() {
        "hex" => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        "base64" => {
            // Lines of 76 characters, as in mails.
            let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
            let lines = encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into_owned());
            lines.collect::<Vec<_>>().join("\n")
        }
        "escape" => {
            let mut out = String::with_capacity(bytes.len());
            for byte in *bytes {
                match byte {
                    b'\\' => out.push_str("\\\\"),
                    0 | 0x80..=0xff => out.push_str(&format!("\\{byte:03o}")),
                    other => out.push(char::from(*other)),
                }
            }
            out
        }
        _ => return Err(no_encoding(encoding)),
    }))
}

fn decode(values: &[Value<'_>]) -> Result<Datum> {
    use base64::Engine as _;
    let [Value::Text(text), Value::Text(encoding)] = values else { return Err(unexpected()) };
    let invalid = |message: String| Error::new(SqlState::InvalidParameterValue, message);
    Ok(Datum::Bytes(match encoding.to_ascii_lowercase().as_str() {
        "hex" => {
            let digits: Vec<char> = text.chars().filter(|c| !matches!(c, ' ' | '\n' | '\t' | '\r')).collect();
            let mut bytes = Vec::with_capacity(digits.len() / 2);
            for pair in digits.chunks(2) {
                let mut byte = 0;
                for digit in pair {
                    let value = digit
                        .to_digit(16)
                        .ok_or_else(|| invalid(format!("invalid hexadecimal digit: \"{digit}\"")))?;
                    byte = byte * 16 + value;
                }
                if pair.len() < 2 {
                    return Err(invalid("invalid hexadecimal data: odd number of digits".to_string()));
                }
                bytes.push(u8::try_from(byte).unwrap_or(0));
            }
            bytes
        }
        "base64" => {
            let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '\n' | '\t' | '\r')).collect();
            let decoded = base64::engine::general_purpose::STANDARD.decode(&digits);
            decoded.map_err(|_| {
                let wrong = digits.chars().find(|c| !(c.is_ascii_alphanumeric() || "+/=".contains(*c)));
                match wrong {
                    Some(wrong) => {
                        invalid(format!("invalid symbol \"{wrong}\" found while decoding base64 sequence"))
                    }
                    None => invalid("invalid base64 end sequence".to_string()),
                }
            })?
        }
        "escape" => unescaped(text)?,
        _ => return Err(no_encoding(encoding)),
    }))
}

fn unescaped(text: &str) -> Result<Vec<u8>> {
    let invalid = || Error::new(SqlState::InvalidTextRepresentation, "invalid input syntax for type bytea");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'\\') => bytes.push(b'\\'),
            Some(first @ b'0'..=b'3') => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    match rest.next() {
                        Some(digit @ b'0'..=b'7') => value = value * 8 + u32::from(digit - b'0'),
                        _ => return Err(invalid()),
                    }
                }
                bytes.push(u8::try_from(value).map_err(|_| invalid())?);
            }
            _ => return Err(invalid()),
        }
    }
    Ok(bytes)
}

/// A place among so many.
fn index(place: i64, count: usize) -> Result<usize> {
    let found = usize::try_from(place).ok().filter(|place| *place < count);
    found.ok_or_else(|| {
        let message = format!("index {place} out of valid range, 0..{}", count as i64 - 1);
        Error::new(SqlState::ArraySubscriptError, message)
    })
}

fn get_byte(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Bytes(bytes), Value::Int(place)] = values else { return Err(unexpected()) };
    let place = index(*place, bytes.len())?;
    Ok(Datum::Int(bytes.get(place).copied().map_or(0, i64::from)))
}

fn set_byte(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Bytes(bytes), Value::Int(place), Value::Int(new)] = values else { return Err(unexpected()) };
    let place = index(*place, bytes.len())?;
    let mut bytes = bytes.to_vec();
    if let Some(byte) = bytes.get_mut(place) {
        // Only the lowest eight bits are taken.
        *byte = (new & 0xff) as u8;
    }
    Ok(Datum::Bytes(bytes))
}

fn get_bit(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Bytes(bytes), Value::Int(place)] = values else { return Err(unexpected()) };
    let place = index(*place, bytes.len().saturating_mul(8))?;
    let byte = bytes.get(place / 8).copied().unwrap_or(0);
    Ok(Datum::Int(i64::from(byte >> (place % 8) & 1)))
}

fn set_bit(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Bytes(bytes), Value::Int(place), Value::Int(new)] = values else { return Err(unexpected()) };
    let place = index(*place, bytes.len().saturating_mul(8))?;
    if !(0..=1).contains(new) {
        return Err(Error::new(SqlState::InvalidParameterValue, "new bit must be 0 or 1"));
    }
    let mut bytes = bytes.to_vec();
    if let Some(byte) = bytes.get_mut(place / 8) {
        let bit = 1 << (place % 8);
        *byte = if *new == 1 { *byte | bit } else { *byte & !bit };
    }
    Ok(Datum::Bytes(bytes))
}

fn bit_count(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Bytes(bytes)] = values else { return Err(unexpected()) };
    Ok(Datum::Int(bytes.iter().map(|byte| i64::from(byte.count_ones())).sum()))
}

fn quote_literal(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text)] = values else { return Err(unexpected()) };
    Ok(Datum::Text(quoted_literal(text)))
}

fn nulls(values: &[Value<'_>], null: bool) -> Result<Datum> {
    let count = values.iter().filter(|value| matches!(value, Value::Null) == null).count();
    Ok(Datum::Int(count as i64))
}

/// `\0041` and `\+01F600` as the characters that they name.
fn unistr(values: &[Value<'_>]) -> Result<Datum> {
    let [Value::Text(text)] = values else { return Err(unexpected()) };
    let invalid = || Error::new(SqlState::SyntaxError, "invalid Unicode escape");
    let mut out = String::with_capacity(text.len());
    let mut rest = *text;
    while let Some((before, behind)) = rest.split_once('\\') {
        out.push_str(before);
        let (skipped, digits) = match behind.chars().next() {
            Some('\\') => {
                out.push('\\');
                rest = behind.get(1..).unwrap_or_default();
                continue;
            }
            Some('+') => (1, 6),
            Some('u') => (1, 4),
            Some('U') => (1, 8),
            Some(_) => (0, 4),
            None => return Err(invalid()),
        };
        let code = behind.get(skipped..skipped + digits).ok_or_else(invalid)?;
        let code = u32::from_str_radix(code, 16).map_err(|_| invalid())?;
        out.push(char::from_u32(code).filter(|character| *character != '\0').ok_or_else(invalid)?);
        rest = behind.get(skipped + digits..).unwrap_or_default();
    }
    out.push_str(rest);
    Ok(Datum::Text(out))
}

/// The parts between delimiters; NULL delimits every character.
fn parts(values: &[Value<'_>]) -> Result<Datum> {
    let [text, delimiter, null @ ..] = values else { return Err(unexpected()) };
    let Value::Text(text) = text else { return Ok(Datum::Null) };
    let null = match null {
        [Value::Text(null)] => Some(*null),
        _ => None,
    };
    let kept = |part: &str| (Some(part) != null).then(|| part.to_string());
    if text.is_empty() {
        return Ok(Datum::Texts(Vec::new()));
    }
    Ok(Datum::Texts(match delimiter {
        Value::Text("") => vec![kept(text)],
        Value::Text(delimiter) => text.split(delimiter).map(kept).collect(),
        _ => text.chars().map(|character| kept(character.encode_utf8(&mut [0; 4]))).collect(),
    }))
}
