//! The rows of VALUES.

use arrow::array::ArrayRef;
use datafusion::common::DFSchema;
use datafusion::logical_expr::{self, Expr};

use super::Rows;
use super::given::{Given, GivenValues};
use super::scalar::Scalar;
use crate::planning::Planner;
use crate::session::StatementContext;
use crate::{Error, Result};

/// See the module: its cells, column by column.
#[derive(Debug)]
pub(super) struct Values {
    columns: Vec<Column>,
    count: usize,
}

#[derive(Debug)]
enum Column {
    /// The same in each run.
    Constant(ArrayRef),
    Cells(Vec<Scalar>),
}

impl Values {
    pub(super) fn of(
        planner: &Planner,
        given: &Given,
        values: &logical_expr::Values,
    ) -> Result<Option<Self>> {
        let nothing = DFSchema::empty();
        let mut columns = Vec::with_capacity(values.schema.fields().len());
        for place in 0..values.schema.fields().len() {
            let cells: Vec<&Expr> = values.values.iter().filter_map(|row| row.get(place)).collect();
            if let Some(constant) = constant(&cells)? {
                columns.push(Column::Constant(constant));
                continue;
            }
            let cells = cells.into_iter().map(|cell| Scalar::compile(planner, given, cell, &nothing));
            let Some(cells) = cells.collect::<Result<Option<Vec<_>>>>()? else { return Ok(None) };
            columns.push(Column::Cells(cells));
        }
        Ok(Some(Self { columns, count: values.values.len() }))
    }

    pub(super) fn rows(&self, context: &StatementContext, given: &GivenValues) -> Result<Rows> {
        let one = Rows { columns: Vec::new(), count: 1 };
        let column = |column: &Column| match column {
            Column::Constant(values) => Ok(values.clone()),
            Column::Cells(cells) => {
                let cells = cells.iter().map(|cell| cell.evaluate(context, &one, given));
                concatenated(&cells.collect::<Result<Vec<_>>>()?)
            }
        };
        Ok(Rows { columns: self.columns.iter().map(column).collect::<Result<_>>()?, count: self.count })
    }
}

/// The values of cells that are all literals.
fn constant(cells: &[&Expr]) -> Result<Option<ArrayRef>> {
    let mut arrays = Vec::with_capacity(cells.len());
    for cell in cells {
        let Expr::Literal(value, _) = cell else { return Ok(None) };
        arrays.push(value.to_array()?);
    }
    concatenated(&arrays).map(Some)
}

fn concatenated(cells: &[ArrayRef]) -> Result<ArrayRef> {
    if let [cell] = cells {
        return Ok(cell.clone());
    }
    let cells: Vec<&dyn arrow::array::Array> = cells.iter().map(|cell| cell.as_ref()).collect();
    if cells.is_empty() {
        return Err(Error::internal("VALUES without rows"));
    }
    Ok(arrow::compute::concat(&cells)?)
}
