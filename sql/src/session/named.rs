//! `PREPARE`, `EXECUTE`, `DEALLOCATE`: statements that a session keeps by a name.
//!
//! Statements that a client prepares by the protocol are kept here, too, under the names that it gives them: as in PostgreSQL
//! either way sees what the other made. Invariant: a name stands for one statement until it is deallocated.

use std::collections::BTreeMap;

use arrow::datatypes::FieldRef;
use datafusion::common::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Expr};
use futures::TryStreamExt;

use super::{Planned, Prepared, Session};
use crate::outcome::CommandTag;
use crate::parse::Statement;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::types::type_name;
use crate::write::row_statement;
use crate::{Error, Result};

/// The statements of a session, by name.
#[derive(Debug, Default)]
pub(crate) struct NamedStatements(BTreeMap<String, Prepared>);

/// What a statement about them asks for.
pub(super) enum Named<'a> {
    Prepare {
        name: String,
        types: &'a [ast::DataType],
        statement: &'a ast::Statement,
    },
    /// `None` is ALL.
    Deallocate(Option<String>),
}

impl<'a> Named<'a> {
    /// What the statement asks for, if it is about names.
    pub(super) fn of(statement: &'a ast::Statement) -> Option<Self> {
        match statement {
            ast::Statement::Prepare { name, data_types, statement } => {
                Some(Self::Prepare { name: name::ident(name), types: data_types, statement })
            }
            ast::Statement::Deallocate { name, .. } => {
                let all = name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all");
                Some(Self::Deallocate((!all).then(|| name::ident(name))))
            }
            _ => None,
        }
    }
}

/// An EXECUTE: the name and the arguments.
///
/// # Errors
/// 42601 for arguments without parentheses; 0A000 for the forms of other databases.
pub(super) fn execution(statement: &ast::Statement) -> Result<Option<(String, &[Expr])>> {
    let ast::Statement::Execute {
        name,
        parameters,
        has_parentheses,
        immediate,
        into,
        using,
        output,
        default,
    } = statement
    else {
        return Ok(None);
    };
    let plain = !immediate && into.is_empty() && using.is_empty() && !output && !default;
    if plain && !has_parentheses && !parameters.is_empty() {
        let words = "the arguments of EXECUTE stand in parentheses";
        return Err(Error::new(SqlState::SyntaxError, words));
    }
    match name.as_ref().map(|name| name.0.as_slice()) {
        Some([part]) if plain && let Some(ident) = part.as_ident() => {
            Ok(Some((name::ident(ident), parameters)))
        }
        _ => Err(Error::unsupported(format!("{statement}"))),
    }
}

impl Session {
    /// Keeps a statement by a name.
    ///
    /// # Errors
    /// 42P05 where the name is taken.
    pub fn keep_statement(&self, name: &str, statement: &Prepared) -> Result<()> {
        let mut kept = self.named.lock();
        if kept.0.contains_key(name) {
            let words = format!("prepared statement \"{name}\" already exists");
            return Err(Error::new(SqlState::DuplicatePreparedStatement, words));
        }
        kept.0.insert(name.to_string(), statement.clone());
        Ok(())
    }

    /// The statement of a name.
    ///
    /// # Errors
    /// 26000 where there is none.
    pub fn kept_statement(&self, name: &str) -> Result<Prepared> {
        self.named.lock().0.get(name).cloned().ok_or_else(|| unknown(name))
    }

    /// Forgets the statement of a name, and says whether there was one.
    pub fn forget_statement(&self, name: &str) -> bool {
        self.named.lock().0.remove(name).is_some()
    }

    /// Forgets all of them.
    pub(super) fn forget_statements(&self) {
        self.named.lock().0.clear();
    }

