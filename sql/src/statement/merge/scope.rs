//! Which relation a bare column name means in a WHEN clause that sees only one of them.
//!
//! In NOT MATCHED that is the source, in NOT MATCHED BY SOURCE the target; the join has both. Names inside of
//! subqueries are left alone: those have relations of their own.

use std::ops::ControlFlow;

use datafusion::common::TableReference;
use datafusion::logical_expr::Expr;
use datafusion::sql::sqlparser::ast::{self, Ident, Query, VisitorMut};

use crate::parse::walk::change;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::{Error, Result};

/// Qualifies the bare names of `columns` in an expression.
pub(super) fn qualify(expression: &ast::Expr, relation: &TableReference, columns: &[String]) -> ast::Expr {
    let mut expression = expression.clone();
    let flow = change(&mut expression, &mut Qualify { relation, columns, subqueries: 0 });
    debug_assert!(flow.is_continue(), "the visitor never breaks");
    expression
}

struct Qualify<'a> {
    relation: &'a TableReference,
    columns: &'a [String],
    subqueries: usize,
}

impl VisitorMut for Qualify<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.subqueries += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _query: &mut Query) -> ControlFlow<()> {
        self.subqueries = self.subqueries.saturating_sub(1);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &mut ast::Expr) -> ControlFlow<()> {
        if self.subqueries == 0
            && let ast::Expr::Identifier(ident) = &expression
            && self.columns.contains(&name::ident(ident))
        {
            let relation = Ident::with_quote('"', self.relation.table());
            *expression = ast::Expr::CompoundIdentifier(vec![relation, ident.clone()]);
        }
        ControlFlow::Continue(())
    }
}

/// Refuses columns of a relation that the clause does not see.
///
/// # Errors
/// 42P01.
pub(super) fn check_unseen(expression: &Expr, relation: &TableReference) -> Result<()> {
    let unseen =
        expression.column_refs().into_iter().any(|column| column.relation.as_ref() == Some(relation));
    if !unseen {
        return Ok(());
    }
    let table = relation.table();
    Err(Error::new(
        SqlState::UndefinedTable,
        format!("invalid reference to FROM-clause entry for table \"{table}\""),
    )
    .with_detail(format!(
        "There is an entry for table \"{table}\", but it cannot be referenced from this part of the query."
    )))
}
