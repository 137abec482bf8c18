//! The library's columns as PostgreSQL 15 has them: what holds arrays there and texts in the library is an array, so that
//! `= ANY (proargtypes)`, `unnest` and subscripts work, and what later versions have is left out.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListBuilder, PrimitiveBuilder, RecordBatch, StringBuilder, new_null_array,
};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Field, Int16Type, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::rows::list_of;
use crate::column::{self, INT2_VECTOR, OID_VECTOR};

/// The types of elements.
const INT2: DataType = DataType::Int16;
const OID: DataType = DataType::Int32;
const TEXT: DataType = DataType::Utf8;

/// Names of columns are the same in no two tables, and so tables need no mention.
const COLUMNS: &[(&str, DataType)] = &[
    ("proargtypes", OID),
    ("proallargtypes", OID),
    ("protrftypes", OID),
    ("proargmodes", TEXT),
    ("proargnames", TEXT),
    ("proconfig", TEXT),
    ("proacl", TEXT),
    ("attacl", TEXT),
    ("attoptions", TEXT),
    ("attfdwoptions", TEXT),
    ("conkey", INT2),
    ("confkey", INT2),
    ("confdelsetcols", INT2),
    ("conpfeqop", OID),
    ("conppeqop", OID),
    ("conffeqop", OID),
    ("conexclop", OID),
    ("datacl", TEXT),
    ("defaclacl", TEXT),
    ("evttags", TEXT),
    ("extcondition", TEXT),
    ("extconfig", OID),
    ("fdwacl", TEXT),
    ("fdwoptions", TEXT),
    ("ftoptions", TEXT),
    ("indkey", INT2),
    ("indoption", INT2),
    ("indcollation", OID),
    ("indclass", OID),
    ("initprivs", TEXT),
    ("lanacl", TEXT),
    ("lomacl", TEXT),
    ("nspacl", TEXT),
    ("partattrs", INT2),
    ("partclass", OID),
    ("partcollation", OID),
    ("polroles", OID),
    ("prattrs", INT2),
    ("setconfig", TEXT),
    ("spcacl", TEXT),
    ("spcoptions", TEXT),
    ("srvacl", TEXT),
    ("srvoptions", TEXT),
    ("stxkeys", INT2),
    ("stxkind", TEXT),
    ("subpublications", TEXT),
    ("tgattr", INT2),
    ("typacl", TEXT),
    ("umoptions", TEXT),
];

/// Those of types `int2vector` and `oidvector`, which count from 0.
pub(super) const VECTORS: &[&str] = &[
    "indkey",
    "indoption",
    "indcollation",
    "indclass",
    "partattrs",
    "partclass",
    "partcollation",
    "proargtypes",
    "stxkeys",
    "tgattr",
];

/// Columns of the library's, which is of another version, that PostgreSQL 15 does not have.
const LATER: &[&str] = &[
    "collicurules",
    "conflicting",
    "daticurules",
    "datlastsysoid",
    "inherit_option",
    "options",
    "set_option",
    "subfailover",
    "suborigin",
    "subpasswordrequired",
    "subrunasowner",
];

/// The columns with their arrays.
pub(super) fn adapted(schema: &Schema) -> Vec<Field> {
    let change = |field: &Arc<Field>| {
        let known = COLUMNS.iter().find(|(name, _)| field.name() == name);
        let name = if field.name() == "colllocale" { "colliculocale" } else { field.name() };
        let field = field.as_ref().clone().with_name(name);
        match known {
            Some((name, element)) => {
                let field = field.with_data_type(list_of(element.clone()));
                let vector = if element == &INT2 { INT2_VECTOR } else { OID_VECTOR };
                if VECTORS.contains(name) { column::with(field, column::TYPE_KEY, vector) } else { field }
            }
            None => field,
        }
    };
    let known = schema.fields().iter().filter(|field| !LATER.contains(&field.name().as_str()));
    known.map(change).collect()
}

/// The library's rows in these columns.
///
/// # Errors
/// What Arrow says of columns that cannot be one another.
pub(super) fn converted(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let known = rows.schema();
    let left = known.fields().iter().zip(rows.columns());
    let left = left.filter(|(field, _)| !LATER.contains(&field.name().as_str()));
    let columns = left.zip(schema.fields()).map(|((known, column), field)| {
        // There is no GRANT: privileges are as they are when nobody has granted any.
        if known.name().ends_with("acl") && field.is_nullable() {
            return Ok(new_null_array(field.data_type(), column.len()));
        }
        as_type(column, field.data_type())
    });
    RecordBatch::try_new(schema.clone(), columns.collect::<Result<_, _>>()?)
}

fn as_type(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let (DataType::Utf8, DataType::List(item)) = (column.data_type(), to) else {
        return if column.data_type() == to { Ok(column.clone()) } else { arrow::compute::cast(column, to) };
    };
    let texts = column.as_string::<i32>();
    Ok(match item.data_type() {
        DataType::Int16 => numbers::<Int16Type>(texts.iter()),
        DataType::Int32 => numbers::<Int32Type>(texts.iter()),
        _ => {
            let mut lists = ListBuilder::new(StringBuilder::new());
            for text in texts {
                lists.append_option(text.map(|text| elements(text).into_iter().map(Some)));
            }
            Arc::new(lists.finish())
        }
    })
}

fn numbers<'a, T: ArrowPrimitiveType>(texts: impl Iterator<Item = Option<&'a str>>) -> ArrayRef
where
    T::Native: std::str::FromStr,
{
    let mut lists = ListBuilder::new(PrimitiveBuilder::<T>::new());
    for text in texts {
        // Vectors are written with blanks between, arrays with commas.
        let numbers = text.map(|text| {
            let parts = elements(text);
            let parts = parts.iter().flat_map(|part| part.split_whitespace());
            parts.map(|part| part.parse().ok()).collect::<Vec<_>>()
        });
        lists.append_option(numbers);
    }
    Arc::new(lists.finish())
}

/// The elements of an array as the library writes it, `['a', 'b']` or `[1, 2]`: none of PostgreSQL's own holds a comma
/// or a quote.
pub(super) fn elements(text: &str) -> Vec<String> {
    let inner = text.trim_start_matches(['[', '{']).trim_end_matches([']', '}']);
    if inner.is_empty() {
        return Vec::new();
    }
    inner.split(',').map(|element| element.trim().trim_matches('\'').to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn elements_are_read_as_the_library_writes_them() {
        assert_eq!(elements("['i', 'o']"), ["i", "o"]);
        assert_eq!(elements("[1034, 26]"), ["1034", "26"]);
        assert_eq!(elements("23 25"), ["23 25"]);
        assert!(elements("[]").is_empty());
    }
}
