//! What a text becomes where an array is meant: PostgreSQL's array text, `{a,"b c",NULL}`, `{{1,2},{3,4}}`.
//!
//! It gives a list of texts, or a list of such lists; a cast brings its elements to their type. How many dimensions there are
//! the type says, and not the text: where they differ, it is refused.

use std::iter::Peekable;
use std::str::Chars;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, ListArray, StringArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::text::over_texts;
use super::to_uuids::to_uuids;
use crate::Error;
use crate::sqlstate::SqlState;

const NAME: &str = "muster_to_array";

/// PostgreSQL's limit on the dimensions of an array.
const MOST: usize = 6;

#[derive(Debug, PartialEq, Eq, Hash)]
struct ToArray {
    /// How many dimensions it gives.
    dimensions: usize,
    signature: Signature,
}

/// The functions, by their dimensions.
static FUNCTIONS: LazyLock<Vec<Arc<ScalarUDF>>> = LazyLock::new(|| {
    let function = |dimensions| {
        let types = vec![TypeSignature::Exact(vec![DataType::Utf8])];
        let signature = Signature::one_of(types, Volatility::Immutable);
        Arc::new(ScalarUDF::new_from_impl(ToArray { dimensions, signature }))
    };
    (1..=MOST).map(function).collect()
});

/// `expression`, a text, as a list of texts of as many dimensions as `array` has; `None` for more than PostgreSQL has.
pub(crate) fn to_array(expression: Expr, array: &DataType) -> Option<Expr> {
    let mut place = 0;
    let mut element = array;
    while let DataType::List(item) = element
        && let DataType::List(_) = item.data_type()
    {
        place += 1;
        element = item.data_type();
    }
    Some(FUNCTIONS.get(place)?.call(vec![expression]))
}

/// `expression`, a text, as an array of this type; `None` for more dimensions than PostgreSQL has.
pub(crate) fn array_of_text(expression: Expr, array: &DataType) -> Option<Expr> {
    let texts = to_array(expression, array)?;
    Some(match to_uuids(texts.clone(), array) {
        Some(uuids) => uuids,
        None => Expr::Cast(Cast::new(Box::new(texts), array.clone())),
    })
}

fn malformed(text: &str) -> Error {
    Error::new(SqlState::InvalidTextRepresentation, format!("malformed array literal: \"{text}\""))
}

/// What stands between the commas of an array text; `None` is NULL.
#[derive(Debug, PartialEq)]
enum Member {
    Element(Option<String>),
    Array(Vec<Member>),
}

/// The members of an array text of so many dimensions.
fn parse(text: &str, dimensions: usize) -> crate::Result<Vec<Member>> {
    let mut characters = text.trim().chars().peekable();
    if characters.next() != Some('{') {
        return Err(malformed(text).with_detail("Array value must start with \"{\"."));
    }
    let members = members(&mut characters, text, 1)?;
    if characters.next().is_some() {
        return Err(malformed(text).with_detail("Junk after closing right brace."));
    }
    let lengths = lengths(&members).ok_or_else(|| {
        let words = "Multidimensional arrays must have sub-arrays with matching dimensions.";
        malformed(text).with_detail(words)
    })?;
    // Without elements it is the empty array, whatever braces there are.
    if lengths.contains(&0) {
        return Ok(Vec::new());
    }
    match lengths.len() {
        found if found > dimensions => Err(Error::unsupported("a nested array literal")
            .with_hint("Cast it to an array of as many dimensions, as in '{{1,2}}'::int[][].")),
        found if found < dimensions => {
            Err(Error::unsupported("an array literal of fewer dimensions than its type has"))
        }
        _ => Ok(members),
    }
}

/// What stands before the closing brace.
fn members(characters: &mut Peekable<Chars<'_>>, text: &str, dimension: usize) -> crate::Result<Vec<Member>> {
    if dimension > MOST {
        let words = format!("number of array dimensions ({dimension}) exceeds the maximum allowed ({MOST})");
        return Err(Error::new(SqlState::ProgramLimitExceeded, words));
    }
    let mut members = Vec::new();
    skip_blanks(characters);
    if characters.next_if_eq(&'}').is_some() {
        return Ok(members);
    }
    loop {
        skip_blanks(characters);
        members.push(match characters.next_if_eq(&'{') {
            Some(_) => Member::Array(self::members(characters, text, dimension + 1)?),
            None => Member::Element(element(characters, text)?),
        });
        skip_blanks(characters);
        match characters.next() {
            Some('}') => return Ok(members),
            Some(',') => {}
            _ => return Err(malformed(text)),
        }
    }
}

fn skip_blanks(characters: &mut Peekable<Chars<'_>>) {
    while characters.next_if(|c| c.is_whitespace()).is_some() {}
}

