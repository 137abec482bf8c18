//! WITH RECURSIVE, so that DataFusion reads every name in it as PostgreSQL does.
//!
//! PostgreSQL lets every query of the list name every other; only what names itself is recursive. DataFusion reads the list from
//! top to bottom, takes each UNION for recursive and leaves its WITH, ORDER BY and LIMIT out; where it knows no query of a name
//! it reads the table that has it. So the list is put in the order of what needs what, and what is not recursive is written so
//! that DataFusion sees that. Invariant: no name that means a query of the list is left to mean a table.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Cte, Expr, LimitClause, Query, SetExpr, SetOperator, Values, VisitMut, With,
};

use super::qualify::free_names;
use crate::parse::walk::visit_expressions;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

/// Arranges the WITH list of a query; those of its subqueries are left to when they are come to.
///
/// # Errors
/// 42712 for a name that comes twice; 42P19 for a reference that a query has to itself and may not have; 0A000 for mutual
/// recursion, and for clauses of a recursive query that PostgreSQL does not take either.
pub(super) fn arrange(query: &mut Query) -> Result<()> {
    let Some(with) = &mut query.with else { return Ok(()) };
    let names: Vec<String> = with.cte_tables.iter().map(|cte| name::ident(&cte.alias.name)).collect();
    if let Some((_, twice)) =
        names.iter().enumerate().find(|(at, name)| names.iter().take(*at).any(|n| n == *name))
    {
        let message = format!("WITH query name \"{twice}\" specified more than once");
        return Err(Error::new(SqlState::DuplicateAlias, message));
    }
    if with.recursive { sort(with, &names) } else { Ok(()) }
}

/// Puts the queries of a list where each comes after those that it names.
fn sort(with: &mut With, names: &[String]) -> Result<()> {
    let mut waiting = Vec::with_capacity(names.len());
    for (mut cte, name) in std::mem::take(&mut with.cte_tables).into_iter().zip(names) {
        let mut needs = free_names(&mut cte.query)?;
        let is_recursive = needs.contains(name);
        needs.retain(|needed| needed != name && names.contains(needed));
        if is_recursive {
            recursive(&mut cte, name)?;
        } else {
            plain(&mut cte);
        }
        waiting.push((name, needs, cte));
    }
    while !waiting.is_empty() {
        let is_waiting = |needed: &String| waiting.iter().any(|(name, _, _)| *name == needed);
        let Some(next) = waiting.iter().position(|(_, needs, _)| !needs.iter().any(is_waiting)) else {
            return Err(not_implemented("mutual recursion between WITH items"));
        };
        let (_, _, cte) = waiting.remove(next);
        with.cte_tables.push(cte);
    }
    Ok(())
}

/// A query that does not name itself: no UNION as far as DataFusion looks.
fn plain(cte: &mut Cte) {
    if matches!(cte.query.body.as_ref(), SetExpr::SetOperation { .. }) {
        let inner = std::mem::replace(&mut *cte.query, bare(nothing()));
        *cte.query = bare(SetExpr::Query(Box::new(inner)));
    }
}

/// A query that names itself.
fn recursive(cte: &mut Cte, name: &str) -> Result<()> {
    let refuse = |message: String| Err(Error::new(SqlState::InvalidRecursion, message));
    let misplaced =
        |place: &str| refuse(format!("recursive reference to query \"{name}\" must not appear {place}"));
    let query = cte.query.as_mut();
    if let Some(with) = &mut query.with
        && names_itself(with, name)? > 0
    {
        return misplaced("within a subquery");
    }
    refuse_clauses(query)?;
    let with = query.with.take();
    let SetExpr::SetOperation { op: SetOperator::Union, left, right, .. } = query.body.as_mut() else {
        return refuse(format!(
            "recursive query \"{name}\" does not have the form non-recursive-term UNION [ALL] recursive-term"
        ));
    };
    if names_itself(left.as_mut(), name)? > 0 {
        return misplaced("within its non-recursive term");
    }
    if names_itself_in_subquery(right, name)? {
        return misplaced("within a subquery");
    }
    if names_itself(right.as_mut(), name)? > 1 {
        return misplaced("more than once");
    }
    // DataFusion would leave it out.
    if let Some(with) = with {
        for side in [left, right] {
            let inner = std::mem::replace(side.as_mut(), nothing());
            **side = SetExpr::Query(Box::new(Query { with: Some(with.clone()), ..bare(inner) }));
        }
    }
    Ok(())
}

/// How often a part of a query names it.
fn names_itself(part: &mut impl VisitMut, name: &str) -> Result<usize> {
    Ok(free_names(part)?.iter().filter(|free| *free == name).count())
}

/// Whether an expression in a part of a query does.
fn names_itself_in_subquery(part: &SetExpr, name: &str) -> Result<bool> {
    let mut found = Ok(false);
    let _: ControlFlow<()> = visit_expressions(part, &mut |expression| {
        let subquery = match expression {
            Expr::Subquery(subquery) | Expr::Exists { subquery, .. } | Expr::InSubquery { subquery, .. } => {
                subquery
            }
            _ => return ControlFlow::Continue(()),
        };
        found = names_itself(subquery.clone().as_mut(), name).map(|times| times > 0);
        if matches!(found, Ok(false)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    found
}

/// # Errors
/// 0A000 for what PostgreSQL does not do to the rows of a recursive query.
fn refuse_clauses(query: &Query) -> Result<()> {
    let (limit, offset) = match &query.limit_clause {
        None => (false, false),
        Some(LimitClause::LimitOffset { limit, offset, .. }) => (limit.is_some(), offset.is_some()),
        Some(LimitClause::OffsetCommaLimit { .. }) => (true, true),
    };
    let clauses = [
        (query.order_by.is_some(), "ORDER BY"),
        (offset, "OFFSET"),
        (limit || query.fetch.is_some(), "LIMIT"),
        (!query.locks.is_empty(), "FOR UPDATE/SHARE"),
        (!query.pipe_operators.is_empty(), "a pipe operator"),
    ];
    match clauses.into_iter().find(|(said, _)| *said) {
        Some((_, clause)) => Err(not_implemented(&format!("{clause} in a recursive query"))),
        None => Ok(()),
    }
}

fn not_implemented(what: &str) -> Error {
    Error::new(SqlState::FeatureNotSupported, format!("{what} is not implemented"))
}

/// What stands in the place of something for a moment.
fn nothing() -> SetExpr {
    SetExpr::Values(Values { explicit_row: false, value_keyword: false, rows: Vec::new() })
}

/// A query without any clause.
pub(crate) fn bare(body: SetExpr) -> Query {
    Query {
        with: None,
        body: Box::new(body),
        order_by: None,
        limit_clause: None,
        fetch: None,
        locks: Vec::new(),
        for_clause: None,
        settings: None,
        format_clause: None,
        pipe_operators: Vec::new(),
    }
}
