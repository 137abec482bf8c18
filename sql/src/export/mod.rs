//! A whole database as SQL: what makes its schemas, sequences, tables, views, indexes and comments elsewhere.
//!
//! It reads no rows but those of large objects: each table comes with the query that gives them and whoever asks writes them down. Invariant: the
//! statements, in their order, make a new database like this one, where the dialect has what it has; what a dialect
//! lacks stands there as a comment that says so.
//!
//! - [`names`]: identifiers and texts as SQL; [`table`], [`sequence`], [`view`], [`index`], [`foreign_key`], [`large_object`]:
//!   what makes each.

mod foreign_key;
mod index;
mod large_object;
mod names;
mod sequence;
mod table;
mod view;

use std::fmt::Write as _;

use muster_storage::Snapshot;

use self::names::{full, quoted, text};
use crate::catalog::comment::{self, Commented};
use crate::catalog::namespace::SCHEMA_KIND;
use crate::catalog::relation::schema_of;
use crate::catalog::search_path::TEMPORARY;
use crate::catalog::{SCHEMA, Sequence, View};
use crate::database::Shared;
use crate::statement::create_table::NewTable;
use crate::{Result, Session};

/// The database that the SQL is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Muster itself.
    Muster,
    /// PostgreSQL 15. Vectors are pgvector's, or arrays of `real` where that is not installed.
    Postgres {
        /// Whether pgvector is there.
        pgvector: bool,
    },
}

/// A database as SQL.
#[derive(Clone, Debug)]
pub struct Export {
    /// What comes before the rows: schemas, sequences, tables with their keys and checks, views, comments.
    pub schema: String,
    /// The tables, in the order in which their rows go in.
    pub tables: Vec<ExportedTable>,
    /// What comes after the rows: indexes, how far the sequences are, foreign keys, and large objects.
    pub finish: String,
}

/// A table's rows, as they are to be read and to be put.
#[derive(Clone, Debug)]
pub struct ExportedTable {
    /// The schema that it is in.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Its rows now.
    pub rows: u64,
    /// A query that gives the columns which are put: without those that the other side computes.
    pub query: String,
    /// The table and these columns, as COPY names them: `"app"."t" ("id", "name")`.
    pub target: String,
}

impl Session {
    /// The database as SQL of a dialect, as the session's transaction sees it, or as it is now. Temporary relations
    /// are left out.
    ///
    /// # Errors
    /// XX001 when a definition is damaged.
    pub fn export(&self, dialect: Dialect) -> Result<Export> {
        let (shared, snapshot) = self.reading();
        let mut schema = String::new();
        if let Dialect::Postgres { pgvector: true } = dialect {
            schema.push_str("CREATE EXTENSION IF NOT EXISTS vector;\n\n");
        }
        schemas(&mut schema, &snapshot);
        let builtins = table::builtins(shared)?;
        let views_there = match dialect {
            Dialect::Muster => view::kept_builtins(&mut schema, &snapshot, builtins)?,
            Dialect::Postgres { .. } => Vec::new(),
        };
        let sequences: Vec<(String, Sequence)> =
            Sequence::all(&snapshot)?.into_iter().filter(|(name, _)| is_kept(name)).collect();
        for (name, sequence) in sequences.iter().filter(|(_, sequence)| !sequence.identity) {
            sequence::create(&mut schema, name, sequence);
        }
        let mut tables = Vec::new();
        let mut finish = String::new();
        // They are last: each needs the key that it refers to, and the rows of both tables.
        let mut references = String::new();
        for stored in snapshot.tables().filter(|table| is_kept(&table.definition().name)) {
            let definition = stored.definition();
            let is_builtin = dialect == Dialect::Muster && builtins.iter().any(|made| made.is(definition));
            if dialect == Dialect::Muster
                && !is_builtin
                && builtins.iter().any(|made| made.name == definition.name)
            {
                line(&mut schema, format_args!("-- Every database has one; this one was altered."));
                line(&mut schema, format_args!("DROP TABLE {};", full(&definition.name)));
            }
            tables.push(table::create(&mut schema, stored, &sequences, dialect, is_builtin));
            foreign_key::create(&mut references, &snapshot, definition)?;
            index::create(&mut finish, &snapshot, definition, dialect, is_builtin);
        }
        for (name, sequence) in &sequences {
            sequence::own(&mut schema, name, sequence);
            comment_on(&mut schema, &snapshot, "SEQUENCE", name);
            sequence::set(&mut finish, &shared.store, name, sequence)?;
        }
        let views = View::all(&snapshot)?.into_iter().filter(|(name, _)| is_kept(name)).collect();
        for (name, view) in view::in_order(views) {
            if views_there.contains(&name) || view::create(&mut schema, &name, &view, dialect) {
                comment_on(&mut schema, &snapshot, "VIEW", &name);
                let columns = view.columns.fields().iter().map(|field| field.name().as_str());
                table::comment_on_columns(&mut schema, &snapshot, &name, columns);
            }
        }
        for stored in snapshot.tables().filter(|table| is_kept(&table.definition().name)) {
            table::comments(&mut schema, &snapshot, stored.definition());
        }
        finish.push_str(&references);
        large_object::create(&mut finish, &snapshot)?;
        Ok(Export { schema, tables, finish })
    }
}

/// The tables and views that every new database has and that are the same here, by the names that storage knows them by.
///
/// # Errors
/// XX001 when a definition is damaged.
pub(crate) fn unaltered_builtins(shared: &Shared, snapshot: &Snapshot) -> Result<Vec<String>> {
    let builtins = table::builtins(shared)?;
    let is_there = |made: &&NewTable| snapshot.table(&made.name).is_some_and(|it| made.is(it.definition()));
    let mut names: Vec<String> = builtins.iter().filter(is_there).map(|made| made.name.clone()).collect();
    for view in view::kept_builtins(&mut String::new(), snapshot, builtins)? {
        if View::find(snapshot, &view)?.is_some() {
            names.push(view);
        }
    }
    Ok(names)
}

/// Whether a relation outlives its session.
fn is_kept(stored: &str) -> bool {
    !schema_of(stored).starts_with(TEMPORARY)
}

fn schemas(out: &mut String, snapshot: &Snapshot) {
    let made: Vec<&str> = snapshot.objects(SCHEMA_KIND).map(|(name, _)| name).collect();
    for name in &made {
        line(out, format_args!("CREATE SCHEMA {};", quoted(name)));
    }
    for name in std::iter::once(&SCHEMA).chain(&made) {
        if let Some(comment) = comment::find(snapshot, Commented::Schema(name)) {
            line(out, format_args!("COMMENT ON SCHEMA {} IS {};", quoted(name), text(&comment)));
        }
    }
}

/// A relation's comment, if it has one.
fn comment_on(out: &mut String, snapshot: &Snapshot, kind: &str, stored: &str) {
    if let Some(comment) = comment::find(snapshot, Commented::Relation(stored)) {
        line(out, format_args!("COMMENT ON {kind} {} IS {};", full(stored), text(&comment)));
    }
}

/// Writing to a string cannot fail.
fn line(out: &mut String, words: std::fmt::Arguments<'_>) {
    let written = writeln!(out, "{words}");
    debug_assert!(written.is_ok(), "a string takes all that is written");
}
