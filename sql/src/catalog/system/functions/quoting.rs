//! `quote_literal(text)` and `quote_nullable(text)`: a text as a statement would write it.

use datafusion::error::Result;

use super::Argument::Text;
use super::{Answer, Arguments, Catalog, Entry};

/// See the module.
pub(super) const FUNCTIONS: &[Entry] = &[
    ("quote_literal", &[&[Text]], Answer::Text(literal)),
    ("quote_nullable", &[&[Text]], Answer::Text(nullable)),
];

/// A text between quotes.
pub(crate) fn quoted_literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if text.contains('\\') { format!("E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

fn literal(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(arguments.text(0, row).map(quoted_literal))
}

fn nullable(_catalog: &Catalog, arguments: &Arguments, row: usize) -> Result<Option<String>> {
    Ok(Some(arguments.text(0, row).map_or_else(|| "NULL".to_string(), quoted_literal)))
}
