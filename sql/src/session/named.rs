//! `PREPARE`, `EXECUTE`, `DEALLOCATE`: statements that a session keeps by a name.
//!
//! Statements that a client prepares by the protocol are kept here, too, under the names that it gives them: as in PostgreSQL
//! either way sees what the other made. Invariant: a name stands for one statement until it is deallocated.

use std::collections::BTreeMap;

use arrow::datatypes::FieldRef;
use chrono::{DateTime, Utc};
use datafusion::common::ScalarValue;
use datafusion::sql::sqlparser::ast::{self, Expr, SelectItem, SetExpr};
use futures::TryStreamExt;

use super::{Planned, Prepared, Session};
use crate::outcome::{CommandTag, Outcome};
use crate::parse::Statement;
use crate::sqlstate::SqlState;
use crate::statement::name;
use crate::statement::refused::refusal;
use crate::types::type_name;
use crate::write::row_statement;
use crate::{Error, Result};

/// The statements of a session, by name.
#[derive(Debug, Default)]
pub(crate) struct NamedStatements(BTreeMap<String, Kept>);

/// A statement that is kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) statement: Prepared,
    /// When it was prepared.
    pub(crate) prepared: DateTime<Utc>,
    /// Whether PREPARE did so, and not the protocol.
    pub(crate) from_sql: bool,
}

impl NamedStatements {
    /// All of them, with their names.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &Kept)> {
        self.0.iter()
    }
}

/// Whether a statement is about them.
pub(super) fn is_named(statement: &ast::Statement) -> bool {
    matches!(
        statement,
        ast::Statement::Prepare { .. } | ast::Statement::Execute { .. } | ast::Statement::Deallocate { .. }
    )
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
        self.keep(name, statement, false)
    }

    fn keep(&self, name: &str, statement: &Prepared, from_sql: bool) -> Result<()> {
        let mut kept = self.live.named.lock();
        if kept.0.contains_key(name) {
            let words = format!("prepared statement \"{name}\" already exists");
            return Err(Error::new(SqlState::DuplicatePreparedStatement, words));
        }
        let kept_statement = Kept { statement: statement.clone(), prepared: Utc::now(), from_sql };
        kept.0.insert(name.to_string(), kept_statement);
        Ok(())
    }

    /// The statement of a name.
    ///
    /// # Errors
    /// 26000 where there is none.
    pub fn kept_statement(&self, name: &str) -> Result<Prepared> {
        let kept = self.live.named.lock().0.get(name).map(|kept| kept.statement.clone());
        kept.ok_or_else(|| unknown(name))
    }

    /// Forgets the statement of a name, and says whether there was one.
    pub fn forget_statement(&self, name: &str) -> bool {
        self.live.named.lock().0.remove(name).is_some()
    }

    /// Forgets all of them.
    pub(super) fn forget_statements(&self) {
        self.live.named.lock().0.clear();
    }

    /// Runs a statement about names.
    pub(super) async fn run_named(&self, prepared: &Prepared) -> Result<Outcome> {
        let statement = &prepared.statement;
        if let Some((name, arguments)) = execution(&statement.ast)? {
            let kept = self.executed(&name)?;
            if kept.columns() != prepared.columns {
                return Err(Error::unsupported("a cached plan with another result type"));
            }
            let values = self.arguments(&name, &kept, arguments).await?;
            return self.run_within(&kept, &values).await;
        }
        match statement.ast.as_ref() {
            ast::Statement::Prepare { name, data_types, statement: inner } => {
                if !matches!(**inner, ast::Statement::Query(_)) && row_statement(inner).is_none() {
                    let words = "PREPARE takes SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES";
                    return Err(Error::new(SqlState::SyntaxError, words));
                }
                let types = self.declared(data_types).await?;
                let prepared = self.prepare(&statement.inner(inner), &types).await?;
                self.keep(&name::ident(name), &prepared, true)?;
                Ok(Outcome::done(CommandTag::plain("PREPARE")))
            }
            ast::Statement::Deallocate { name, .. } => {
                if name.quote_style.is_none() && name.value.eq_ignore_ascii_case("all") {
                    self.forget_statements();
                    return Ok(Outcome::done(CommandTag::plain("DEALLOCATE ALL")));
                }
                let name = name::ident(name);
                if !self.forget_statement(&name) {
                    return Err(unknown(&name));
                }
                Ok(Outcome::done(CommandTag::plain("DEALLOCATE")))
            }
            other => Err(refusal(other)),
        }
    }

    /// The types that PREPARE declares, as a cast to them has them.
    async fn declared(&self, types: &[ast::DataType]) -> Result<Vec<Option<FieldRef>>> {
        if types.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = types.iter().map(ToString::to_string).collect();
        let planned = self.prepare(&self.casts(&names, &[])?, &[]).await?;
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
        let names: Vec<String> = parameters.iter().map(|parameter| type_name(parameter)).collect();
        let planned = self.prepare(&self.casts(&names, arguments)?, &[]).await?;
        let rows = self.run_within(&planned, &[]).await?.rows;
        let Some(rows) = rows else { return Err(Error::internal("arguments give no row")) };
        let batches: Vec<_> = rows.batches.try_collect().await?;
        let row = batches.iter().find(|batch| batch.num_rows() > 0);
        let row = row.ok_or_else(|| Error::internal("arguments give no row"))?;
        row.columns().iter().map(|column| Ok(ScalarValue::try_from_array(column, 0)?)).collect()
    }

    /// A query whose columns are `arguments`, or NULL where there are none, cast to these types.
    fn casts(&self, types: &[String], arguments: &[Expr]) -> Result<Statement> {
        let lost = || Error::internal("a query of casts was not parsed");
        let casts = types.iter().enumerate();
        let casts: Vec<String> = casts.map(|(at, name)| format!("CAST(NULL AS {name}) AS p{at}")).collect();
        let query =
            self.parse(&format!("SELECT {}", casts.join(", ")))?.into_iter().next().ok_or_else(lost)?;
        let mut tree = query.ast.as_ref().clone();
        let ast::Statement::Query(body) = &mut tree else { return Err(lost()) };
        let SetExpr::Select(select) = body.body.as_mut() else { return Err(lost()) };
        for (item, argument) in select.projection.iter_mut().zip(arguments) {
            let SelectItem::ExprWithAlias { expr: Expr::Cast { expr, .. }, .. } = item else {
                return Err(lost());
            };
            **expr = argument.clone();
        }
        Ok(query.inner(&tree))
    }
}

fn unknown(name: &str) -> Error {
    let words = format!("prepared statement \"{name}\" does not exist");
    Error::new(SqlState::InvalidSqlStatementName, words)
}
