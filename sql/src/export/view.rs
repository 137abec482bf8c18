//! Views, each after those that it reads.

use super::names::{full, list};
use super::{Dialect, line};
use crate::catalog::View;
use crate::functions::table::{OF_POSTGRESQL, TABLE_FUNCTIONS};

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
