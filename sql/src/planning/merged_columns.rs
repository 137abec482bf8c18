//! Columns that `RIGHT JOIN ... USING` and `FULL JOIN ... USING` make one: DataFusion takes the left side's, which is NULL where that side
//! has no row. Whoever asks for such a column by its name alone, or for all, is refused.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, JoinConstraint, JoinOperator, Select, SelectItem};

use crate::parse::walk::visit_expressions;
use crate::statement::name;
use crate::{Error, Result};

/// # Errors
/// 0A000 for a statement that would read such a column.
pub(super) fn refuse(select: &Select) -> Result<()> {
    for join in select.from.iter().flat_map(|item| &item.joins) {
        let (kind, constraint) = match &join.join_operator {
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("RIGHT", constraint),
            JoinOperator::FullOuter(constraint) => ("FULL", constraint),
            _ => continue,
        };
        let columns: Vec<String> = match constraint {
            JoinConstraint::Natural => return Err(refused(&format!("NATURAL {kind} JOIN"))),
            JoinConstraint::Using(columns) => {
                let last =
                    columns.iter().filter_map(|column| column.0.last().and_then(|part| part.as_ident()));
                last.map(name::ident).collect()
            }
            _ => continue,
        };
        if reads(select, &columns) {
            return Err(refused(&format!("a column that {kind} JOIN ... USING has merged")));
        }
    }
    Ok(())
}

fn refused(what: &str) -> Error {
    Error::unsupported(what).with_hint("Join ON the columns' equality, and take coalesce of both.")
}

/// Whether one of the columns is named without its table, or all are asked for.
fn reads(select: &Select, columns: &[String]) -> bool {
    if select.projection.iter().any(|item| matches!(item, SelectItem::Wildcard(_))) {
        return true;
    }
    let named = visit_expressions(select, &mut |part| match part {
        Expr::Identifier(ident) if columns.contains(&name::ident(ident)) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    named.is_break()
}
