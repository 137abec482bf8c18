//! What functions take and give, as `\df` shows it, and the statement that would make one.

use datafusion::error::Result;

use super::super::known_functions::{KnownFunction, functions};
use super::super::library::{self, quoted};
use super::super::tables::pg_proc;
use super::Argument::Number;
use super::{Answer, Arguments, Catalog, Entry, type_text};

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("pg_get_function_result", &[&[Number]], Answer::Text(result)),
    ("pg_get_function_arguments", &[&[Number]], Answer::Text(arguments_of)),
    ("pg_get_function_identity_arguments", &[&[Number]], Answer::Text(arguments_of)),
    ("pg_get_functiondef", &[&[Number]], Answer::Text(definition)),
    // No function is written in SQL, and of PostgreSQL's own the defaults are not kept.
    ("pg_get_function_sqlbody", &[&[Number]], Answer::Text(none)),
    ("pg_get_function_arg_default", &[&[Number, Number]], Answer::Text(none)),
];

fn none(_catalog: &Catalog, _arguments: &Arguments, _row: usize) -> Result<Option<String>> {
    Ok(None)
}

fn result(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(oid) = arguments.oid(0, row) else { return Ok(None) };
    match functions()?.get(oid) {
        Some(known) => Ok(Some(result_of(known)?)),
        None => Ok(pg_proc::find(oid).map(|own| own.result.to_string())),
    }
}

fn arguments_of(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(oid) = arguments.oid(0, row) else { return Ok(None) };
    match functions()?.get(oid) {
        Some(known) => Ok(Some(parameters(known)?)),
        None => Ok(pg_proc::find(oid).map(|own| own.arguments.to_string())),
    }
}

/// `mode name type`, of all parameters but the columns of a table that it gives.
fn parameters(known: &KnownFunction) -> Result<String> {
    let types = if known.all.is_empty() { &known.takes } else { &known.all };
    let mut written = Vec::with_capacity(types.len());
    for (place, oid) in types.iter().enumerate() {
        let mode = match known.modes.get(place).map(String::as_str) {
            Some("t") => continue,
            Some("o") => "OUT ",
            Some("b") => "INOUT ",
            Some("v") => "VARIADIC ",
            _ => "",
        };
        let name = match known.names.get(place).filter(|name| !name.is_empty()) {
            Some(name) => format!("{} ", quoted(name)?),
            None => String::new(),
        };
        written.push(format!("{mode}{name}{}", type_text(*oid, -1)?));
    }
    Ok(written.join(", "))
}

fn result_of(known: &KnownFunction) -> Result<String> {
    let of_table: Vec<usize> = (0..known.modes.len())
        .filter(|place| known.modes.get(*place).is_some_and(|mode| mode == "t"))
        .collect();
    if of_table.is_empty() {
        let set = if known.returns_set { "SETOF " } else { "" };
        return Ok(format!("{set}{}", type_text(known.returns, -1)?));
    }
    let mut columns = Vec::with_capacity(of_table.len());
    for place in of_table {
        let name = known.names.get(place).map_or_else(|| Ok(String::new()), |name| quoted(name))?;
        columns.push(format!("{name} {}", type_text(known.all.get(place).copied().unwrap_or_default(), -1)?));
    }
    Ok(format!("TABLE({})", columns.join(", ")))
}

/// Of PostgreSQL's own functions, as PostgreSQL writes it.
fn definition(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    let Some(oid) = arguments.oid(0, row) else { return Ok(None) };
    let Some(known) = functions()?.get(oid) else { return Ok(None) };
    let language = library::language(known.language)?;
    let mut properties = Vec::new();
    match known.volatility.as_str() {
        "i" => properties.push("IMMUTABLE"),
        "s" => properties.push("STABLE"),
        _ => {}
    }
    match known.parallel.as_str() {
        "s" => properties.push("PARALLEL SAFE"),
        "r" => properties.push("PARALLEL RESTRICTED"),
        _ => {}
    }
    if known.strict {
        properties.push("STRICT");
    }
    if known.leakproof {
        properties.push("LEAKPROOF");
    }
    let properties =
        if properties.is_empty() { String::new() } else { format!(" {}\n", properties.join(" ")) };
    Ok(Some(format!(
        "CREATE OR REPLACE FUNCTION pg_catalog.{}({})\n RETURNS {}\n LANGUAGE {language}\n{properties}\
         AS $function${}$function$\n",
        quoted(&known.name)?,
        parameters(known)?,
        result_of(known)?,
        known.source
    )))
}
