//! `RIGHT JOIN ... USING` and `FULL JOIN ... USING`: of the columns that they make one DataFusion takes the left side's, which is NULL where
//! that side has no row, and by a side's own name it finds the other's. They are refused, and so are NATURAL ones.

use datafusion::sql::sqlparser::ast::{JoinConstraint, JoinOperator, Select};

use crate::{Error, Result};

/// # Errors
/// 0A000 for a statement with such a join.
pub(super) fn refuse(select: &Select) -> Result<()> {
    for join in select.from.iter().flat_map(|item| &item.joins) {
        let (kind, constraint) = match &join.join_operator {
            JoinOperator::Right(constraint) | JoinOperator::RightOuter(constraint) => ("RIGHT", constraint),
            JoinOperator::FullOuter(constraint) => ("FULL", constraint),
            _ => continue,
        };
        let what = match constraint {
            JoinConstraint::Natural => format!("NATURAL {kind} JOIN"),
            JoinConstraint::Using(_) => format!("{kind} JOIN ... USING"),
            _ => continue,
        };
        return Err(
            Error::unsupported(what).with_hint("Join ON the columns' equality, and take coalesce of both.")
        );
    }
    Ok(())
}
