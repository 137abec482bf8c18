//! COPY and loads: rows between files, or the client, and tables.
//!
//! It is not the reading and writing of formats, which are `load`'s and `unload`'s.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::ParamValues;
use datafusion::logical_expr::LogicalPlan;

use super::foreign_keys::apply_rows;
use super::run::{apply, context, query};
use super::{Finish, Session, StatementContext, blocking, cancellable};
use crate::load::{CopyIn, LoadReport, LoadRequest};
use crate::outcome::{CommandTag, Outcome, Transfer};
use crate::privileges::disclosure::told;
use crate::privileges::{Object, Privilege};
use crate::sqlstate::SqlState;
use crate::statement::copy::{CopyFrom, CopyTo};
use crate::unload::{CopyOut, Encoder, write_file};
use crate::write::WriteWay;
use crate::{Error, Result, load as loading, privileges};

impl Session {
    /// Begins `COPY t FROM STDIN`.
    ///
    /// # Errors
    /// As [`Session::run`]. 42601 when `sql` is no such statement.
    pub async fn copy_in(&self, sql: &str) -> Result<CopyIn> {
        match self.run_one(sql, &[]).await?.copy {
            Some(Transfer::In(copy)) => Ok(copy),
            _ => Err(Error::new(SqlState::SyntaxError, "COPY FROM STDIN is expected here")),
        }
    }

    /// Runs `COPY t TO STDOUT` or `COPY (query) TO STDOUT`.
    ///
    /// # Errors
    /// As [`Session::run`]. 42601 when `sql` is no such statement.
    pub async fn copy_out(&self, sql: &str) -> Result<CopyOut> {
        match self.run_one(sql, &[]).await?.copy {
            Some(Transfer::Out(copy)) => Ok(copy),
            _ => Err(Error::new(SqlState::SyntaxError, "COPY TO STDOUT is expected here")),
        }
    }

    /// Loads a file into a table, which is made from the file's columns when it is not there and
    /// the request says so. All of the file or nothing.
    ///
    /// # Errors
    /// 58P01 for no such file, 22P04 for one that cannot be read, naming line and column; see
    /// [`Error::sqlstate`] for the rest.
    pub async fn load(&self, request: &LoadRequest) -> Result<LoadReport> {
        self.check_write("COPY FROM")?;
        let mut request = loading::Request::of(request);
        let mut reading = context(self);
        if let Some(rights) = reading.rights()? {
            match Object::of_stored(&reading.snapshot, &request.table) {
                Some(table) => rights.need(&table, Privilege::Insert.into())?,
                None if request.create => {
                    return Err(Error::unsupported(
                        "a load that makes its table, for whoever is no superuser",
                    ));
                }
                // That it is not there is told by the load.
                None => {}
            }
        }
        if reading.block.is_some() {
            request.way = WriteWay::Changes;
            // The table that the file makes is part of the transaction as well.
            if request.create && reading.snapshot.table(&request.table).is_none() {
                let made = request.clone();
                let changes = blocking(move || loading::table_of(&made)).await?;
                apply(self, &reading, changes).await?;
                reading = context(self);
            }
        }
        let loaded = run_load(self, reading, request).await.inspect_err(|_| self.fail());
        loaded.map_err(|error| told(error, &context(self), None))
    }
}

pub(super) async fn copy_from(
    session: &Session,
    context: Arc<StatementContext>,
    copy: &CopyFrom,
) -> Result<Outcome> {
    if let Some(path) = &copy.path {
        need_files(&context, false)?;
        let request = copy.request(path.clone(), write_way(&context));
        let report = run_load(session, context, request).await?;
        return Ok(Outcome::done(CommandTag::affecting("COPY", report.rows)));
    }
    let copy = copy.clone();
    let finish = Finish::new(session, &context, copy.given());
    let begin = move || CopyIn::begin(&context, &copy, write_way(&context), finish);
    Ok(Outcome::with_copy(Transfer::In(blocking(begin).await?)))
}

/// A bulk load is a commit of its own, which a transaction block cannot hold.
fn write_way(context: &StatementContext) -> WriteWay {
    if context.block.is_some() { WriteWay::Changes } else { WriteWay::Free }
}

pub(super) async fn copy_to(
    session: &Session,
    context: Arc<StatementContext>,
    copy: &CopyTo,
    plan: &LogicalPlan,
    columns: SchemaRef,
) -> Result<Outcome> {
    if copy.path.is_some() {
        need_files(&context, true)?;
    }
    let zone = context.settings.zone()?;
    let tag = CommandTag::returning("COPY");
    let outcome = query(session, context, plan, ParamValues::List(Vec::new()), tag, columns.clone()).await?;
    let rows = outcome.rows.ok_or_else(|| Error::new(SqlState::InternalError, "a query gave no rows"))?;
    match &copy.path {
        Some(path) => {
            let written = write_file(path.clone(), copy.options.clone(), zone, rows).await?;
            Ok(Outcome::done(CommandTag::affecting("COPY", written)))
        }
        None => {
            let encoder = Encoder::of(&copy.options, &columns, zone)?;
            Ok(Outcome::with_copy(Transfer::Out(CopyOut::new(rows, encoder))))
        }
    }
}

/// # Errors
/// 42501 for whoever has the server read or write no files.
fn need_files(context: &StatementContext, write: bool) -> Result<()> {
    match context.rights()? {
        Some(rights) => privileges::need_files(&rights.subject, write),
        None => Ok(()),
    }
}

async fn run_load(
    session: &Session,
    context: Arc<StatementContext>,
    request: loading::Request,
) -> Result<LoadReport> {
    let progress = session.progress.lock().clone();
    let commit_point = session.commit_point();
    let (table, database) = (request.table.clone(), context.database.clone());
    let load = move |continues: &(dyn Fn() -> bool + Sync)| {
        let (report, changes) =
            loading::run(&context, &request, progress.as_ref(), &commit_point, continues)?;
        Ok((report, changes, context))
    };
    let (report, changes, context) = cancellable(load).await?;
    match changes {
        Some(changes) => apply_rows(session, &context, changes, Vec::new()).await?,
        None => database.tally.tables.loaded(&database.store.snapshot(), &table, report.rows),
    }
    Ok(report)
}
