//! Views, each after those that it reads.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast;
use muster_storage::Snapshot;

use super::names::{full, list};
use super::{Dialect, line};
use crate::Result;
use crate::catalog::namespace::kind;
use crate::catalog::{View, builtin};
use crate::functions::table::{OF_POSTGRESQL, TABLE_FUNCTIONS};
use crate::parse::parse;
use crate::parse::walk::visit_relations;
use crate::statement::create_table::NewTable;
use crate::statement::name;

/// The views that every new database has and that are the same here, or not here at all. The others are dropped first: they
/// are something else here, or read a built-in table that is.
///
/// # Errors
/// XX001 when a definition is damaged.
pub(super) fn kept_builtins(
    out: &mut String,
    snapshot: &Snapshot,
    tables: &[NewTable],
) -> Result<Vec<String>> {
    let is_altered = |table: &str| {
        let there = snapshot.table(table);
        tables
            .iter()
            .any(|made| made.name == table && there.is_some_and(|there| !made.is(there.definition())))
    };
    let mut kept = Vec::new();
    for sql in builtin::STATEMENTS {
        for statement in parse(sql)? {
            let ast::Statement::CreateView(create) = statement.ast.as_ref() else { continue };
            let name = name::table(&create.name)?;
            let reads_altered = visit_relations(&create.query, &mut |relation| match name::table(relation) {
                Ok(table) if is_altered(&table) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            });
            let stays = match View::find(snapshot, &name)? {
                Some(view) => view.sql == create.query.to_string(),
                None => kind(snapshot, &name).is_none(),
            };
            if stays && reads_altered.is_continue() {
                kept.push(name);
            } else {
                line(out, format_args!("-- Every database has one; this one has another."));
                line(out, format_args!("DROP VIEW {};", full(&name)));
            }
        }
    }
    Ok(kept)
}

/// The views in an order in which they can be made.
pub(super) fn in_order(mut left: Vec<(String, View)>) -> Vec<(String, View)> {
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let names: Vec<String> = left.iter().map(|(name, _)| name.clone()).collect();
        let waits = |view: &View| view.uses.iter().any(|used| names.contains(&used.relation));
        let (waiting, ready): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, view)| waits(view));
        // Views cannot read each other in a circle; damaged ones that do come as they are.
        if ready.is_empty() {
            ordered.extend(waiting);
            break;
        }
        ordered.extend(ready);
        left = waiting;
    }
    ordered
}

/// `CREATE VIEW`; `false` where the dialect has no such view, which is told instead.
pub(super) fn create(out: &mut String, name: &str, view: &View, dialect: Dialect) -> bool {
    let columns = list(view.columns.fields().iter().map(|field| field.name().as_str()));
    let statement = format!("CREATE VIEW {} ({columns}) AS {};", full(name), view.sql);
    let lower = view.sql.to_lowercase();
    let own = TABLE_FUNCTIONS.iter().copied().filter(|name| !OF_POSTGRESQL.contains(name)).chain(["embed"]);
    let missing = own.filter(|function| lower.contains(&format!("{function}(")));
    match missing.collect::<Vec<_>>().first().filter(|_| dialect != Dialect::Muster) {
        None => line(out, format_args!("{statement}")),
        Some(function) => {
            line(out, format_args!("-- Left out, for there is no {function}() in PostgreSQL:"));
            statement.lines().for_each(|part| line(out, format_args!("-- {part}")));
            return false;
        }
    }
    true
}