    /// Does what is asked; gives the tag.
    pub(super) async fn do_named(&self, statement: &Statement, named: Named<'_>) -> Result<CommandTag> {
        match named {
            Named::Prepare { name, types, statement: inner } => {
                if !matches!(inner, ast::Statement::Query(_)) && row_statement(inner).is_none() {
                    let words = "PREPARE takes SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES";
                    return Err(Error::new(SqlState::SyntaxError, words));
                }
                let types = self.declared(types).await?;
                let prepared = self.prepare(&statement.inner(inner), &types).await?;
                self.keep_statement(&name, &prepared)?;
                Ok(CommandTag::plain("PREPARE"))
            }
            Named::Deallocate(None) => {
                self.forget_statements();
                Ok(CommandTag::plain("DEALLOCATE ALL"))
            }
            Named::Deallocate(Some(name)) if self.forget_statement(&name) => {
                Ok(CommandTag::plain("DEALLOCATE"))
            }
            Named::Deallocate(Some(name)) => Err(unknown(&name)),
        }
    }

    /// The types that PREPARE declares, as a cast to them has them.
    async fn declared(&self, types: &[ast::DataType]) -> Result<Vec<Option<FieldRef>>> {
        if types.is_empty() {
            return Ok(Vec::new());
        }
        let casts = types.iter().enumerate();
        let casts: Vec<String> =
            casts.map(|(at, data_type)| format!("CAST(NULL AS {data_type}) AS p{at}")).collect();
        let planned = self.prepare(&one(self.parse(&format!("SELECT {}", casts.join(", ")))?)?, &[]).await?;
        let columns = planned.columns();
        Ok(columns.iter().flat_map(|columns| columns.fields().iter().cloned().map(Some)).collect())
    }

    /// The statement that an EXECUTE runs.
    ///
    /// # Errors
    /// 26000 where there is none; 0A000 for one that takes rows or gives them to a client by itself, and for another EXECUTE.
    pub(super) fn executed(&self, name: &str) -> Result<Prepared> {
        let kept = self.kept_statement(name)?;
        match kept.planned.as_ref() {
            Planned::Execute => Err(Error::unsupported("EXECUTE of an EXECUTE")),
            Planned::CopyFrom(_) | Planned::CopyTo { .. } => Err(Error::unsupported("EXECUTE of a COPY")),
            _ => Ok(kept),
        }
    }

    /// The values of EXECUTE's arguments, each of its parameter's type.
    ///
    /// # Errors
    /// 42601 when they are not as many as the parameters; what evaluating and casting them gives.
    pub(super) async fn arguments(
        &self,
        name: &str,
        prepared: &Prepared,
        arguments: &[Expr],
    ) -> Result<Vec<ScalarValue>> {
        let parameters = prepared.parameters();
        if parameters.len() != arguments.len() {
            let words = format!("wrong number of parameters for prepared statement \"{name}\"");
            let detail = format!("Expected {} parameters but got {}.", parameters.len(), arguments.len());
            return Err(Error::new(SqlState::SyntaxError, words).with_detail(detail));
        }
        if arguments.is_empty() {
            return Ok(Vec::new());
        }
        let casts = arguments.iter().zip(parameters).enumerate();
        let casts: Vec<String> = casts
            .map(|(at, (argument, parameter))| {
                format!("CAST(({argument}) AS {}) AS p{at}", type_name(parameter))
            })
            .collect();
        let statement = one(self.parse(&format!("SELECT {}", casts.join(", ")))?)?;
        let planned = self.prepare(&statement, &[]).await?;
        let rows = self.run(&planned, &[]).await?.rows;
        let Some(rows) = rows else { return Err(Error::internal("arguments give no row")) };
        let batches: Vec<_> = rows.batches.try_collect().await?;
        let row = batches.iter().find(|batch| batch.num_rows() > 0);
        let row = row.ok_or_else(|| Error::internal("arguments give no row"))?;
        row.columns().iter().map(|column| Ok(ScalarValue::try_from_array(column, 0)?)).collect()
    }
}

fn one(statements: Vec<Statement>) -> Result<Statement> {
    statements.into_iter().next().ok_or_else(|| Error::internal("a query was not parsed"))
}

fn unknown(name: &str) -> Error {
    let words = format!("prepared statement \"{name}\" does not exist");
    Error::new(SqlState::InvalidSqlStatementName, words)
}
