//! `\d`, `\dt`, `\di`: what the catalog says, asked with plain SQL like any client would.

use std::io::Write;

use super::Shell;
use super::command::refused;
use crate::cli::error::{Error, Result};

impl Shell {
    /// `\dt`: the tables.
    pub(super) fn list_tables(&self, out: &mut dyn Write) -> Result<()> {
        self.show_catalog(
            "SELECT table_schema AS \"Schema\", table_name AS \"Name\" FROM information_schema.tables \
             WHERE table_schema = 'public' ORDER BY table_name",
            out,
        )
    }

    /// `\di`: the indexes.
    pub(super) fn list_indexes(&self, out: &mut dyn Write) -> Result<()> {
        self.show_catalog(
            "SELECT indexname AS \"Name\", tablename AS \"Table\", indexdef AS \"Definition\" \
             FROM pg_catalog.pg_indexes WHERE schemaname = 'public' ORDER BY tablename, indexname",
            out,
        )
    }

    /// `\d TABLE`: columns and indexes.
    pub(super) fn describe(&self, name: &str, out: &mut dyn Write) -> Result<()> {
        let table = table_name(name);
        let literal = quoted(&table);
        if self.count(&format!(
            "SELECT table_name FROM information_schema.tables WHERE table_name = {literal}"
        ))? == 0
        {
            return Err(refused(&format!("There is no table named {table:?}; \\d lists them.")));
        }
        writeln!(out, "Table \"public.{table}\"").map_err(Error::output)?;
        self.show_catalog(
            &format!(
                "SELECT column_name AS \"Column\", data_type AS \"Type\", is_nullable AS \"Nullable\", \
                 column_default AS \"Default\" FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = {literal} ORDER BY ordinal_position"
            ),
            out,
        )
    }

    fn show_catalog(&self, sql: &str, out: &mut dyn Write) -> Result<()> {
        self.run_sql(sql, out)
    }

    fn count(&self, sql: &str) -> Result<usize> {
        Ok(self.runtime.block_on(self.session.query(sql, &[]))?.num_rows())
    }
}

/// The name as the catalog has it: without schema and quotes, in lower case unless it was quoted.
fn table_name(argument: &str) -> String {
    let argument = argument.strip_prefix("public.").unwrap_or(argument);
    match argument.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
        Some(name) => name.replace("\"\"", "\""),
        None => argument.to_lowercase(),
    }
}

/// The text as an SQL literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_unless_quoted() {
        assert_eq!(table_name("Workers"), "workers");
        assert_eq!(table_name("public.workers"), "workers");
        assert_eq!(table_name("\"My \"\"Table\""), "My \"Table");
        assert_eq!(quoted("o'neil"), "'o''neil'");
    }
}
