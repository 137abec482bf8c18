//! How a session prepares a statement: names are looked up, it is planned, and what it needs to be run again is kept.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::datatypes::FieldRef;
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast;
use muster_storage::Snapshot;

use super::block::aborted;
use super::control::Control;
use super::cursor;
use super::described::{columns_of, reads_stored, tables_of};
use super::named;
use super::prepared::Resolved;
use super::{Planned, Prepared, Session, TransactionStatus, utility};
use crate::cache::{PlanKey, Repeatable};
use crate::catalog::Namespace;
use crate::outcome::CommandTag;
use crate::parse::Statement;
use crate::planning::{OutputNames, in_zone, parameters, qualify, settle};
use crate::point::PointPlan;
use crate::sqlstate::SqlState;
use crate::statement::copy::Copy;
use crate::statement::{explain, refused, show};
use crate::write::{PlannedWrite, row_statement};
use crate::{Error, Result, large_object, privileges};

impl Session {
    pub(super) async fn plan(&self, statement: &Statement, types: &[Option<FieldRef>]) -> Result<Prepared> {
        if self.transaction_status() == TransactionStatus::Failed
            && Control::of(&statement.ast)?.is_none_or(|control| !control.ends_failure())
        {
            return Err(aborted());
        }
        let shared = self.database.shared();
        let snapshot = self.view().snapshot;
        let (path, own, zone) = {
            let settings = self.live.lock();
            (settings.path.clone(), settings.own.clone(), settings.zone_name().to_string())
        };
        let key = statement.known_by().filter(|_| own.temporary() == 0).map(|statement| PlanKey {
            statement,
            path: path.to_string(),
            zone: zone.clone(),
            declared: types.to_vec(),
        });
        let plans = &shared.caches.plans;
        let is_current = |prepared: &Prepared| prepared.is_current(&snapshot, &path, &zone, &own);
        if let Some(known) = key.as_ref().and_then(|key| plans.get(key, is_current)) {
            return Ok(known);
        }
        let qualified = match qualify(&statement.ast, Namespace { snapshot: &snapshot, path: &path })? {
            Cow::Borrowed(_) => statement.ast.clone(),
            Cow::Owned(qualified) => Arc::new(qualified),
        };
        let ast = qualified.as_ref();
        let resolved = Resolved::of(ast, &snapshot, &path, &zone, &own);
        let (planned, parameters, columns) = match ast {
            other if let Some(statement) = row_statement(other) => {
                let (write, parameters) =
                    PlannedWrite::of(shared, &snapshot, statement, types, &zone).await?;
                let columns = write.columns();
                let point = PointPlan::of(&shared.planner, write.plan(), &parameters)?;
                (Planned::Write { write: Arc::new(write), point }, parameters, columns)
            }
            ast::Statement::Query(_) => {
                let (plan, parameters) = self.plan_query(ast, &snapshot, types, &zone).await?;
                let columns = columns_of(&plan, OutputNames::of(ast).as_ref());
                let point = PointPlan::of(&shared.planner, &plan, &parameters)?.map(Box::new);
                let tag = CommandTag::returning("SELECT");
                let (generic, repeatable) = (Arc::default(), Repeatable::of(&plan)?);
                let planned = Planned::Query { plan, tag, point, generic, repeatable };
                (planned, parameters, Some(columns))
            }
            ast::Statement::Explain { statement: inner, analyze, .. } => match inner.as_ref() {
                inner if let Some(statement) = row_statement(inner) => {
                    let (write, parameters) =
                        PlannedWrite::of(shared, &snapshot, statement, types, &zone).await?;
                    let planned = Planned::ExplainWrite { write: Arc::new(write), analyze: *analyze };
                    (planned, parameters, Some(explain::columns()))
                }
                ast::Statement::Query(_) => {
                    let (plan, parameters) = self.plan_query(inner, &snapshot, types, &zone).await?;
                    (Planned::Explain { plan, analyze: *analyze }, parameters, Some(explain::columns()))
                }
                _ => {
                    return Err(Error::unsupported(
                        "EXPLAIN of a statement that neither reads nor changes rows",
                    ));
                }
            },
            ast::Statement::ShowVariable { variable } => {
                (Planned::Utility, Vec::new(), Some(show::columns(variable)))
            }
            ast::Statement::Copy { target, to, .. } => {
                // Before anything is told of the file.
                if !matches!(target, ast::CopyTarget::Stdin | ast::CopyTarget::Stdout) {
                    let subject = self.live.lock().subject(&snapshot)?;
                    privileges::need_files(&subject, *to)?;
                }
                // What COPY cannot do is told before a client sends its rows.
                let statement = statement.with_ast(ast);
                let planned = match Copy::of(shared, &snapshot, &statement)? {
                    Copy::From(copy) => Planned::CopyFrom(Box::new(copy)),
                    Copy::To(copy) => {
                        let (plan, parameters) = self.plan_query(&copy.query, &snapshot, &[], &zone).await?;
                        if !parameters.is_empty() {
                            return Err(Error::new(SqlState::UndefinedParameter, "there is no parameter $1"));
                        }
                        let columns = columns_of(&plan, OutputNames::of(&copy.query).as_ref());
                        copy.check(&columns)?;
                        Planned::CopyTo { copy, plan, columns }
                    }
                };
                (planned, Vec::new(), None)
            }
            other if let Some((name, _)) = named::execution(other)? => {
                let columns = self.executed(&name)?.columns();
                (Planned::Execute, Vec::new(), columns)
            }
            other if let Some((_, _, query)) = cursor::declared(other) => {
                let query = statement.inner(&ast::Statement::Query(Box::new(query.clone())));
                let query = Box::pin(self.plan(&query, types)).await?;
                let parameters = query.parameters.clone();
                (Planned::Declare(Box::new(query)), parameters, None)
            }
            other if cursor::is_about_cursors(other) => {
                // One that is not there is told of when it is fetched from.
                let columns = cursor::fetched(other).and_then(|name| self.cursor_columns(&name));
                (Planned::Cursor, Vec::new(), columns)
            }
            other if utility::is_utility(other) => (Planned::Utility, Vec::new(), None),
            other => return Err(refused::refusal(other)),
        };
        let tables = match &planned {
            Planned::Query { plan, .. } | Planned::Explain { plan, .. } | Planned::CopyTo { plan, .. } => {
                tables_of(plan)?
            }
            Planned::CopyFrom(copy) => vec![copy.definition.clone()],
            Planned::Write { write, .. } | Planned::ExplainWrite { write, .. } => {
                let mut tables = tables_of(write.plan())?;
                tables.push(write.definition().clone());
                tables
            }
            Planned::Utility | Planned::Execute | Planned::Cursor | Planned::Declare(_) => Vec::new(),
        };
        let stored = match &planned {
            Planned::Query { plan, .. } => reads_stored(plan)?,
            _ => false,
        };
        let large_objects = match &planned {
            Planned::Query { plan, .. } | Planned::Explain { plan, .. } | Planned::CopyTo { plan, .. } => {
                large_object::writes(plan)?
            }
            Planned::Write { write, .. } | Planned::ExplainWrite { write, .. } => {
                large_object::writes(write.plan())? || large_object::written_by(&write.expressions())?
            }
            _ => false,
        };
        let prepared = Prepared {
            resolved,
            statement: statement.clone(),
            parameters,
            declared: types.to_vec(),
            columns,
            planned: Arc::new(planned),
            tables,
            stored,
            large_objects,
            needs: Arc::default(),
            qualified: qualified.clone(),
        };
        if let Some(key) = key.filter(|_| prepared.is_shareable()) {
            plans.put(key, &prepared);
        }
        Ok(prepared)
    }

    async fn plan_query(
        &self,
        statement: &ast::Statement,
        snapshot: &Snapshot,
        types: &[Option<FieldRef>],
        zone: &str,
    ) -> Result<(LogicalPlan, Vec<FieldRef>)> {
        let planner = &self.database.shared().planner;
        let plan = settle(planner.plan(statement, snapshot, types).await?)?;
        let parameters = parameters(&plan, types)?;
        Ok((in_zone(planner.analyze(plan)?, zone)?, parameters))
    }
}