fn element(characters: &mut Peekable<Chars<'_>>, text: &str) -> crate::Result<Option<String>> {
    let mut element = String::new();
    if characters.next_if_eq(&'"').is_some() {
        loop {
            match characters.next() {
                Some('"') => return Ok(Some(element)),
                Some('\\') => element.push(characters.next().ok_or_else(|| malformed(text))?),
                Some(other) => element.push(other),
                None => return Err(malformed(text)),
            }
        }
    }
    // Where what a backslash has made part of the text ends: it is no blank at the end, and no NULL.
    let mut escaped = 0;
    while let Some(character) = characters.next_if(|c| !matches!(c, ',' | '}')) {
        match character {
            '\\' => {
                element.push(characters.next().ok_or_else(|| malformed(text))?);
                escaped = element.len();
            }
            '{' | '"' => return Err(malformed(text)),
            other => element.push(other),
        }
    }
    element.truncate(element.trim_end().len().max(escaped));
    if element.is_empty() {
        return Err(malformed(text));
    }
    Ok((escaped > 0 || !element.eq_ignore_ascii_case("null")).then_some(element))
}

/// How long the array is in each dimension; `None` where its parts differ.
fn lengths(members: &[Member]) -> Option<Vec<usize>> {
    let mut within: Option<Vec<usize>> = None;
    for member in members {
        let of_member = match member {
            Member::Element(_) => Vec::new(),
            Member::Array(members) => lengths(members)?,
        };
        if within.as_ref().is_some_and(|within| *within != of_member) {
            return None;
        }
        within = Some(of_member);
    }
    let mut lengths = vec![members.len()];
    lengths.extend(within.unwrap_or_default());
    Some(lengths)
}

/// The arrays as one of Arrow's.
fn list(arrays: Vec<Option<Vec<Member>>>, dimensions: usize) -> Result<ArrayRef> {
    let lengths: Vec<usize> = arrays.iter().map(|array| array.as_ref().map_or(0, Vec::len)).collect();
    let nulls = NullBuffer::from_iter(arrays.iter().map(Option::is_some));
    let members = arrays.into_iter().flatten().flatten();
    let values: ArrayRef = if dimensions > 1 {
        let within = members.map(|member| match member {
            Member::Array(members) => Some(members),
            Member::Element(_) => None,
        });
        list(within.collect(), dimensions - 1)?
    } else {
        let elements = members.map(|member| match member {
            Member::Element(element) => element,
            Member::Array(_) => None,
        });
        Arc::new(elements.collect::<StringArray>())
    };
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(item, OffsetBuffer::from_lengths(lengths), values, Some(nulls))?))
}

/// The type that it gives.
fn list_type(dimensions: usize) -> DataType {
    (0..dimensions).fold(DataType::Utf8, |item, _| DataType::List(Arc::new(Field::new("item", item, true))))
}

impl ScalarUDFImpl for ToArray {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(list_type(self.dimensions))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        over_texts(&args, |texts| {
            let read = |text: Option<&str>| text.map(|text| parse(text, self.dimensions)).transpose();
            list(texts.iter().map(read).collect::<crate::Result<_>>()?, self.dimensions)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, parse};

    fn elements(text: &str) -> Option<Vec<Member>> {
        parse(text, 1).ok()
    }

    #[test]
    fn array_texts_are_read_as_postgresql_reads_them() {
        let some = |text: &str| Member::Element(Some(text.to_string()));
        assert_eq!(
            elements("{a, \"b, c\" ,NULL,\"NULL\"}"),
            Some(vec![some("a"), some("b, c"), Member::Element(None), some("NULL")])
        );
        assert_eq!(elements("{}"), Some(vec![]));
        assert_eq!(elements("{\"\"}"), Some(vec![some("")]));
        assert_eq!(elements("{a\\,b}"), Some(vec![some("a,b")]));
        assert_eq!(elements("{\\null,a\\ , b }"), Some(vec![some("null"), some("a "), some("b")]));
        for malformed in ["", "a", "{a", "{a,}", "{,a}", "{\"a}", "{\"a\"b}", "{a}}", "{a b{}", "{{a}"] {
            assert_eq!(elements(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn dimensions_are_the_types_and_parts_are_of_one_length() {
        let some = |text: &str| Member::Element(Some(text.to_string()));
        let rows = vec![Member::Array(vec![some("1"), some("2")]), Member::Array(vec![some("3"), some("4")])];
        assert_eq!(parse("{ {1,2} , {3,4}}", 2).ok(), Some(rows));
        assert_eq!(parse("{{},{}}", 2).ok(), Some(vec![]));
        for (text, dimensions, state) in [
            ("{{1,2},{3}}", 2, "22P02"),
            ("{{1},2}", 2, "22P02"),
            ("{{1}}", 1, "0A000"),
            ("{1}", 2, "0A000"),
            ("{{{{{{{1}}}}}}}", 1, "54000"),
        ] {
            assert_eq!(parse(text, dimensions).unwrap_err().sqlstate(), state, "{text}");
        }
    }
}
