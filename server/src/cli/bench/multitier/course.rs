//! The course of a load: a server, what is prepared, the load, a kill where asked for, a look at the playbooks, the report.
//!
//! Invariants: once the load has run it is reported, whatever happens afterwards; the load's own server is stopped on
//! every way out.

use std::path::Path;

use super::acknowledged::Acknowledged;
use super::args::MultitierArgs;
use super::interruption::Interruption;
use super::own_server::OwnServer;
use super::prepare::{self, HOW_TO_LOAD};
use super::report::Report;
use super::run::{self, End, Plan};
use super::verify;
use crate::cli::connect::Target;
use crate::cli::error::{Error, Result};
use crate::cli::output::{complain, say};

/// Follows it to its end. Must run inside a local set.
///
/// # Errors
///
/// [`Error::Reported`] when anything failed; what keeps the load from running.
pub(super) async fn follow(args: &MultitierArgs) -> Result<()> {
    let interruption = Interruption::listen()?;
    for path in [&args.json, &args.html].into_iter().flatten() {
        check_writable(path)?;
    }
    let acknowledged = args.acknowledged.as_deref().map(Acknowledged::open).transpose()?;
    let (mut server, mut target) = match &args.url {
        Some(url) => (None, Target::parse(url)?),
        None => {
            check_database(&args.data)?;
            let server = interruption.before_first(OwnServer::start(&args.data)).await?;
            let target = Target::local(server.address)?;
            (Some(server), target)
        }
    };
    let plan = Plan {
        target: target.clone(),
        concurrency: args.concurrency as usize,
        duration: args.duration,
        warmup: args.warmup,
        corpus: args.corpus.clone(),
        seed: args.seed,
        result_cache: !args.no_result_cache,
    };
    let prepared = interruption.before_first(prepare::prepare(&plan)).await?;
    let material = prepared.material.clone();
    let ran = run::run(&plan, prepared, server.as_mut(), &interruption).await;

    let mut problems = Vec::new();
    if let End::Server(status) = ran.end {
        problems.push(format!("the server ended under load by {status}"));
        server = None;
    }
    let written = acknowledged.map(|file| file.append(&ran.tally.recorded));
    problems.extend(written.and_then(Result::err).map(|error| error.to_string()));
    let mut killed = false;
    if let Some(running) = server.take_if(|_| args.kill) {
        running.kill();
        killed = true;
        match interruption.before_second(OwnServer::start(&args.data)).await {
            Ok(started) => {
                target = Target::local(started.address)?;
                server = Some(started);
            }
            Err(error) => problems.push(format!("after kill -9: {error}")),
        }
    }
    let mut verified = None;
    if !args.no_verify && (server.is_some() || args.url.is_some()) {
        let looking = verify::verify(&target, &material, &ran.tally.recorded, killed);
        match interruption.before_second(looking).await {
            Ok(told) => verified = Some(told),
            Err(error) => problems.push(error.to_string()),
        }
    }
    if let Some(server) = server {
        let stopped = interruption.before_second(server.stop()).await;
        problems.extend(stopped.err().map(|error| error.to_string()));
    }
    let report = Report { ran, plan, verified, problems };
    tell(args, &report)?;
    if report.failures() > 0 { Err(Error::Reported) } else { Ok(()) }
}

fn check_database(data: &Path) -> Result<()> {
    if muster::is_database(data) {
        return Ok(());
    }
    Err(Error::Usage { message: format!("there is no database in {data:?}. Make one: {HOW_TO_LOAD}") })
}

/// So that a load of minutes is not for nothing.
fn check_writable(path: &Path) -> Result<()> {
    let opened = std::fs::File::options().append(true).create(true).open(path);
    opened.map(drop).map_err(|source| Error::File { action: "write", path: path.to_owned(), source })
}

/// Tells it in every form that was asked for; the last is tried although one before could not be written.
fn tell(args: &MultitierArgs, report: &Report) -> Result<()> {
    let said = say(&report.text());
    let json = format!("{:#}\n", report.json());
    let json = match &args.json {
        Some(path) => write(path, &json),
        None => {
            complain(&json);
            Ok(())
        }
    };
    let page = args.html.as_ref().map_or(Ok(()), |path| write(path, &report.page()));
    said.and(json).and(page)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| Error::File {
        action: "write",
        path: path.to_owned(),
        source,
    })
}
