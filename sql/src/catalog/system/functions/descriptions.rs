//! Comments, sizes and signatures. There are no comments on tables and columns, nobody adds up files, and
//! of PostgreSQL's own functions the signatures are not kept: the answers are NULL, which is how
//! PostgreSQL says that it does not know.

use datafusion::error::Result;

use super::super::tables::pg_proc;
use super::Argument::{Any, Number, Text};
use super::{Answer, Arguments, Catalog, Entry};

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("col_description", &[&[Number, Number]], Answer::Text(no_text)),
    ("obj_description", &[&[Number], &[Number, Text]], Answer::Text(no_text)),
    ("shobj_description", &[&[Number, Text]], Answer::Text(no_text)),
    ("pg_get_function_result", &[&[Number]], Answer::Text(result)),
    ("pg_get_function_arguments", &[&[Number]], Answer::Text(arguments_of)),
    ("pg_get_function_identity_arguments", &[&[Number]], Answer::Text(no_text)),
    ("pg_get_viewdef", &[&[Number], &[Number, Number]], Answer::Text(no_text)),
    ("pg_get_statisticsobjdef", &[&[Number]], Answer::Text(no_text)),
    ("pg_get_triggerdef", &[&[Number], &[Number, Number]], Answer::Text(no_text)),
    ("pg_get_partkeydef", &[&[Number]], Answer::Text(no_text)),
    ("pg_get_serial_sequence", &[&[Text, Text]], Answer::Text(no_text)),
    ("pg_relation_size", &[&[Any], &[Any, Text]], Answer::Number(no_number)),
    ("pg_table_size", &[&[Any]], Answer::Number(no_number)),
    ("pg_indexes_size", &[&[Any]], Answer::Number(no_number)),
    ("pg_total_relation_size", &[&[Any]], Answer::Number(no_number)),
    ("pg_database_size", &[&[Any]], Answer::Number(no_number)),
    ("pg_tablespace_size", &[&[Any]], Answer::Number(no_number)),
    ("pg_tablespace_location", &[&[Number]], Answer::Text(no_text)),
    ("pg_describe_object", &[&[Number, Number, Number]], Answer::Text(no_text)),
    ("pg_size_pretty", &[&[Number]], Answer::Text(pretty_size)),
];

fn no_text(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(None)
}

fn no_number(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<i64>> {
    Ok(None)
}

fn result(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.oid(0, row).and_then(pg_proc::find).map(|function| function.result.to_string()))
}

fn arguments_of(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.oid(0, row).and_then(pg_proc::find).map(|function| function.arguments.to_string()))
}

/// `10 kB`: PostgreSQL goes on to the next unit from ten of it, and rounds.
fn pretty_size(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.number(0, row).map(pretty))
}

fn pretty(bytes: i64) -> String {
    const UNITS: &[&str] = &["bytes", "kB", "MB", "GB", "TB", "PB"];
    const NEXT_FROM: u64 = 10 * 1024;
    let sign = if bytes < 0 { "-" } else { "" };
    let mut size = bytes.unsigned_abs();
    let mut unit = UNITS.iter();
    let mut name = unit.next();
    while size >= NEXT_FROM {
        let Some(next) = unit.next() else { break };
        size = size.saturating_add(512) / 1024;
        name = Some(next);
    }
    format!("{sign}{size} {}", name.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!(pretty(0), "0 bytes");
        assert_eq!(pretty(10_239), "10239 bytes");
        assert_eq!(pretty(10_240), "10 kB");
        assert_eq!(pretty(-10_240), "-10 kB");
        assert_eq!(pretty(123_456_789), "118 MB");
        assert_eq!(pretty(i64::MIN), "-8192 PB");
    }
}
