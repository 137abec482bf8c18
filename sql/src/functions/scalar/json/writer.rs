//! Values of any type as JSON, as PostgreSQL's `to_json` writes them: numbers, booleans and JSON as such, arrays and rows by their
//! members, times as ISO 8601 has them, everything else as a string.

use arrow::array::timezone::Tz;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Field};
use bytes::BytesMut;

use crate::text::array::{Lists, is_list, is_null, lists};
use crate::types::json;
use crate::unload::jsonl::value_writer;
use crate::{Error, Result, column};

/// Writes a row's value, NULL as `null`.
pub(crate) type WriteDocument<'a> = Box<dyn Fn(usize, &mut String) -> Result<()> + 'a>;

/// A value that is made of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Composite {
    Array,
    Row,
}

impl Composite {
    /// What values of a field are made of, if of anything.
    pub(crate) fn of(field: &Field) -> Option<Self> {
        match field.data_type() {
            DataType::Struct(_) => Some(Self::Row),
            data_type if is_list(data_type) && !column::is_vector(field) => Some(Self::Array),
            _ => None,
        }
    }
}

/// The writer of an array's values. `separator` stands between the members of the outermost array or row.
///
/// # Errors
/// 0A000 for a type that has no text.
pub(crate) fn document_writer<'a>(
    array: &'a dyn Array,
    field: &'a Field,
    zone: Tz,
    separator: &'static str,
) -> Result<WriteDocument<'a>> {
    let nulls = array.logical_nulls();
    if array.data_type().is_null() {
        return Ok(Box::new(|_, out| {
            out.push_str("null");
            Ok(())
        }));
    }
    let write: WriteDocument<'a> = match Composite::of(field) {
        Some(Composite::Array) => list_writer(array, zone, separator)?,
        Some(Composite::Row) => row_writer(array, zone, separator)?,
        None => value(array, field, zone)?,
    };
    Ok(Box::new(move |row, out| {
        if is_null(nulls.as_ref(), row) {
            out.push_str("null");
            return Ok(());
        }
        write(row, out)
    }))
}

fn value<'a>(array: &'a dyn Array, field: &'a Field, zone: Tz) -> Result<WriteDocument<'a>> {
    let time = match array.data_type() {
        DataType::Timestamp(_, zone) => Some(zone.is_some()),
        _ => None,
    };
    if column::is_vector(field) {
        let write = crate::text::writer(array, field, zone)?;
        return Ok(Box::new(move |row, out| {
            let mut text = BytesMut::new();
            write(row, &mut text)?;
            json::write_string(&String::from_utf8_lossy(&text), out);
            Ok(())
        }));
    }
    let write = value_writer(array, field, zone)?;
    Ok(Box::new(move |row, out| {
        let mut bytes = BytesMut::new();
        write(row, &mut bytes)?;
        let text = String::from_utf8_lossy(&bytes);
        match time {
            Some(zoned) => out.push_str(&iso(&text, zoned)),
            None => out.push_str(&text),
        }
        Ok(())
    }))
}

/// `"2020-01-02 03:04:05+00"` as `"2020-01-02T03:04:05+00:00"`.
fn iso(text: &str, zoned: bool) -> String {
    let Some((day, time)) = text.split_once(' ') else { return text.to_string() };
    let (time, rest) = match time.split_once([' ', '"']) {
        Some((clock, _)) => time.split_at(clock.len()),
        None => (time, ""),
    };
    let hours_only = zoned && time.rfind(['+', '-']).is_some_and(|sign| time.len() - sign == 3);
    let minutes = if hours_only { ":00" } else { "" };
    format!("{day}T{time}{minutes}{rest}")
}

fn list_writer<'a>(array: &'a dyn Array, zone: Tz, separator: &'static str) -> Result<WriteDocument<'a>> {
    let Lists { elements, item, range } = lists(array)?;
    let write = document_writer(elements, item, zone, ",")?;
    Ok(Box::new(move |row, out| {
        out.push('[');
        for (number, element) in range(row).enumerate() {
            if number > 0 {
                out.push_str(separator);
            }
            write(element, out)?;
        }
        out.push(']');
        Ok(())
    }))
}

fn row_writer<'a>(array: &'a dyn Array, zone: Tz, separator: &'static str) -> Result<WriteDocument<'a>> {
    let rows = array.as_struct_opt().ok_or_else(|| Error::internal("rows are no rows"))?;
    let mut members = Vec::with_capacity(rows.num_columns());
    for (number, (column, field)) in rows.columns().iter().zip(rows.fields()).enumerate() {
        let mut key = String::new();
        // What DataFusion calls the columns of ROW(..).
        let unnamed = field.name() == &format!("c{number}");
        let name = if unnamed { format!("f{}", number + 1) } else { field.name().clone() };
        json::write_string(&name, &mut key);
        key.push(':');
        members.push((key, document_writer(column.as_ref(), field, zone, ",")?));
    }
    Ok(Box::new(move |row, out| {
        out.push('{');
        for (number, (key, write)) in members.iter().enumerate() {
            if number > 0 {
                out.push_str(separator);
            }
            out.push_str(key);
            write(row, out)?;
        }
        out.push('}');
        Ok(())
    }))
}

#[cfg(test)]
mod tests {
    use super::iso;

    #[test]
    fn times_are_as_iso_8601_has_them() {
        assert_eq!(iso("\"2020-01-02 03:04:05.5\"", false), "\"2020-01-02T03:04:05.5\"");
        assert_eq!(iso("\"2020-01-02 03:04:05+00\"", true), "\"2020-01-02T03:04:05+00:00\"");
        assert_eq!(iso("\"2020-01-02 03:04:05-02:30\"", true), "\"2020-01-02T03:04:05-02:30\"");
        assert_eq!(iso("\"infinity\"", true), "\"infinity\"");
        assert_eq!(iso("\"0044-03-15 00:00:00 BC\"", false), "\"0044-03-15T00:00:00 BC\"");
    }
}
