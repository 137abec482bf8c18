//! One data set: every system built, one after the other, and then measured turn by turn.

use std::path::Path;

use anyhow::{Context, Result};

use super::args::{Args, Dataset, PeerName};
use super::graph::GraphAlone;
use super::library::{self, Library};
use super::memory::Resident;
use super::pass::Pass;
use super::peer::Peer;
use super::point::Point;
use super::problem::{Files, Problem};
use super::python::Python;
use super::record::{Missing, SetRecord};
use super::system::{Line, System, WIRE};
use super::wire::Wire;
use super::{opening, postgres, server, sql, target};

/// Builds, measures, and takes everything down again.
///
/// # Errors
/// When Muster fails; a peer that fails is named as missing.
pub(super) fn hold(
    dataset: Dataset,
    args: &Args,
    muster: &Path,
    python: Option<&Python>,
    folder: &Path,
) -> Result<SetRecord> {
    let problem = Problem::load(dataset, args.rows)?;
    eprintln!("{}: {} x {}", problem.title, problem.rows(), problem.dimensions());
    let files = problem.write(folder)?;
    let mut systems: Vec<Box<dyn System + '_>> = Vec::new();
    let mut missing = Vec::new();

    eprintln!("building Muster's graph alone");
    systems.push(Box::new(GraphAlone::build(&problem)?));
    eprintln!("building Muster's database");
    let (own, served) = (folder.join("library"), folder.join("served"));
    let built = library::build(&problem, &own, folder)?;
    copy(&own, &served)?;
    let opening = opening::measure(muster, &served, &files, problem.dimensions())?;
    systems.push(Box::new(Library::open(built.clone(), &problem, &own)?));
    let (process, endpoint) = server::start(muster, &served)?;
    let served = process.id();
    let search = sql::search();
    let wire = Wire::connect(WIRE, built, process, &endpoint, &search, &problem, args.seconds)?;
    systems.push(Box::new(wire));
    for &peer in args.peers() {
        eprintln!("building {peer:?}");
        match python
            .context("no Python")
            .and_then(|python| join(peer, python, &problem, &files, folder, args))
        {
            Ok(system) => systems.push(system),
            Err(error) => missing.push(absent(peer, python, &error)),
        }
    }

    let points = measure(&mut systems, args, &problem)?;
    let memory = Resident::of(served)?;
    let mut builds = Vec::new();
    for system in &systems {
        // Muster's database is one, however it is asked.
        if !builds.contains(system.built()) {
            builds.push(system.built().clone());
        }
    }
    let mut set = SetRecord {
        name: problem.name,
        title: problem.title.clone(),
        rows: problem.rows(),
        dimensions: problem.dimensions(),
        queries: problem.queries().len(),
        built: builds,
        missing,
        points,
        memory,
        opening,
        targets: Vec::new(),
    };
    set.targets = target::of_set(&set);
    Ok(set)
}

fn join<'a>(
    peer: PeerName,
    python: &Python,
    problem: &Problem,
    files: &Files,
    folder: &Path,
    args: &Args,
) -> Result<Box<dyn System + 'a>> {
    Ok(match Peer::build(peer, python, problem, files, folder)? {
        Some(peer) => Box::new(peer),
        None => Box::new(postgres::build(python, problem, folder, args.seconds)?),
    })
}

/// Why a peer is missing: what it said, and what pip said of packages that it did not install.
fn absent(peer: PeerName, python: Option<&Python>, error: &anyhow::Error) -> Missing {
    let mut reason = format!("{error:#}");
    for (package, refusal) in python.into_iter().flat_map(|python| &python.refused) {
        reason.push_str(&format!("; pip, of {package}: {refusal}"));
    }
    eprintln!("{peer:?} is missing: {reason}");
    Missing { name: format!("{peer:?}"), reason }
}

/// Rounds over all beam widths, each over all systems: what disturbs the machine disturbs them alike. Every other round
/// goes through the systems backwards.
fn measure(systems: &mut [Box<dyn System + '_>], args: &Args, problem: &Problem) -> Result<Vec<Point>> {
    let mut results: Vec<(usize, Line, Option<usize>, Vec<Pass>)> = Vec::new();
    for round in 0..args.rounds {
        for (nth, &ef) in args.ef.iter().enumerate() {
            eprintln!("round {} of {}, ef {ef}", round + 1, args.rounds);
            let mut order: Vec<usize> = (0..systems.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for number in order {
                let Some(system) = systems.get_mut(number) else { continue };
                for line in system.lines() {
                    if line.exact && nth > 0 {
                        continue;
                    }
                    let pass = system.measure(&line, ef).with_context(|| format!("{line}, ef {ef}"))?;
                    let ef = (!line.exact).then_some(ef);
                    match results.iter_mut().find(|(_, of, at, _)| *of == line && *at == ef) {
                        Some((.., passes)) => passes.push(pass),
                        None => results.push((number, line, ef, vec![pass])),
                    }
                }
            }
        }
    }
    results.sort_by_key(|(number, line, ef, _)| (*number, line.connections, *ef));
    Ok(results.iter().filter_map(|(_, line, ef, passes)| Point::of(line, *ef, passes, problem)).collect())
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
