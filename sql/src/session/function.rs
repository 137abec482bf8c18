//! A function by its object id in `pg_proc`, for who calls one without SQL.

use super::Session;
use crate::catalog::system;
use crate::sqlstate::SqlState;
use crate::{Error, Result};

/// A function, and the query that calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallableFunction {
    /// Its name.
    pub name: String,
    /// The object ids of the types of its parameters.
    pub parameters: Vec<u32>,
    /// `SELECT` of its value, with `$1` and on for its arguments.
    pub sql: String,
}

impl Session {
    /// The function with this object id.
    ///
    /// # Errors
    /// 42883 where `pg_proc` has none; 0A000 for one that gives rows or that is an aggregate.
    pub fn function(&self, oid: u32) -> Result<CallableFunction> {
        let found = i32::try_from(oid).ok().map(system::function).transpose()?.flatten();
        let found = found.ok_or_else(|| {
            Error::new(SqlState::UndefinedFunction, format!("function with OID {oid} does not exist"))
        });
        let found = found.inspect_err(|_| self.fail())?;
        if found.gives_rows {
            self.fail();
            let message = format!("cannot call function \"{}\" via fastpath interface", found.name);
            return Err(Error::new(SqlState::FeatureNotSupported, message));
        }
        let places: Vec<String> = (1..=found.takes.len()).map(|number| format!("${number}")).collect();
        let name = format!("\"{}\"", found.name.replace('"', "\"\""));
        let schema = if found.of_postgresql { "pg_catalog." } else { "" };
        Ok(CallableFunction {
            sql: format!("SELECT {schema}{name}({})", places.join(", ")),
            parameters: found.takes.iter().map(|oid| oid.cast_unsigned()).collect(),
            name: found.name,
        })
    }
}
