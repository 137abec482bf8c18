//! A whole run: every data set, the workforce, and what is written of them.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;

use super::args::{Args, BUILD_THREADS, EF_CONSTRUCTION, M};
use super::python::Python;
use super::record::{Record, processor};
use super::{contest, plot, report, server, target, workforce};

/// Measures what the arguments ask for; prints it, and writes `ann.json` and a picture a data set.
///
/// # Errors
/// When Muster fails, or the disk; peers that fail are named as missing.
pub fn run(args: &Args) -> Result<()> {
    let muster = server::command(args.muster.as_deref())?;
    let python = if args.peers().is_empty() { None } else { Some(Python::find(args.python.as_deref())?) };
    std::fs::create_dir_all(&args.out)?;
    let parent = args.temp.clone().unwrap_or_else(std::env::temp_dir);
    let temporary = tempfile::Builder::new().prefix("muster-ann-").tempdir_in(parent)?;
    open_to_all(temporary.path())?;
    let mut record = Record {
        processor: processor(),
        cores: std::thread::available_parallelism()?.get(),
        rounds: args.rounds,
        m: M,
        ef_construction: EF_CONSTRUCTION,
        build_threads: BUILD_THREADS,
        sets: Vec::new(),
        workforce: None,
        targets: Vec::new(),
    };
    for (number, &dataset) in args.dataset.iter().enumerate() {
        let folder = temporary.path().join(number.to_string());
        std::fs::create_dir(&folder)?;
        open_to_all(&folder)?;
        let set = contest::hold(dataset, args, &muster, python.as_ref(), &folder)?;
        std::fs::remove_dir_all(&folder)?;
        report::print(&set);
        std::fs::write(args.out.join(format!("{}.svg", set.name)), plot::svg(&set.title, &set.points))?;
        record.sets.push(set);
        // What is known is written at once: a run takes long.
        write(&record, &args.out)?;
    }
    if args.workers > 0 {
        eprintln!("loading {} workers", args.workers);
        let loaded = workforce::measure(&muster, args.workers, temporary.path())?;
        record.targets.push(target::of_workforce(&loaded));
        record.workforce = Some(loaded);
        report::print_rest(&record);
        write(&record, &args.out)?;
    }
    println!("\nwritten to {}", args.out.display());
    Ok(())
}

fn write(record: &Record, folder: &Path) -> Result<()> {
    Ok(std::fs::write(folder.join("ann.json"), serde_json::to_string_pretty(record)?)?)
}

/// Lets a server that runs as someone else reach what is below a folder. It holds generated and public data alone.
fn open_to_all(folder: &Path) -> Result<()> {
    Ok(std::fs::set_permissions(folder, Permissions::from_mode(0o755))?)
}
