//! `\d`, `\dt`, `\di`: tables, columns and indexes, as the database describes them.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use muster::{ColumnDescription, TableDescription};

use super::Shell;
use super::command::refused;
use super::table::{Expanded, Look, ResultPrinter};
use crate::cli::error::{Error, Result};

/// Letters of a default that stand on one line: generation expressions are long.
const DEFAULT_WIDTH: usize = 60;

impl Shell {
    /// `\dt`: the tables.
    pub(super) fn list_tables(&self, out: &mut dyn Write) -> Result<()> {
        let tables = self.database.tables();
        let rows = UInt64Array::from_iter_values(tables.iter().map(|table| table.rows));
        let indexes = UInt64Array::from_iter_values(tables.iter().map(|table| table.indexes.len() as u64));
        self.list(
            [
                ("Schema", texts(tables.iter().map(|table| table.schema.as_str()))),
                ("Name", texts(tables.iter().map(|table| table.name.as_str()))),
                ("Rows", Arc::new(rows)),
                ("Indexes", Arc::new(indexes)),
            ],
            out,
        )
    }

    /// `\di`: the keys and indexes of all tables.
    pub(super) fn list_indexes(&self, out: &mut dyn Write) -> Result<()> {
        let tables = self.database.tables();
        let lines: Vec<_> = tables
            .iter()
            .flat_map(|table| {
                indexes(table)
                    .into_iter()
                    .map(move |(name, definition)| (table.name.as_str(), name, definition))
            })
            .collect();
        self.list(
            [
                ("Table", texts(lines.iter().map(|line| line.0))),
                ("Name", texts(lines.iter().map(|line| line.1))),
                ("Definition", texts(lines.iter().map(|line| line.2.as_str()))),
            ],
            out,
        )
    }

    /// `\d TABLE`: columns and indexes.
    pub(super) fn describe(&self, argument: &str, out: &mut dyn Write) -> Result<()> {
        let (schema, name) = table_name(argument);
        let tables = self.database.tables();
        let Some(table) = tables.iter().find(|table| table.schema == schema && table.name == name) else {
            return Err(refused(&format!("There is no table named {name:?}; \\d lists them.")));
        };
        let columns = &table.columns;
        let nullable = |column: &ColumnDescription| if column.nullable { "" } else { "not null" };
        let batch = batch([
            ("Column", texts(columns.iter().map(|column| column.name.as_str()))),
            ("Type", texts(columns.iter().map(|column| column.sql_type.as_str()))),
            ("Nullable", texts(columns.iter().map(nullable))),
            ("Default", texts(columns.iter().map(default))),
        ])?;
        self.draw_description(table, batch, out).map_err(Error::output)
    }

    fn draw_description(
        &self,
        table: &TableDescription,
        batch: RecordBatch,
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        writeln!(out, "Table \"{}.{}\"", table.schema, table.name)?;
        let mut printer = ResultPrinter::new(self.listing(), batch.schema());
        printer.push(batch, out)?;
        printer.draw_rest(out)?;
        let indexes = indexes(table);
        if !indexes.is_empty() {
            writeln!(out, "Indexes:")?;
        }
        for (name, definition) in indexes {
            writeln!(out, "    \"{name}\" {definition}")?;
        }
        Ok(())
    }

    fn list<const N: usize>(&self, columns: [(&str, ArrayRef); N], out: &mut dyn Write) -> Result<()> {
        let batch = batch(columns)?;
        let mut printer = ResultPrinter::new(self.listing(), batch.schema());
        printer.push(batch, out).and_then(|()| printer.finish(out)).map_err(Error::output)?;
        Ok(())
    }

    /// Listings stay tables, whatever `\x` says of results.
    fn listing(&self) -> Look {
        Look { expanded: Expanded::Off, ..self.look }
    }
}

fn batch<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<RecordBatch> {
    RecordBatch::try_from_iter(columns)
        .map_err(|error| Error::System { action: "list the catalog", source: std::io::Error::other(error) })
}

fn texts<T: AsRef<str>>(values: impl Iterator<Item = T>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// Keys first, then vector indexes: each one's name and what it is.
fn indexes(table: &TableDescription) -> Vec<(&str, String)> {
    let keys = table.keys.iter().map(|key| {
        let kind = if key.primary { "PRIMARY KEY" } else { "UNIQUE" };
        (key.name.as_str(), format!("{kind} ({})", key.columns.join(", ")))
    });
    let vectors = table.indexes.iter().map(|index| (index.name.as_str(), index.definition.clone()));
    keys.chain(vectors).collect()
}

/// The default or generation expression, on lines of a readable width.
fn default(column: &ColumnDescription) -> String {
    match (&column.default, &column.generated) {
        (_, Some(generated)) => wrapped(&format!("generated always as ({generated}) stored")),
        (Some(default), None) => wrapped(default),
        (None, None) => String::new(),
    }
}

/// The text with single blanks, broken at blanks where it is long.
fn wrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut line = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if line > 0 && line + 1 + length > DEFAULT_WIDTH {
            out.push('\n');
            line = 0;
        } else if line > 0 {
            out.push(' ');
            line += 1;
        }
        out.push_str(word);
        line += length;
    }
    out
}

/// Schema and name as the catalog has them: without quotes, in lower case unless they were quoted.
fn table_name(argument: &str) -> (String, String) {
    let folded = |part: &str| match part.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(name) => name.replace("\"\"", "\""),
        None => part.to_lowercase(),
    };
    let mut quoted = false;
    let dot = argument.char_indices().find(|(_, character)| {
        quoted ^= *character == '"';
        *character == '.' && !quoted
    });
    match dot.and_then(|(place, _)| argument.split_at_checked(place)) {
        Some((schema, name)) => (folded(schema), folded(name.trim_start_matches('.'))),
        None => ("public".to_string(), folded(argument)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_unless_quoted() {
        let name = |argument: &str| {
            let (schema, name) = table_name(argument);
            format!("{schema}/{name}")
        };
        assert_eq!(name("Workers"), "public/workers");
        assert_eq!(name("public.workers"), "public/workers");
        assert_eq!(name("App.\"My \"\"Table.X\""), "app/My \"Table.X");
    }

    #[test]
    fn long_expressions_are_broken_at_blanks() {
        assert_eq!(wrapped("now()"), "now()");
        let long = wrapped(&"word  ".repeat(30));
        assert!(long.lines().all(|line| line.len() <= DEFAULT_WIDTH && !line.ends_with(' ')), "{long}");
        assert_eq!(long.split_whitespace().count(), 30);
    }
}
