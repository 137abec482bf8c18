//! Primary keys and unique constraints of a table that is put together.

use arrow::datatypes::{DataType, Field};
use datafusion::sql::sqlparser::ast::{Expr, IndexColumn};
use muster_storage::KeyConstraint;

use super::super::name;
use super::Builder;
use crate::catalog::relation::plain;
use crate::sqlstate::SqlState;
use crate::types::type_name;
use crate::{Error, Result, column};

impl Builder {
    /// The places of a key's columns.
    ///
    /// # Errors
    /// 42703 for a column that is not there, 42701 for one that is named twice, 0A000 for an expression.
    pub(in super::super) fn positions(&self, columns: &[IndexColumn]) -> Result<Vec<usize>> {
        let mut positions = Vec::with_capacity(columns.len());
        for column in columns {
            let name = match &column.column.expr {
                Expr::Identifier(ident) => name::ident(ident),
                other => return Err(Error::unsupported(format!("an expression ({other}) in a key"))),
            };
            let position = self.fields.iter().position(|field| field.name() == &name).ok_or_else(|| {
                Error::new(
                    SqlState::UndefinedColumn,
                    format!("column \"{name}\" named in key does not exist"),
                )
            })?;
            if positions.contains(&position) {
                return Err(Error::new(
                    SqlState::DuplicateColumn,
                    format!("column \"{name}\" appears twice in a constraint"),
                ));
            }
            positions.push(position);
        }
        Ok(positions)
    }

    /// Adds a primary key or a unique constraint; without a name it is named as PostgreSQL names it.
    ///
    /// # Errors
    /// 42P16 for a second primary key, 0A000 for a column of a type that has no keys, 42710 for a name that is taken.
    pub(in super::super) fn add_key(
        &mut self,
        name: Option<String>,
        columns: Vec<usize>,
        primary: bool,
        nulls_distinct: bool,
    ) -> Result<()> {
        let table = plain(&self.name);
        if primary && self.keys.iter().any(|key| key.primary) {
            return Err(Error::new(
                SqlState::InvalidTableDefinition,
                format!("multiple primary keys for table \"{table}\" are not allowed"),
            ));
        }
        let named: Vec<&Field> = columns.iter().filter_map(|column| self.fields.get(*column)).collect();
        for field in &named {
            if matches!(
                field.data_type(),
                DataType::List(_) | DataType::FixedSizeList(_, _) | DataType::Interval(_)
            ) || column::is_json(field)
            {
                return Err(Error::unsupported(format!("a key over a column of type {}", type_name(field))));
            }
        }
        let name = match name {
            Some(name) => self.taken_or(name)?,
            None if primary => self.free(&format!("{table}_pkey")),
            None => {
                let columns: Vec<&str> = named.iter().map(|field| field.name().as_str()).collect();
                self.free(&format!("{table}_{}_key", columns.join("_")))
            }
        };
        self.keys.push(KeyConstraint { name, columns, primary, nulls_distinct });
        Ok(())
    }
}
